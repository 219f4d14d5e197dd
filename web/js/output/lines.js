// A long list of lines of which only those in sight exist, and forty more.
//
// Heights are counted in rows of one line height: estimated when a line comes, measured when it is drawn. A log that is
// taller than a browser can lay out is scrolled in larger steps.

import { duration, number, span } from "../format.js";
import { el, set } from "../kit/dom.js";
import { Rows } from "./rows.js";

const SPARE = 20;
const AT_END_PX = 6;
const TALLEST_PX = 16_000_000; // browsers cannot lay out much more than twice that

export class Lines {
  #lines;
  #painter;
  #stamps;
  #marks;
  #rows = new Rows();
  #drawn = new Map();
  #longest = 0;
  #wrap = true;
  #columns = 80;
  #rowPx = 18;
  #frame = 0;
  #size = el("div", { class: "log-size" });
  #body = el("div", { class: "log-rows" });
  #observer = new ResizeObserver(() => this.#measure());
  selection = null;

  /** `lines()`: [{ t, s, at }…]; `marks(line)`: what search found there. */
  constructor({ lines, painter, stamps, marks, onScroll }) {
    this.#lines = lines;
    this.#painter = painter;
    this.#stamps = stamps;
    this.#marks = marks;
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

  /** The lines from `from` on changed, or came. */
  changed(from) {
    const lines = this.#lines();
    this.#rows.cut(from);
    for (const line of [...this.#drawn.keys()]) if (line >= from) this.#drop(line);
    if (from === 0) this.#longest = 0;
    for (let at = from; at < lines.length; at += 1) {
      const { length } = lines[at].t;
      if (length > this.#longest) this.#longest = length;
      this.#rows.push(this.#guess(at, length));
    }
    set(this.element, { style: { "--digits": String(Math.max(5, String(lines.length).length)) } });
    this.draw();
  }

  setWrap(wrap) {
    this.#wrap = wrap;
    this.element.classList.toggle("is-nowrap", !wrap);
    this.#again();
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
    const first = Math.max(0, anchor - SPARE);
    const last = Math.min(this.#rows.count, this.#rows.at(Math.floor((this.#top + clientHeight) / px)) + 1 + SPARE);
    for (const line of [...this.#drawn.keys()]) if (line < first || line >= last) this.#drop(line);
    this.#insert(first, last);
    if (this.#settle(first, last)) {
      const top = this.#rows.before(anchor) * px + offset;
      if (Math.abs(top - this.#top) >= this.#scale) this.#top = top;
    }
    set(this.#size, {
      style: {
        height: `${Math.min(TALLEST_PX, this.#rows.total * px)}px`,
        "min-width": this.#wrap ? "0" : `calc(var(--gutter) + ${this.#longest + 4}ch)`,
      },
    });
    const from = this.element.scrollTop + this.#rows.before(first) * px - this.#top;
    set(this.#body, { style: { transform: `translateY(${from}px)` } });
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.draw());
  }

  #insert(first, last) {
    let next = this.#body.firstChild;
    for (let line = first; line < last; line += 1) {
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
  #settle(first, last) {
    let moved = false;
    for (let line = first; line < last; line += 1) {
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
    const data = this.#lines()[line];
    const marks = this.#marks(line);
    const shown = this.#stamps.shown(line);
    const classes = [
      "ln",
      shown !== null && "has-stamp",
      marks.some(([, , now]) => now) && "is-hit",
      this.#isSelected(line) && "is-selected",
    ]
      .filter(Boolean)
      .join(" ");
    const row = el(
      "div",
      { class: classes, data: { line: String(line) } },
      this.#extra(line),
      el("i", { class: "ln-at" }, shown === null ? "" : duration(shown)),
      el("i", { class: "ln-nr" }, String(line + 1)),
      el("u", {}),
      el("span", { class: "ln-text" }, this.#painter.paint(data, marks), "\n"),
    );
    if (!this.#wrap || (data.t.length < this.#columns && /^[\x20-\x7e]*$/.test(data.t))) row.dataset.sure = "1";
    return row;
  }

  // A pause stands above the line that ended it, and has no number.
  #extra(line) {
    const quiet = this.#stamps.quiet(line);
    return quiet ? el("p", { class: "ln-note" }, `quiet for ${span(quiet)}`) : null;
  }

  #guess(line, length) {
    return (this.#stamps.quiet(line) ? 1 : 0) + (this.#wrap ? Math.max(1, Math.ceil(length / this.#columns)) : 1);
  }

  #isSelected(line) {
    return this.selection !== null && line >= this.selection.from && line <= this.selection.to;
  }

  #drop(line) {
    this.#drawn.get(line).remove();
    this.#drawn.delete(line);
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

/** "1 line", "18,204 lines". */
export const lineCount = (count) => `${number(count)} ${count === 1 ? "line" : "lines"}`;
