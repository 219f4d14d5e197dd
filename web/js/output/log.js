// Clean mode: the run's lines with follow, search and selection; the viewer's frame stands around it.

import { isActive, number } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { errorNotice } from "../kit/notice.js";
import { Painter } from "./ansi.js";
import { Feed } from "./feed.js";
import { Find } from "./find.js";
import { Folds, choicesOf } from "./folds.js";
import { Lines } from "./lines.js";
import { Looks } from "./looks.js";
import { nothingYet } from "./nothing.js";
import { parseRange, rangeText } from "./range.js";
import { Stamps } from "./stamps.js";

/** Fires "state" (follow, count, selection) and "found" (detail: what the search field shows). */
export class LogPane extends EventTarget {
  #ctx;
  #bag = leaving();
  #run = null;
  #known = 0;
  #unseen = 0;
  #placed = false;
  #frame = 0;
  #changedFrom = Infinity;
  #jump = false;
  #shown = "";
  #linked;
  #painter = new Painter();
  #stamps = new Stamps();
  #feed;
  #find;
  #looks;
  #folds;
  #lines;
  #pill = button({ text: "New lines", kind: "pill", icon: "end", hidden: true, onClick: () => this.follow(true) });
  #body = el("div", { class: "vw-body" });
  following = false;
  #leaving = false; // the reader has turned away, but the scrolling has not yet happened
  element = el("div", { class: "vw-stage" }, this.#body, this.#pill);

  /** `range`: lines to open at, as "L73-L81". */
  constructor(ctx, runId, range = "") {
    super();
    this.#ctx = ctx;
    this.#linked = parseRange(range);
    this.#feed = new Feed(ctx, runId);
    this.#find = new Find(() => this.#feed.lines);
    this.#looks = new Looks(
      () => this.#feed.lines,
      () => this.#lines.repaint(),
    );
    this.#folds = new Folds(choicesOf(ctx.cache, runId));
    this.#lines = new Lines({
      lines: () => this.#feed.lines,
      painter: this.#painter,
      stamps: this.#stamps,
      looks: this.#looks,
      folds: this.#folds,
      marks: (line, part) => this.#find.marks(line, part),
      matches: (from, to) => this.#find.within(from, to),
      onScroll: () => this.#onScroll(),
    });
    this.#lines.setWrap(ctx.prefs.get("wrap"));
    this.#listen();
  }

  stop() {
    this.#bag.off();
    this.#feed.stop();
    this.#find.stop();
    this.#lines.stop();
    cancelAnimationFrame(this.#frame);
  }

  get count() {
    return this.#feed.lines.length;
  }

  /** How many bytes of the middle a capped run has lost. */
  get omittedBytes() {
    return this.#feed.omitted.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  get selection() {
    return this.#lines.selection;
  }

  get selectionText() {
    return this.selection ? rangeText(this.selection) : "";
  }

  get readAloud() {
    return this.#lines.element.getAttribute("aria-live") === "polite";
  }

  set readAloud(on) {
    set(this.#lines.element, { "aria-live": on ? "polite" : "off" });
  }

  focus() {
    this.#lines.element.focus({ preventScroll: true });
  }

  /** The record, whenever it changed: it decides about following and about what an empty log says. */
  show(run) {
    this.#run = run;
    if (run.status === "running" && !this.#feed.status) this.#feed.pull();
    this.draw();
  }

  draw() {
    if (!this.#live && !this.#frame) this.following = false; // lines that wait to be drawn are followed, too
    const behind = this.#unseen > 0 && !this.following && !this.#lines.atEnd;
    this.#pill.hidden = !behind;
    if (behind)
      this.#pill.lastChild.textContent = `${number(this.#unseen)} new ${this.#unseen === 1 ? "line" : "lines"}`;
    this.#drawBody();
    this.dispatchEvent(new Event("state"));
  }

  setWrap(wrap) {
    this.#lines.setWrap(wrap);
    if (this.following) this.#lines.toEnd();
  }

  follow(on) {
    this.following = on && this.#live;
    this.#leaving = false;
    if (on) {
      if (this.#live) this.#spareLast();
      this.#unseen = 0;
      this.#lines.toEnd();
    }
    this.draw();
  }

  toStart() {
    this.follow(false);
    this.#lines.toStart();
  }

  toEnd() {
    this.#live ? this.follow(true) : this.#lines.toEnd();
  }

  // ---- search

  find(text, isPattern) {
    this.follow(false);
    this.#jump = true;
    this.#find.seek(text, isPattern, this.#lines.firstInSight);
  }

  step(way) {
    this.follow(false);
    if (this.#find.step(way) >= 0) this.#revealMatch();
  }

  // The marks are drawn once the line is in sight: that moves what is taller or wider than the window.
  #revealMatch() {
    const line = this.#find.currentLine;
    this.#lines.showPart(line, this.#find.currentColumn);
    this.#reveal(line);
    this.#lines.repaint();
    this.#lines.showMark();
  }

  #onFound() {
    const { current, count, counting, error } = this.#find;
    if (this.#jump && current >= 0) {
      this.#jump = false;
      this.#revealMatch();
    } else this.#lines.repaint();
    this.dispatchEvent(new CustomEvent("found", { detail: { at: current, count, counting, error } }));
  }

  // ---- selection

  /** Choose lines ({ from, to, anchor }) and bring them into sight; the same again chooses none. */
  select(range, { reveal = false } = {}) {
    this.follow(false);
    const now = this.#lines.selection;
    const same = now && range && now.from === range.from && now.to === range.to && !reveal;
    this.#lines.selection = same ? null : range;
    if (range && reveal) this.#reveal(range.from, range.to);
    this.#lines.repaint();
    this.draw();
  }

  /** The lines that are chosen, or all. */
  get chosenText() {
    const { selection } = this.#lines;
    const lines = selection ? this.#feed.lines.slice(selection.from, selection.to + 1) : this.#feed.lines;
    return { text: lines.map(({ t }) => t).join("\n"), count: lines.length };
  }

  #onClick(event) {
    const turn = event.target.closest(".ln-part");
    if (turn) return this.#lines.turn(this.#lines.lineOf(turn), Number(turn.dataset.way));
    if (event.target.closest(".ln-fold")) return this.#toggle(this.#folds.headedBy(this.#lines.lineOf(event.target)));
    if (!event.target.classList.contains("ln-nr")) return;
    const line = this.#lines.lineOf(event.target);
    const from = event.shiftKey && this.selection ? this.selection.anchor : line;
    this.select({ from: Math.min(from, line), to: Math.max(from, line), anchor: from });
  }

  #onNativeSelection() {
    const chosen = getSelection();
    if (this.following && !chosen.isCollapsed && this.#lines.element.contains(chosen.anchorNode)) this.follow(false);
  }

  // ---- folds

  /** Open or close the block with the focus, else that of the match or of the chosen lines, else the first in sight. */
  toggleFold() {
    const lines = [this.#find.active ? this.#find.currentLine : -1, this.selection?.from ?? -1];
    const block = this.#lines.foldInSight(lines);
    if (block) this.#toggle(block);
  }

  #toggle(block) {
    this.follow(false);
    this.#lines.toggle(block);
  }

  // Bring a line into sight, and open what hides it or a line down to `to`.
  #reveal(line, to = line) {
    const opened = this.#folds.reveal(line, to);
    if (opened.length) this.#lines.folded(opened);
    this.#lines.show(line);
  }

  // Open the block at the end, for who goes there.
  #spareLast() {
    const block = this.#folds.blocks.at(-1);
    const below = block ? this.#feed.lines.slice(block.until + 1, block.until + 50) : [];
    if (!block?.closed || block.until + 1 + below.length < this.count || below.some(({ t }) => t.trim())) return;
    this.#folds.spare(block);
    this.#lines.folded([block]);
  }

  // ---- what comes in

  // A run that ended is so until its last lines are here: its record may come before them.
  get #live() {
    return Boolean(this.#run) && (isActive(this.#run.status) || isActive(this.#feed.status));
  }

  #listen() {
    const log = this.#lines.element;
    const leave = () => this.following && (this.follow(false), (this.#leaving = true));
    this.#bag.on(this.#feed, "lines", ({ detail }) => this.#gather(detail));
    this.#bag.on(this.#feed, "failed", ({ detail }) => this.#sayFailure(detail));
    this.#bag.on(this.#find, "found", () => this.#onFound());
    this.#bag.on(log, "wheel", (event) => event.deltaY < 0 && leave(), { passive: true });
    this.#bag.on(log, "touchmove", () => this.#lines.atEnd || leave(), { passive: true });
    this.#bag.on(log, "keydown", (event) => ["ArrowUp", "PageUp", "Home"].includes(event.key) && leave());
    this.#bag.on(log, "pointerdown", (event) => event.target === log && leave());
    this.#bag.on(log, "click", (event) => this.#onClick(event));
    this.#bag.on(document, "selectionchange", () => this.#onNativeSelection());
    this.#bag.on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.#recolour());
    this.#bag.on(this.#ctx.prefs, "change", ({ detail }) => detail === "theme" && this.#recolour());
  }

  #gather(from) {
    this.#changedFrom = Math.min(this.#changedFrom, from);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const first = this.#changedFrom;
      this.#changedFrom = Infinity;
      this.#take(first);
    });
  }

  #take(changed) {
    const { lines } = this.#feed;
    const from = Math.min(changed, this.#known);
    const fresh = lines.length - this.#known;
    this.#known = lines.length;
    this.#stamps.changed(lines, from);
    const look = this.#looks.changed(from);
    this.#folds.closing = !this.#placed || !(this.following || this.#lines.atEnd); // who looks on reads what comes
    const others = this.#folds.changed(lines, from, this.#looks.syntax);
    for (let line = look; line < from; line += 1) others.add(line);
    this.#find.changed(from);
    this.#lines.changed(from, others);
    if (this.#placed && !this.following) this.#unseen += Math.max(0, fresh);
    this.#place();
    if (this.following) this.#lines.toEnd();
    this.draw();
  }

  // Where a log opens: at the linked lines; live at its end; at its end when it did not go well; else at the top.
  #place() {
    if (this.#placed || !this.#feed.complete) return;
    this.#placed = true;
    if (this.#feed.status !== "completed") this.#spareLast();
    if (this.#linked) this.select(this.#linked, { reveal: true });
    else if (isActive(this.#feed.status)) this.following = this.#live || !this.#run;
    else if (this.#feed.status !== "completed") requestAnimationFrame(() => this.#lines.toEnd());
  }

  #onScroll() {
    if (!this.#lines.atEnd) this.#leaving = false;
    if (!this.#lines.atEnd || this.#leaving) return;
    this.#unseen = 0;
    const free = this.#placed && !this.#find.active && !this.selection;
    if (!this.following && this.#live && free) this.follow(true);
    else if (!this.#pill.hidden) this.draw();
  }

  #recolour() {
    requestAnimationFrame(() => {
      this.#painter.forget();
      this.#lines.repaint();
    });
  }

  #sayFailure(error) {
    if (!error || error.passing || this.count) return;
    this.#shown = "error";
    fill(this.#body, errorNotice({ title: "The output could not be read", text: error.message }));
  }

  #drawBody() {
    const empty = !this.count && this.#run && this.#feed.complete;
    const shown = empty ? this.#run.status : "lines";
    if (this.#shown === shown || this.#shown === "error") return;
    this.#shown = shown;
    fill(this.#body, empty ? nothingYet(this.#run) : this.#lines.element);
    if (!empty) this.#lines.repaint();
  }
}
