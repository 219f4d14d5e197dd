// The widget: a page of its own for other pages to embed. Its token stands in the fragment, which no server sees:
// "widget#token=air_…&theme=dark". It never uses the session of whoever looks at it.

import { Api, newKey } from "./api.js";
import { ago, countdown, duration, full, ms, runName, setZone, took } from "./format.js";
import { stateMark } from "./kit/badge.js";
import { busy, button } from "./kit/button.js";
import { el, fill, set } from "./kit/dom.js";
import { icon } from "./kit/icons.js";
import { everySecond } from "./time.js";

const WAIT_S = 25;
const AGAIN_MS = 5000;
const BREATH_MS = 1000;
const SAID_MS = 10_000;
const MOST_ACTIVE = 4;
const PATIENCE_MS = 45_000;
const root = new URL(".", location.href);
const host = document.getElementById("widget");
const asked = new URLSearchParams(location.hash.slice(1));
const token = asked.get("token") ?? "";
const heading = el("h1", { class: "sr" }, "Runs now");
const said = el("p", { class: "w-said", role: "status" });
const api = new Api(location.href, { token });
const state = { found: null, session: null, offline: "", isStarting: false };

if (["light", "dark"].includes(asked.get("theme"))) document.documentElement.dataset.theme = asked.get("theme");

async function load() {
  state.session ??= await api.session();
  setZone(state.session.timezone);
  state.found = await api.get("dashboard");
  if (state.offline) fill(said);
  state.offline = "";
  draw();
}

const rest = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Follow what changes; an error is said, and asked again after a while, until the token is refused. */
async function follow() {
  let since = "";
  for (;;) {
    try {
      if (!state.found || state.offline) await load();
      const news = await api.get("events", { wait: WAIT_S, since }, { patience: PATIENCE_MS });
      since = news.next;
      if (news.reset || news.events.length) await load();
      await rest(BREATH_MS);
    } catch (error) {
      if (error.status === 401 || error.status === 403) return refuse();
      state.offline = error.message;
      draw();
      await rest(AGAIN_MS);
    }
  }
}

function refuse() {
  const text = token
    ? "The token of this widget is not valid any more. Make another one under Settings, Access tokens."
    : "This widget needs a token in its address: widget#token=air_… of a viewer.";
  fill(host, heading, el("p", { class: "w-said" }, text));
}

function link(hash, props, ...children) {
  return el("a", { ...props, href: new URL(`./#/${hash}`, root).href, target: "_blank", rel: "noopener" }, ...children);
}

function draw() {
  const { found, session } = state;
  if (!found) return fill(host, heading, el("p", { class: "w-said" }, state.offline));
  const { active, recent, next, mostUsed, schedulesPaused } = found;
  const running = active.filter(({ status }) => status === "running");
  const queued = active.length - running.length;
  const words = [running.length && `${running.length} running`, queued && `${queued} queued`]
    .filter(Boolean)
    .join(", ");
  const mark = running.length ? icon("st-running", "i-live") : queued ? icon("st-queued") : null;
  const quick =
    mostUsed && session.role !== "viewer" && !mostUsed.asks
      ? button({ text: `Run ${mostUsed.name}`, icon: "play", onClick: ({ currentTarget }) => start(currentTarget) })
      : null;
  fill(
    host,
    heading,
    el(
      "div",
      { class: "w-head" },
      link(
        "history?status=queued,running",
        { class: `w-count st s-${running.length ? "running" : "skipped"}` },
        mark,
        words || "Nothing runs",
      ),
      link("run", { class: "w-brand" }, "airunner"),
    ),
    active.length
      ? list([...running, ...active.filter(({ status }) => status === "queued")].slice(0, MOST_ACTIVE))
      : null,
    recent.length > 0 &&
      el(
        "section",
        { class: "w-part", "aria-label": "The last five" },
        el("h2", { class: "w-label" }, "Last"),
        list(recent),
      ),
    el(
      "section",
      { class: "w-part", "aria-label": "Next scheduled run" },
      el("h2", { class: "w-label" }, "Next"),
      schedulesPaused
        ? el("p", {}, "Schedules are paused")
        : next
          ? link(
              `schedules/${next.scheduleId}`,
              { class: "w-run w-next", title: full(ms(next.at)) },
              el("span", { class: "cut" }, next.name),
              el("span", { class: "w-time", data: { at: next.at } }, countdown(ms(next.at))),
            )
          : el("p", { class: "w-said" }, "Nothing is scheduled"),
    ),
    quick && el("div", { class: "w-foot" }, quick),
    set(said, { hidden: !said.textContent && !state.offline }),
  );
  if (state.offline) fill(said, state.offline);
  if (quick) busy(quick, state.isStarting);
}

const list = (runs) =>
  el(
    "ul",
    { class: "w-list" },
    runs.map((run) => el("li", {}, line(run))),
  );

function line(run) {
  const time = run.finishedAt
    ? el("time", { class: "w-time", datetime: run.finishedAt, data: { ago: run.finishedAt } }, ago(ms(run.finishedAt)))
    : el(
        "span",
        { class: "w-time", data: run.startedAt ? { since: run.startedAt } : {} },
        run.startedAt ? duration(took(run)) : "",
      );
  return link(
    `history/${run.runId}`,
    { class: "w-run" },
    stateMark(run.status, { bare: true }),
    el("span", { class: "cut", title: runName(run) }, runName(run)),
    time,
  );
}

function tick(now) {
  for (const one of host.querySelectorAll("[data-at], [data-ago], [data-since]")) {
    const { at, ago: ended, since } = one.dataset;
    one.textContent = at ? countdown(ms(at), now) : ended ? ago(ms(ended), now) : duration((now - ms(since)) / 1000);
  }
}

async function start(opener) {
  if (state.isStarting) return;
  state.isStarting = true;
  busy(opener, true);
  const { promptId, name } = state.found.mostUsed;
  try {
    await api.post("run", { promptId }, { headers: { "Idempotency-Key": newKey() } });
    fill(said, `${name} was started.`);
  } catch (error) {
    fill(said, error.message);
  }
  state.isStarting = false;
  draw();
  setTimeout(() => state.offline || (fill(said), draw()), SAID_MS);
}

everySecond(tick);
if (token) follow();
else refuse();
