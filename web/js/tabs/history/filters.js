// The filters of History as data: they live in the address, go to the API, and are said in words.

import { fromWallTime, ms, stateWord, triggerWord, wallTime, when } from "../../format.js";

export const SPANS = [
  ["", "Any time"],
  ["1", "Last 24 hours"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
  ["90", "Last 90 days"],
  ["between", "Between…"],
];
const NAMES = [
  "search",
  "status",
  "triggeredBy",
  "agentProfileId",
  "workingDirectory",
  "promptId",
  "scheduleId",
  "pinned",
  "days",
  "from",
  "to",
];
const SAME = ["triggeredBy", "agentProfileId", "workingDirectory", "promptId", "scheduleId"];
const DAY_MS = 86_400_000;

/** The filters that an address asks for. */
export function readFilters(params) {
  return Object.fromEntries(NAMES.map((name) => [name, params.get(name) ?? ""]));
}

export const NO_FILTERS = readFilters(new URLSearchParams());

export const anyFilter = (filters) => NAMES.some((name) => filters[name]);

/** The filters as the API takes them. */
export function filterQuery({ days, ...rest }) {
  return days && !rest.from && !rest.to ? { ...rest, from: spanStart(days) } : rest;
}

const spanStart = (days) => new Date(Date.now() - Number(days) * DAY_MS).toISOString();

/** Which of SPANS is chosen. */
export const spanOf = ({ days, from, to }) => (from || to ? "between" : days);

/** The filters with another of SPANS; "between" begins a week ago. */
export function withSpan(filters, span) {
  if (span !== "between") return { ...filters, days: span, from: "", to: "" };
  const day = wallTime(Date.now() - Number(filters.days || 7) * DAY_MS).slice(0, 10);
  return { ...filters, days: "", from: momentOf(`${day}T00:00`), to: "" };
}

/** A time as the address has it from what a field has, and back; "" for none. */
export const momentOf = (text) => (text ? new Date(fromWallTime(text)).toISOString().replace(":00.000Z", "Z") : "");
export const fieldOf = (moment) => (Number.isNaN(ms(moment)) ? "" : wallTime(ms(moment)));

/** "Failed runs by aider with “retry”, last 7 days"; `names` are { profile, prompt, schedule } where they are known. */
export function filterWords(filters, names = {}) {
  const states = filters.status.split(",").filter(Boolean).map(stateWord);
  const state = states
    .map((word, at) => (at ? word.toLowerCase() : word))
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1");
  const words = [state ? `${state} runs` : "Runs"];
  if (filters.triggeredBy) words.push(`started by ${triggerWord(filters.triggeredBy).toLowerCase()}`);
  if (filters.agentProfileId) words.push(`of ${names.profile ?? filters.agentProfileId}`);
  if (filters.promptId) words.push(`of the prompt “${names.prompt ?? filters.promptId}”`);
  if (filters.scheduleId) words.push(`of the schedule “${names.schedule ?? filters.scheduleId}”`);
  if (filters.workingDirectory) words.push(`in ${filters.workingDirectory}`);
  if (filters.search) words.push(`with “${filters.search}”`);
  if (filters.pinned === "true") words.push("that are kept for ever");
  if (filters.pinned === "false") words.push("that are not kept for ever");
  return words.join(" ") + timeWords(filters);
}

function timeWords({ days, from, to }) {
  const said = (moment) => (Number.isNaN(ms(moment)) ? moment : when(ms(moment)));
  if (from && to) return `, between ${said(from)} and ${said(to)}`;
  if (from || to) return from ? `, since ${said(from)}` : `, until ${said(to)}`;
  const span = SPANS.find(([value]) => value && value === days)?.[1];
  return span ? `, ${span.toLowerCase()}` : days ? `, last ${days} days` : "";
}

/** True when a record that came by itself belongs into the list. */
export function fits(run, filters) {
  const { from, to } = filterQuery(filters);
  const at = ms(run.queuedAt);
  if (filters.status && !filters.status.split(",").includes(run.status)) return false;
  if (SAME.some((name) => filters[name] && run[name] !== filters[name])) return false;
  if (filters.pinned && String(Boolean(run.pinned)) !== filters.pinned) return false;
  if ((from && at < ms(from)) || (to && at > ms(to))) return false;
  const hay = [run.promptName, run.promptContent ?? run.promptPreview, run.workingDirectory, run.runId, run.reason];
  return !filters.search || hay.some((text) => text?.toLowerCase().includes(filters.search.toLowerCase()));
}
