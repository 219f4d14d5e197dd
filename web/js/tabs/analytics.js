// Analytics: how often runs succeed, how long they take, where the work goes; the address holds the range.

import {
  AGENTS,
  count,
  date,
  duration,
  full,
  hour,
  ms,
  number,
  span,
  stateWord,
  zoneLabel,
  zoneName,
} from "../format.js";
import { stateMark } from "../kit/badge.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { emptyNotice, errorNotice, whenLate } from "../kit/notice.js";
import { settle } from "../time.js";
import { bars, columns, line, ring } from "./analytics/charts.js";
import { figure } from "./analytics/figure.js";

export const title = "Analytics";

const RANGES = [
  ["1", "24 h", "24 hours"],
  ["7", "7 days", "7 days"],
  ["30", "30 days", "30 days"],
  ["90", "90 days", "90 days"],
  ["365", "1 year", "365 days"],
];
const USUAL = "30";
const DAY_MS = 86_400_000;
const OUTCOMES = ["completed", "failed", "timeout", "killed", "skipped"];
const MOST_ROWS = 8;
const REST_MS = 5000;

const percent = (share) => (share === null ? "" : `${Number((share * 100).toFixed(1))} %`);
const daysOf = (params) => (RANGES.some(([days]) => days === params.get("days")) ? params.get("days") : USUAL);

export function mount(root, ctx) {
  const bag = leaving();
  const state = { days: USUAL, found: null, asked: 0 };
  const range = el("span", { class: "head-count" });
  const figures = el("div", { class: "key-figures" });
  const note = el("div", { class: "list-note" });
  const outcomes = figure("Outcomes", "fig-half");
  const lengths = figure("Average duration", "fig-half");
  const profiles = figure("Success by profile");
  const prompts = figure("Success by prompt");
  const places = figure("Busiest repositories");
  const agents = figure("Runs by agent");
  const health = figure("Schedule health", "fig-whole");
  const charts = el(
    "div",
    { class: "figs" },
    [outcomes, lengths, profiles, prompts, places, agents, health].map(({ element }) => element),
  );
  const picker = el(
    "span",
    { class: "seg", role: "group", "aria-label": "Range" },
    RANGES.map(([days, words]) =>
      el("button", { type: "button", data: { days }, on: { click: () => go(days) } }, words),
    ),
  );
  const go = (days) => ctx.router.go("analytics", [], { days: days === USUAL ? "" : days }, { replace: true });

  async function load() {
    const asked = (state.asked += 1);
    const late = state.found ? () => {} : whenLate(note, el("p", { class: "hint set-pad" }, "Counting the runs"));
    try {
      const found = await ctx.api.get("analytics", { days: state.days, timezone: zoneName() });
      if (asked === state.asked) draw((state.found = found));
    } catch (error) {
      if (asked === state.asked && !state.found) {
        fill(note, errorNotice({ title: "The runs could not be counted", text: error.message, onRetry: load }));
      }
    }
    late();
  }

  function draw(found) {
    const words = RANGES.find(([days]) => days === state.days)[2];
    const isEmpty = !found.totals.runs;
    range.textContent = `${date(ms(found.from))} to ${date(ms(found.to))}, ${zoneLabel(ms(found.to))}`;
    set(figures, { hidden: isEmpty });
    set(charts, { hidden: isEmpty });
    if (isEmpty) return drawEmpty(words);
    fill(note);
    fill(figures, keyFigures(found, words));
    outcomes.show(outcomesOf(found));
    lengths.show(lengthsOf(found));
    profiles.show(ratesOf(found.profiles, "profile"));
    prompts.show(ratesOf(found.prompts, "prompt"));
    places.show(placesOf(found));
    agents.show(sharesOf(found));
    health.show(healthOf(found));
  }

  function drawEmpty(words) {
    const start = el("a", { class: "b b-main", href: ctx.router.href("run") }, "New run");
    const text = "Success rates, durations and the busiest repositories stand here as soon as there are runs.";
    fill(note, emptyNotice({ title: `No runs in the last ${words}`, text, actions: [start] }));
  }

  function follow() {
    const { tab, params } = ctx.router.route;
    if (tab !== "analytics") return;
    const days = daysOf(params);
    for (const one of picker.children) set(one, { "aria-pressed": String(one.dataset.days === days) });
    if (days === state.days && state.found) return;
    Object.assign(state, { days });
    load();
  }

  const again = settle(() => load(), REST_MS);
  bag.on(ctx.router, "change", follow);
  for (const news of ["run", "gone", "stale"]) bag.on(ctx.cache, news, again);
  bag.add(again.off);
  fill(
    root,
    el(
      "div",
      { class: "analytics" },
      el("div", { class: "head" }, el("h1", { class: "title" }, title), range, el("span", { class: "grow" }), picker),
      el(
        "div",
        { class: "analytics-body", tabIndex: 0, role: "region", "aria-label": "Figures" },
        note,
        figures,
        charts,
      ),
    ),
  );
  follow();
  return bag.off;
}

// ---- what the figures say

function keyFigures({ totals, before, from, to }, words) {
  const days = Math.max(1, (ms(to) - ms(from)) / DAY_MS);
  const more = totals.runs - before.runs;
  const difference = more ? `${number(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than` : "as many as in";
  const points =
    totals.successRate !== null && before.successRate !== null && (totals.successRate - before.successRate) * 100;
  const trend =
    points === false
      ? ""
      : Math.abs(points) < 0.05
        ? "as before"
        : `${points > 0 ? "up" : "down"} ${Math.abs(points).toFixed(1)} points`;
  const wrong = [
    totals.failed && `${number(totals.failed)} failed`,
    totals.timeout && `${number(totals.timeout)} timed out`,
  ].filter(Boolean);
  return [
    keyFigure(
      "Runs",
      number(totals.runs),
      `${Number((totals.runs / days).toFixed(1))} a day, ${difference} the ${words} before`,
    ),
    keyFigure(
      "Success rate",
      percent(totals.successRate) || "None ended",
      [trend, ...wrong].filter(Boolean).join(", "),
    ),
    keyFigure(
      "Average duration",
      totals.averageSeconds === null ? "None" : duration(totals.averageSeconds),
      before.averageSeconds === null ? "" : `${duration(before.averageSeconds)} before`,
    ),
    keyFigure("Agent time", span(totals.totalSeconds), `${span(totals.totalSeconds / days)} a day`),
  ];
}

const keyFigure = (name, value, rest) =>
  el("div", { class: "key-figure" }, el("h2", {}, name), el("p", { class: "key-value" }, value), el("p", {}, rest));

function outcomesOf({ series, step, totals }) {
  const legend = OUTCOMES.filter((status) => totals[status]).map((status) =>
    el("span", { class: "legend-part" }, stateMark(status), el("span", {}, number(totals[status]))),
  );
  const data = series.map((bucket) => ({
    title: `${bucketName(bucket, step)}: ${inWords(bucket)}`,
    parts: OUTCOMES.map((status) => [status, bucket[status]]),
  }));
  return {
    sentence: `${count(totals.runs, "run")}: ${inWords(totals)}.`,
    chart: [columns(data, endsOf(series, step)), el("div", { class: "legend" }, legend)],
    head: [capital(step), "Runs", ...OUTCOMES.map(stateWord)],
    rows: series.map((bucket) => [
      bucketName(bucket, step),
      number(bucket.runs),
      ...OUTCOMES.map((status) => number(bucket[status])),
    ]),
  };
}

function lengthsOf({ series, step, totals }) {
  const values = series.map(({ averageSeconds }) => averageSeconds);
  if (totals.averageSeconds === null) return { empty: "No run of this time has ended yet." };
  return {
    sentence: `Runs took ${span(totals.averageSeconds)} on average.`,
    chart: line(values, { ...endsOf(series, step), unit: unitOf(Math.max(...values)), inWords: span }),
    head: [capital(step), "Average duration", "Runs"],
    rows: series.map((bucket) => [
      bucketName(bucket, step),
      bucket.averageSeconds === null ? "" : duration(bucket.averageSeconds),
      number(bucket.runs),
    ]),
  };
}

function ratesOf(rows, what) {
  const judged = rows.filter(({ successRate }) => successRate !== null);
  if (!judged.length)
    return { empty: what === "prompt" ? "No saved prompt was run in this time." : "No run has ended yet." };
  const nameOf = ({ id, name }) => name ?? `A deleted ${what} (${id})`;
  const shown = judged.slice(0, MOST_ROWS).sort((a, b) => b.successRate - a.successRate);
  return {
    sentence: shown.map((row) => `${nameOf(row)} ${percent(row.successRate)}`).join(", "),
    chart: bars(
      shown.map((row) => ({
        name: nameOf(row),
        title: `${nameOf(row)}: ${inWords(row)}`,
        share: row.successRate,
        words: percent(row.successRate),
      })),
    ),
    head: [capital(what), "Success", "Runs", "Failed", "Timed out", "Average"],
    rows: judged.map((row) => [
      nameOf(row),
      percent(row.successRate),
      number(row.runs),
      number(row.failed),
      number(row.timeout),
      duration(row.averageSeconds ?? 0),
    ]),
  };
}

function placesOf({ directories }) {
  const most = directories[0]?.runs ?? 1;
  const last = (path) => path.replace(/\/+$/, "").split("/").pop() || path;
  return {
    sentence: directories
      .slice(0, MOST_ROWS)
      .map(({ path, runs }) => `${path} ${count(runs, "run")}`)
      .join(", "),
    chart: bars(
      directories.slice(0, MOST_ROWS).map((row) => ({
        name: el("code", {}, last(row.path)),
        title: `${row.path}: ${inWords(row)}`,
        share: row.runs / most,
        words: number(row.runs),
      })),
    ),
    head: ["Directory", "Runs", "Success", "Agent time"],
    rows: directories.map((row) => [row.path, number(row.runs), percent(row.successRate), span(row.totalSeconds)]),
  };
}

function sharesOf({ agents, totals }) {
  const parts = agents.map(({ agentType, runs }) => ({
    name: AGENTS[agentType]?.name ?? agentType ?? "Unknown",
    share: runs / totals.runs,
    words: percent(runs / totals.runs),
    runs,
  }));
  return {
    sentence: parts.map(({ name, words }) => `${name} ${words}`).join(", "),
    chart: ring(parts),
    head: ["Agent", "Runs", "Share"],
    rows: parts.map(({ name, words, runs }) => [name, number(runs), words]),
  };
}

function healthOf({ schedules }) {
  if (!schedules.length) return { empty: "No schedule fired in this time." };
  const sick = ({ failed, timeout, runs }) => (failed + timeout) / runs;
  const worst = [...schedules].sort((a, b) => sick(b) - sick(a) || b.runs - a.runs);
  const nameOf = ({ id, name }) => name ?? `A deleted schedule (${id})`;
  return {
    sentence: worst
      .slice(0, MOST_ROWS)
      .map((one) => `${nameOf(one)}: ${verdict(one)}`)
      .join("; "),
    chart: el(
      "div",
      { class: "health" },
      worst.slice(0, 2 * MOST_ROWS).map((one) => [
        el("span", { class: "cut", title: nameOf(one) }, nameOf(one)),
        el("span", { class: "rate-words" }, percent(one.successRate)),
        el(
          "span",
          { class: "beads" },
          (one.recent ?? []).map(({ status }) => el("i", { class: `bead p-${status}`, title: stateWord(status) })),
        ),
        el("span", { class: "verdict" }, verdict(one)),
      ]),
    ),
    head: ["Schedule", "Success", "Runs", "Failed", "Timed out", "Skipped", "Average"],
    rows: worst.map((one) => [
      nameOf(one),
      percent(one.successRate),
      number(one.runs),
      number(one.failed),
      number(one.timeout),
      number(one.skipped),
      one.averageSeconds === null ? "" : duration(one.averageSeconds),
    ]),
  };
}

function verdict({ failed, timeout, killed, skipped, runs }) {
  const worst = [
    ["Fails", failed],
    ["Times out", timeout],
    ["Is killed", killed],
    ["Is skipped", skipped],
  ].sort(([, a], [, b]) => b - a)[0];
  const [words, times] = worst;
  if (!times) return "Healthy";
  return times * 2 > runs ? `${words} mostly` : `${words} at times: ${number(times)} of ${number(runs)}`;
}

function inWords(row) {
  const parts = [...OUTCOMES, "active"].filter((status) => row[status]);
  return parts.map((status) => `${number(row[status])} ${stateWord(status).toLowerCase()}`).join(", ") || "no runs";
}

function bucketName({ begin, end }, step) {
  if (step === "hour") return full(ms(begin));
  return step === "day" ? date(ms(begin)) : `${date(ms(begin))} to ${date(ms(end) - 1)}`;
}

function endsOf(series, step) {
  const name = ({ begin }) => (step === "hour" ? `${hour(ms(begin))}:00` : date(ms(begin)));
  return { begin: name(series[0]), end: name(series.at(-1)) };
}

const unitOf = (seconds) => (seconds > 7200 ? 3600 : seconds > 120 ? 60 : 1);
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
