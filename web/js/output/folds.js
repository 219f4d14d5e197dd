// Which lines belong together as one block that can be folded, and which blocks are closed.
//
// A block is the inside of a fence, a bare diff, or all that is indented below a line. Its head stays in sight. Each
// line remembers the block it is in, so that lines can come, or change from a place on, without a look at the rest.

import { indentOf } from "./syntax.js";

/** Longer blocks can be folded. */
export const MOST_LINES = 40;

const MOST_RUNS = 50;
const choices = new WeakMap();

/** What people opened and closed in a run's output while the page was open; `owner` lives as long as the page. */
export function choicesOf(owner, runId) {
  if (!choices.has(owner)) choices.set(owner, new Map());
  const runs = choices.get(owner);
  if (!runs.has(runId)) {
    if (runs.size >= MOST_RUNS) runs.delete(runs.keys().next().value);
    runs.set(runId, new Map());
  }
  return runs.get(runId);
}

const NO_HEAD = -1; // not indented: the lines below may belong to it
const ORPHAN = -2; // indented, below nothing

export class Folds {
  #heads = [];
  #lasts = []; // the last line so far of the line's block that is not blank
  #byHead = new Map();
  #came = new Map(); // head -> whether the block was closed when it came
  #chosen;
  /** In order: { head, from, to, until, closed }; `from` to `to` is what can be hidden. */
  blocks = [];
  /** Whether blocks that come now are closed. */
  closing = false;

  /** `chosen`: head → whether somebody closed it; lives longer than the viewer. */
  constructor(chosen = new Map()) {
    this.#chosen = chosen;
  }

  /** Look at `lines` again from `from` on; returns the heads of blocks that came, went or have another size. */
  changed(lines, from, syntax) {
    const touched = new Set();
    while (this.blocks.at(-1)?.until >= from) touched.add(this.#forget().head);
    this.#heads.length = this.#lasts.length = from;
    if (from) this.#grow(this.#heads[from - 1], this.#lasts[from - 1], touched);
    for (let at = from; at < lines.length; at += 1) {
      const [head, last] = this.#place(lines[at].t, at, syntax);
      this.#heads.push(head);
      this.#lasts.push(last);
      this.#grow(head, last, touched);
      const fence = syntax.closedFence(at);
      if (fence && !fence.indent && at - 1 - fence.start > MOST_LINES) this.#add(fence.start, at - 1, at, touched);
    }
    return touched;
  }

  /** The block whose head is `line`, or null. */
  headedBy(line) {
    return this.#byHead.get(line) ?? null;
  }

  /** The block that `line` is in, as its head or below it, or null. */
  around(line) {
    const block = this.blocks[this.after(line) - 1];
    return block && line <= block.to ? block : null;
  }

  /** The place in `blocks` of the first one whose head is below `line`. */
  after(line) {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle].head <= line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Open or close a block because somebody wants it; that is remembered. */
  choose(block, closed) {
    this.#chosen.set(block.head, closed);
    block.closed = closed;
  }

  /** Open a block that came closed, unless somebody wants it closed. */
  spare(block) {
    this.#came.set(block.head, false);
    block.closed = this.#chosen.get(block.head) ?? false;
  }

  /** Open what hides a line from `from` to `to`; returns the blocks that were closed. */
  reveal(from, to = from) {
    const opened = [];
    for (let nr = Math.max(0, this.after(from) - 1); this.blocks[nr]?.from <= to; nr += 1) {
      const block = this.blocks[nr];
      if (!block.closed || block.to < from) continue;
      this.choose(block, false);
      opened.push(block);
    }
    return opened;
  }

  // `last - head` is the block's size, because a block begins right below its head.
  #grow(head, last, touched) {
    if (head < 0 || last - head <= MOST_LINES) return;
    const block = this.#byHead.get(head);
    if (!block) this.#add(head, last, last, touched);
    else if (block.to !== last) {
      block.to = block.until = last;
      touched.add(head);
    }
  }

  #add(head, to, until, touched) {
    if (!this.#came.has(head)) this.#came.set(head, this.closing);
    const closed = this.#chosen.get(head) ?? this.#came.get(head);
    const block = { head, from: head + 1, to, until, closed };
    this.blocks.push(block);
    this.#byHead.set(head, block);
    touched.add(head);
  }

  #forget() {
    const block = this.blocks.pop();
    this.#byHead.delete(block.head);
    return block;
  }

  // The head of the block that a line is in, and the last line of it that is not blank.
  #place(text, at, syntax) {
    const fence = syntax.fence(at);
    if (fence && !fence.indent) return [fence.start, fence.start]; // counted when it is closed
    const diff = syntax.diff(at);
    if (diff && !diff.indent) return [diff.start, at];
    const indent = indentOf(text);
    const blank = indent === text.length;
    if (!indent && !blank) return [NO_HEAD, NO_HEAD];
    const head = this.#headAbove(at, syntax);
    if (head < 0) return [head, head];
    const last = this.#heads[at - 1] === head ? this.#lasts[at - 1] : head;
    return [head, blank ? last : at];
  }

  #headAbove(at, syntax) {
    if (!at) return ORPHAN;
    const above = this.#heads[at - 1];
    if (above === NO_HEAD) return at - 1;
    if (above === ORPHAN) return ORPHAN;
    const [fence, diff] = [syntax.fence(at - 1), syntax.diff(at - 1)];
    return (fence && !fence.indent) || (diff && !diff.indent) ? ORPHAN : above;
  }
}
