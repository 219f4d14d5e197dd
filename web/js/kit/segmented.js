// A choice of few, all in sight: one is pressed.

import { el, set } from "./dom.js";

/** The choice of `options` ([value, words]) as { element, show(value) }; `onChoose(value)` follows a press. */
export function segmented({ label, options, onChoose }) {
  const buttons = options.map(([value, words]) =>
    el("button", { type: "button", "data-value": value, on: { click: () => onChoose(value) } }, words),
  );
  return {
    element: el("span", { class: "seg", role: "group", "aria-label": label }, buttons),
    show(chosen) {
      for (const one of buttons) set(one, { "aria-pressed": String(one.dataset.value === chosen) });
    },
  };
}
