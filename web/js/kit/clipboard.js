// Copies text, also where the page has no secure context and so no clipboard interface.

import { button, saidIt } from "./button.js";
import { el } from "./dom.js";

/** Copy `text`; resolves to whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** A quiet button that copies `text`. */
export function copyButton(text, label, extra = "") {
  const copy = button({
    icon: "copy",
    kind: "quiet",
    small: true,
    label,
    extra,
    onClick: async () => saidIt(copy, (await copyText(text)) ? "Copied" : "Copying failed"),
  });
  return copy;
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const host = document.querySelector("dialog[open]") ?? document.body;
  const area = el("textarea", { class: "sr", readonly: true, "aria-hidden": "true", value: text });
  host.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return worked;
}
