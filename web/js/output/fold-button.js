// The button below the head of a block that can be folded; it stands there whether the block is open or closed.

import { number } from "../format.js";
import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";

/** Make the button of a block, with the piece of the rule beside it; `matches`: how many the search found in it. */
export function foldButton({ from, to, closed }, matches) {
  const count = to - from + 1;
  const words = [`${closed ? "Show" : "Hide"} ${number(count)} lines`];
  if (matches) words.push(`${number(matches)} ${matches === 1 ? "match" : "matches"}`);
  const button = el(
    "button",
    { type: "button", class: "ln-fold", "aria-expanded": String(!closed) },
    icon(closed ? "right" : "down"),
    words.join(", "),
  );
  return [el("u", { class: "ln-fold-rule" }), button];
}
