// A difference as lines one under the other: what only the first has, what only the second has, the equal rest folded.

import { count } from "../../format.js";
import { el, fill } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { folded } from "./difference.js";

const AT_ONCE = 1500; // lines that are drawn before somebody asks for more
const LONGEST = 4000;
const SIGNS = { removed: ["−", "only in the first: "], added: ["+", "only in the second: "], same: ["", ""] };

/**
 * The lines as { element, total, at, step(way) }: `total` changes, of which the one at `at` is looked at, -1 before any
 * was. `texts` are both lists of lines, `parts` what differenceNow() found.
 */
export function changesView(texts, parts) {
  const width = String(Math.max(...texts.map((lines) => lines.length), 1)).length;
  const lines = el("div", { class: "df-lines", role: "group", "aria-label": "Lines" });
  const more = el("div", {});
  const element = el("div", { class: "df", style: { "--digits": String(width) } }, lines, more);
  const waiting = folded(parts);
  const starts = []; // the first element of each change that is drawn
  const view = { element, total: changesIn(parts), at: -1, step };
  let before = "same";

  function drawMore() {
    let room = AT_ONCE;
    while (room > 0 && waiting.length) {
      const part = waiting.shift();
      const now = part.kind === "fold" ? part : { ...part, count: Math.min(part.count, room) };
      if (now.count < part.count) waiting.unshift(rest(part, now.count));
      room -= drawPart(now);
    }
    const left = waiting.reduce((sum, part) => sum + (part.kind === "fold" ? 1 : part.count), 0);
    fill(more, left ? moreButton(`Show more, ${count(left, "line")} left`, drawMore) : null);
  }

  function drawPart(part) {
    if (part.kind === "fold") {
      before = "same";
      lines.append(foldLine(part));
      return 1;
    }
    const drawn = linesOf(part);
    if (part.kind !== "same" && before === "same") starts.push(drawn[0]);
    before = part.kind;
    lines.append(...drawn);
    return part.count;
  }

  function linesOf({ kind, a, b, count: length }) {
    return Array.from({ length }, (_, at) => {
      const places = [kind === "added" ? null : a + at, kind === "removed" ? null : b + at];
      return line(kind, places, kind === "removed" ? texts[0][a + at] : texts[1][b + at]);
    });
  }

  // What is equal opens from its beginning, so much at a time.
  function foldLine(part) {
    const words = `${count(part.count, "equal line")}`;
    const opener = moreButton(words, () => {
      const shown = { ...part, kind: "same", count: Math.min(part.count, AT_ONCE) };
      const next = shown.count < part.count ? [foldLine(rest(part, shown.count))] : [];
      const drawn = linesOf(shown);
      row.replaceWith(...drawn, ...next);
      drawn[0].tabIndex = -1;
      drawn[0].focus();
    });
    const row = el("div", { class: "df-fold" }, opener);
    return row;
  }

  function step(way) {
    if (!view.total) return;
    const to = view.at < 0 && way < 0 ? view.total - 1 : (view.at + way + view.total) % view.total;
    while (starts.length <= to && waiting.length) drawMore();
    starts[view.at]?.classList.remove("is-now");
    view.at = to;
    starts[to].classList.add("is-now");
    starts[to].scrollIntoView({ block: "center" });
  }

  drawMore();
  return view;
}

const rest = (part, taken) => ({ ...part, a: part.a + taken, b: part.b + taken, count: part.count - taken });

const changesIn = (parts) =>
  parts.filter(({ kind }, at) => kind !== "same" && (at === 0 || parts[at - 1].kind === "same")).length;

const moreButton = (words, onClick) =>
  el("button", { type: "button", class: "df-more", on: { click: onClick } }, icon("right"), words);

function line(kind, places, text) {
  const [sign, words] = SIGNS[kind];
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)} … ${count(text.length - LONGEST, "more character")}` : text;
  return el(
    "div",
    { class: `df-line is-${kind}` },
    places.map((place) => el("i", { class: "df-nr", "aria-hidden": "true" }, place === null ? "" : String(place + 1))),
    el("i", { class: "df-sign", "aria-hidden": "true" }, sign),
    el("span", { class: "df-text" }, words && el("span", { class: "sr" }, words), shown),
  );
}
