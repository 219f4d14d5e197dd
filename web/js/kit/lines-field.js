// A field for a list of short texts, one a line.

import { el } from "./dom.js";
import { field } from "./form.js";

/** The field, with values(). */
export function linesField({ label, value = [], hint = "", placeholder = "" }) {
  const control = el("textarea", {
    class: "lines m",
    rows: 2,
    value: value.join("\n"),
    placeholder,
    spellcheck: false,
  });
  const made = field({ label, control, hint, box: false });
  made.values = () =>
    control.value
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  return made;
}
