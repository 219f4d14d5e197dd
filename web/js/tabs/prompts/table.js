// The table of saved prompts: a row each, kept by its id; what was run last moves in it.

import { ago, duration, full, ms, took } from "../../format.js";
import { agentMark, pathMark, stateMark } from "../../kit/badge.js";
import { pickBox } from "../../kit/bulk-bar.js";
import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { keyedList } from "../../kit/keyed.js";
import { menuButton } from "../../kit/menu.js";

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

/**
 * Make the table. `deeds(saved)` are { onRun, onOptions, onSchedule, onDuplicate, onDelete }, or null for those who only
 * look; `onPick(id, on, range)` follows a box, `onAll(on)` the one in the head, `onSort(key)` a head.
 */
export function promptTable(ctx, { hrefOf, hrefOfTag, deeds, onPick, onAll, onSort }) {
  const mayEdit = ctx.cache.session.role !== "viewer";
  const body = el("tbody", {});
  const heads = COLUMNS.map(([words, extra, key]) => {
    const head = key && el("button", { type: "button", on: { click: () => onSort(key) } });
    return { cell: el("th", { class: extra, scope: "col" }, head || words), head, words, key };
  });
  const all = pickBox({ label: "Select all that are shown", onPick: onAll });
  const element = el(
    "table",
    { class: "t prompts" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        mayEdit && el("th", { class: "c-pick" }, all),
        heads.map(({ cell }) => cell),
        el("th", { class: "c-acts" }, el("span", { class: "sr" }, "Actions")),
      ),
    ),
    body,
  );
  let picked = new Set();
  const rows = keyedList(body, {
    draw,
    fallback: "a.c-name",
    mark: ({ agentProfileId }) => profileMark(agentProfileId),
  });

  const profileMark = (id) => {
    const profile = ctx.cache.profile(id);
    return profile && [profile.name, profile.agentType, profile.icon];
  };

  function draw(saved) {
    const row = el(
      "tr",
      { "data-id": saved.id },
      mayEdit &&
        el(
          "td",
          { class: "c-pick" },
          pickBox({
            label: `Select ${saved.name}`,
            checked: picked.has(saved.id),
            onPick: (on, range) => onPick(saved.id, on, range),
          }),
        ),
      el("td", { class: "c-saved" }, nameOf(saved)),
      el("td", { class: "c-profile p2" }, profileOf(saved.agentProfileId)),
      el("td", { class: "c-dir p3" }, saved.workingDirectory && pathMark(saved.workingDirectory)),
      el("td", { class: "c-tags p3" }, el("div", { class: "row-tags" }, tagsOf(saved))),
      el("td", { class: "c-last" }),
      el("td", { class: "c-took num p2" }),
      el("td", { class: "c-acts" }, el("div", { class: "acts" }, actions(saved))),
    );
    drawLast(row, saved, Date.now());
    row.classList.toggle("is-picked", picked.has(saved.id));
    return row;
  }

  function nameOf(saved) {
    const name = el(mayEdit ? "a" : "span", { class: "c-name cut", href: mayEdit ? hrefOf(saved) : null }, saved.name);
    set(name, { title: saved.name });
    const isFile = saved.type === "file-reference";
    const mark =
      isFile &&
      el("span", { class: "type-mark", title: `The text is read from ${saved.content}` }, icon("file"), "file");
    return el("div", { class: "c-line" }, name, mark);
  }

  function profileOf(id) {
    const profile = ctx.cache.profile(id);
    if (!profile) return el("span", { class: "gone" }, icon("warn"), "Profile is gone");
    return agentMark(profile.agentType, { name: profile.name, chosen: profile.icon });
  }

  const tagLink = (tag) =>
    el("a", { class: "chip", href: hrefOfTag(tag), title: `Only ${tag}` }, el("span", { class: "cut" }, tag));

  function tagsOf({ tags }) {
    const rest = tags.slice(SHOWN_TAGS);
    const more = rest.length > 0 && el("span", { class: "chip is-more", title: rest.join(", ") }, `+${rest.length}`);
    return [tags.slice(0, SHOWN_TAGS).map(tagLink), more];
  }

  function drawLast(row, saved, now) {
    const { lastRun } = saved;
    const [last, time] = [row.querySelector(".c-last"), row.querySelector(".c-took")];
    if (!lastRun) return void (last.firstChild || fill(last, el("span", { class: "never" }, "Never run")));
    const at = ms(lastRun.startedAt ?? lastRun.queuedAt);
    const words = lastRun.status === "running" ? "now" : ago(at, now);
    if (!last.firstChild) {
      const href = ctx.router.href("history", [lastRun.runId]);
      const when = el("time", { datetime: new Date(at).toISOString(), title: full(at) });
      const why = lastRun.reason ? { title: lastRun.reason } : {};
      fill(last, el("a", { class: "last", href, ...why }, stateMark(lastRun.status), when));
    }
    const when = last.querySelector("time");
    if (when.textContent !== words) when.textContent = words;
    const seconds = took(lastRun, now);
    const length = Number.isNaN(seconds) ? "" : duration(seconds);
    if (time.textContent !== length) time.textContent = length;
  }

  function actions(saved) {
    const own = deeds(saved);
    if (!own) return null;
    const { name } = saved;
    const start = button({
      text: "Run",
      icon: "play",
      small: true,
      "aria-label": `Run ${name}`,
      extra: "row-run",
      onClick: (event) => own.onRun(event.currentTarget),
    });
    const quiet = (label, shape, href) =>
      el("a", { class: "b b-quiet b-s b-i no-s", href, "aria-label": `${label} ${name}`, title: label }, icon(shape));
    const items = () => [
      { text: "Run with options", icon: "play", onClick: own.onOptions },
      { text: "Edit", icon: "edit", onClick: () => own.onEdit() },
      { text: "Schedule", icon: "calendar", onClick: () => own.onSchedule() },
      { text: "Duplicate", icon: "copy", onClick: own.onDuplicate },
      null,
      { text: "Delete", icon: "trash", danger: true, onClick: own.onDelete },
    ];
    return [
      start,
      quiet("Edit", "edit", hrefOf(saved)),
      quiet("Schedule", "calendar", ctx.router.href("schedules", ["new"], { prompt: saved.id })),
      menuButton(button({ icon: "more", kind: "quiet", small: true, label: `More for ${name}` }), items),
    ];
  }

  let shown = [];
  return {
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
      for (const { id } of shown) {
        const row = rows.element(id);
        row.classList.toggle("is-picked", ids.has(id));
        const box = row.querySelector(".pick input");
        if (box) box.checked = ids.has(id);
      }
      const box = all.querySelector("input");
      const chosen = shown.filter(({ id }) => ids.has(id)).length;
      set(box, { checked: chosen > 0 && chosen === shown.length, indeterminate: chosen > 0 && chosen < shown.length });
    },
    tick(now) {
      for (const saved of shown) drawLast(rows.element(saved.id), saved, now);
    },
    /** The id of the row that has the focus. */
    get current() {
      return document.activeElement?.closest?.(".prompts tr[data-id]")?.dataset.id ?? null;
    },
    row: (id) => rows.element(id),
    focus: (id) => rows.element(id)?.querySelector("a.c-name")?.focus(),
    move(step) {
      const at = shown.findIndex(({ id }) => id === this.current);
      const to = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
      if (to) rows.element(to.id).querySelector("a, button")?.focus();
    },
  };
}
