// History: every run, filtered, sorted and live; the address holds what is asked for and what is open.

import { count } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { menuButton } from "../kit/menu.js";
import { everySecond } from "../time.js";
import { againFromList, editAndRun } from "./history/again.js";
import { openCompare } from "./history/compare.js";
import { openDrawer } from "./history/drawer.js";
import { filterQuery, NO_FILTERS, readFilters } from "./history/filters.js";
import { filterRow } from "./history/filter-row.js";
import { runList } from "./history/list.js";
import { exportItems, selection } from "./history/picked.js";
import { nextSort, RunTable, SORTS, USUAL_SORT } from "./history/table.js";

export const title = "History";

const COMPARE = "compare"; // no id of a run has an o

export function mount(root, ctx) {
  const bag = leaving();
  const mayRun = ctx.cache.session.role !== "viewer";
  const state = { filters: NO_FILTERS, sort: USUAL_SORT, open: null, drawer: null, pair: "", compare: null };
  const total = el("span", { class: "head-count" });
  const toggle = button({
    icon: "filter",
    kind: "quiet",
    label: "Filters",
    extra: "phone-only",
    onClick: () => set(toggle, { "aria-expanded": String(filters.rest.classList.toggle("is-open")) }),
    "aria-controls": "filters-rest",
    "aria-expanded": "false",
  });
  const fileOf = (format) =>
    ctx.api.url("runs/export", { ...filterQuery(state.filters), sort: state.sort, format });
  const toFile = menuButton(
    button({ text: "Export", icon: "download", kind: "quiet", hidden: true }),
    () => [{ heading: `${total.textContent}, as the filters have it` }, ...exportItems(fileOf)],
    { label: "Export all runs that match" },
  );
  const filters = filterRow(ctx, { onChange: (next) => go({ filters: next }), names });
  const table = new RunTable({
    hrefOf: ({ runId }) => ctx.router.href("history", [runId], params({})),
    iconOf: (run) => ctx.cache.iconOf(run),
    onOpen: open,
    onSort: (key) => go({ sort: nextSort(key, state.sort) }),
    onPick: (...args) => picked.pick(...args),
    onAll: (on) => picked.all(on),
    onAgain: mayRun ? (run, opener) => againFromList(ctx, run, opener, open) : null,
  });
  const list = runList(ctx, table, {
    names,
    onClear: () => go({ filters: NO_FILTERS }),
    onShown(shown) {
      total.textContent = shown.total === undefined ? "" : count(shown.total, "run", "runs", shown.isMore);
      toFile.hidden = !shown.total;
      picked.draw();
    },
  });
  const picked = selection(ctx, {
    runs: list.runs,
    sort: () => state.sort,
    mark: (ids) => table.pick(ids),
    onCompare: (first, second) => ctx.router.go("history", [COMPARE, first, second], params({})),
  });
  list.element.append(picked.element);
  const view = el(
    "div",
    { class: "history" },
    el(
      "div",
      { class: "head" },
      el("h1", { class: "title" }, "History"),
      total,
      el("span", { class: "grow" }),
      toFile,
      toggle,
    ),
    filters.element,
    list.element,
  );

  const params = ({ filters: asked = state.filters, sort = state.sort }) => ({
    ...asked,
    sort: sort === USUAL_SORT ? "" : sort,
  });
  const go = (part) => ctx.router.go("history", ctx.router.route.path, params(part), { replace: true });

  function open(runId) {
    ctx.router.go("history", [runId], params({}));
  }

  // What a filter names is called as it is now, else as its newest run calls it.
  function names() {
    const { agentProfileId, promptId, scheduleId } = state.filters;
    const run = promptId && list.runs().find((one) => one.promptId === promptId);
    return {
      profile: ctx.cache.profile(agentProfileId)?.name,
      prompt: ctx.cache.saved(promptId)?.name ?? run?.promptName,
      schedule: ctx.cache.schedules?.find(({ id }) => id === scheduleId)?.name,
    };
  }

  function readNames() {
    const needed = { prompts: state.filters.promptId, schedules: state.filters.scheduleId };
    for (const [name, isNeeded] of Object.entries(needed))
      if (isNeeded && !ctx.cache[name]) ctx.cache.load(name).catch(() => {}); // the id stands there as long
  }

  // ---- the address

  function follow() {
    const { tab, path, params: asked } = ctx.router.route;
    if (tab !== "history") return;
    const sort = SORTS.includes((asked.get("sort") ?? "").replace(/^-/, "")) ? asked.get("sort") : USUAL_SORT;
    Object.assign(state, { filters: readFilters(asked), sort });
    readNames();
    filters.show(state.filters);
    list.ask(state.filters, sort);
    const isPair = path[0] === COMPARE;
    showDrawer(isPair ? null : (path[0] ?? null), path[1] ?? "");
    showPair(isPair ? path.slice(1, 3) : []);
  }

  function showPair([first = "", second = ""]) {
    const pair = first && `${first}/${second}`;
    if (pair === state.pair) return;
    const hadPair = Boolean(state.pair);
    state.compare?.close();
    state.pair = pair;
    state.compare = pair
      ? openCompare(root, ctx, [first, second], {
          home: params({}),
          onSwap: () => ctx.router.go("history", [COMPARE, second, first], params({}), { replace: true }),
        })
      : null;
    view.hidden = Boolean(pair);
    if (hadPair && !pair) list.focus();
  }

  function showDrawer(runId, range) {
    if (runId === state.open) return;
    const hadFocus = state.drawer?.contains(document.activeElement);
    const before = state.open;
    state.drawer?.close();
    state.drawer = null;
    state.open = runId;
    table.setCurrent(runId);
    view.classList.toggle("has-drawer", Boolean(runId));
    if (!runId) return hadFocus && table.focus(before);
    state.drawer = openDrawer(view, ctx, runId, {
      range,
      onStep: step,
      onClose: () => ctx.router.go("history", [], params({})),
      onLines: (lines) => ctx.router.go("history", [runId, lines].filter(Boolean), params({}), { replace: true }),
    });
    state.drawer.focus();
  }

  function step(way) {
    const { ids } = table;
    const at = ids.indexOf(state.open);
    const next = ids[at + way];
    if (next) ctx.router.go("history", [next], params({}), { replace: true });
    if (at + way > ids.length - 5) list.loadMore();
  }

  const onCurrent = (deed) => () => table.current && deed(table.current);
  for (const name of ["profiles", "prompts", "schedules"]) bag.on(ctx.cache, name, () => filters.show());
  bag.on(ctx.router, "change", follow);
  bag.add(
    everySecond((now) => table.tick(now)),
    ctx.commands.handle({
      search: filters.focus,
      "next-row": () => table.move(1),
      "previous-row": () => table.move(-1),
      "select-row": onCurrent(picked.toggle),
      ...(mayRun && {
        "run-row": onCurrent((id) => table.againButton(id).click()),
        "edit-row": onCurrent((id) => editAndRun(ctx, id)),
      }),
    }),
    filters.off,
    list.off,
    picked.off,
    () => state.drawer?.close(),
    () => state.compare?.close(),
  );
  set(view, { "aria-label": "History" });
  fill(root, view);
  follow();
  return bag.off;
}
