// What the server says of a template: problems at their places, and dangers with a tick for each kind.

import { el, fill, set, uid } from "../../kit/dom.js";
import { tick } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { inUnits, lineAndColumn } from "../../kit/places.js";

const NONE = { errors: [], warnings: [], dangerous: [] };
const KINDS = { errors: "bad", warnings: "warn", dangerous: "bad" };

/** The list of checks. `onTick` follows a tick; `onGo(start, end)` is a wish to see a place. */
export function checkList({ onTick, onGo }) {
  const list = el("ul", { class: "checks", "aria-live": "polite" });
  const ticks = new Map();
  let [found, drawn] = [NONE, ""];

  function place({ start, end }, template) {
    if (!isPlace({ start, end }, template)) return null;
    const { line, column } = lineAndColumn(template, start);
    const go = el(
      "button",
      { type: "button", class: "check-go m", on: { click: () => onGo(start, end) } },
      `${line}:${column}`,
      el("span", { class: "sr" }, `, go to line ${line}, column ${column}`),
    );
    const part = template.slice(start, end).trim();
    return el("div", { class: "check-at" }, go, part && el("code", { class: "cut", title: part }, part));
  }

  function said(problem, template) {
    return [el("p", {}, sentence(problem.text)), place(problem, template)];
  }

  function item(state, shape, content) {
    return el("li", { class: `s-${state}` }, icon(shape), el("div", { class: "grow" }, content));
  }

  function danger(code, template) {
    const about = el(
      "div",
      { id: uid("danger") },
      found.dangerous.filter((one) => one.code === code).map((one) => said(one, template)),
    );
    const box = tick({
      text: "I know, and want it",
      checked: ticks.get(code),
      onChange: (on) => (ticks.set(code, on), onTick()),
    });
    set(box.querySelector("input"), { "aria-describedby": about.id });
    return item("failed", "warn", [about, box]);
  }

  function draw(template) {
    const items = [
      found.errors.map((one) => item("failed", "st-failed", said(one, template))),
      found.warnings.map((one) => item("timeout", "warn", said(one, template))),
      [...ticks.keys()].map((code) => danger(code, template)),
    ];
    const good = !found.errors.length && item("completed", "st-completed", el("p", {}, "The template can be used"));
    fill(list, good, items);
  }

  return {
    element: list,
    acknowledged: () => [...ticks].filter(([, on]) => on).map(([code]) => code),
    unacknowledged: () => [...ticks.values()].filter((on) => !on).length,
    /** Where to underline: [{ start, end, kind }]. */
    marks: (template) =>
      Object.entries(KINDS).flatMap(([name, kind]) =>
        found[name].filter((one) => isPlace(one, template)).map((one) => visible({ ...one, kind }, template)),
      ),
    /** Show the server's answer about `template`; `known` are the codes that were acknowledged before. */
    show(answer, template, known) {
      const text = JSON.stringify([answer, template]);
      if (text === drawn) return;
      drawn = text;
      found = Object.fromEntries(Object.keys(KINDS).map((name) => [name, inUnits(answer[name] ?? [], template)]));
      const codes = [...new Set(found.dangerous.map(({ code }) => code))];
      for (const code of [...ticks.keys()]) if (!codes.includes(code)) ticks.delete(code);
      for (const code of codes) if (!ticks.has(code)) ticks.set(code, known.includes(code));
      draw(template);
    },
    fail(text) {
      [found, drawn] = [NONE, ""];
      fill(list, item("failed", "st-failed", el("p", {}, text)));
    },
  };
}

/** A server's sentence, with what stands in `backquotes` as code. */
export const sentence = (text) =>
  text.split(/`([^`]+)`/).map((part, nr) => (nr % 2 ? el("code", { class: "said-code" }, part) : part));

// What is said of the template as a whole has no place in it.
const isPlace = ({ start, end }, template) => template !== "" && !(start === 0 && end >= template.length);

// A problem may be that something is missing: it is shown at the character before.
function visible(problem, template) {
  if (problem.end > problem.start) return problem;
  const start = Math.max(0, Math.min(problem.start, template.length - 1));
  return { ...problem, start, end: start + 1 };
}
