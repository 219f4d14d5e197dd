// The filters of History: they live in the address, and say in words what they ask for.

import { profileChoices, stateWord, STATES, triggerWord } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, set } from "../../kit/dom.js";
import { choice, searchField } from "../../kit/filters.js";

const TRIGGERS = ["manual", "schedule", "pipeline", "webhook", "mcp", "retry", "test"];
const GROUPS = [
  ["queued,running", "Queued or running"],
  ["failed,timeout,killed", "Went wrong"],
];
const SPANS = [
  ["", "Any time"],
  ["1", "Last 24 hours"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
  ["90", "Last 90 days"],
];
const NAMES = ["search", "status", "triggeredBy", "agentProfileId", "days"];
const DAY_MS = 86_400_000;

/** The filters that an address asks for. */
export function readFilters(params) {
  return Object.fromEntries(NAMES.map((name) => [name, params.get(name) ?? ""]));
}

export const anyFilter = (filters) => NAMES.some((name) => filters[name]);

/** The filters as the API takes them. */
export function filterQuery({ days, ...rest }) {
  return { ...rest, from: days ? new Date(Date.now() - Number(days) * DAY_MS).toISOString() : "" };
}

/** "Failed runs by aider with “retry”, last 7 days". */
export function filterWords(filters, profileName) {
  const states = filters.status.split(",").filter(Boolean).map(stateWord);
  const state = states
    .map((word, at) => (at ? word.toLowerCase() : word))
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1");
  const words = [state ? `${state} runs` : "Runs"];
  if (filters.triggeredBy) words.push(`started by ${triggerWord(filters.triggeredBy).toLowerCase()}`);
  if (filters.agentProfileId) words.push(`of ${profileName ?? filters.agentProfileId}`);
  if (filters.search) words.push(`with “${filters.search}”`);
  const span = SPANS.find(([value]) => value && value === filters.days)?.[1];
  return words.join(" ") + (span ? `, ${span.toLowerCase()}` : "");
}

/** True when a record that came by itself belongs into the list. */
export function fits(run, filters) {
  if (filters.status && !filters.status.split(",").includes(run.status)) return false;
  if (filters.triggeredBy && run.triggeredBy !== filters.triggeredBy) return false;
  if (filters.agentProfileId && run.agentProfileId !== filters.agentProfileId) return false;
  if (filters.days && Date.parse(run.startedAt ?? run.queuedAt) < Date.now() - Number(filters.days) * DAY_MS)
    return false;
  const hay = [run.promptName, run.promptContent ?? run.promptPreview, run.workingDirectory, run.runId, run.reason];
  return !filters.search || hay.some((text) => text?.toLowerCase().includes(filters.search.toLowerCase()));
}

/** The row of controls. `onChange(filters)` follows every change. */
export function filterRow(ctx, onChange) {
  let now = readFilters(new URLSearchParams());
  const change = (part) => onChange({ ...now, ...part });
  const search = searchField({
    label: "Search runs",
    placeholder: "Name, prompt, id",
    onSearch: (text) => change({ search: text }),
  });
  const states = [["", "Any state"], ...GROUPS, ...STATES.map((state) => [state, stateWord(state)])];
  const status = choice("State", states, (value) => change({ status: value }), (value) =>
    value.split(",").map(stateWord).join(", "),
  );
  const trigger = choice(
    "Trigger",
    [["", "Any trigger"], ...TRIGGERS.map((name) => [name, triggerWord(name)])],
    (value) => change({ triggeredBy: value }),
  );
  const profile = choice("Profile", [["", "Any profile"]], (value) => change({ agentProfileId: value }));
  const days = choice("Time", SPANS, (value) => change({ days: value }));
  const clear = button({
    text: "Clear filters",
    kind: "quiet",
    extra: "filters-clear",
    onClick: () => onChange(readFilters(new URLSearchParams())),
  });
  const rest = el(
    "div",
    { class: "filters-rest", id: "filters-rest" },
    status.element,
    trigger.element,
    profile.element,
    days.element,
    clear,
  );

  return {
    element: el("div", { class: "filters", role: "search", "aria-label": "Filter runs" }, search.element, rest),
    rest,
    focus: search.focus,
    show(filters) {
      now = filters;
      search.show(filters.search);
      status.show(filters.status);
      trigger.show(filters.triggeredBy);
      profile.show(filters.agentProfileId, [
        ["", "Any profile"],
        ...profileChoices(ctx.cache.profiles ?? []),
      ]);
      days.show(filters.days);
      set(clear, { hidden: !anyFilter(filters) });
    },
  };
}
