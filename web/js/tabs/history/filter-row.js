// The row of filters over the list of runs; what leads here from a prompt or a schedule stands in it as a chip.

import { profileChoices, stateWord, STATES, triggerWord, zoneLabel } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { choice, searchField } from "../../kit/filters.js";
import { icon } from "../../kit/icons.js";
import { settle } from "../../time.js";
import { anyFilter, fieldOf, momentOf, NO_FILTERS, SPANS, spanOf, withSpan } from "./filters.js";

const TRIGGERS = ["manual", "schedule", "pipeline", "webhook", "mcp", "retry", "test"];
const GROUPS = [
  ["queued,running", "Queued or running"],
  ["failed,timeout,killed", "Went wrong"],
];
const TYPING_MS = 600;
const RULED_OUT = "“To” is before “From”.";

/** The row of controls; `onChange(filters)` follows every change, `names()` are what prompt and schedule are called. */
export function filterRow(ctx, { onChange, names }) {
  let now = NO_FILTERS;
  let directories = [];
  const change = (part) => onChange({ ...now, ...part });
  const search = searchField({
    label: "Search runs",
    placeholder: "Name, prompt, id",
    onSearch: (text) => change({ search: text }),
  });
  const chooser = (label, options, name, inWords) =>
    choice(label, options, (value) => change({ [name]: value }), inWords);
  const states = [["", "Any state"], ...GROUPS, ...STATES.map((state) => [state, stateWord(state)])];
  const status = chooser("State", states, "status", (value) => value.split(",").map(stateWord).join(", "));
  const triggers = [["", "Any trigger"], ...TRIGGERS.map((name) => [name, triggerWord(name)])];
  const trigger = chooser("Trigger", triggers, "triggeredBy");
  const profile = chooser("Profile", [["", "Any profile"]], "agentProfileId");
  const directory = chooser("Directory", [["", "Any directory"]], "workingDirectory");
  const time = choice("Time", SPANS, (span) => onChange(withSpan(now, span)), (days) => `Last ${days} days`);
  const between = betweenFields(change);
  const kept = button({ text: "Kept", icon: "pin", pressed: false, extra: "filters-kept", onClick: toggleKept });
  const chips = el("div", { class: "filters-from" });
  const clear = button({
    text: "Clear filters",
    kind: "quiet",
    extra: "filters-clear",
    onClick: () => onChange(NO_FILTERS),
  });
  const choices = [status, trigger, profile, directory].map(({ element }) => element);
  const rest = el(
    "div",
    { class: "filters-rest", id: "filters-rest" },
    choices,
    kept,
    time.element,
    between.element,
    chips,
    clear,
    el("span", { class: "hint head-legend" }, "Fill of the line: part of the timeout used"),
  );

  function toggleKept() {
    change({ pinned: now.pinned === "true" ? "" : "true" });
  }

  function show(filters = now) {
    now = filters;
    search.show(filters.search);
    status.show(filters.status);
    trigger.show(filters.triggeredBy);
    profile.show(filters.agentProfileId, [["", "Any profile"], ...profileChoices(ctx.cache.profiles ?? [])]);
    directory.show(filters.workingDirectory, [["", "Any directory"], ...directories.map((path) => [path, path])]);
    time.show(spanOf(filters));
    between.show(filters);
    set(kept, { "aria-pressed": String(filters.pinned === "true"), title: "Only runs that are kept for ever" });
    const { prompt, schedule } = names();
    fill(
      chips,
      filters.promptId && chip("Prompt", prompt ?? filters.promptId, () => change({ promptId: "" })),
      filters.scheduleId && chip("Schedule", schedule ?? filters.scheduleId, () => change({ scheduleId: "" })),
    );
    set(clear, { hidden: !anyFilter(filters) });
  }

  ctx.api.get("directories").then(
    (answer) => ((directories = answer.directories.map(({ path }) => path)), show()),
    () => {}, // the filter offers none; the list says what is wrong
  );
  return {
    element: el("div", { class: "filters", role: "search", "aria-label": "Filter runs" }, search.element, rest),
    rest,
    focus: search.focus,
    show,
    off: between.off,
  };
}

function chip(kind, name, onRemove) {
  return el(
    "button",
    {
      type: "button",
      class: "chip",
      "aria-label": `${kind} ${name}: remove this filter`,
      title: "Remove this filter",
      on: { click: onRemove },
    },
    el("span", { class: "cut" }, el("span", { class: "hint" }, `${kind} `), name),
    icon("close"),
  );
}

// Two times of the page's own zone; they are there while "Between…" is chosen.
function betweenFields(change) {
  const field = (label) => {
    const control = el("input", { type: "datetime-local", "aria-label": label, max: "9999-12-31T23:59" });
    return { control, element: el("label", { class: "f" }, el("span", { class: "unit" }, label), control) };
  };
  const [from, to] = [field("From"), field("To")];
  const wrong = el("span", { class: "field-error", role: "alert", hidden: true }, icon("st-failed"), RULED_OUT);
  const zone = el("span", { class: "hint" });
  const element = el("span", { class: "filters-between", hidden: true }, from.element, to.element, zone, wrong);
  const isWrong = () => Boolean(from.control.value && to.control.value && to.control.value < from.control.value);
  const say = () => {
    set(wrong, { hidden: !isWrong() });
    to.element.classList.toggle("is-bad", isWrong());
    set(to.control, { "aria-invalid": isWrong() ? "true" : null });
  };
  const typed = settle(() => {
    say();
    if (!isWrong()) change({ days: "", from: momentOf(from.control.value), to: momentOf(to.control.value) });
  }, TYPING_MS);
  for (const { control } of [from, to]) {
    control.addEventListener("input", () => typed());
    control.addEventListener("keydown", ({ key }) => key === "Enter" && typed.now());
  }
  return {
    element,
    off: typed.off,
    show(filters) {
      element.hidden = spanOf(filters) !== "between";
      fill(zone, zoneLabel());
      for (const [{ control }, moment] of [
        [from, filters.from],
        [to, filters.to],
      ])
        if (document.activeElement !== control && control.value !== fieldOf(moment)) control.value = fieldOf(moment);
      say();
    },
  };
}
