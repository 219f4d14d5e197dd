// Saved Prompts: what can be run again by a press; the address holds the filters and what is being edited.

import { count } from "../format.js";
import { attempt } from "../kit/attempt.js";
import { bulkBar } from "../kit/bulk-bar.js";
import { button, busy } from "../kit/button.js";
import { byAddress } from "../kit/by-address.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { emptyNotice, errorNotice, whenLate } from "../kit/notice.js";
import { askedFor } from "../kit/placeholders.js";
import { segmented } from "../kit/segmented.js";
import { sayStarted, startPrompt } from "../open-runs.js";
import { everySecond } from "../time.js";
import { promptCards } from "./prompts/cards.js";
import { openEditor } from "./prompts/editor.js";
import { filterRow } from "./prompts/filters.js";
import { askTags, deletePrompts } from "./prompts/many.js";
import { promptParts } from "./prompts/parts.js";
import { anyFilter, passes, readFilters, readSort, sorted, tagsOf, USUAL_SORT } from "./prompts/pick.js";
import { openRun } from "./prompts/run.js";
import { promptTable } from "./prompts/table.js";

export const title = "Saved Prompts";

const editor = byAddress();

export function mount(root, ctx) {
  const bag = leaving();
  const mayEdit = ctx.cache.session.role !== "viewer";
  const total = el("span", { class: "head-count" });
  const note = el("div", { class: "list-note" });
  const said = el("p", { class: "set-note", role: "status", hidden: true });
  const add = el(
    "a",
    { class: "b b-main", title: `New prompt (${ctx.commands.shortcut("new-prompt")})` },
    icon("plus"),
    el("span", {}, "New prompt"),
  );
  const toggle = button({
    icon: "filter",
    kind: "quiet",
    label: "Filters",
    extra: "phone-only",
    "aria-controls": "prompt-filters",
    onClick: () => filters.rest.classList.toggle("is-open"),
  });
  const look = segmented({
    label: "How prompts are shown",
    options: [
      ["table", "Table"],
      ["cards", "Cards"],
    ],
    onChoose: (chosen) => ctx.prefs.set("promptsAs", chosen),
  });
  const filters = filterRow(ctx, look.element, (next) => go({ filters: next }));
  const parts = promptParts(ctx, {
    hrefOf: ({ id }) => ctx.router.href("prompts", [id], ctx.router.params),
    hrefOfTag: (tag) => ctx.router.href("prompts", [], { ...ctx.router.params, tag }),
    deeds: (saved) => mayEdit && deedsOf(saved),
    onPick: pick,
  });
  const table = promptTable(parts, {
    onAll: (on) => choose(on ? shown().map(({ id }) => id) : []),
    onSort: (key) => go({ sort: state.sort === key ? `-${key}` : key }),
  });
  const cards = promptCards(parts);
  const view = () => (ctx.prefs.get("promptsAs") === "cards" ? cards : table);
  const bulk = bulkBar({
    deeds: [
      { text: "Add tag", icon: "tag", onClick: () => tag("tag") },
      { text: "Remove tag", onClick: () => tag("untag") },
      { text: "Delete", icon: "trash", onClick: () => remove(chosen()) },
    ],
    onClear: () => choose([]),
  });
  const list = el("div", { class: "list", tabIndex: -1 }, table.element, cards.element, note);
  const state = { filters: readFilters(new URLSearchParams()), sort: USUAL_SORT, picked: new Set(), last: null };

  const params = ({ filters: asked = state.filters, sort = state.sort }) => ({
    ...asked,
    sort: sort === USUAL_SORT ? "" : sort,
  });
  const go = (part) => ctx.router.go("prompts", ctx.router.route.path, params(part), { replace: true });
  const profileName = (id) => ctx.cache.profile(id)?.name ?? "";
  const shown = () =>
    sorted(
      (ctx.cache.prompts ?? []).filter((saved) => passes(saved, state.filters)),
      state.sort,
      profileName,
    );
  const chosen = () => shown().filter(({ id }) => state.picked.has(id));

  // ---- drawing

  function draw() {
    const { prompts } = ctx.cache;
    if (!prompts) return;
    const found = shown();
    const isPart = found.length !== prompts.length;
    total.textContent = prompts.length
      ? `${isPart ? `${found.length} of ` : ""}${count(prompts.length, "prompt")}`
      : "";
    filters.show(state.filters, prompts);
    filters.element.hidden = toggle.hidden = !prompts.length && !anyFilter(state.filters);
    add.hidden = !mayEdit || !prompts.length;
    set(add, { href: ctx.router.href("prompts", ["new"], params({})) });
    look.show(view() === cards ? "cards" : "table");
    for (const one of [table, cards]) {
      one.element.hidden = !found.length || one !== view();
      one.show(one === view() ? found : [], state.sort);
    }
    drawPicked();
    if (found.length) fill(note);
    else drawEmpty(prompts);
    sayUnknown();
  }

  function drawEmpty(prompts) {
    if (anyFilter(state.filters) && prompts.length) {
      const clear = button({
        text: "Clear filters",
        onClick: () => go({ filters: readFilters(new URLSearchParams()) }),
      });
      const text = `${count(prompts.length, "prompt is", "prompts are")} outside these filters.`;
      return fill(note, emptyNotice({ title: "No prompts match", text, actions: [clear] }));
    }
    const make = el("a", { class: "b b-main", href: ctx.router.href("prompts", ["new"]) }, "New prompt");
    const text =
      "What is run again and again stands here: its text or file, its profile, its directory, what it asks for.";
    fill(note, emptyNotice({ title: "No saved prompts yet", text, actions: mayEdit ? [make] : [] }));
  }

  async function load() {
    const late = ctx.cache.prompts
      ? () => {}
      : whenLate(note, el("p", { class: "hint set-pad" }, "Reading the prompts"));
    try {
      await ctx.cache.load("prompts");
    } catch (error) {
      const notice = errorNotice({ title: "Prompts could not be read", text: error.message, onRetry: load });
      if (!ctx.cache.prompts) fill(note, notice);
    }
    late();
    follow();
  }

  // ---- the selection

  function choose(ids) {
    state.picked = new Set(ids);
    drawPicked();
  }

  function pick(id, on, range) {
    const ids = shown().map((saved) => saved.id);
    const [from, to] = [ids.indexOf(state.last), ids.indexOf(id)];
    const several = range && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    state.last = id;
    const rest = [...state.picked].filter((other) => !several.includes(other));
    choose(on ? [...rest, ...several] : rest);
  }

  let leaveLayer = null;

  function drawPicked() {
    const there = new Set(chosen().map(({ id }) => id));
    state.picked = there;
    view().pick(there);
    bulk.show(there.size);
    if (Boolean(leaveLayer) === there.size > 0) return;
    leaveLayer?.();
    leaveLayer = there.size ? ctx.commands.layer(() => choose([])) : null;
  }

  async function tag(action) {
    const wanted = chosen();
    const known = tagsOf(action === "tag" ? ctx.cache.prompts : wanted);
    if (await askTags(ctx, { action, wanted, known })) list.focus();
  }

  async function remove(wanted) {
    if (!(await deletePrompts(ctx, wanted))) return;
    list.focus();
  }

  // ---- one prompt

  function deedsOf(saved) {
    return {
      onRun: (opener) => start(saved, opener),
      onOptions: () => openRun(ctx, saved),
      onEdit: () => ctx.router.go("prompts", [saved.id], params({})),
      onSchedule: () => ctx.router.go("schedules", ["new"], { prompt: saved.id }),
      onDuplicate: () => duplicate(saved),
      onDelete: () => remove([saved]),
    };
  }

  async function start(saved, opener) {
    if (askedFor(saved).length) return openRun(ctx, saved);
    if (opener.getAttribute("aria-busy")) return;
    busy(opener, true);
    try {
      sayStarted(ctx, await startPrompt(ctx, { promptId: saved.id }), saved.name);
    } catch (error) {
      // What the prompt asks for may be known to the server only: it may be in its file.
      if (Object.keys(error.fields ?? {}).length) openRun(ctx, saved, error);
      else ctx.toasts.say({ text: `${saved.name} was not started`, detail: error.message, failed: true });
    }
    busy(opener, false);
  }

  async function duplicate(saved) {
    const copy = await attempt(ctx, `${saved.name} was not duplicated`, () =>
      ctx.api.post(`prompts/${saved.id}/duplicate`),
    );
    if (!copy) return;
    await ctx.cache.load("prompts").catch(() => {}); // it is there; the list follows
    ctx.router.go("prompts", [copy.id], params({}));
  }

  // ---- the address

  function wanted() {
    const { tab, path, params: asked } = ctx.router.route;
    if (tab !== "prompts" || !path[0] || !mayEdit) return null;
    const saved = path[0] === "new" ? null : ctx.cache.saved(path[0]);
    return path[0] === "new" || saved
      ? { key: path[0], saved, place: ["prompts", path, Object.fromEntries(asked)] }
      : null;
  }

  function follow() {
    const { tab, params: asked } = ctx.router.route;
    if (tab === "prompts") {
      Object.assign(state, { filters: readFilters(asked), sort: readSort(asked) });
      draw();
    }
    return editor.follow({
      router: ctx.router,
      wanted,
      open: ({ saved }) => openEditor(ctx, saved, ctx.router.route.params.get("from") === "run"),
      home: () => ["prompts", [], params({})],
      onClosed: (savedId, key) => document.activeElement === document.body && (view().focus(savedId ?? key), 0),
    });
  }

  function sayUnknown() {
    const { path } = ctx.router.route;
    const isUnknown = Boolean(path[0]) && path[0] !== "new" && !ctx.cache.saved(path[0]);
    const isClosed = Boolean(path[0]) && !mayEdit;
    set(said, { hidden: !isUnknown && !isClosed });
    const text = isUnknown
      ? "There is no such prompt. It may have been deleted."
      : "This session may look, not change.";
    if (said.textContent !== text) fill(said, text);
  }

  const onCurrent = (deed) => () => {
    const saved = ctx.cache.saved(view().current);
    if (saved) deed(saved, view().row(saved.id));
  };
  bag.on(ctx.cache, "prompts", draw);
  bag.on(ctx.cache, "profiles", draw);
  bag.on(ctx.prefs, "change", ({ detail }) => detail === "promptsAs" && draw());
  bag.on(ctx.router, "change", follow);
  bag.add(
    everySecond((now) => view().tick(now)),
    ctx.commands.handle({
      search: filters.focus,
      "next-row": () => view().move(1),
      "previous-row": () => view().move(-1),
      ...(mayEdit && {
        "new-prompt": () => ctx.router.go("prompts", ["new"], params({})),
        "select-row": onCurrent(({ id }) => pick(id, !state.picked.has(id), false)),
        "run-row": onCurrent((saved, row) => start(saved, row.querySelector(".row-run"))),
        "edit-row": onCurrent(({ id }) => ctx.router.go("prompts", [id], params({}))),
      }),
    }),
    () => leaveLayer?.(),
    () => editor.leave(),
  );
  fill(
    root,
    el(
      "div",
      { class: "list-view" },
      el(
        "div",
        { class: "head" },
        el("h1", { class: "title" }, title),
        total,
        el("span", { class: "grow" }),
        toggle,
        add,
      ),
      el("div", {}, filters.element, said),
      el("div", { class: "list-box" }, list, bulk.element),
    ),
  );
  draw();
  load();
  return bag.off;
}
