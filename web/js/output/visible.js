// Rows of lines of which some are folded away: the same questions as to all rows, answered by halving the blocks.

import { Rows } from "./rows.js";

export class VisibleRows {
  #rows = new Rows();
  #blocks;
  #hidden = [0]; // rows that closed blocks hide, before each block and after the last

  /** `blocks()`: [{ from, to, closed }…] in order, none inside another. */
  constructor(blocks) {
    this.#blocks = blocks;
  }

  get count() {
    return this.#rows.count;
  }

  /** Rows of all lines that are not folded away. */
  get total() {
    return this.#rows.total - this.#hidden.at(-1);
  }

  tall(line) {
    return this.#rows.tall(line);
  }

  push(rows) {
    this.#rows.push(rows);
  }

  /** Forget the lines from `count` on; fold() must follow once others are there. */
  cut(count) {
    this.#rows.cut(count);
  }

  /** Only for a line that is not folded away. */
  set(line, rows) {
    this.#rows.set(line, rows);
  }

  /** The blocks with a line at or below `line` were opened, closed or changed. */
  fold(line) {
    const blocks = this.#blocks();
    let nr = Math.min(this.#hidden.length - 1, this.#first((block) => block.to >= line));
    this.#hidden.length = nr + 1;
    for (; nr < blocks.length; nr += 1) this.#hidden.push(this.#hidden[nr] + this.#hides(blocks[nr]));
  }

  /** Rows above `line`; those above its block's end when it is folded away. */
  before(line) {
    const blocks = this.#blocks();
    const nr = this.#first((block) => block.to >= line);
    const block = blocks[nr];
    const inside = block?.closed && block.from <= line;
    return this.#rows.before(inside ? block.from : line) - this.#hidden[nr];
  }

  /** The line that covers `row` (the last one for rows past the end); never one that is folded away. */
  at(row) {
    const nr = this.#first((block, at) => this.#rows.before(block.from) - this.#hidden[at] > row);
    const line = this.#rows.at(row + this.#hidden[nr]);
    const block = this.#blocks()[nr - 1];
    return block?.closed && line >= block.from && line <= block.to ? block.from - 1 : line;
  }

  /** The first line at or below `line` that is not folded away; it may be past the end. */
  next(line) {
    const block = this.#blocks()[this.#first((one) => one.to >= line)];
    return block?.closed && block.from <= line ? block.to + 1 : line;
  }

  #hides(block) {
    return block.closed ? this.#rows.before(block.to + 1) - this.#rows.before(block.from) : 0;
  }

  // The place of the first block for which `isPast` holds; it must hold for all that follow.
  #first(isPast) {
    const blocks = this.#blocks();
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(blocks[middle], middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
