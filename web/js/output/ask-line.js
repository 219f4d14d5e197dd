// Asks for the number of a line to go to.

import { number } from "../format.js";
import { button } from "../kit/button.js";
import { openDialog } from "../kit/dialog.js";
import { el } from "../kit/dom.js";
import { field, input } from "../kit/form.js";

/** Ask for one of `count` lines; `onLine` gets it, counted from 0. */
export function askLine(count, onLine) {
  const control = input({ type: "number" });
  const line = field({ label: `Line, 1 to ${number(count)}`, control });
  const go = () => {
    const at = Number(control.value) - 1;
    if (!Number.isInteger(at) || at < 0 || at >= count)
      return line.refuse(`Line must be 1 to ${number(count)}; it is ${control.value || "empty"}.`);
    dialog.close();
    onLine(at);
  };
  control.addEventListener("keydown", (event) => event.key === "Enter" && go());
  const dialog = openDialog({
    title: "Go to line",
    body: line.element,
    foot: [el("span", { class: "grow" }), button({ text: "Go", kind: "main", onClick: go })],
    extra: "dlg-small",
  });
  control.focus();
}
