// What a saved prompt is shown with, in the table and on cards: its name, profile, tags, last run, and what can be done.

import { ago, duration, full, ms, took } from "../../format.js";
import { agentMark, stateMark } from "../../kit/badge.js";
import { pickBox } from "../../kit/bulk-bar.js";
import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { menuButton } from "../../kit/menu.js";

/** The parts; `hrefOf(saved)`, `hrefOfTag(tag)`, `deeds(saved)` and `onPick(id, on, range)` as the lists have them. */
export function promptParts(ctx, { hrefOf, hrefOfTag, deeds, onPick }) {
  const mayEdit = ctx.cache.session.role !== "viewer";

  function name(saved, isTypeSaid = false) {
    const link = el(mayEdit ? "a" : "span", { class: "c-name cut", href: mayEdit ? hrefOf(saved) : null }, saved.name);
    set(link, { title: saved.name });
    const isFile = saved.type === "file-reference";
    const about = { class: "type-mark", title: isFile ? `The text is read from ${saved.content}` : null };
    const mark = isFile ? el("span", about, icon("file"), "file") : isTypeSaid && el("span", about, "text");
    return el("div", { class: "c-line" }, link, mark);
  }

  function profile({ agentProfileId }) {
    const found = ctx.cache.profile(agentProfileId);
    if (!found) return el("span", { class: "gone" }, icon("warn"), "Profile is gone");
    return agentMark(found.agentType, { name: found.name, chosen: found.icon });
  }

  const tagLink = (tag) =>
    el("a", { class: "chip", href: hrefOfTag(tag), title: `Only ${tag}` }, el("span", { class: "cut" }, tag));

  function tags({ tags: all }, most) {
    const rest = all.slice(most);
    const more = rest.length > 0 && el("span", { class: "chip is-more", title: rest.join(", ") }, `+${rest.length}`);
    return el("div", { class: "row-tags" }, all.slice(0, most).map(tagLink), more);
  }

  function pick(saved, checked) {
    return pickBox({ label: `Select ${saved.name}`, checked, onPick: (on, range) => onPick(saved.id, on, range) });
  }

  function actions(saved) {
    const own = deeds(saved);
    if (!own) return null;
    const start = button({
      text: "Run",
      icon: "play",
      small: true,
      "aria-label": `Run ${saved.name}`,
      extra: "row-run",
      onClick: (event) => own.onRun(event.currentTarget),
    });
    const quiet = (label, shape, href) => {
      const words = { "aria-label": `${label} ${saved.name}`, title: label };
      return el("a", { class: "b b-quiet b-s b-i no-s", href, ...words }, icon(shape));
    };
    const items = () => [
      { text: "Run with options", icon: "play", onClick: own.onOptions },
      { text: "Edit", icon: "edit", onClick: () => own.onEdit() },
      { text: "Schedule", icon: "calendar", onClick: () => own.onSchedule() },
      { text: "Duplicate", icon: "copy", onClick: own.onDuplicate },
      { text: "History", icon: "history", href: ctx.router.href("history", [], { promptId: saved.id }) },
      null,
      { text: "Delete", icon: "trash", danger: true, onClick: own.onDelete },
    ];
    return [
      start,
      quiet("Edit", "edit", hrefOf(saved)),
      quiet("Schedule", "calendar", ctx.router.href("schedules", ["new"], { prompt: saved.id })),
      menuButton(button({ icon: "more", kind: "quiet", small: true, label: `More for ${saved.name}` }), items),
    ];
  }

  /** Bring the last run in `.c-last` and its duration in `.c-took` up to date. */
  function drawLast(element, { lastRun }, now) {
    const [last, time] = [element.querySelector(".c-last"), element.querySelector(".c-took")];
    if (!lastRun) return void (last.firstChild || fill(last, el("span", { class: "never" }, "Never run")));
    const isRunning = lastRun.status === "running";
    const at = ms(lastRun.startedAt ?? lastRun.queuedAt);
    if (!last.firstChild) {
      const href = ctx.router.href("history", [lastRun.runId]);
      const when = el("time", { datetime: new Date(at).toISOString(), title: full(at) });
      const why = lastRun.reason ? { title: lastRun.reason } : {};
      fill(last, el("a", { class: "last", href, ...why }, stateMark(lastRun.status), when));
    }
    put(last.querySelector("time"), isRunning ? "now" : ago(at, now));
    const seconds = took(lastRun, now);
    put(time, Number.isNaN(seconds) ? "" : duration(seconds));
  }

  return {
    mayEdit,
    name,
    profile,
    tags,
    pick,
    actions,
    drawLast,
    /** What of other records a prompt is drawn with: it is drawn anew when that changes. */
    mark(saved) {
      const found = ctx.cache.profile(saved.agentProfileId);
      return [found && [found.name, found.agentType, found.icon], hrefOf(saved)];
    },
  };
}

const put = (node, text) => node.textContent === text || (node.textContent = text);

/** What the table and the cards do alike with `rows` (a keyedList): marks, the clock, the focus. */
export function promptRows({ rows, shown, drawLast }) {
  const first = (id) => rows.element(id)?.querySelector("a.c-name") ?? rows.element(id)?.querySelector("a, button");
  return {
    mark(ids) {
      for (const { id } of shown()) {
        const element = rows.element(id);
        element.classList.toggle("is-picked", ids.has(id));
        const box = element.querySelector(".pick input");
        if (box) box.checked = ids.has(id);
      }
    },
    tick(now) {
      for (const saved of shown()) drawLast(rows.element(saved.id), saved, now);
    },
    /** The id of the prompt that has the focus. */
    get current() {
      const id = document.activeElement?.closest?.(".prompts [data-id]")?.dataset.id;
      return id && rows.element(id) ? id : null;
    },
    row: (id) => rows.element(id),
    focus: (id) => first(id)?.focus(),
    move(step) {
      const all = shown();
      const at = all.findIndex(({ id }) => id === this.current);
      const to = all[Math.min(all.length - 1, Math.max(0, at + step))];
      if (to) first(to.id)?.focus();
    },
  };
}
