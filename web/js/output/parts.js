// A line that is too long to be laid out at once is drawn a part at a time; which part, is remembered here.

/** How many characters of a line are drawn. */
export const MOST_DRAWN = 4000;

export class Parts {
  #chosen = new Map(); // line -> number of its part

  /** The part of a line that is drawn, as { from, to }; null for a line that is drawn whole. */
  of(line, text) {
    if (text.length <= MOST_DRAWN) return null;
    const last = Math.ceil(text.length / MOST_DRAWN) - 1;
    const from = Math.min(this.#chosen.get(line) ?? 0, last) * MOST_DRAWN;
    return { from: whole(text, from), to: whole(text, Math.min(from + MOST_DRAWN, text.length)) };
  }

  /** Draw the part with the character at `column` from now on. */
  choose(line, column) {
    this.#chosen.set(line, Math.floor(column / MOST_DRAWN));
  }

  /** The lines from `from` on are others now. */
  cut(from) {
    for (const line of this.#chosen.keys()) if (line >= from) this.#chosen.delete(line);
  }
}

/** What of `spans` ([[from, to, …]…], in order) lies in a part, counted from its beginning. */
export function within(spans, part) {
  if (!part) return spans;
  const found = [];
  for (const [from, to, ...rest] of spans)
    if (to > part.from && from < part.to)
      found.push([Math.max(from, part.from) - part.from, Math.min(to, part.to) - part.from, ...rest]);
  return found;
}

// A sign of two units is not taken apart.
function whole(text, at) {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
