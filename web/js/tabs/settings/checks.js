// What the server says of a template: problems at their places, and dangers with a tick for each kind.

import { el, fill, set, uid } from "../../kit/dom.js";
import { tick } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { inUnits, lineAndColumn } from "../../kit/places.js";
import { sentence } from "../../kit/sentence.js";

const NONE = { errors: [], warnings: [], dangerous: [] };
const KINDS = { errors: "bad", warnings: "warn", dangerous: "bad" };

/** Whether a warning is worth an eye before the profile is used; what is not is a hint. */
export const matters = ({ code }) => code !== "no_working_dir";

/** The list of checks. `onTick` follows a tick; `onGo(start, end)` is a wish to see a place. */
export function checkList({ onTick, onGo }) {
  const list = el("ul", { class: "checks", "aria-live": "polite" });
  const good = item("completed", "st-completed", el("p", {}, "The template can be used"));
  const ticks = new Map();
  let [found, about, trouble, drawn] = [NONE, "", "", ""];

  function place({ start, end }) {
    if (!isPlace({ start, end }, about)) return null;
    const { line, column } = lineAndColumn(about, start);
    const go = el(
      "button",
      { type: "button", class: "check-go m", on: { click: () => onGo(start, end) } },
      `${line}:${column}`,
      el("span", { class: "sr" }, `, go to line ${line}, column ${column}`),
    );
    const part = about.slice(start, end).trim();
    return el("div", { class: "check-at" }, go, part && el("code", { class: "cut", title: part }, part));
  }

  const said = (problem) => [el("p", {}, sentence(problem.text)), place(problem)];

  function danger(code) {
    const text = el("div", { id: uid("danger") }, found.dangerous.filter((one) => one.code === code).map(said));
    const box = tick({
      text: "I know, and want it",
      checked: ticks.get(code),
      onChange: (on) => (ticks.set(code, on), showGood(), onTick()),
    });
    set(box.querySelector("input"), { "aria-describedby": text.id });
    return item("failed", "warn", [text, box]);
  }

  const unacknowledged = () => [...ticks.values()].filter((on) => !on).length;
  const showGood = () => (good.hidden = Boolean(trouble) || found.errors.length > 0 || unacknowledged() > 0);

  function draw() {
    const errors = [...found.errors].sort((one, other) => isMissing(one) - isMissing(other));
    fill(
      list,
      trouble && item("failed", "st-failed", el("p", {}, sentence(trouble))),
      errors.map((one) => item("failed", "st-failed", said(one))),
      [...ticks.keys()].map(danger),
      found.warnings.filter(matters).map((one) => item("timeout", "warn", said(one))),
      good,
      found.warnings.filter((one) => !matters(one)).map(({ text }) => el("li", { class: "hint" }, sentence(text))),
    );
    showGood();
  }

  return {
    element: list,
    unacknowledged,
    acknowledged: () => [...ticks].filter(([, on]) => on).map(([code]) => code),
    /** What to say of a profile with this template when it is saved: the dangers, and the warnings that matter. */
    cautions: () => [...found.dangerous, ...found.warnings.filter(matters)].map(({ text }) => text),
    /** Where to underline: [{ start, end, kind }]. */
    marks: (template) =>
      Object.entries(KINDS).flatMap(([name, kind]) =>
        found[name].filter((one) => isPlace(one, template)).map((one) => visible({ ...one, kind }, template)),
      ),
    /**
     * Show the server's answer about `template`; `known` are the codes that were acknowledged before, `why` is what
     * else kept it from judging all.
     */
    show(answer, template, known, why = "") {
      const text = JSON.stringify([answer, template, why]);
      if (text === drawn) return;
      [drawn, about, trouble] = [text, template, why];
      found = Object.fromEntries(Object.keys(KINDS).map((name) => [name, inUnits(answer[name] ?? [], template)]));
      const codes = [...new Set(found.dangerous.map(({ code }) => code))];
      for (const code of [...ticks.keys()]) if (!codes.includes(code)) ticks.delete(code);
      for (const code of codes) if (!ticks.has(code)) ticks.set(code, known.includes(code));
      draw();
    },
    /** Say why there is no new answer; what was found before, and its ticks, stay. */
    fail(why) {
      [drawn, trouble] = ["", why];
      draw();
    },
    /** Nothing is written yet: no reason to complain. */
    rest(text) {
      [found, trouble, drawn] = [NONE, "", ""];
      ticks.clear();
      fill(list, el("li", { class: "hint" }, text));
    },
  };
}

function item(state, shape, content) {
  return el("li", { class: `s-${state}` }, icon(shape), el("div", { class: "grow" }, content));
}

// With a quote that is open, the prompt may only seem to be missing.
const isMissing = ({ code }) => Number(code === "missing_prompt");

// What is said of the template as a whole has no place in it.
const isPlace = ({ start, end }, template) => template !== "" && !(start === 0 && end >= template.length);

// A problem may be that something is missing: it is shown at the character before.
function visible(problem, template) {
  if (problem.end > problem.start) return problem;
  const start = Math.max(0, Math.min(problem.start, template.length - 1));
  return { ...problem, start, end: start + 1 };
}
