// The server's sentences as nodes: what stands in `backquotes` is code, and a command in a remedy can be copied.

import { copyButton } from "./clipboard.js";
import { el } from "./dom.js";
import { inPageWords } from "./labels.js";

const code = (text) => el("code", { class: "said-code" }, text);
const command = (text) =>
  el("span", { class: "said-command" }, code(text), copyButton(text, `Copy ${text}`, "said-copy"));
const parts = (text) => inPageWords(text).split(/`([^`]+)`/);

export const sentence = (text) => parts(text).map((part, nr) => (nr % 2 ? code(part) : part));

/** A sentence that says what to do; no full stop stands behind a command, which would be taken for a part of it. */
export function remedy(text) {
  return parts(text).map((part, nr, all) => {
    if (nr % 2) return part.includes(" ") ? command(part) : code(part);
    return part === "." && all[nr - 1]?.includes(" ") ? "" : part;
  });
}
