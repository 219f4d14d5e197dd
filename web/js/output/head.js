// The head of a run: state, name, duration, Kill; then who, where, use; then how much of the timeout is used.

import {
  clock,
  duration,
  full,
  isActive,
  minutes,
  ms,
  number,
  runName,
  stateWord,
  took,
  triggerWord,
  when,
  zoneLabel,
} from "../format.js";
import { agentMark, pathMark, stateMark } from "../kit/badge.js";
import { button, busy } from "../kit/button.js";
import { el, fill, set, svg } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { everySecond, shownTime } from "../time.js";

const SPARK_POINTS = 30;
const WARN_PART = 0.8;

/**
 * Make the head. `onKill()` resolves to whether the server took the wish; `announce` tells readers of a new state;
 * `iconOf(run)` is the icon of its profile; `buttons` stand beside Kill, `actions(run)` in a row of their own.
 */
export function runHead({ onKill, announce, iconOf, buttons = [], actions = () => [] }) {
  const state = el("span", {});
  const name = el("h2", { class: "title cut" });
  const timer = el("div", { class: "clock", role: "timer", "aria-label": "Duration" });
  const kill = button({ text: "Kill", icon: "st-killed", kind: "kill", hidden: true, onClick: () => ask(true) });
  const meta = el("div", { class: "meta" });
  const deeds = el("div", { class: "vw-actions" });
  const budget = svg("svg", { class: "budget", viewBox: "0 0 1000 3", preserveAspectRatio: "none", role: "img" });
  const why = el("div", { class: "why", hidden: true });
  const sure = el("div", { class: "why is-ask", role: "alertdialog", "aria-label": "Kill this run", hidden: true });
  const use = { cpu: [], memory: [] };
  let [run, asked] = [null, false];

  const element = el(
    "div",
    { class: "vw-head" },
    el(
      "div",
      { class: "vw-first" },
      el("div", { class: "vw-name" }, state, name),
      el("div", { class: "vw-right" }, timer, kill, buttons),
    ),
    meta,
    deeds,
    budget,
  );
  const stopTicking = everySecond(tick);

  function ask(open) {
    sure.hidden = !open;
    if (!open) return kill.focus();
    const grace = "SIGKILL follows if it does not end.";
    const stay = button({ text: "Keep running", onClick: () => ask(false) });
    const deed = button({ text: "Kill run", icon: "st-killed", kind: "danger", onClick: () => doKill() });
    fill(
      sure,
      el(
        "span",
        { class: "grow" },
        `The agent and everything it started are asked to stop; ${grace} Files that it changed stay as they are.`,
      ),
      stay,
      deed,
    );
    sure.onkeydown = (event) => event.key === "Escape" && (event.preventDefault(), event.stopPropagation(), ask(false));
    stay.focus();
  }

  async function doKill() {
    asked = true;
    sure.hidden = true;
    drawKill();
    if (!(await onKill())) {
      asked = false;
      drawKill();
    }
  }

  function drawKill() {
    kill.hidden = !run || !isActive(run.status);
    if (kill.hidden) sure.hidden = true;
    busy(kill, asked);
    kill.lastChild.textContent = asked ? "Ending" : "Kill";
  }

  function tick(now) {
    if (!run) return;
    const seconds = took(run, now);
    const limit = run.timeout ? run.timeout * 60 : 0;
    fill(
      timer,
      Number.isNaN(seconds) ? "" : duration(seconds),
      limit && run.startedAt ? el("span", { class: "clock-of" }, ` / ${duration(limit)}`) : null,
    );
    drawBudget(limit ? Math.min(1, (seconds || 0) / limit) : 0);
  }

  function drawBudget(part) {
    const status = part >= WARN_PART && isActive(run.status) ? "timeout" : run.status;
    const bar = svg("rect", { class: `fill s-${status}`, width: part && Math.max(4, part * 1000), height: 3 });
    set(budget, { "aria-label": `${Math.round(part * 100)} % of the timeout used` });
    fill(budget, svg("rect", { class: "track", width: 1000, height: 3 }), bar);
  }

  return {
    element,
    notes: [sure, why],
    askKill: () => !kill.hidden && ask(true),
    /** Show the record; called again whenever it changed. */
    show(next) {
      const before = run;
      run = next;
      if (before && before.status !== run.status) announce(`${runName(run)}: ${stateWord(run.status)}`);
      fill(state, stateMark(run.status, { tinted: true }));
      set(name, { textContent: runName(run), title: runName(run) });
      remember(use, run.resourceUsage);
      fill(meta, facts(run, use, iconOf(run)));
      if (before?.status !== run.status) fill(deeds, actions(run));
      fill(why, ...reasons(run));
      set(why, { hidden: !why.childNodes.length, class: `why s-${run.status}` });
      drawKill();
      tick(shownTime());
    },
    stop: stopTicking,
  };
}

function remember(use, sample) {
  if (!sample || sample.cpuPercent === undefined) return;
  for (const [list, value] of [
    [use.cpu, sample.cpuPercent],
    [use.memory, sample.memoryMB],
  ]) {
    list.push(value);
    if (list.length > SPARK_POINTS) list.shift();
  }
}

function facts(run, use, chosen) {
  const started = ms(run.startedAt);
  const sample = run.resourceUsage ?? {};
  const live = run.status === "running";
  const by = run.startedBy ? ` by ${run.startedBy}` : "";
  return [
    agentMark(run.agentType, { name: run.agentProfileName, chosen }),
    run.workingDirectory && pathMark(run.workingDirectory),
    run.startedAt
      ? fact(`Started ${when(started)} ${zoneLabel(started)}${live ? by : ""}`, full(started), live ? "meta-2" : "")
      : fact(`Asked for ${when(ms(run.queuedAt))} ${zoneLabel()}${by}`, full(ms(run.queuedAt))),
    !live && run.startedAt && fact(`${triggerWord(run.triggeredBy)}${by ? `,${by}` : ""}`),
    run.exitCode !== null && run.exitCode !== undefined && fact(["Exit code ", el("b", {}, String(run.exitCode))]),
    run.signal && fact(["Signal ", el("b", {}, run.signal)]),
    live && run.pid && fact(["pid ", el("span", { class: "m" }, String(run.pid))], null, "meta-2"),
    live && sample.cpuPercent !== undefined && gauge("CPU", `${Math.round(sample.cpuPercent)} %`, use.cpu),
    live && sample.memoryMB !== undefined && gauge("Memory", `${number(Math.round(sample.memoryMB))} MB`, use.memory),
    !live && sample.peakMemoryMB !== undefined && fact(`Peak ${number(Math.round(sample.peakMemoryMB))} MB`),
    !live &&
      sample.cpuSeconds !== undefined &&
      fact(`CPU ${sample.cpuSeconds < 60 ? `${Number(sample.cpuSeconds.toFixed(1))} s` : duration(sample.cpuSeconds)}`),
  ].filter(Boolean);
}

const fact = (content, title = null, extra = "") => el("span", { title, class: extra }, content);

function gauge(label, value, points) {
  return el("span", { class: "gauge" }, label, el("b", {}, value), spark(points, `${label} over the last minute`));
}

function spark(points, label) {
  if (points.length < 2) return null;
  const top = Math.max(...points) * 1.1 || 1;
  const place = points.map((value, at) => {
    const x = (at / (points.length - 1)) * 72;
    return `${x.toFixed(1)},${(15 - (value / top) * 14).toFixed(1)}`;
  });
  return svg(
    "svg",
    { class: "spark", viewBox: "0 0 72 16", role: "img", "aria-label": label },
    svg("polyline", { points: place.join(" ") }),
  );
}

// Why it ended, in one sentence, before the text: the server's own where it has one.
function reasons(run) {
  if (run.status === "completed" || run.status === "running") return [];
  const own = run.reason && (/[.!?]$/.test(run.reason) ? run.reason : `${run.reason}.`);
  const ended =
    run.finishedAt && run.startedAt ? `Ended ${clock(ms(run.finishedAt))} ${zoneLabel(ms(run.finishedAt))}` : "";
  return [
    icon(`st-${run.status}`),
    el("span", { class: "grow" }, own || plainReason(run)),
    ended && el("span", { class: "why-when" }, ended),
  ];
}

function plainReason(run) {
  if (run.status === "queued") return "Waiting for a free place; it starts by itself.";
  if (run.status === "timeout") return `Stopped after its timeout of ${minutes(run.timeout)}.`;
  if (run.status === "failed" && run.signal) return `The agent was ended by ${run.signal}.`;
  if (run.status === "failed" && run.exitCode !== null) return `The agent ended with exit code ${run.exitCode}.`;
  return `${stateWord(run.status)}.`;
}
