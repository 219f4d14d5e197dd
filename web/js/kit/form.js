// Fields with a label, a hint and the server's reason for refusing; the reason stands at the field that it is about.

import { el, fill, set, uid } from "./dom.js";
import { icon } from "./icons.js";
import { inPageWords } from "./labels.js";

/** A labelled control. `box` puts it into a frame with `before` and `after` (an icon, a unit). */
export function field({
  label,
  control,
  hint = "",
  before = null,
  after = null,
  box = true,
  extra = "",
  aside = null,
}) {
  const id = control.id || uid("field");
  const reason = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const note = hint && el("p", { class: "hint", id: `${id}-hint` }, hint);
  set(control, { id, "aria-describedby": note ? note.id : null });
  const frame = box
    ? el(
        "div",
        { class: "f", on: { click: (event) => event.target === frame && control.focus() } },
        before,
        control,
        after,
      )
    : control;
  const head = el("div", { class: "field-head" }, el("label", { class: "label", for: id }, label), aside);
  const element = el("div", { class: `field ${extra}`.trim() }, head, frame, note, reason);
  control.addEventListener("input", () => reason.hidden || made.refuse("")); // what was refused is being mended
  const made = {
    element,
    control,
    frame,
    label,
    /** Show why the value was refused, or "" for none. */
    refuse(text) {
      frame.classList.toggle("is-bad", Boolean(text));
      set(control, {
        "aria-invalid": text ? "true" : null,
        "aria-describedby": [note && note.id, text && reason.id].filter(Boolean).join(" ") || null,
      });
      reason.hidden = !text;
      fill(reason, text ? [icon("st-failed"), el("span", {}, text)] : []);
    },
  };
  return made;
}

/** An input; numbers get a numeric keyboard and no spinner. */
export function input({ type = "text", mono = false, ...rest } = {}) {
  const numeric = type === "number" ? { type: "text", inputmode: "decimal" } : { type };
  return el("input", {
    class: mono ? "m" : "",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: false,
    ...numeric,
    ...rest,
  });
}

/** A choice from a list of [value, words]; `value` may be one that is not in it. */
export function select(options, value, props = {}) {
  const element = el("select", props);
  setOptions(element, options, value);
  return element;
}

export function setOptions(element, options, value) {
  fill(
    element,
    options.map(([key, words, disabled]) => el("option", { value: key, disabled: Boolean(disabled) }, words)),
  );
  element.value = value ?? options[0]?.[0] ?? "";
}

/** The frame of a select: its arrow is ours. */
export const downMark = () => icon("down");

/** An on-off switch, named by `label`. */
export function toggle({ label, checked, onChange, disabled = false, title = null }) {
  const box = el("input", {
    type: "checkbox",
    role: "switch",
    "aria-label": label,
    checked,
    disabled,
    on: { change: () => onChange?.(box.checked, box) },
  });
  return el("span", { class: "sw", title }, box, el("i", { "aria-hidden": "true" }));
}

/** A tick with its sentence. */
export function tick({ text, checked = false, onChange }) {
  const box = el("input", { type: "checkbox", class: "c", checked, on: { change: () => onChange?.(box.checked) } });
  return el("label", { class: "tick" }, box, el("span", {}, text));
}

/** Put the reasons of a refused request at their fields; returns those that no field is here for. */
export function showReasons(fields, reasons) {
  const homeless = [];
  const refused = new Map();
  for (const [name, text] of Object.entries(reasons)) {
    const home = fields[name] ?? fields[name.split(/[.[]/)[0]]; // "env.NAME" is at home in "env"
    if (home) refused.set(home, refused.get(home) ?? inWords(text, name, home.label));
    else homeless.push(inPageWords(text));
  }
  for (const one of Object.values(fields)) one.refuse(refused.get(one) ?? "");
  Object.values(fields)
    .find((one) => refused.has(one))
    ?.control.focus();
  return homeless;
}

/** A reason has fields' names as the API has them; people know the labels. */
export function inWords(text, name, label) {
  return inPageWords(label && text.startsWith(`${name} `) ? label + text.slice(name.length) : text);
}

/** A number as typed; NaN for anything else, null for nothing. A comma counts as a point. */
export function typedNumber(text) {
  const clean = text.trim().replace(",", ".");
  return clean === "" ? null : Number(clean);
}
