// Shell text with its parts and problems painted; in the field, a painted copy lies under the text that is typed.

import { el, fill, set } from "./dom.js";
import { carried, lineAndColumn } from "./places.js";
import { quotedAt, shellTokens } from "./shell-text.js";

/** Text as nodes, its parts in classes of their own; `problems`: [{ start, end, kind }] are underlined. */
export function markedCode(text, problems = []) {
  const parts = shellTokens(text);
  const points = [...new Set([0, text.length, ...[...parts, ...problems].flatMap(({ start, end }) => [start, end])])]
    .filter((at) => at >= 0 && at <= text.length)
    .sort((a, b) => a - b);
  let nr = 0;
  return points.slice(0, -1).map((from, index) => {
    while (parts[nr]?.end <= from) nr += 1;
    const part = parts[nr]?.start <= from ? parts[nr].kind : "";
    const problem = problems.find(({ start, end }) => start <= from && from < end);
    const classes = [part === "ph" ? "ph" : part && `sh-${part}`, problem && `wave wave-${problem.kind}`];
    const piece = text.slice(from, points[index + 1]);
    const names = classes.filter(Boolean).join(" ");
    return names ? el("span", { class: names }, piece) : piece;
  });
}

/** A code area. Returns { element, control, mark(problems), insert(variable), select(start, end), setValue(text) }. */
export function codeField({ value = "", label, rows = 3 }) {
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
  let [problems, known] = [[], control.value];

  const draw = () => fill(paint, markedCode(control.value, problems), "\n");
  // The scroll bar of the text narrows it; its painted copy has none.
  const place = () =>
    set(paint, {
      style: { width: `${control.clientWidth}px`, transform: `translateY(${-control.scrollTop}px)` },
    });
  control.addEventListener("input", () => {
    problems = carried(problems, known, control.value);
    known = control.value;
    draw();
  });
  control.addEventListener("scroll", place);
  new ResizeObserver(place).observe(control);
  draw();

  function change(text, ...range) {
    control.setRangeText(text, ...range, "end");
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return {
    element,
    control,
    mark(found) {
      problems = found;
      draw();
    },
    /** Put a variable at the caret: in quotes of its own, unless it stands in some. */
    insert(name) {
      control.focus();
      const { selectionStart: start, selectionEnd: end, value: text } = control;
      const inQuotes = quotedAt(text, start);
      const apart = !inQuotes && start > 0 && /[^\s=]/.test(text[start - 1]) ? " " : "";
      change(inQuotes ? name : `${apart}"${name}"`, start, end);
    },
    /** Select a place and bring it into sight. */
    select(start, end) {
      const { line } = lineAndColumn(control.value, start);
      const lines = control.value.split("\n").length;
      control.focus();
      control.setSelectionRange(start, end);
      if (control.scrollHeight > control.clientHeight)
        control.scrollTop = (line / lines) * control.scrollHeight - control.clientHeight / 2;
    },
    setValue(text) {
      change(text, 0, control.value.length);
    },
  };
}
