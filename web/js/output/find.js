// Search in the lines: text a slice per frame, patterns in a thread, so that typing and scrolling never wait for it.

import { scan } from "./scan.js";
import { Scanner } from "./scanner.js";

const SLICE_MS = 6;
const MOST = 100_000;
const SLICE_LENGTH = 16_000; // characters between two looks at the clock
const BATCH_LENGTH = 200_000; // characters that the thread gets at once

/** Fires "found" when the count, the current match or the marks of lines changed. */
export class Find extends EventTarget {
  #lines;
  #pattern = null;
  #at = [];
  #from = [];
  #to = [];
  #next = 0;
  #frame = 0;
  #isPattern = false;
  #scanner = new Scanner();
  #asked = null; // the batch that the thread looks at
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
    this.#isPattern = isPattern && Boolean(globalThis.Worker);
    this.error = "";
    this.#cut(0);
    this.#drop();
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
    if (this.#asked?.end > from) this.#drop();
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

  /** Where the current match begins in its line. */
  get currentColumn() {
    return this.#from[this.current] ?? 0;
  }

  /** The matches in `line`, or in a part of it ({ from, to }), as [from, to, isCurrent]. */
  marks(line, part = null) {
    if (!this.count) return [];
    const found = [];
    for (let nr = this.#first(line, part?.from); this.#at[nr] === line && !(this.#from[nr] >= part?.to); nr += 1)
      found.push([this.#from[nr], this.#to[nr], nr === this.current]);
    return found;
  }

  /** How many matches the lines `from` to `to` have. */
  within(from, to) {
    return this.#first(to + 1) - this.#first(from);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#scanner.stop();
  }

  // What the thread looks at is no longer asked for; a pattern that is not done soon may never be.
  #drop() {
    if (this.#asked) this.#scanner.stop();
    this.#asked = null;
  }

  #cut(line) {
    const keep = this.#first(line);
    this.#at.length = this.#from.length = this.#to.length = keep;
    this.#next = Math.min(this.#next, line);
    if (this.current >= keep) this.current = keep - 1;
  }

  // The first match in or below `line`, from those on that end behind `column`.
  #first(line, column = 0) {
    let [low, high] = [0, this.#at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at[middle] < line || (this.#at[middle] === line && this.#to[middle] <= column)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #schedule() {
    if (!this.active || this.#frame || this.#asked) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#isPattern) return this.#ask();
      this.#slice();
      this.#go();
    });
  }

  #go() {
    this.#choose();
    if (this.counting) this.#schedule();
    this.#tell();
  }

  #slice() {
    const lines = this.#lines();
    const end = performance.now() + SLICE_MS;
    const note = (...match) => this.#note(match);
    let length = 0;
    for (; this.#next < lines.length && this.count < MOST; this.#next += 1) {
      const text = lines[this.#next].t;
      scan(this.#pattern, [text], this.#next, note);
      length += text.length + 100;
      if (length < SLICE_LENGTH) continue;
      if (performance.now() > end) {
        this.#next += 1;
        break;
      }
      length = 0;
    }
  }

  #ask() {
    const lines = this.#lines();
    const texts = [];
    for (let length = 0, at = this.#next; at < lines.length && length < BATCH_LENGTH; at += 1) {
      texts.push(lines[at].t);
      length += lines[at].t.length + 20;
    }
    if (!texts.length) return this.#go();
    this.#asked = { end: this.#next + texts.length };
    const take = (found) => {
      this.#next = this.#asked.end;
      this.#asked = null;
      found.forEach((match) => this.#note(match));
      this.#go();
    };
    const giveUp = (why) => {
      this.#asked = this.#pattern = null;
      this.#cut(0);
      this.error = why;
      this.#tell();
    };
    this.#scanner.ask(this.#pattern, texts, this.#next, MOST - this.count, take, giveUp);
  }

  // The first match at or after the place that the eye is at.
  #choose() {
    if (this.current >= 0 || !this.count) return;
    const nearest = this.#first(this.near);
    if (nearest < this.count) this.current = nearest;
    else if (!this.counting) this.current = 0;
  }

  #note([line, from, to]) {
    this.#at.push(line);
    this.#from.push(from);
    this.#to.push(to);
    return this.#at.length < MOST;
  }

  #tell() {
    this.dispatchEvent(new Event("found"));
  }
}
