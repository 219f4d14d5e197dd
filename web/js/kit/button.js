// Buttons: one filled in a view, the rest outlined or quiet; an icon alone has its words in label and tooltip.

import { el, fill, set } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Make a button. `kind`: "main", "quiet", "danger", "kill" or "" (outlined); `small`; `label` for an icon alone;
 * `keys` is the shortcut shown in the tooltip; `pressed` makes it a toggle.
 */
export function button({
  text = "",
  icon: name = "",
  kind = "",
  small = false,
  label = "",
  keys = "",
  pressed,
  onClick,
  extra = "",
  ...rest
}) {
  const classes = ["b", kind && `b-${kind}`, small && "b-s", !text && "b-i", extra].filter(Boolean).join(" ");
  const tip = [label, keys && `(${keys})`].filter(Boolean).join(" ");
  return el(
    "button",
    {
      type: "button",
      class: classes,
      "aria-label": label || null,
      title: tip || null,
      "aria-pressed": pressed === undefined ? null : String(pressed),
      on: onClick ? { click: onClick } : {},
      ...rest,
    },
    name && icon(name),
    text && el("span", {}, text),
  );
}

/** Show that a button's deed is under way: the words stay, it cannot be pressed twice. */
export function busy(element, on) {
  set(element, { "aria-busy": on ? "true" : null, "aria-disabled": on ? "true" : null });
  element.classList.toggle("is-busy", on);
}

/** Let a button say for two seconds what it did. */
export function saidIt(element, text) {
  const before = [...element.childNodes];
  const title = element.title;
  if (element.dataset.saying) return;
  element.dataset.saying = "1";
  fill(element, icon("st-completed"), el("span", {}, text));
  element.classList.add("is-saying");
  setTimeout(() => {
    fill(element, before);
    element.title = title;
    element.classList.remove("is-saying");
    delete element.dataset.saying;
  }, 2000);
}

/** A key as it is printed on a keyboard. */
export const keyCap = (text) => el("kbd", { class: "k" }, text);
