// How tall each line is, in rows, with sums and look-ups in logarithmic time (a Fenwick tree that grows at its end).

export class Rows {
  #tall = [];
  #sums = [0];

  get count() {
    return this.#tall.length;
  }

  /** Rows of all lines together. */
  get total() {
    return this.before(this.count);
  }

  tall(line) {
    return this.#tall[line];
  }

  push(rows) {
    this.#tall.push(rows);
    const at = this.#tall.length;
    let sum = rows;
    for (let step = 1; step < (at & -at); step <<= 1) sum += this.#sums[at - step];
    this.#sums[at] = sum;
  }

  /** Forget the lines from `count` on. */
  cut(count) {
    this.#tall.length = Math.min(count, this.#tall.length);
    this.#sums.length = this.#tall.length + 1;
  }

  set(line, rows) {
    const more = rows - this.#tall[line];
    this.#tall[line] = rows;
    for (let at = line + 1; at < this.#sums.length; at += at & -at) this.#sums[at] += more;
  }

  /** Rows above `line`. */
  before(line) {
    let sum = 0;
    for (let at = line; at > 0; at -= at & -at) sum += this.#sums[at];
    return sum;
  }

  /** The line that covers `row` (the last one for rows past the end). */
  at(row) {
    let line = 0;
    let left = row;
    let step = 1 << Math.floor(Math.log2(Math.max(1, this.count)));
    for (; step; step >>= 1) {
      if (line + step <= this.count && this.#sums[line + step] <= left) {
        line += step;
        left -= this.#sums[line];
      }
    }
    return Math.min(line, Math.max(0, this.count - 1));
  }
}
