// Which lines carry the time since the start, and where the run was quiet for long.

const STEP_S = 3;
const EVERY = 50;
const QUIET_S = 20;

export class Stamps {
  #shown = [];
  #quiet = [];
  #latest = [];

  /** The seconds to show beside `line`, or null. */
  shown(line) {
    return this.#shown[line] ?? null;
  }

  /** How many seconds nothing came before `line`; 0 when that is not worth a word. */
  quiet(line) {
    return this.#quiet[line] ?? 0;
  }

  /** Look at `lines` again from `from` on. */
  changed(lines, from) {
    this.#shown.length = this.#quiet.length = this.#latest.length = from;
    let mark = from - 1;
    while (mark >= 0 && this.#shown[mark] === null) mark -= 1;
    for (let at = from; at < lines.length; at += 1) {
      const now = lines[at].at;
      const before = at ? this.#latest[at - 1] : 0;
      const due = mark < 0 || now - lines[mark].at >= STEP_S || at - mark >= EVERY;
      this.#shown.push(due ? now : null);
      this.#quiet.push(now - before >= QUIET_S ? now - before : 0);
      this.#latest.push(Math.max(now, before));
      if (due) mark = at;
    }
  }
}
