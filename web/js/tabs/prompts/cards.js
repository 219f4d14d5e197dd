// Saved prompts as cards: what the table has, and the first lines of each prompt; hairlines between them, no boxes.

import { pathMark } from "../../kit/badge.js";
import { el } from "../../kit/dom.js";
import { keyedList } from "../../kit/keyed.js";
import { promptRows } from "./parts.js";

const SHOWN_TAGS = 4;
const LINES = 4;
const MOST = 400;

/** The first lines of a text that are not empty, as one text. */
export function firstLines(text) {
  const lines = text
    .slice(0, 4 * MOST)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.slice(0, LINES).join("\n").slice(0, MOST);
}

/** Make the cards of `parts` (promptParts). */
export function promptCards(parts) {
  const element = el("ul", { class: "prompts cards-list", "aria-label": "Saved prompts" });
  let [shown, picked] = [[], new Set()];
  const cards = keyedList(element, { draw, fallback: "a.c-name", mark: parts.mark });
  const common = promptRows({ rows: cards, shown: () => shown, drawLast: parts.drawLast });

  function draw(saved) {
    const isFile = saved.type === "file-reference";
    const text = el("p", { class: isFile ? "pc-text m" : "pc-text" }, firstLines(saved.content));
    const card = el(
      "li",
      { class: "pc", "data-id": saved.id },
      el("div", { class: "pc-head" }, parts.mayEdit && parts.pick(saved, picked.has(saved.id)), parts.name(saved, true)),
      el(
        "div",
        { class: "pc-where" },
        parts.profile(saved),
        saved.workingDirectory && pathMark(saved.workingDirectory),
      ),
      text,
      parts.tags(saved, SHOWN_TAGS),
      el(
        "div",
        { class: "pc-foot" },
        el("span", { class: "c-last" }),
        el("span", { class: "c-took num" }),
        el("span", { class: "grow" }),
        el("div", { class: "acts" }, parts.actions(saved)),
      ),
    );
    parts.drawLast(card, saved, Date.now());
    card.classList.toggle("is-picked", picked.has(saved.id));
    return card;
  }

  return Object.defineProperties(
    {
      element,
      show(list) {
        shown = list;
        cards.show(list);
      },
      pick(ids) {
        picked = ids;
        common.mark(ids);
      },
    },
    Object.getOwnPropertyDescriptors(common),
  );
}
