// The facts of two runs side by side; what differs is marked.

import { bytes, duration, full, minutes, ms, number, reasonOf, runName, took, triggerWord, when } from "../../format.js";
import { agentMark, pathMark, stateMark } from "../../kit/badge.js";
import { el } from "../../kit/dom.js";

const STARTED = "Started"; // no two runs start at once: that this differs says nothing
// words, what is compared, how it is drawn; what neither has is left out
const FACTS = [
  ["State", ({ status }) => status, (run) => stateMark(run.status)],
  ["Why", (run) => (["completed", "running"].includes(run.status) ? "" : reasonOf(run))],
  ["Profile", (run) => run.agentProfileName, (run) => agentMark(run.agentType, { name: run.agentProfileName ?? "" })],
  ["Trigger", (run) => triggerWord(run.triggeredBy) + (run.startedBy ? `, by ${run.startedBy}` : "")],
  ["Directory", (run) => run.workingDirectory, (run) => pathMark(run.workingDirectory)],
  [STARTED, (run) => run.startedAt, (run) => timeMark(ms(run.startedAt))],
  ["Took", (run) => lasted(run)],
  ["Timeout", (run) => run.timeout, (run) => minutes(run.timeout)],
  ["Exit code", (run) => run.exitCode],
  ["Signal", (run) => run.signal],
  ["Peak memory", (run) => use(run, "peakMemoryMB", (mb) => `${number(Math.round(mb))} MB`)],
  ["CPU time", (run) => use(run, "cpuSeconds", (s) => (s < 60 ? `${Number(s.toFixed(1))} s` : duration(s)))],
  ["Output", (run) => (run.outputBytes ? bytes(run.outputBytes) : "")],
  ["Attempt", (run) => (run.attempt > 1 ? run.attempt : "")],
];

/** The table of two runs; `hrefOf(run)` is where each is. */
export function factsTable(runs, hrefOf) {
  const isThere = (value) => value !== null && value !== undefined && value !== "";
  const rows = FACTS.map(([words, valueOf, drawn = valueOf]) => {
    const values = runs.map(valueOf);
    if (!values.some(isThere)) return null;
    const differs = words !== STARTED && values[0] !== values[1];
    const cells = runs.map((run, at) => el("td", {}, isThere(values[at]) ? drawn(run) : null));
    return el("tr", { class: differs ? "is-other" : "" }, el("th", { scope: "row" }, words, mark(differs)), cells);
  });
  const heads = runs.map((run, at) =>
    el(
      "th",
      { scope: "col" },
      el("span", { class: "hint" }, at ? "Second" : "First"),
      el("a", { class: "c-name cut", href: hrefOf(run), title: runName(run) }, runName(run)),
    ),
  );
  const head = el("thead", {}, el("tr", {}, el("th", {}, el("span", { class: "sr" }, "Fact")), heads));
  return el("table", { class: "cmp-facts" }, head, el("tbody", {}, rows));
}

const mark = (differs) =>
  differs && [
    el("span", { class: "cmp-other", title: "Differs", "aria-hidden": "true" }, "≠"),
    el("span", { class: "sr" }, ", differs"),
  ];

const timeMark = (at) => el("time", { datetime: new Date(at).toISOString(), title: full(at) }, when(at));

function lasted(run) {
  const seconds = took(run);
  return Number.isNaN(seconds) ? "" : duration(seconds);
}

function use({ resourceUsage }, name, words) {
  const value = resourceUsage?.[name];
  return value === null || value === undefined ? "" : words(value);
}
