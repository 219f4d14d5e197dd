// The table of runs: one row a run, kept by its id, the spine down its left edge.

import {
  clock,
  dayHead,
  dayKey,
  duration,
  full,
  isActive,
  ms,
  reasonOf,
  runName,
  stateWord,
  took,
  triggerWord,
  zoneLabel,
} from "../../format.js";
import { agentMark, pathMark, stateMark } from "../../kit/badge.js";
import { pickBox } from "../../kit/bulk-bar.js";
import { button } from "../../kit/button.js";
import { el, fill, set, svg } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";

// name, words, class, sort key
const COLUMNS = [
  ["spine", "", "c-spine", ""],
  ["pick", "", "c-pick", ""],
  ["state", "State", "c-state", "status"],
  ["prompt", "Prompt", "c-prompt", "promptName"],
  ["trigger", "Trigger", "c-trigger p2", "triggeredBy"],
  ["profile", "Profile", "c-profile p2", "agentProfileName"],
  ["directory", "Directory", "c-dir p3", "workingDirectory"],
  ["started", "Started", "c-when num", "queuedAt"],
  ["took", "Took", "c-took num", "durationSeconds"],
  ["exit", "Exit", "c-exit num p2", "exitCode"],
  ["acts", "", "c-acts", ""],
];
export const SORTS = COLUMNS.map(([, , , key]) => key).filter(Boolean);
// Numbers and times begin with the largest, words with the first letter.
const FALLING = COLUMNS.flatMap(([, , extra, key]) => (/\bnum\b/.test(extra) ? [key] : []));
export const USUAL_SORT = "-queuedAt"; // what waits or was skipped never started

/** The order that a press on a head asks for, after the one that is. */
export function nextSort(key, sort) {
  const first = FALLING.includes(key) ? `-${key}` : key;
  if (sort !== first) return first;
  return first === key ? `-${key}` : key;
}

export class RunTable {
  #rows = new Map();
  #body = el("tbody", {});
  #heads = new Map();
  #hooks;
  #all;
  #picked = new Set();
  #current = null;

  /**
   * `hrefOf(run)` is where a row leads, `iconOf(run)` the icon that its profile has, `onOpen(runId)` what a click does,
   * `onSort(key)` what a head does, `onPick(runId, on, range)` a box, `onAll(on)` the box of all, `onAgain(run, button)`
   * running the same again; without it there is no such button.
   */
  constructor(hooks) {
    const { onOpen, onSort, onAll } = hooks;
    this.#hooks = hooks;
    this.#all = pickBox({ label: "Select all that are shown", onPick: onAll });
    const silent = { spine: el("span", { class: "sr" }, "Part of the timeout used"), pick: this.#all };
    const cells = COLUMNS.map(([name, words, extra, key]) => {
      if (!words) return el("th", { class: extra }, silent[name] ?? el("span", { class: "sr" }, "Actions"));
      const head = el("button", { type: "button", on: { click: () => onSort(key) } });
      const cell = el("th", { class: extra, scope: "col" }, head);
      this.#heads.set(key, { cell, head, words });
      return cell;
    });
    this.element = el("table", { class: "t runs" }, el("thead", {}, el("tr", {}, cells)), this.#body);
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-run]");
      if (!row || event.target.closest("a, button, .c-pick") || getSelection().toString()) return;
      onOpen(row.dataset.run);
    });
  }

  get ids() {
    return [...this.#body.querySelectorAll("tr[data-run]")].map((row) => row.dataset.run);
  }

  /** Show `runs` in this order; rows that stay keep their element, and so focus and selection. */
  show(runs, sort) {
    this.#showSort(sort);
    const byDay = sort.endsWith("queuedAt");
    const wanted = [];
    const heads = new Map(); // a day may come twice: what runs stands first
    let day = "";
    for (const run of runs) {
      const at = ms(run.startedAt ?? run.scheduledFor ?? run.queuedAt);
      if (byDay && dayKey(at) !== day) {
        day = dayKey(at);
        heads.set(day, (heads.get(day) ?? 0) + 1);
        wanted.push(this.#dayRow(`${day} ${heads.get(day)}`, at));
      }
      wanted.push(this.#row(run));
    }
    this.#arrange(wanted);
    for (const id of [...this.#rows.keys()]) if (!this.#rows.get(id).element.isConnected) this.#rows.delete(id);
  }

  /** Draw one run's row anew, where it stands. */
  update(run) {
    if (this.#rows.has(run.runId)) this.#row(run);
  }

  /** Move the clocks of what is running. */
  tick(now) {
    for (const { run, cells } of this.#rows.values()) if (run.status === "running") drawTime(cells, run, now);
  }

  /** Mark the run that is open. */
  setCurrent(runId) {
    this.#current = runId;
    for (const [id, { element }] of this.#rows) {
      element.classList.toggle("is-current", id === runId);
      set(element, { "aria-current": id === runId ? "true" : null });
    }
  }

  /** Mark the rows that are selected. */
  pick(ids) {
    this.#picked = ids;
    const rows = [...this.#rows.values()].filter(({ cells }) => cells.pick);
    for (const row of rows) drawPick(row, ids);
    const chosen = rows.filter(({ run }) => ids.has(run.runId)).length;
    const box = this.#all.querySelector("input");
    set(box, { checked: chosen > 0 && chosen === rows.length, indeterminate: chosen > 0 && chosen < rows.length });
  }

  /** The id of the run whose row has the focus. */
  get current() {
    return document.activeElement?.closest?.("tr[data-run]")?.dataset.run ?? null;
  }

  /** The button in a run's row that runs it again. */
  againButton(runId) {
    return this.#rows.get(runId)?.element.querySelector(".row-again") ?? null;
  }

  /** Put the focus on a run's row, if it is here. */
  focus(runId) {
    this.#rows.get(runId)?.element.querySelector("a")?.focus();
  }

  /** Put the focus `step` rows on. */
  move(step) {
    const links = [...this.#body.querySelectorAll("tr[data-run] a.c-name")];
    const row = document.activeElement?.closest?.("tr[data-run]");
    const at = row ? links.findIndex((link) => row.contains(link)) : -1;
    const to = links[Math.min(links.length - 1, Math.max(0, at + step))];
    to?.focus();
    to?.closest("tr").scrollIntoView({ block: "nearest" });
  }

  #showSort(sort) {
    const [key, down] = [sort.replace(/^-/, ""), sort.startsWith("-")];
    for (const [name, { cell, head, words }] of this.#heads) {
      const on = name === key;
      set(cell, { "aria-sort": on ? (down ? "descending" : "ascending") : null });
      fill(head, name === "queuedAt" ? `${words}, ${zoneLabel()}` : words, on ? icon(down ? "down" : "up") : null);
    }
  }

  #dayRow(name, at) {
    const key = `day ${name}`;
    const known = this.#rows.get(key);
    if (known) return known.element;
    const element = el(
      "tr",
      { class: "day" },
      el(
        "td",
        { class: "c-spine" },
        svg(
          "svg",
          { class: "spine", viewBox: "0 0 6 100", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: "track", width: 6, height: 100 }),
        ),
      ),
      el("th", { colspan: COLUMNS.length - 1, scope: "colgroup" }, dayHead(at)),
    );
    this.#rows.set(key, { element, run: {}, cells: {} });
    return element;
  }

  #row(run) {
    let row = this.#rows.get(run.runId);
    if (!row) {
      const cells = Object.fromEntries(COLUMNS.map(([name, , extra]) => [name, el("td", { class: extra })]));
      row = { element: el("tr", { "data-run": run.runId }, Object.values(cells)), cells, run: null };
      fill(cells.pick, this.#pickOf(run.runId));
      this.#rows.set(run.runId, row);
      row.element.classList.toggle("is-current", run.runId === this.#current);
    }
    if (row.run !== run) {
      drawRow(row, run, this.#hooks);
      drawPick(row, this.#picked);
    }
    return row.element;
  }

  #pickOf(runId) {
    return pickBox({ label: "", onPick: (on, range) => this.#hooks.onPick(runId, on, range) });
  }

  #arrange(wanted) {
    let next = this.#body.firstChild;
    for (const element of wanted) {
      if (element === next) next = next.nextSibling;
      else this.#body.insertBefore(element, next);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }
}

function drawRow(row, run, { hrefOf, iconOf, onAgain }) {
  const { cells } = row;
  const href = hrefOf(run);
  const focused = ["prompt", "acts"].find((name) => cells[name].contains(document.activeElement));
  row.run = run;
  const name = runName(run);
  const at = ms(run.startedAt ?? run.scheduledFor ?? run.queuedAt);
  fill(cells.state, stateMark(run.status));
  fill(
    cells.prompt,
    el(
      "div",
      { class: "c-line" },
      el("a", { class: "c-name cut", href, title: name }, name),
      testMark(run),
      keptMark(run),
      reason(run),
    ),
  );
  fill(cells.trigger, triggerWord(run.triggeredBy));
  fill(cells.profile, agentMark(run.agentType, { name: run.agentProfileName, chosen: iconOf(run) }));
  fill(cells.directory, run.workingDirectory ? pathMark(run.workingDirectory) : "");
  fill(cells.started, el("time", { datetime: new Date(at).toISOString(), title: full(at) }, clock(at)));
  fill(cells.exit, run.exitCode ?? "");
  fill(cells.acts, el("div", { class: "acts" }, actions(run, name, href, onAgain)));
  drawTime(cells, run, Date.now());
  if (focused) (cells[focused].querySelector("button") ?? cells.prompt.querySelector("a")).focus({ preventScroll: true });
}

function actions(run, name, href, onAgain) {
  const view = el("a", { class: "b b-s", href, tabIndex: -1, "aria-label": `View output of ${name}` }, "View");
  const again = button({
    icon: "play",
    kind: "quiet",
    small: true,
    extra: "row-again",
    onClick: (event) => onAgain(run, event.currentTarget),
    "aria-label": `Run ${name} again`,
    title: "Run again (Shift+R)",
  });
  return [view, onAgain && again];
}

function drawPick({ element, cells, run }, picked) {
  const on = picked.has(run.runId);
  set(cells.pick.querySelector("input"), { checked: on, "aria-label": `Select ${runName(run)}, ${stateWord(run.status)}` });
  element.classList.toggle("is-picked", on);
}

const testMark = ({ triggeredBy }) =>
  triggeredBy === "test" &&
  el("span", { class: "c-mark", title: "A test of the profile: with echo in front of the agent" }, "Test");

const keptMark = ({ pinned }) =>
  pinned && el("span", { class: "c-kept", title: "Kept for ever" }, icon("pin"), el("span", { class: "sr" }, "Kept for ever"));

function reason(run) {
  const text = ["completed", "running"].includes(run.status) ? "" : reasonOf(run).replace(/\.$/, "");
  return text && el("span", { class: "c-why cut", title: text }, text);
}

function drawTime(cells, run, now) {
  const seconds = took(run, now);
  fill(cells.took, Number.isNaN(seconds) ? "" : duration(seconds));
  fill(cells.spine, spine(run, run.timeout ? (seconds || 0) / (run.timeout * 60) : 0));
}

// One segment of the spine: its fill is the part of the timeout that was used.
function spine(run, part) {
  const track =
    run.status === "skipped"
      ? svg("path", { class: "dashes", d: "M3 2v96" })
      : svg("rect", {
          class: isActive(run.status) && run.status === "queued" ? "track" : "ghost",
          width: 6,
          height: 100,
        });
  const height = run.status === "skipped" ? 0 : Math.min(100, Math.max(run.status === "timeout" ? 100 : 7, part * 100));
  const bar = svg("rect", {
    class: `fill${run.status === "running" ? " live" : ""}`,
    width: 6,
    y: 100 - height,
    height,
  });
  return svg(
    "svg",
    { class: `spine s-${run.status}`, viewBox: "0 0 6 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("title", {}, stateWord(run.status)),
    track,
    bar,
  );
}
