// History: every run, filtered, sorted and live; the address holds what is asked for and what is open.

import { count, isActive, ms } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { emptyNotice, errorNotice, whenLate } from "../kit/notice.js";
import { everySecond, settle } from "../time.js";
import { openDrawer } from "./history/drawer.js";
import { anyFilter, filterQuery, filterRow, filterWords, fits, readFilters } from "./history/filters.js";
import { RunTable, SORTS, USUAL_SORT } from "./history/table.js";

export const title = "History";

const PAGE = 100;

export function mount(root, ctx) {
  const bag = leaving();
  const total = el("span", { class: "head-count" });
  const toggle = button({
    icon: "filter",
    kind: "quiet",
    label: "Filters",
    extra: "phone-only",
    onClick: () => filters.rest.classList.toggle("is-open"),
    "aria-controls": "filters-rest",
  });
  const filters = filterRow(ctx, (next) => go({ filters: next }));
  const table = new RunTable({
    hrefOf: (run) => hrefOf(run.runId),
    iconOf: (run) => ctx.cache.iconOf(run),
    onOpen: (id) => ctx.router.go("history", [id], ctx.router.params),
    onSort: (key) => go({ sort: state.sort === `-${key}` ? key : `-${key}` }),
  });
  const note = el("div", { class: "list-note" });
  const more = el("div", { class: "list-more", "aria-hidden": "true" });
  const pill = button({
    text: "New runs",
    kind: "pill",
    icon: "up",
    hidden: true,
    onClick: () => (release(), (list.scrollTop = 0)),
  });
  const list = el("div", { class: "list", tabIndex: -1 }, table.element, note, more);
  const view = el(
    "div",
    { class: "history" },
    el(
      "div",
      { class: "head" },
      el("h1", { class: "title" }, "History"),
      total,
      el("span", { class: "grow" }),
      el("span", { class: "hint head-legend" }, "Fill of the line: part of the timeout used"),
      toggle,
    ),
    filters.element,
    el("div", { class: "list-box" }, list, pill),
  );
  const state = {
    filters: null,
    sort: "",
    runs: [],
    held: new Map(),
    cursor: null,
    loading: null,
    drawer: null,
    open: null,
    turn: 0,
  };

  const params = ({ filters: asked = state.filters, sort = state.sort }) => ({
    ...asked,
    sort: sort === USUAL_SORT ? "" : sort,
  });
  const hrefOf = (id) => ctx.router.href("history", [id], params({}));
  const go = (part) => ctx.router.go("history", ctx.router.route.path, params(part), { replace: true });

  // ---- reading

  /** Read the first page; with `keep` what was read of the further ones stays behind it. */
  async function load(keep = false) {
    const turn = ++state.turn;
    const late = state.runs.length ? () => {} : whenLate(note, skeleton());
    try {
      const answer = await ctx.api.get("runs", { ...filterQuery(state.filters), sort: state.sort, limit: PAGE });
      if (turn !== state.turn) return;
      late();
      state.held.clear();
      if (keep && state.sort === USUAL_SORT) renew(answer);
      else take(answer, []);
    } catch (error) {
      late();
      if (turn !== state.turn) return;
      if (state.runs.length) return; // what is shown stays; the banner says why it does not change
      fill(note, errorNotice({ title: "History could not be read", text: error.message, onRetry: () => load() }));
    }
  }

  async function loadMore() {
    if (!state.cursor || state.loading) return;
    const turn = state.turn;
    state.loading = ctx.api.get("runs", {
      ...filterQuery(state.filters),
      sort: state.sort,
      limit: PAGE,
      cursor: state.cursor,
    });
    const answer = await state.loading.catch(() => null); // the next scroll asks again
    state.loading = null;
    if (answer && turn === state.turn) take(answer, state.runs);
  }

  function renew(answer) {
    const fresh = new Set(answer.runs.map(({ runId }) => runId));
    const oldest = answer.runs.at(-1)?.queuedAt ?? "";
    const further = answer.nextCursor ? state.runs.filter((run) => !fresh.has(run.runId) && run.queuedAt < oldest) : [];
    const cursor = further.length ? state.cursor : answer.nextCursor;
    take({ ...answer, runs: [...answer.runs, ...further], nextCursor: cursor }, []);
  }

  function take(answer, before) {
    const known = new Set(before.map(({ runId }) => runId));
    state.runs = [...before, ...answer.runs.filter(({ runId }) => !known.has(runId))];
    Object.assign(state, { cursor: answer.nextCursor, total: answer.total, more: answer.totalIsMore });
    answer.runs.forEach((run) => ctx.cache.runs.has(run.runId) || ctx.cache.runs.set(run.runId, run));
    draw();
    if (state.cursor && list.scrollHeight <= list.clientHeight) loadMore();
  }

  // ---- drawing

  function draw() {
    const runs = ordered(state.runs, state.sort);
    table.show(runs, state.sort);
    table.element.hidden = !runs.length;
    total.textContent = state.total === undefined ? "" : count(state.total, "run", "runs", state.more);
    pill.hidden = !state.held.size;
    if (state.held.size) pill.lastChild.textContent = count(state.held.size, "new run");
    if (runs.length) fill(note);
    else if (state.total === 0) showEmpty();
  }

  async function showEmpty() {
    if (!anyFilter(state.filters)) {
      return fill(
        note,
        emptyNotice({
          title: "No runs yet",
          text: "Every run stands here with its output, how long it took and how it ended.",
          actions: [el("a", { class: "b b-main", href: ctx.router.href("run") }, "Run a prompt")],
        }),
      );
    }
    const words = filterWords(state.filters, ctx.cache.profile(state.filters.agentProfileId)?.name);
    const clear = button({ text: "Clear filters", onClick: () => go({ filters: readFilters(new URLSearchParams()) }) });
    const text = el("span", {}, `${words}.`);
    fill(note, emptyNotice({ title: "No runs match", text, actions: [clear] }));
    const all = await ctx.api.get("runs", { limit: 1 }).catch(() => null);
    if (all)
      text.textContent = `${words}. ${count(all.total, "run is", "runs are", all.totalIsMore)} outside these filters.`;
  }

  // ---- live rows

  function onRun({ detail: run }) {
    const at = state.runs.findIndex(({ runId }) => runId === run.runId);
    if (at >= 0) {
      state.runs[at] = run;
      return table.update(run);
    }
    if (!state.filters || !fits(run, state.filters) || state.sort !== USUAL_SORT || !isNewer(run)) return;
    state.held.set(run.runId, run);
    const disturbed =
      state.runs.length && (list.matches(":hover") || list.contains(document.activeElement) || list.scrollTop > 0);
    disturbed ? draw() : release();
  }

  // A record of long ago that was only looked at is not a new row.
  const isNewer = (run) =>
    !state.runs.length ||
    ms(run.queuedAt) >= ms(state.runs.find((other) => !isActive(other.status))?.queuedAt ?? run.queuedAt);

  function release() {
    state.runs = [...state.held.values(), ...state.runs];
    state.total += state.held.size;
    state.held.clear();
    draw();
  }

  // ---- the address

  function follow() {
    const { tab, path, params: asked } = ctx.router.route;
    if (tab !== "history") return;
    const next = readFilters(asked);
    const sort = SORTS.includes((asked.get("sort") ?? "").replace(/^-/, "")) ? asked.get("sort") : USUAL_SORT;
    const changed = JSON.stringify([next, sort]) !== JSON.stringify([state.filters, state.sort]);
    Object.assign(state, { filters: next, sort });
    filters.show(next);
    if (changed) {
      Object.assign(state, { runs: [], total: undefined });
      list.scrollTop = 0;
      load();
    }
    showDrawer(path[0] ?? null, path[1] ?? "");
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
    if (at + way > ids.length - 5) loadMore();
  }

  const redraw = settle(() => load(true), 150);
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && loadMore(), {
    root: list,
    rootMargin: "600px",
  });
  seen.observe(more);
  bag.on(ctx.cache, "run", onRun);
  bag.on(
    ctx.cache,
    "gone",
    ({ detail }) => ((state.runs = state.runs.filter(({ runId }) => runId !== detail)), draw()),
  );
  bag.on(ctx.cache, "stale", () => redraw());
  bag.on(ctx.cache, "profiles", () => filters.show(state.filters));
  bag.on(ctx.router, "change", follow);
  bag.add(
    everySecond((now) => table.tick(now)),
    ctx.commands.handle({
      search: filters.focus,
      "next-row": () => table.move(1),
      "previous-row": () => table.move(-1),
    }),
    () => seen.disconnect(),
    () => state.drawer?.close(),
    redraw.off,
  );
  set(view, { "aria-label": "History" });
  fill(root, view);
  follow();
  return bag.off;
}

// Queued and running first where the newest stand first.
function ordered(runs, sort) {
  if (sort !== USUAL_SORT) return runs;
  const rank = ({ status }) => (status === "queued" ? 0 : status === "running" ? 1 : 2);
  return runs
    .map((run, at) => [run, at])
    .sort(([a, i], [b, j]) => rank(a) - rank(b) || i - j)
    .map(([run]) => run);
}

function skeleton() {
  const widths = [40, 60, 30, 70, 50, 45, 65];
  return el(
    "div",
    { class: "skeleton", "aria-hidden": "true" },
    widths.map((width) =>
      el(
        "div",
        {},
        el("i", { style: { width: "72px" } }),
        el("i", { style: { width: `${width / 2}%` } }),
        el("i", { style: { width: "90px" } }),
      ),
    ),
  );
}
