// Copies text, also where the page has no secure context and so no clipboard interface.

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
