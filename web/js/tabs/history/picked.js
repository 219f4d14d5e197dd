// The selection in History, and what can be done with it: a file of it, two compared, all kept or let go.

import { count } from "../../format.js";
import { bulkBar } from "../../kit/bulk-bar.js";
import { button, busy } from "../../kit/button.js";
import { set } from "../../kit/dom.js";
import { menuButton } from "../../kit/menu.js";

const MOST_AT_ONCE = 500; // the server's bound for a file of chosen runs

/** The two forms of a file as entries of a menu; `hrefOf(format)` is where each is. */
export const exportItems = (hrefOf) => [
  { text: "JSON", icon: "download", hint: "whole records", href: hrefOf("json"), download: "" },
  { text: "CSV", icon: "download", hint: "for a spreadsheet", href: hrefOf("csv"), download: "" },
];

/**
 * The selection as { element, pick, all, toggle, draw, off }. `runs()` are the shown ones in their order, `sort()` that
 * order, `mark(ids)` draws the boxes, `onCompare(older, newer)` follows the button.
 */
export function selection(ctx, { runs, sort, mark, onCompare }) {
  const mayKeep = ctx.cache.session.role !== "viewer";
  let picked = new Set();
  let last = null;
  let leaveLayer = null;

  const chosen = () => runs().filter(({ runId }) => picked.has(runId));
  const fileOf = (format) => {
    const ids = chosen().map(({ runId }) => runId);
    return ctx.api.url("runs/export", { format, sort: sort(), ids: ids.join() });
  };
  const toFile = menuButton(button({ text: "Export", icon: "download", kind: "quiet" }), () => exportItems(fileOf), {
    label: "Export the selected runs",
  });
  const compare = button({ text: "Compare", icon: "compare", kind: "quiet", onClick: openBoth });
  const keep = mayKeep && button({ text: "Keep", icon: "pin", kind: "quiet", onClick: () => keepAll() });
  const bar = bulkBar({ deeds: [toFile, compare, keep].filter(Boolean), onClear: () => choose([]) });

  function openBoth() {
    const [first, second] = chosen()
      .map(({ runId }) => runId)
      .sort(); // ids are in the order of time
    onCompare(first, second);
  }

  function choose(ids) {
    picked = new Set(ids);
    draw();
  }

  function pick(runId, on, range) {
    const ids = runs().map((run) => run.runId);
    const [from, to] = [ids.indexOf(last), ids.indexOf(runId)];
    const several = range && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [runId];
    last = runId;
    const rest = [...picked].filter((other) => !several.includes(other));
    choose(on ? [...rest, ...several] : rest);
  }

  function draw() {
    const there = chosen();
    picked = new Set(there.map(({ runId }) => runId));
    mark(picked);
    bar.show(there.length);
    const isPair = there.length === 2;
    set(compare, { disabled: !isPair, title: isPair ? null : "Two runs can be compared: select exactly two" });
    const isMany = there.length > MOST_AT_ONCE;
    set(toFile, { disabled: isMany, title: isMany ? "At most 500 runs go into one file; use filters for more" : null });
    if (keep) keep.lastChild.textContent = there.length && there.every(({ pinned }) => pinned) ? "Do not keep" : "Keep";
    if (Boolean(leaveLayer) === there.length > 0) return;
    leaveLayer?.();
    leaveLayer = there.length ? ctx.commands.layer(() => choose([])) : null;
  }

  async function keepAll() {
    if (keep.getAttribute("aria-busy")) return;
    const pinned = !chosen().every((run) => run.pinned);
    const wanted = chosen().filter((run) => Boolean(run.pinned) !== pinned);
    busy(keep, true);
    const done = await change(wanted, pinned);
    busy(keep, false);
    draw();
    if (!done.length) return;
    const text = `${count(done.length, "run is", "runs are")} ${pinned ? "kept for ever" : "no longer kept"}`;
    const undo = { text: "Undo", onClick: async () => (await change(done, !pinned), draw()) };
    ctx.toasts.say({ text, detail: pinned ? "" : "Old ones go with their time.", action: undo });
  }

  async function change(wanted, pinned) {
    const done = [];
    for (const run of wanted) {
      try {
        ctx.cache.keep(await ctx.api.patch(`runs/${run.runId}`, { pinned }));
        done.push(run);
      } catch (error) {
        const text = `${count(wanted.length - done.length, "run was", "runs were")} not changed`;
        ctx.toasts.say({ text, detail: error.message, failed: true });
        break;
      }
    }
    return done;
  }

  return {
    element: bar.element,
    pick,
    all: (on) => choose(on ? runs().map(({ runId }) => runId) : []),
    toggle: (runId) => pick(runId, !picked.has(runId), false),
    draw,
    off: () => leaveLayer?.(),
  };
}
