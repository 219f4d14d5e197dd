// The tape: what runs now, how the last five went, and the day as a line, 18 hours back and 6 to come.

import { ago, count, duration, hour, isActive, minute, ms, runName, stateWord, took } from "../format.js";
import { stateMark } from "../kit/badge.js";
import { el, fill, leaving, on, set, svg } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { everySecond, settle, shownTime } from "../time.js";
import { mountNext } from "./next.js";

const HOUR_MS = 3_600_000;
const BACK_MS = 18 * HOUR_MS;
const AHEAD_MS = 6 * HOUR_MS;
const NOW_AT = (1000 * BACK_MS) / (BACK_MS + AHEAD_MS);
const PAGES = 3;
const REDRAW_S = 20;

/** Show the tape in `host`; returns how to end it. */
export function mountTape(host, ctx) {
  const bag = leaving();
  const runs = new Map();
  const left = el("div", { class: "tape-left" });
  const right = el("div", { class: "tape-right p2" });
  const reel = svg("svg", {
    class: "reel-line",
    viewBox: "0 0 1000 14",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const hours = el("span", { class: "hours", "aria-hidden": "true" });
  const tip = el("span", { class: "reel-tip", hidden: true });
  const line = el("a", { class: "reel", href: ctx.router.href("history") }, reel);
  let [chosen, frozen, upcoming] = [null, false, []];

  async function load() {
    const from = new Date(Date.now() - BACK_MS).toISOString();
    const found = new Map();
    for (let [page, cursor] = [0, null]; page < PAGES && (page === 0 || cursor); page += 1) {
      const answer = await ctx.api.get("runs", { from, limit: 200, cursor });
      answer.runs.forEach((run) => found.set(run.runId, run));
      cursor = answer.nextCursor;
    }
    runs.clear();
    found.forEach((run, id) => runs.set(id, run));
    draw();
  }
  const loadSafely = () => load().catch(() => {}); // the tape keeps what it has; the banner says the rest

  const draw = settle(() => drawAll(shownTime()), 0);

  function drawAll(now) {
    if (frozen) return;
    drawLeft(left, ctx, [...runs.values()]);
    const shown = [...runs.values()]
      .filter((run) => run.startedAt && ms(run.startedAt) + (took(run, now) || 0) * 1000 > now - BACK_MS)
      .sort((a, b) => ms(a.startedAt) - ms(b.startedAt));
    fill(
      reel,
      svg("rect", { class: "rail", x: 0, y: 6.5, width: 1000, height: 1 }),
      plannedBars(upcoming, now),
      bars(shown, now, chosen),
      svg("rect", { class: "now", x: NOW_AT, y: -4, width: 1.5, height: 22 }),
    );
    fill(hours, hourMarks(now, reel.clientWidth || line.clientWidth || 1000));
    set(line, {
      "aria-label": `The day: ${count(shown.length, "run")} in the last 18 hours. Left and Right choose a run.`,
    });
    return shown;
  }

  function choose(runId) {
    chosen = runId;
    const run = runs.get(runId);
    tip.hidden = !run;
    if (run) {
      fill(
        tip,
        stateMark(run.status),
        el("span", { class: "cut" }, runName(run)),
        el("span", { class: "hint" }, ago(ms(run.startedAt))),
      );
      ctx.announce(`${runName(run)}, ${stateWord(run.status)}`);
    }
    drawAll(shownTime());
  }

  function onKey(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const shown = drawAll(shownTime()) ?? [];
    const at = shown.findIndex((run) => run.runId === chosen);
    choose(shown[at < 0 ? shown.length - 1 : Math.min(shown.length - 1, Math.max(0, at + way))]?.runId ?? null);
  }

  function onClick(event) {
    const runId = event.target.dataset?.run ?? (event.detail === 0 ? chosen : null);
    if (!runId) return;
    event.preventDefault();
    ctx.router.go("history", [runId]);
  }

  bag.add(
    on(line, "keydown", onKey),
    on(line, "click", onClick),
    on(line, "blur", () => choose(null)),
  );
  bag.on(ctx.cache, "run", ({ detail }) => (runs.set(detail.runId, detail), draw()));
  bag.on(ctx.cache, "gone", ({ detail }) => (runs.delete(detail), draw()));
  bag.on(ctx.cache, "active", draw);
  bag.on(ctx.cache, "stale", loadSafely);
  bag.on(ctx.live, "state", ({ detail }) => {
    frozen = !detail.online;
    host.classList.toggle("is-frozen", frozen);
  });
  let ticks = 0;
  bag.add(everySecond((now) => (ticks += 1) % REDRAW_S === 1 && drawAll(now)));
  fill(host, left, el("div", { class: "reel-box" }, line, hours, tip), right);
  bag.add(mountNext(right, ctx, (times) => ((upcoming = times), draw())));
  loadSafely();
  return bag.off;
}

function drawLeft(host, ctx, runs) {
  const { active } = ctx.cache;
  const running = active.filter(({ status }) => status === "running").length;
  const queued = active.length - running;
  const words =
    [running && `${running} running`, queued && `${queued} queued`].filter(Boolean).join(", ") || "Nothing runs";
  const state = running ? "running" : queued ? "queued" : "skipped";
  const now = el(
    "a",
    { class: `tape-now st s-${state}`, href: ctx.router.href("history", [], { status: "queued,running" }) },
    running || queued ? icon(`st-${state}`, running ? "i-live" : "") : null,
    words,
  );
  const last = runs
    .filter((run) => !isActive(run.status) && run.finishedAt)
    .sort((a, b) => ms(b.finishedAt) - ms(a.finishedAt))
    .slice(0, 5);
  const five = last.map((run) =>
    el(
      "a",
      {
        class: "five-one",
        href: ctx.router.href("history", [run.runId]),
        title: `${stateWord(run.status)}: ${runName(run).slice(0, 80)}, ${ago(ms(run.finishedAt))}`,
      },
      stateMark(run.status, { bare: true }),
    ),
  );
  fill(
    host,
    now,
    five.length
      ? [
          el("span", { class: "vr" }),
          el("span", { class: "five", role: "group", "aria-label": "The last five, newest first" }, five),
        ]
      : null,
  );
}

// A run that went well is low and soft; one that did not is as tall as the line; those running share it.
function bars(runs, now, chosen) {
  const live = runs.filter((run) => run.status === "running");
  const lane = 14 / Math.max(2, live.length);
  return runs.map((run) => {
    const start = ms(run.startedAt);
    const from = Math.max(0, place(start, now));
    const wide = Math.max(3, place(start + (took(run, now) || 0) * 1000, now) - from);
    const nr = live.indexOf(run);
    const [y, height] = nr >= 0 ? [nr * lane, lane - 1.5] : run.status === "completed" ? [3, 8] : [0, 14];
    const classes = `fill area s-${run.status}${nr >= 0 ? " live" : ""}${run.runId === chosen ? " is-chosen" : ""}`;
    const title = svg(
      "title",
      {},
      `${stateWord(run.status)}: ${runName(run).slice(0, 80)}, ${minute(start)}, ${duration(took(run, now) || 0)}`,
    );
    return svg(
      "rect",
      {
        class: classes,
        x: Math.min(from, NOW_AT - wide).toFixed(2),
        y,
        width: wide.toFixed(2),
        height,
        "data-run": run.runId,
      },
      title,
    );
  });
}

// What is planned is hollow, as wide as its schedule's last run.
function plannedBars(upcoming, now) {
  return upcoming
    .filter(({ at }) => ms(at) > now)
    .map(({ at, name, seconds, goesOn }) => {
      const x = place(ms(at), now);
      const end = goesOn ? 1000 : place(ms(at) + (seconds ?? 0) * 1000, now);
      const width = Math.min(Math.max(4, end - x), 1000 - x);
      const title = svg("title", {}, `Planned: ${name}, ${minute(ms(at))}${goesOn ? " and on" : ""}`);
      return svg("rect", { class: "planned", x: x.toFixed(2), y: 3, width: width.toFixed(2), height: 8 }, title);
    });
}

// Full hours, as many as there is room for, and none where the time of now stands.
function hourMarks(now, width) {
  const marks = [];
  const px = 1000 / width;
  const step = (3 * HOUR_MS * 1000) / (BACK_MS + AHEAD_MS) / px > 30 ? 3 : 6;
  const first = Math.ceil((now - BACK_MS) / HOUR_MS) * HOUR_MS;
  for (let at = first; at < now + AHEAD_MS; at += HOUR_MS) {
    const x = place(at, now);
    const isFree = x > 10 * px && x < 1000 - 10 * px && (x < NOW_AT - 12 * px || x > NOW_AT + 52 * px);
    if (Number(hour(at)) % step === 0 && isFree) marks.push(mark(x, hour(at)));
  }
  return [...marks, mark(NOW_AT, minute(now), "is-now")];
}

const place = (at, now) => (1000 * (at - now + BACK_MS)) / (BACK_MS + AHEAD_MS);
const mark = (x, text, extra = "") => el("span", { class: extra, style: { left: `${x / 10}%` } }, text);
