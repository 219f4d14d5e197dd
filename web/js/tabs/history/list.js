// The runs in the list: read page by page, kept live, new ones held back while somebody is in the list.

import { count, isActive, ms } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill, leaving } from "../../kit/dom.js";
import { emptyNotice, errorNotice, whenLate } from "../../kit/notice.js";
import { settle } from "../../time.js";
import { anyFilter, filterQuery, filterWords, fits } from "./filters.js";
import { USUAL_SORT } from "./table.js";

const PAGE = 100;

/**
 * The list as { element, ask, runs, loadMore, off }: `ask(filters, sort)` reads anew when they differ from before.
 * `table` shows the rows; `onShown({ runs, total, isMore })` follows every drawing, `onClear()` is a wish for no filters,
 * `names()` what the filters' profile, prompt and schedule are called.
 */
export function runList(ctx, table, { onShown, onClear, names }) {
  const bag = leaving();
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
  const state = { filters: null, sort: "", runs: [], held: new Map(), cursor: null, loading: null, turn: 0 };
  const query = (rest) => ({ ...filterQuery(state.filters), sort: state.sort, limit: PAGE, ...rest });

  // ---- reading

  /** Read the first page; with `keep` what was read of the further ones stays behind it. */
  async function load(keep = false) {
    const turn = ++state.turn;
    const late = state.runs.length ? () => {} : whenLate(note, skeleton());
    try {
      const answer = await ctx.api.get("runs", query());
      if (turn !== state.turn) return;
      late();
      state.held.clear();
      if (keep && state.sort === USUAL_SORT) renew(answer);
      else take(answer, []);
    } catch (error) {
      late();
      if (turn !== state.turn || state.runs.length) return; // what is shown stays; the banner says why it does not change
      draw();
      fill(note, errorNotice({ title: "History could not be read", text: error.message, onRetry: () => load() }));
    }
  }

  async function loadMore() {
    if (!state.cursor || state.loading) return;
    const turn = state.turn;
    state.loading = ctx.api.get("runs", query({ cursor: state.cursor }));
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
    pill.hidden = !state.held.size;
    if (state.held.size) pill.lastChild.textContent = count(state.held.size, "new run");
    if (runs.length) fill(note);
    else if (state.total === 0) showEmpty();
    onShown({ runs, total: state.total, isMore: state.more });
  }

  async function showEmpty() {
    if (!anyFilter(state.filters)) {
      const run = el("a", { class: "b b-main", href: ctx.router.href("run") }, "Run a prompt");
      const text = "Every run stands here with its output, how long it took and how it ended.";
      return fill(note, emptyNotice({ title: "No runs yet", text, actions: [run] }));
    }
    const turn = state.turn;
    const clear = button({ text: "Clear filters", onClick: onClear });
    const text = el("span", {}, `${filterWords(state.filters, names())}.`);
    fill(note, emptyNotice({ title: "No runs match", text, actions: [clear] }));
    const all = await ctx.api.get("runs", { limit: 1 }).catch(() => null);
    if (!all || turn !== state.turn) return;
    const outside = count(all.total, "run is", "runs are", all.totalIsMore);
    text.textContent = `${filterWords(state.filters, names())}. ${outside} outside these filters.`;
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

  function onGone({ detail: runId }) {
    const rest = state.runs.filter((run) => run.runId !== runId);
    if (rest.length === state.runs.length && !state.held.delete(runId)) return;
    if (rest.length < state.runs.length) state.total = Math.max(0, state.total - 1);
    state.runs = rest;
    draw();
  }

  function ask(filters, sort) {
    if (JSON.stringify([filters, sort]) === JSON.stringify([state.filters, state.sort])) return;
    Object.assign(state, { filters, sort, runs: [], total: undefined, cursor: null });
    list.scrollTop = 0;
    load();
  }

  const redraw = settle(() => load(true), 150);
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && loadMore(), {
    root: list,
    rootMargin: "600px",
  });
  seen.observe(more);
  bag.on(ctx.cache, "run", onRun);
  bag.on(ctx.cache, "gone", onGone);
  bag.on(ctx.cache, "stale", () => redraw());
  bag.add(() => seen.disconnect(), redraw.off);
  return {
    element: el("div", { class: "list-box" }, list, pill),
    ask,
    loadMore,
    runs: () => ordered(state.runs, state.sort),
    focus: () => list.focus(),
    off: bag.off,
  };
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
