// Search in the lines: a slice per frame, so that typing and scrolling never wait for it.

const SLICE_MS = 6;
const MOST = 100_000;

/** Fires "found" when the count, the current match or the marks of lines changed. */
export class Find extends EventTarget {
  #lines;
  #pattern = null;
  #at = [];
  #from = [];
  #to = [];
  #next = 0;
  #frame = 0;
  current = -1;
  error = "";

  constructor(lines) {
    super();
    this.#lines = lines;
  }

  get active() {
    return this.#pattern !== null;
  }

  get count() {
    return this.#at.length;
  }

  get counting() {
    return this.active && this.#next < this.#lines().length && this.count < MOST;
  }

  /** Look for `text`, counting from the top; the first match at or after line `near` becomes the current one. */
  seek(text, isPattern, near = 0) {
    this.#pattern = null;
    this.error = "";
    this.#cut(0);
    this.current = -1;
    this.near = near;
    try {
      const source = isPattern ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      if (text) this.#pattern = new RegExp(source, /[A-Z]/.test(text) ? "gu" : "giu");
    } catch (error) {
      this.error = error.message.replace(/^Invalid regular expression: /, "");
    }
    this.#schedule();
    this.#tell();
  }

  /** The lines from `from` on are others now. */
  changed(from) {
    if (!this.active) return;
    this.#cut(from);
    this.#schedule();
  }

  /** Go to the next (1) or previous (-1) match; returns its line, or -1. */
  step(way) {
    if (!this.count) return -1;
    this.current = (this.current + way + this.count) % this.count;
    this.#tell();
    return this.#at[this.current];
  }

  get currentLine() {
    return this.#at[this.current] ?? -1;
  }

  /** The matches in `line` as [from, to, isCurrent]. */
  marks(line) {
    if (!this.count) return [];
    const found = [];
    for (let nr = this.#first(line); this.#at[nr] === line; nr += 1)
      found.push([this.#from[nr], this.#to[nr], nr === this.current]);
    return found;
  }

  /** How many matches the lines `from` to `to` have. */
  within(from, to) {
    return this.#first(to + 1) - this.#first(from);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
  }

  #cut(line) {
    const keep = this.#first(line);
    this.#at.length = this.#from.length = this.#to.length = keep;
    this.#next = Math.min(this.#next, line);
    if (this.current >= keep) this.current = keep - 1;
  }

  #first(line) {
    let [low, high] = [0, this.#at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at[middle] < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #schedule() {
    if (!this.active || this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#slice();
      if (this.counting) this.#schedule();
      this.#tell();
    });
  }

  #slice() {
    const lines = this.#lines();
    const end = performance.now() + SLICE_MS;
    for (; this.#next < lines.length && this.count < MOST; this.#next += 1) {
      if (this.#next % 64 === 0 && performance.now() > end) break;
      this.#scan(lines[this.#next].t, this.#next);
    }
    if (this.current < 0 && this.count) {
      const nearest = this.#first(this.near);
      if (nearest < this.count) this.current = nearest;
      else if (!this.counting) this.current = 0;
    }
  }

  #scan(text, line) {
    this.#pattern.lastIndex = 0;
    for (let match = this.#pattern.exec(text); match; match = this.#pattern.exec(text)) {
      if (!match[0]) {
        this.#pattern.lastIndex += 1;
        continue;
      }
      this.#at.push(line);
      this.#from.push(match.index);
      this.#to.push(match.index + match[0].length);
    }
  }

  #tell() {
    this.dispatchEvent(new Event("found"));
  }
}
