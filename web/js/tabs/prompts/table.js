// The table of saved prompts: a row each, kept by its id; what was run last moves in it.

import { pathMark } from "../../kit/badge.js";
import { pickBox } from "../../kit/bulk-bar.js";
import { el, fill, set } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { keyedList } from "../../kit/keyed.js";
import { promptRows } from "./parts.js";

const SHOWN_TAGS = 2;
// words, class, sort key
const COLUMNS = [
  ["Name", "c-saved", "name"],
  ["Profile", "c-profile p2", "profile"],
  ["Directory", "c-dir p3", "directory"],
  ["Tags", "c-tags p3", ""],
  ["Last run", "c-last", "lastRun"],
  ["Took", "c-took num p2", ""],
];

/** Make the table of `parts` (promptParts); `onAll(on)` follows the box in its head, `onSort(key)` a head. */
export function promptTable(parts, { onAll, onSort }) {
  const body = el("tbody", {});
  const heads = COLUMNS.map(([words, extra, key]) => {
    const head = key && el("button", { type: "button", on: { click: () => onSort(key) } });
    return { cell: el("th", { class: extra, scope: "col" }, head || words), head, words, key };
  });
  const all = pickBox({ label: "Select all that are shown", onPick: onAll });
  const headRow = el(
    "tr",
    {},
    parts.mayEdit && el("th", { class: "c-pick" }, all),
    heads.map(({ cell }) => cell),
    el("th", { class: "c-acts" }, el("span", { class: "sr" }, "Actions")),
  );
  const element = el("table", { class: "t prompts" }, el("thead", {}, headRow), body);
  let [shown, picked] = [[], new Set()];
  const rows = keyedList(body, { draw, fallback: "a.c-name", mark: parts.mark });
  const common = promptRows({ rows, shown: () => shown, drawLast: parts.drawLast });

  function draw(saved) {
    const row = el(
      "tr",
      { "data-id": saved.id },
      parts.mayEdit && el("td", { class: "c-pick" }, parts.pick(saved, picked.has(saved.id))),
      el("td", { class: "c-saved" }, parts.name(saved)),
      el("td", { class: "c-profile p2" }, parts.profile(saved)),
      el("td", { class: "c-dir p3" }, saved.workingDirectory && pathMark(saved.workingDirectory)),
      el("td", { class: "c-tags p3" }, parts.tags(saved, SHOWN_TAGS)),
      el("td", { class: "c-last" }),
      el("td", { class: "c-took num p2" }),
      el("td", { class: "c-acts" }, el("div", { class: "acts" }, parts.actions(saved))),
    );
    parts.drawLast(row, saved, Date.now());
    row.classList.toggle("is-picked", picked.has(saved.id));
    return row;
  }

  return Object.defineProperties(
    {
      element,
      /** Show these prompts in this order, with the column that made it. */
      show(list, sort) {
        shown = list;
        const [by, down] = [sort.replace(/^-/, ""), sort.startsWith("-")];
        for (const { cell, head, words, key } of heads) {
          if (!head) continue;
          set(cell, { "aria-sort": key === by ? (down ? "descending" : "ascending") : null });
          fill(head, words, key === by && icon(down ? "down" : "up"));
        }
        rows.show(list);
      },
      /** Mark the rows that are selected. */
      pick(ids) {
        picked = ids;
        common.mark(ids);
        const box = all.querySelector("input");
        const chosen = shown.filter(({ id }) => ids.has(id)).length;
        set(box, { checked: chosen > 0 && chosen === shown.length, indeterminate: chosen > 0 && chosen < shown.length });
      },
    },
    Object.getOwnPropertyDescriptors(common),
  );
}
