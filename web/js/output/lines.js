// A long list of lines of which only those in sight exist, and forty more.
//
// Heights are counted in rows of one line height: estimated when a line comes, measured when it is drawn. A log that is
// taller than a browser can lay out is scrolled in larger steps.

import { el, set } from "../kit/dom.js";
import { MOST_DRAWN, Parts } from "./parts.js";
import { extraRows, makeRow } from "./row.js";
import { VisibleRows } from "./visible.js";

const SPARE = 20;
const AT_END_PX = 6;
const TALLEST_PX = 16_000_000; // browsers cannot lay out much more than twice that

export class Lines {
  #lines;
  #painter;
  #stamps;
  #looks;
  #folds;
  #marks;
  #matches;
  #rows;
  #parts = new Parts();
  #drawn = new Map();
  #longest = 0;
  #wrap = true;
  #columns = 80;
  #rowPx = 18;
  #frame = 0;
  #held = null;
  #size = el("div", { class: "log-size" });
  #body = el("div", { class: "log-rows" });
  #observer = new ResizeObserver(() => this.#measure());
  selection = null;

  /**
   * `lines()`: [{ t, s, at }…]; `marks(line, part)`: what search found there, `matches(from, to)`: how much in these lines.
   */
  constructor({ lines, painter, stamps, looks, folds, marks, matches, onScroll }) {
    this.#lines = lines;
    this.#painter = painter;
    this.#stamps = stamps;
    this.#looks = looks;
    this.#folds = folds;
    this.#marks = marks;
    this.#matches = matches;
    this.#rows = new VisibleRows(() => folds.blocks);
    this.element = el(
      "div",
      { class: "log", tabIndex: 0, role: "log", "aria-live": "off", "aria-label": "Output" },
      this.#size,
    );
    this.#size.append(this.#body);
    this.element.addEventListener("scroll", () => (this.#schedule(), onScroll()), { passive: true });
    this.#observer.observe(this.element);
  }

  stop() {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** The lines from `from` on changed, or came; so did the looks of the lines in `others`. */
  changed(from, others = []) {
    const lines = this.#lines();
    this.#rows.cut(from);
    this.#parts.cut(from);
    for (const line of [...this.#drawn.keys()]) if (line >= from) this.#drop(line);
    if (from === 0) this.#longest = 0;
    for (let at = from; at < lines.length; at += 1) {
      const { length } = lines[at].t;
      if (length > this.#longest) this.#longest = Math.min(length, MOST_DRAWN);
      this.#rows.push(this.#guess(at));
    }
    let first = from;
    for (const line of others) {
      first = Math.min(first, line);
      if (line < from) this.#renew(line);
    }
    this.#rows.fold(first);
    set(this.element, { style: { "--digits": String(Math.max(5, String(lines.length).length)) } });
    this.draw();
  }

  setWrap(wrap) {
    this.#wrap = wrap;
    this.element.classList.toggle("is-nowrap", !wrap);
    this.#again();
  }

  /** `blocks` were opened or closed; the first one stands first. */
  folded(blocks) {
    for (const { head } of blocks) this.#renew(head);
    this.#rows.fold(blocks[0].head);
    this.draw();
  }

  /** Open or close a block; its head does not move, or comes into sight. */
  toggle(block) {
    this.#folds.choose(block, !block.closed);
    this.folded([block]);
    this.#notAbove(block.head);
  }

  /** Draw the part of a long line that has the character at `column`. */
  showPart(line, column) {
    const { t: text } = this.#lines()[line];
    const part = this.#parts.of(line, text);
    if (!part || (column >= part.from && column < part.to)) return;
    this.#parts.choose(line, column);
    this.#renew(line);
    this.draw();
  }

  /** Go on (1) or back (-1) in a long line; it stays in sight. */
  turn(line, way) {
    const part = this.#parts.of(line, this.#lines()[line].t);
    this.showPart(line, way > 0 ? part.to : part.from - 1);
    this.#notAbove(line);
  }

  #notAbove(line) {
    const top = this.#rows.before(line) * this.#rowPx;
    if (top < this.#top) this.#top = top;
    this.draw();
  }

  /** Bring the current match into sight where its line is taller or wider than the window. */
  showMark() {
    this.element.querySelector("mark.is-now")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Of the blocks in sight, the one with the focus, else the first around one of `lines`, else the first; or null. */
  foldInSight(lines) {
    const focused = this.lineOf(document.activeElement ?? this.element);
    const found = [focused, ...lines].map((line) => this.#folds.around(line)).find((one) => one && this.#sees(one));
    if (found) return found;
    const first = this.firstInSight;
    const next = this.#folds.around(first) ?? this.#folds.blocks[this.#folds.after(first)];
    return next && this.#sees(next) ? next : null;
  }

  #sees({ head, to }) {
    const px = this.#rowPx;
    const end = this.#top + this.element.clientHeight;
    return this.#rows.before(head) * px < end && this.#rows.before(to + 1) * px > this.#top;
  }

  /** Draw what is in sight anew, because marks, selection or colours changed. */
  repaint() {
    for (const line of [...this.#drawn.keys()]) this.#drop(line);
    this.draw();
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight <= AT_END_PX;
  }

  get firstInSight() {
    return this.#rows.at(Math.floor(this.#top / this.#rowPx));
  }

  // Where the window begins in the whole log, in pixels.
  get #top() {
    return this.element.scrollTop * this.#scale;
  }

  set #top(px) {
    this.element.scrollTop = px / this.#scale;
  }

  get #scale() {
    const { clientHeight } = this.element;
    const whole = this.#rows.total * this.#rowPx;
    return whole > TALLEST_PX ? (whole - clientHeight) / (TALLEST_PX - clientHeight) : 1;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
    this.draw();
    this.element.scrollTop = this.element.scrollHeight;
  }

  toStart() {
    this.element.scrollTop = 0;
  }

  /** Bring `line` into sight; into the middle when it was out of it. */
  show(line) {
    if (line < 0 || line >= this.#rows.count) return;
    const top = this.#rows.before(line) * this.#rowPx;
    const [above, { clientHeight }] = [this.#top, this.element];
    if (top < above + this.#rowPx || top > above + clientHeight - 3 * this.#rowPx) this.#top = top - clientHeight / 2;
    this.draw();
  }

  /** The number of the line that `node` belongs to, or -1. */
  lineOf(node) {
    const row = node.closest?.(".ln");
    return row && this.#body.contains(row) ? Number(row.dataset.line) : -1;
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.element.isConnected) return; // drawn when it is shown: its size changes then
    const px = this.#rowPx;
    const { clientHeight } = this.element;
    const anchor = this.firstInSight;
    const offset = this.#top - this.#rows.before(anchor) * px;
    const seen = this.#near(this.#top / px, (this.#top + clientHeight) / px);
    const kept = new Set(seen);
    for (const line of [...this.#drawn.keys()]) if (!kept.has(line)) this.#drop(line);
    this.#insert(seen);
    this.#refocus();
    if (this.#settle(seen)) {
      const top = this.#rows.before(anchor) * px + offset;
      if (Math.abs(top - this.#top) >= this.#scale) this.#top = top;
    }
    set(this.#size, {
      style: {
        height: `${Math.min(TALLEST_PX, this.#rows.total * px)}px`,
        "min-width": this.#wrap ? "0" : `calc(var(--gutter) + ${this.#longest + 4}ch)`,
      },
    });
    const from = this.element.scrollTop + this.#rows.before(seen[0] ?? 0) * px - this.#top;
    set(this.#body, { style: { transform: `translateY(${from}px)` } });
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.draw());
  }

  // The lines from row `top` to row `bottom`, and a few around.
  #near(top, bottom) {
    const near = [];
    if (!this.#rows.count) return near;
    const last = this.#rows.at(Math.floor(bottom) + SPARE);
    for (let at = this.#rows.at(Math.max(0, Math.floor(top) - SPARE)); at <= last; at = this.#rows.next(at + 1))
      near.push(at);
    return near;
  }

  #insert(seen) {
    let next = this.#body.firstChild;
    for (const line of seen) {
      let row = this.#drawn.get(line);
      if (!row) {
        row = this.#make(line);
        this.#drawn.set(line, row);
      }
      if (row === next) next = next.nextSibling;
      else this.#body.insertBefore(row, next);
    }
  }

  // Only lines that may be broken are measured; the rest are one row by definition.
  #settle(seen) {
    let moved = false;
    for (const line of seen) {
      const row = this.#drawn.get(line);
      if (row.dataset.sure) continue;
      row.dataset.sure = "1";
      const tall = Math.max(1, Math.round(row.offsetHeight / this.#rowPx));
      if (tall === this.#rows.tall(line)) continue;
      this.#rows.set(line, tall);
      moved = true;
    }
    return moved;
  }

  #make(line) {
    const { t: text } = this.#lines()[line];
    const block = this.#folds.headedBy(line);
    const part = this.#parts.of(line, text);
    const row = makeRow({
      line,
      text,
      seconds: this.#stamps.shown(line),
      quiet: this.#stamps.quiet(line),
      look: this.#looks.of(line),
      marks: this.#marks(line, part),
      part,
      block,
      matches: block && this.#matches(block.from, block.to),
      isSelected: this.#isSelected(line),
      painter: this.#painter,
    });
    if (block || part) return row;
    if (!this.#wrap || (text.length < this.#columns && /^[\x20-\x7e]*$/.test(text))) row.dataset.sure = "1";
    return row;
  }

  #guess(line) {
    const { t: text } = this.#lines()[line];
    const part = this.#parts.of(line, text);
    const drawn = part ? part.to - part.from : text.length;
    const around = { quiet: this.#stamps.quiet(line), block: this.#folds.headedBy(line), part, length: text.length };
    return extraRows(around) + (this.#wrap ? Math.max(1, Math.ceil(drawn / this.#columns)) : 1);
  }

  #isSelected(line) {
    return this.selection !== null && line >= this.selection.from && line <= this.selection.to;
  }

  #renew(line) {
    this.#rows.set(line, this.#guess(line));
    if (this.#drawn.has(line)) this.#drop(line);
  }

  #drop(line) {
    const row = this.#drawn.get(line);
    if (row.contains(document.activeElement)) this.#held = { line, way: document.activeElement.dataset.way };
    row.remove();
    this.#drawn.delete(line);
  }

  // A button that had the focus was drawn anew, or is out of sight now.
  #refocus() {
    if (!this.#held) return;
    const row = this.#drawn.get(this.#held.line);
    const button = row?.querySelector(`[data-way="${this.#held.way}"]`) ?? row?.querySelector(".ln-fold");
    this.#held = null;
    (button ?? this.element).focus({ preventScroll: true });
  }

  // The pane changed its size: how many columns fit decides how tall broken lines are.
  #measure() {
    const probe = el("span", { class: "ln-text log-probe" }, "0".repeat(100));
    this.element.append(probe);
    const wide = probe.getBoundingClientRect().width / 100;
    this.#rowPx = parseFloat(getComputedStyle(probe).lineHeight) || 18;
    probe.remove();
    const gutter = parseFloat(getComputedStyle(this.element).getPropertyValue("--gutter-px")) || 120;
    const columns = Math.max(10, Math.floor((this.element.clientWidth - gutter) / wide));
    if (columns === this.#columns) return this.draw();
    this.#columns = columns;
    this.#again();
  }

  #again() {
    const anchor = this.firstInSight;
    const end = this.atEnd;
    this.changed(0);
    if (end) this.toEnd();
    else this.#top = this.#rows.before(anchor) * this.#rowPx;
  }
}
