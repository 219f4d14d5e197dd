// Two runs side by side: what they were, what they were asked, and where what they said differs.

import { count, isActive, runName } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill, leaving, set } from "../../kit/dom.js";
import { toggle } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { errorNotice } from "../../kit/notice.js";
import { changesView } from "./changes.js";
import { difference, differenceNow, withoutNumbers } from "./difference.js";
import { factsTable } from "./facts.js";

const PAGE_LINES = 5000;
const MOST_LINES = 200_000;
const MOST_PROMPT_STEPS = 1_000_000;
const SLICE_MS = 12;

/** Open the comparison of two runs in `root`; `home` are the parameters of the list, `onSwap` follows the button. */
export function openCompare(root, ctx, ids, { home, onSwap }) {
  const bag = leaving();
  const stop = new AbortController();
  const back = el(
    "a",
    { class: "b b-quiet cmp-back", href: ctx.router.href("history", [], home), title: "Back to History (Esc)" },
    icon("left"),
    el("span", {}, "History"),
  );
  const swap = button({ text: "Swap", icon: "swap", title: "Let the two change places", onClick: onSwap });
  const body = el("div", { class: "cmp-body", tabIndex: -1 });
  const element = el(
    "section",
    { class: "cmp", "aria-label": "Compare two runs" },
    el("div", { class: "head" }, back, el("h1", { class: "title" }, "Compare two runs"), el("span", { class: "grow" }), swap),
    body,
  );
  const facts = el("div", {});
  const output = outputPart(ctx, ids, stop.signal);
  let runs = null;

  async function load() {
    try {
      runs = await Promise.all(ids.map((id) => ctx.cache.fetchRun(id)));
    } catch (error) {
      if (stop.signal.aborted) return;
      return fill(body, errorNotice({ title: "The runs could not be read", text: error.message, onRetry: load }));
    }
    if (stop.signal.aborted) return;
    fill(body, facts, promptPart(runs), output.element);
    drawFacts();
    output.read(runs);
  }

  function drawFacts() {
    fill(facts, factsTable(runs, (run) => ctx.router.href("history", [run.runId], home)));
  }

  // What still runs is read once more when it has ended.
  function onRun({ detail: run }) {
    const at = runs ? ids.indexOf(run.runId) : -1;
    if (at < 0) return;
    const hasEnded = isActive(runs[at].status) && !isActive(run.status);
    runs = runs.map((one) => (one.runId === run.runId ? { ...one, ...run } : one));
    drawFacts();
    if (hasEnded) output.read(runs);
  }

  bag.on(ctx.cache, "run", onRun);
  bag.add(
    ctx.commands.layer(() => ctx.router.go("history", [], home)),
    ctx.commands.handle({ "next-change": () => output.step(1), "previous-change": () => output.step(-1) }),
    () => stop.abort(),
    () => element.remove(),
  );
  root.append(element);
  back.focus();
  load();
  return { element, close: bag.off };
}

function promptPart(runs) {
  const [first, second] = runs.map((run) => (run.promptContent ?? run.promptPreview ?? "").split("\n"));
  const found = differenceNow(first, second, { most: MOST_PROMPT_STEPS });
  const isSame = !found.removed && !found.added;
  const changes = !isSame && found.parts && changesView([first, second], found.parts);
  return el(
    "section",
    { class: "cmp-part", "aria-label": "Prompt" },
    el("div", { class: "cmp-head" }, el("h2", { class: "title" }, "Prompt"), el("span", { class: "hint" }, figures(found))),
    changes && changes.element,
  );
}

function outputPart(ctx, ids, signal) {
  const said = el("span", { class: "hint", role: "status" });
  const place = el("span", { class: "cmp-place" });
  const before = button({
    icon: "up",
    small: true,
    label: "Previous change",
    keys: ctx.commands.shortcut("previous-change"),
    onClick: () => step(-1),
  });
  const next = button({
    icon: "down",
    small: true,
    label: "Next change",
    keys: ctx.commands.shortcut("next-change"),
    onClick: () => step(1),
  });
  const steps = el("div", { class: "cmp-steps", role: "group", "aria-label": "Changes", hidden: true }, place, before, next);
  const numbers = toggle({ label: "Ignore times and numbers", checked: false, onChange: () => compare() });
  const host = el("div", {});
  const element = el(
    "section",
    { class: "cmp-part", "aria-label": "Output" },
    el(
      "div",
      { class: "cmp-head is-stuck" },
      el("h2", { class: "title" }, "Output"),
      said,
      el("span", { class: "grow" }),
      el("label", { class: "cmp-switch" }, numbers, el("span", {}, "Ignore times and numbers")),
      steps,
    ),
    host,
  );
  let [texts, notes, changes, turn] = [null, [], null, 0];

  async function read(runs) {
    const own = ++turn;
    try {
      const found = [];
      for (const id of ids)
        found.push(await readLines(ctx, id, signal, (words) => own === turn && fill(said, words)));
      if (own !== turn) return;
      texts = found.map(({ lines }) => lines);
      notes = notesOn(runs, found);
    } catch (error) {
      if (signal.aborted || own !== turn) return;
      fill(said);
      const onRetry = () => read(runs);
      return fill(host, errorNotice({ title: "The outputs could not be read", text: error.message, onRetry }));
    }
    await compare();
  }

  async function compare() {
    if (!texts) return;
    const own = ++turn;
    const isLoose = numbers.querySelector("input").checked;
    const work = difference(...texts, isLoose ? { keyOf: withoutNumbers } : {});
    const found = await inSlices(work, () => own !== turn || signal.aborted, () => fill(said, "Comparing"));
    if (found) draw(found);
  }

  function draw(found) {
    changes = found.parts && (found.removed || found.added) ? changesView(texts, found.parts) : null;
    fill(said, figures(found));
    const gaveUp = !found.parts && "The outputs differ in too many places to be set side by side; the lines were only counted.";
    const lines = [...notes, gaveUp].filter(Boolean).map((text) => el("p", { class: "cmp-note" }, icon("warn"), text));
    fill(host, lines, changes?.element);
    set(steps, { hidden: !changes });
    drawPlace();
  }

  function step(way) {
    changes?.step(way);
    drawPlace();
  }

  function drawPlace() {
    if (!changes) return;
    fill(place, changes.at < 0 ? count(changes.total, "change") : `${changes.at + 1} / ${changes.total}`);
    set(place, { "aria-label": changes.at < 0 ? null : `Change ${changes.at + 1} of ${changes.total}` });
  }

  return { element, read, step };
}

function figures({ parts, same, removed, added }) {
  if (!removed && !added) return same ? `The same, ${count(same, "line")}` : "Both are empty";
  const counted = [
    [removed, "only in the first"],
    [added, "only in the second"],
    [same, parts ? "equal" : "in both, in any order"],
  ];
  return counted.flatMap(([lines, words]) => (lines ? [`${count(lines, "line")} ${words}`] : [])).join(", ");
}

function notesOn(runs, found) {
  const which = ["first", "second"];
  return runs.flatMap((run, at) => [
    isActive(run.status) && `The ${which[at]} run, ${runName(run).slice(0, 80)}, has not ended: this is its output so far.`,
    found[at].isCut && `Of the ${which[at]} output the first ${count(MOST_LINES, "line")} are compared.`,
  ]);
}

async function readLines(ctx, id, signal, tell) {
  const lines = [];
  for (;;) {
    const query = { from: lines.length, count: PAGE_LINES };
    const answer = await ctx.api.get(`runs/${encodeURIComponent(id)}/lines`, query, { signal });
    for (const { t } of answer.lines) lines.push(t);
    if (lines.length >= MOST_LINES) return { lines: lines.slice(0, MOST_LINES), isCut: answer.total > MOST_LINES };
    if (!answer.lines.length || lines.length >= answer.total) return { lines, isCut: false };
    tell(`Reading, ${count(lines.length, "line")} of ${count(answer.total, "line")}`);
  }
}

// Do a little at a time, so that the page goes on; null when it is not wanted any more.
async function inSlices(work, isOver, onWait) {
  for (let round = 0; ; round += 1) {
    const until = performance.now() + SLICE_MS;
    while (performance.now() < until) {
      const { done, value } = work.next();
      if (done) return isOver() ? null : value;
    }
    if (isOver()) return null;
    if (!round) onWait();
    await new Promise((resolve) => setTimeout(resolve));
  }
}
