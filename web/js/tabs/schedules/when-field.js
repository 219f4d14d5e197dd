// When a schedule fires: presets, five fields and the expression itself, which always agree.

import { el, set } from "../../kit/dom.js";
import { field, input } from "../../kit/form.js";
import { expressionOf, fieldNamed, fieldsOf, FIELDS, presetOf, PRESETS } from "./cron.js";

/** The parts as { presets, parts, expression }; `onChange` follows every change of the expression. */
export function whenField({ value, onChange }) {
  const expression = field({
    label: "Expression",
    control: input({ mono: true, value, placeholder: "0 9 * * 1-5", maxlength: 1000 }),
  });
  const chips = PRESETS.map(([words, preset]) =>
    el("button", { type: "button", class: "chip", "data-preset": words, on: { click: () => put(preset) } }, words),
  );
  const cells = FIELDS.map((label) => {
    const control = input({ mono: true, on: { input: fromCells } });
    const frame = el("span", { class: "f" }, control);
    return { control, frame, element: el("label", { class: "cron-cell" }, frame, label) };
  });
  const { refuse } = expression;
  expression.refuse = (reason) => {
    refuse(reason);
    const bad = reason ? fieldNamed(reason) : -1;
    cells.forEach(({ control, frame }, at) => {
      frame.classList.toggle("is-bad", at === bad);
      set(control, { "aria-invalid": at === bad ? "true" : null });
      set(control, { "aria-describedby": at === bad ? `${expression.control.id}-error` : null });
    });
  };

  function put(text) {
    expression.control.value = text;
    expression.refuse("");
    draw();
    onChange();
  }

  function fromCells() {
    expression.control.value = expressionOf(cells.map(({ control }) => control.value));
    expression.refuse("");
    drawPresets();
    onChange();
  }

  function drawPresets() {
    const chosen = presetOf(expression.control.value);
    chips.forEach((chip) => set(chip, { "aria-pressed": String(chip.dataset.preset === chosen) }));
  }

  function draw() {
    drawPresets();
    const parts = fieldsOf(expression.control.value);
    const isBlank = !expression.control.value.trim();
    cells.forEach(({ control }, at) => {
      if (document.activeElement !== control) control.value = parts?.[at] ?? "";
      control.disabled = !parts && !isBlank && !cells.some((one) => one.control === document.activeElement);
    });
  }

  expression.control.addEventListener("input", () => (draw(), onChange()));
  draw();
  return {
    presets: el(
      "div",
      { class: "field", role: "group", "aria-label": "Start from" },
      el("span", { class: "label", "aria-hidden": "true" }, "Start from"),
      el("div", { class: "presets-row" }, chips),
    ),
    parts: el(
      "div",
      { class: "field", role: "group", "aria-label": "Fields" },
      el("span", { class: "label", "aria-hidden": "true" }, "Fields"),
      el(
        "div",
        { class: "cron-cells" },
        cells.map(({ element }) => element),
      ),
    ),
    expression,
  };
}
