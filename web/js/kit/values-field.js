// Values for the variables of a prompt: a field for each, made for its type.

import { el } from "./dom.js";
import { downMark, field, input, select } from "./form.js";

const YES_OR_NO = [
  ["true", "Yes"],
  ["false", "No"],
];

/**
 * Fields for `variables` as { element, fields, values() }. `given` are values by name. With `filled` a field begins with
 * its default, and every value is sent; otherwise the default stands behind what is empty, and empty ones are left out.
 */
export function valuesField(variables, given = {}, { filled = false } = {}) {
  const made = variables.map((variable) => [variable, valueField(variable, given[variable.name], filled)]);
  return {
    element: el(
      "div",
      { class: "values" },
      made.map(([, one]) => one.element),
    ),
    fields: Object.fromEntries(made.map(([{ name }, one]) => [`variables.${name}`, one])),
    values: () =>
      Object.fromEntries(
        made.map(([{ name }, { control }]) => [name, control.value]).filter(([, value]) => filled || value !== ""),
      ),
  };
}

function valueField(variable, given, filled) {
  const { name, type, description, required } = variable;
  const usual = variable.default ?? "";
  const value = given ?? (filled ? usual : "");
  const options = type === "boolean" ? YES_OR_NO : type === "choice" ? variable.choices.map((one) => [one, one]) : null;
  const words = (one) => options?.find(([key]) => key === one)?.[1] ?? one;
  const none = usual ? `${words(usual)}, unless chosen otherwise` : required ? "Choose" : "None";
  const blank = options && !(filled && usual && required) ? [["", filled && usual ? "None" : none]] : [];
  const control = options
    ? select([...blank, ...options], options.some(([key]) => key === value) ? value : (blank[0]?.[0] ?? usual))
    : plainControl(type, value, given === "" ? "empty" : filled ? "" : usual);
  const isAsked = required && !usual;
  return field({
    label: name,
    control,
    hint: description,
    after: options && downMark(),
    box: Boolean(options) || type === "number",
    aside: isAsked ? el("span", { class: "hint" }, "needed") : null,
    extra: "value",
  });
}

function plainControl(type, value, placeholder) {
  if (type === "number") return input({ type: "number", value, placeholder });
  return el("textarea", { class: "lines", rows: 1, value, placeholder, spellcheck: false });
}
