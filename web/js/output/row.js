// One line of the log as a row: elapsed time, number, rule, text; a pause above it, the button of its block below it.

import { duration, number, span } from "../format.js";
import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { foldButton } from "./fold-button.js";
import { within } from "./parts.js";

/**
 * Make the row of `line`. `seconds`: the time to show or null, `quiet`: how long nothing came before it, `look`: { spans,
 * name }, `marks`: what search found, `part`: what is drawn of a long line, `block`: the fold that it heads.
 */
export function makeRow({ line, text, seconds, quiet, look, marks, part, block, matches, isSelected, painter }) {
  const isHit = marks.some(([, , now]) => now);
  const classes = ["ln", seconds !== null && "has-stamp", isHit && "is-hit", isSelected && "is-selected"];
  const shown = part ? text.slice(part.from, part.to) : text;
  return el(
    "div",
    { class: classes.filter(Boolean).join(" "), data: { line: String(line) } },
    quiet ? el("p", { class: "ln-note" }, `quiet for ${span(quiet)}`) : null,
    part?.from ? partButton(-1, part.from) : null,
    el("i", { class: "ln-at" }, seconds === null ? "" : duration(seconds)),
    el("i", { class: "ln-nr" }, String(line + 1)),
    el("u", {}),
    el("span", { class: `ln-text ${look.name}`.trim() }, painter.paint(shown, within(look.spans, part), within(marks, part)), "\n"),
    part && part.to < text.length ? partButton(1, text.length - part.to) : null,
    block && foldButton(block, matches),
  );
}

/** How many rows stand above and below the text of a line. */
export const extraRows = ({ quiet, part, length, block }) =>
  (quiet ? 1 : 0) + (block ? 1 : 0) + (part?.from ? 1 : 0) + (part && part.to < length ? 1 : 0);

function partButton(way, count) {
  const words = `${number(count)} more characters of this line ${way < 0 ? "before" : "after"}`;
  return [
    el("u", { class: "ln-fold-rule" }),
    el(
      "button",
      { type: "button", class: "ln-fold ln-part", data: { way: String(way) } },
      icon(way < 0 ? "up" : "down"),
      words,
    ),
  ];
}
