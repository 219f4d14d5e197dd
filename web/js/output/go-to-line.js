// Asks for a line by its number, and goes there.

import { number } from "../format.js";
import { button } from "../kit/button.js";
import { openDialog } from "../kit/dialog.js";
import { el } from "../kit/dom.js";
import { field, input } from "../kit/form.js";

/** Ask in a dialog; the line is selected and brought into sight. */
export function askLine(log) {
  if (!log.count) return;
  const control = input({ type: "number" });
  const line = field({ label: `Line, 1 to ${number(log.count)}`, control });
  const go = () => {
    const at = Number(control.value) - 1;
    if (!Number.isInteger(at) || at < 0 || at >= log.count)
      return line.refuse(`Line must be 1 to ${number(log.count)}; it is ${control.value || "empty"}.`);
    dialog.close();
    log.select({ from: at, to: at, anchor: at }, { reveal: true });
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
