// What the server says of a template: problems at their places, dangers with a tick each, and what would run.

import { el, fill } from "../../kit/dom.js";
import { tick } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";

const KINDS = [
  ["errors", "failed", "st-failed"],
  ["warnings", "timeout", "warn"],
];

/** The list of checks; `onTick` follows a tick. */
export function checkList() {
  const list = el("ul", { class: "checks", "aria-live": "polite" });
  const preview = el("pre", { class: "code", tabIndex: 0, "aria-label": "Runs as" });
  const runsAs = el("section", { hidden: true }, el("h3", { class: "label" }, "Runs as"), preview);
  const ticks = new Map();
  let found = { errors: [], warnings: [], dangerous: [] };

  const made = {
    element: el("div", {}, el("section", {}, el("h3", { class: "label" }, "Checks"), list), runsAs),
    onTick: () => {},
    acknowledged: () => [...ticks].filter(([, on]) => on).map(([code]) => code),
    unacknowledged: () => [...ticks.values()].filter((on) => !on).length,
    /** Where to underline: [{ start, end, kind }]. */
    marks: () =>
      [
        ...found.errors.map((one) => ({ ...one, kind: "bad" })),
        ...found.dangerous.map((one) => ({ ...one, kind: "bad" })),
        ...found.warnings.filter(hasPlace).map((one) => ({ ...one, kind: "warn" })),
      ].filter(({ start, end }) => end > start),
    show(answer, template, known) {
      found = {
        errors: asProblems(answer.errors),
        warnings: asProblems(answer.warnings),
        dangerous: asProblems(answer.dangerous),
      };
      const codes = [...new Set(found.dangerous.map(({ code }) => code))];
      for (const code of [...ticks.keys()]) if (!codes.includes(code)) ticks.delete(code);
      for (const code of codes) if (!ticks.has(code)) ticks.set(code, known.includes(code));
      const items = KINDS.flatMap(([name, state, shape]) =>
        found[name].map((one) => item(state, shape, one, template)),
      );
      if (!found.errors.length)
        items.unshift(item("completed", "st-completed", { text: "The template can be used" }, template));
      fill(
        list,
        items,
        found.dangerous.map((one) => danger(one, template)),
      );
      runsAs.hidden = !answer.previewCommand;
      fill(preview, answer.previewCommand ?? "");
    },
    fail(text) {
      found = { errors: [], warnings: [], dangerous: [] };
      fill(list, item("failed", "st-failed", { text }, ""));
    },
  };

  function danger(one, template) {
    const box = tick({
      text: "I know, and want it",
      checked: ticks.get(one.code),
      onChange: (on) => (ticks.set(one.code, on), made.onTick()),
    });
    const element = item("failed", "warn", one, template);
    element.lastChild.append(box);
    return element;
  }
  return made;
}

function item(state, shape, { text, start, end }, template) {
  const part = end > start && end - start < template.length ? template.slice(start, end) : "";
  const place = part ? el("code", { class: "check-part cut" }, part) : null;
  return el("li", { class: `s-${state}` }, icon(shape), el("div", { class: "grow" }, el("span", {}, text), place));
}

const asProblems = (list) =>
  (list ?? []).map((one) => (typeof one === "string" ? { code: one, text: one, start: 0, end: 0 } : one));

/** What is said of the template as a whole has no place in it. */
function hasPlace({ code }) {
  return code !== "no_working_dir";
}
