// A text area for code whose placeholders and problems are marked in place: a painted copy lies under the text.

import { el, fill, set } from "./dom.js";

const PLACEHOLDER =
  /\$(?:\{(?:PROMPT|PROMPT_FILE|WORKING_DIR|RUN_ID)\}|(?:PROMPT_FILE|PROMPT|WORKING_DIR|RUN_ID)(?![A-Za-z0-9_]))/g;

/** Text as nodes, with the placeholders marked; `problems`: [{ start, end, kind }] are underlined. */
export function markedCode(text, problems = []) {
  const cuts = new Set([0, text.length]);
  const holders = [...text.matchAll(PLACEHOLDER)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
  for (const { start, end } of [...holders, ...problems]) cuts.add(clamp(start, text)).add(clamp(end, text));
  const points = [...cuts].sort((a, b) => a - b);
  const within = (list, from) => list.find(({ start, end }) => start <= from && from < end);
  return points.slice(0, -1).map((from, index) => {
    const piece = text.slice(from, points[index + 1]);
    const problem = within(problems, from);
    const classes = [within(holders, from) && "ph", problem && `wave wave-${problem.kind}`].filter(Boolean).join(" ");
    return classes ? el("span", { class: classes }, piece) : piece;
  });
}

/** A code area. Returns { element, control, mark(problems), insert(text) }. */
export function codeField({ value = "", label, onInput, rows = 3 }) {
  const paint = el("pre", { class: "code-paint", "aria-hidden": "true" });
  const control = el("textarea", {
    class: "code-text m",
    rows,
    value,
    spellcheck: false,
    autocapitalize: "off",
    autocomplete: "off",
    "aria-label": label,
  });
  const element = el("div", { class: "code-field" }, paint, control);
  let problems = [];

  const draw = () => fill(paint, markedCode(control.value, problems), "\n");
  control.addEventListener("input", () => {
    problems = [];
    draw();
    onInput?.(control.value);
  });
  control.addEventListener("scroll", () => set(paint, { style: { transform: `translateY(${-control.scrollTop}px)` } }));
  draw();
  return {
    element,
    control,
    mark(found) {
      problems = found.filter(({ start, end }) => end > start);
      draw();
    },
    insert(text) {
      control.focus();
      control.setRangeText(text, control.selectionStart, control.selectionEnd, "end");
      control.dispatchEvent(new Event("input"));
    },
    setValue(text) {
      control.value = text;
      control.dispatchEvent(new Event("input"));
    },
  };
}

const clamp = (at, text) => Math.min(Math.max(0, at), text.length);
