// The variables of a prompt as rows: what each is called, what it may be, what it is when nothing is said.

import { button } from "../../kit/button.js";
import { el, fill, uid } from "../../kit/dom.js";
import { downMark, field, input, select } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { namesIn, plainVariable } from "../../kit/placeholders.js";

const TYPES = [
  ["string", "Text"],
  ["number", "Number"],
  ["boolean", "Yes or no"],
  ["choice", "Choice"],
];

/** The rows as { element, values(), fields(), refuse(text), look(text) }; look() offers what `text` has besides. */
export function variablesField(start, { onChange }) {
  const list = el("ul", { class: "var-list" });
  const offers = el("p", { class: "var-offers", hidden: true });
  const reason = el("p", { class: "field-error", id: uid("variables"), hidden: true });
  const add = button({ text: "Add variable", icon: "plus", kind: "quiet", small: true, onClick: () => append() });
  const hint = el(
    "p",
    { class: "hint" },
    "In the text, {{NAME}} stands for a value. Who runs the prompt is asked for it.",
  );
  const element = el(
    "section",
    { class: "var-field", "aria-label": "Variables" },
    el("div", { class: "field-head" }, el("h3", { class: "label" }, "Variables"), add),
    hint,
    offers,
    list,
    reason,
  );
  let [rows, text] = [[], ""];

  function append(variable = plainVariable(""), focus = true) {
    const row = variableRow(variable, { onRemove: () => remove(row), onChange: () => (draw(), onChange()) });
    rows.push(row);
    list.append(row.element);
    draw();
    if (!focus) return;
    onChange();
    (variable.name ? row.fields.description : row.fields.name).control.focus();
  }

  function remove(row) {
    const at = rows.indexOf(row);
    rows = rows.filter((other) => other !== row);
    row.element.remove();
    draw();
    onChange();
    (rows[Math.min(at, rows.length - 1)]?.fields.name.control ?? add).focus();
  }

  function draw() {
    const named = rows.map((row) => row.value().name);
    const others = namesIn(text).filter((name) => !named.includes(name));
    offers.hidden = !others.length;
    hint.hidden = rows.length > 0 || others.length > 0;
    fill(
      offers,
      others.length > 0 && [
        el("span", { class: "hint" }, "In the text, and asked for as text: "),
        others.slice(0, 12).map((name) =>
          el(
            "button",
            {
              type: "button",
              class: "chip m",
              title: `Describe ${name}`,
              on: { click: () => append(plainVariable(name)) },
            },
            icon("plus"),
            name,
          ),
        ),
      ],
    );
  }

  for (const variable of start) append(variable, false);
  draw();
  return {
    element,
    control: add,
    label: "Variables",
    refuse(why) {
      reason.hidden = !why;
      fill(reason, why ? [icon("st-failed"), el("span", {}, why)] : []);
    },
    fields: () =>
      Object.fromEntries(
        rows.flatMap(({ fields }, at) =>
          Object.entries(fields).map(([name, one]) => [`variables[${at}].${name}`, one]),
        ),
      ),
    values: () => rows.map((row) => row.value()),
    look(next) {
      text = next;
      draw();
    },
  };
}

function variableRow(variable, { onRemove, onChange }) {
  const name = field({
    label: "Variable",
    control: input({ mono: true, value: variable.name, placeholder: "BRANCH" }),
  });
  const type = field({ label: "Type", control: select(TYPES, variable.type), after: downMark(), extra: "var-type" });
  const usual = field({ label: "Default", control: input({ value: variable.default ?? "" }), extra: "var-default" });
  const choices = field({
    label: "Choices",
    control: input({ value: variable.choices.join(", "), placeholder: "small, large" }),
    extra: "var-choices",
  });
  const description = field({
    label: "Description",
    control: input({ value: variable.description, placeholder: "What it is for", maxlength: 500 }),
    extra: "var-about",
  });
  const box = el("input", { type: "checkbox", class: "c", checked: variable.required });
  const required = el("label", { class: "tick var-needed" }, box, el("span", {}, "Needed"));
  const away = button({
    icon: "trash",
    kind: "quiet",
    label: "Remove this variable",
    onClick: onRemove,
    extra: "var-away",
  });
  const head = [name.element, type.element, usual.element, required, away];
  const element = el("li", { class: "var-row" }, head, choices.element, description.element);
  const showChoices = () => {
    usual.control.placeholder = { boolean: "true or false", choice: "one of the choices" }[type.control.value] ?? "";
    choices.element.hidden = type.control.value !== "choice";
    element.classList.toggle("has-choices", !choices.element.hidden);
  };
  type.control.addEventListener("change", showChoices);
  name.control.addEventListener("input", onChange);
  showChoices();
  return {
    element,
    fields: { name, type, default: usual, choices, description },
    value: () => ({
      name: name.control.value.trim(),
      type: type.control.value,
      description: description.control.value.trim(),
      default: usual.control.value || null,
      required: box.checked,
      choices: choices.element.hidden
        ? []
        : choices.control.value
            .split(",")
            .map((one) => one.trim())
            .filter(Boolean),
    }),
  };
}
