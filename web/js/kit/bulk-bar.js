// What can be done with the selected rows; it floats over the list and is there only while something is selected.

import { number } from "../format.js";
import { button } from "./button.js";
import { el, fill } from "./dom.js";

/** The bar as { element, show(number) }; `deeds` are buttons, or what button() takes; `onClear` ends the selection. */
export function bulkBar({ deeds, onClear }) {
  const tally = el("span", { class: "bulk-count", role: "status" });
  const clear = button({
    text: "Clear",
    kind: "quiet",
    keys: "Esc",
    title: "Clear the selection (Esc)",
    onClick: onClear,
  });
  const buttons = deeds.map((deed) => (deed instanceof Node ? deed : button({ kind: "quiet", ...deed })));
  const inside = [el("span", { class: "vr" }), ...buttons, el("span", { class: "vr" }), clear];
  const element = el("div", { class: "bulk", role: "region", "aria-label": "Selection", hidden: true }, tally, inside);
  return {
    element,
    show(chosen) {
      element.hidden = !chosen;
      fill(tally, chosen ? [number(chosen), el("span", {}, " selected")] : []);
    },
  };
}

/** A box that selects a row. */
export function pickBox({ label, checked = false, onPick }) {
  const box = el("input", {
    type: "checkbox",
    "aria-label": label,
    checked,
    on: { click: (event) => onPick(box.checked, event.shiftKey) },
  });
  return el("span", { class: "pick" }, box, el("i", { "aria-hidden": "true" }));
}
