// The controls of a row of filters: a search field and choices that show when they are set.

import { settle } from "../time.js";
import { el } from "./dom.js";
import { downMark, select, setOptions } from "./form.js";
import { icon } from "./icons.js";

const QUIET_MS = 250;

/** A search field as { element, focus(), show(text) }; `onSearch(text)` follows when the typing rests. */
export function searchField({ label, placeholder, onSearch }) {
  const control = el("input", {
    type: "search",
    "aria-label": label,
    placeholder,
    autocomplete: "off",
    spellcheck: false,
    enterkeyhint: "search",
  });
  let isUnsaid = false;
  const typed = settle(() => {
    isUnsaid = false;
    onSearch(control.value.trim());
  }, QUIET_MS);
  control.addEventListener("input", () => {
    isUnsaid = true;
    typed();
  });
  control.addEventListener("blur", () => isUnsaid && control.isConnected && typed.now()); // before what is pressed next
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed.now();
    if (event.key === "Escape") ((control.value = ""), typed.now(), control.blur());
  });
  const key = el("kbd", { class: "k", "aria-hidden": "true" }, "/");
  return {
    element: el("label", { class: "f filters-search" }, icon("find"), control, key),
    focus: () => (control.focus(), control.select()),
    show(text) {
      if (document.activeElement !== control) control.value = text;
    },
  };
}

/** A choice as { element, show(value, options) }; `inWords(value)` names one that is not among the options. */
export function choice(label, options, onChange, inWords = (value) => value) {
  const control = select(options, "", { "aria-label": label, on: { change: () => onChange(control.value) } });
  const element = el("span", { class: "f is-choice" }, control, downMark());
  return {
    element,
    show(value, fresh = options) {
      const known = fresh.some(([key]) => key === value);
      setOptions(control, known ? fresh : [...fresh, [value, inWords(value)]], value);
      element.classList.toggle("is-set", Boolean(value));
    },
  };
}
