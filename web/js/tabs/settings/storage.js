// Storage in use: what is kept, what of it stays, how much room is left; measured by the server when somebody looks.

import { bytes, clock, count, full, ms, number, runName, when, zoneLabel } from "../../format.js";
import { stateMark } from "../../kit/badge.js";
import { el, fill, leaving, set, svg, uid } from "../../kit/dom.js";
import { errorNotice, whenLate } from "../../kit/notice.js";

const WAIT_S = 25;
const NEVER = "Nothing has been measured yet.";

/** Show it in `root` and keep it so until the returned function is called. */
export function mountStorage(root, ctx) {
  const bag = leaving();
  const gone = new AbortController();
  const id = uid("storage");
  const body = el("div", { class: "sto" });
  const measured = el("span", { class: "hint", role: "status" });

  async function load() {
    const late = body.firstChild ? () => {} : whenLate(body, el("p", { class: "hint" }, "Looking at what is kept"));
    try {
      const found = await ctx.api.get("storage", { wait: WAIT_S }, { signal: gone.signal, patience: (WAIT_S + 10) * 1000 });
      late();
      const at = ms(found.measuredAt);
      set(measured, { title: found.measuredAt ? full(at) : null });
      fill(measured, found.measuredAt ? `Measured ${clock(at)} ${zoneLabel(at)}` : "");
      fill(body, found.measuredAt ? parts(found, ctx) : el("p", { class: "hint" }, NEVER));
    } catch (error) {
      late();
      if (gone.signal.aborted || (error.passing && body.querySelector(".sto-facts"))) return;
      fill(body, errorNotice({ title: "Storage could not be measured", text: error.message, onRetry: load }));
    }
  }

  bag.on(ctx.cache, "stale", load);
  bag.add(() => gone.abort());
  const head = el("div", { class: "head" }, el("h2", { class: "title", id }, "Storage in use"), el("span", { class: "grow" }), measured);
  fill(root, el("section", { "aria-labelledby": id }, head, body));
  load();
  return bag.off;
}

function parts(found, ctx) {
  const { output, pinned, oldest, largest, records, disks } = found;
  const shares = [
    { kind: "output", text: "Output", size: output.diskBytes - pinned.diskBytes, more: count(output.runs - pinned.runs, "run") },
    { kind: "pinned", text: "Kept for ever", size: pinned.diskBytes, more: pinnedRuns(pinned.runs, ctx) },
    { kind: "records", text: records.holdsOutput ? "Records, with copies of output" : "Records", size: records.bytes },
  ];
  return [
    bar(shares),
    el("ul", { class: "sto-shares" }, shares.map(share)),
    el(
      "dl",
      { class: "sto-facts" },
      disks.map(({ path, freeBytes, totalBytes }) =>
        fact(path ? ["Free for ", el("code", { class: "m" }, path)] : "Free", `${bytes(freeBytes)} of ${bytes(totalBytes)}`),
      ),
      output.runs ? fact("Printed by agents", bytes(output.bytes)) : null,
      oldest && fact("Oldest output", link(ctx, oldest.runId, when(ms(oldest.queuedAt)))),
    ),
    output.runs
      ? largest.length > 0 && largestRuns(largest, ctx)
      : el("p", { class: "hint" }, "No run has left output yet. What agents print is counted here."),
  ];
}

const share = ({ kind, text, size, more }) =>
  el("li", {}, el("i", { class: `sto-key is-${kind}` }), el("span", {}, text), el("b", {}, bytes(size)), more && el("span", { class: "hint" }, more));

function pinnedRuns(runs, ctx) {
  return runs ? el("a", { href: ctx.router.href("history", [], { pinned: "true" }) }, count(runs, "run")) : "";
}

function bar(shares) {
  const all = shares.reduce((sum, { size }) => sum + size, 0) || 1;
  let x = 0;
  const rects = shares.map(({ kind, size }) => {
    const width = (size / all) * 1000;
    x += width;
    return svg("rect", { class: `is-${kind}`, x: x - width, width, height: 8 });
  });
  const words = shares.map(({ text, size }) => `${text} ${bytes(size)}`).join(", ");
  return svg("svg", { class: "sto-bar", viewBox: "0 0 1000 8", preserveAspectRatio: "none", role: "img", "aria-label": words }, rects);
}

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

const link = (ctx, runId, content) => el("a", { href: ctx.router.href("history", [runId]) }, content);

function largestRuns(largest, ctx) {
  const rows = largest.map(({ bytes: size, run }) =>
    el(
      "li",
      {},
      stateMark(run.status, { bare: true }),
      el("a", { class: "cut", href: ctx.router.href("history", [run.runId]), title: runName(run) }, runName(run)),
      el("span", { class: "hint nb" }, when(ms(run.queuedAt))),
      el("b", { title: `${number(size)} bytes` }, bytes(size)),
    ),
  );
  return [el("h3", { class: "label" }, "Largest runs"), el("ol", { class: "sto-runs" }, rows)];
}
