// How a line is to be drawn: its own spans, or those of the syntax it belongs to. Asked for lines in sight only.

import { vendorModule } from "../kit/vendor.js";
import { Code } from "./code.js";
import { isJson, jsonWords } from "./json.js";
import { ADDED, CODE, FENCE, HEAD, HUNK, JSON_PART, PLAIN, REMOVED } from "./kinds.js";
import { LONGEST, Syntax } from "./syntax.js";

const CLASSES = {
  [FENCE]: "is-fence",
  [HEAD]: "is-diff-head",
  [HUNK]: "is-hunk",
  [ADDED]: "is-added",
  [REMOVED]: "is-removed",
};
const NONE = Object.freeze([]);

export class Looks {
  #lines;
  #code;
  syntax = new Syntax();

  /** `lines()`: [{ t, s }…]; `onReady()` when code in sight can be coloured at last. */
  constructor(lines, onReady) {
    this.#lines = lines;
    this.#code = new Code(() => vendorModule("highlight/highlight.min.js"), onReady);
  }

  /** The lines from `from` on changed; returns the first line that looks different now. */
  changed(from) {
    const first = this.syntax.changed(this.#lines(), from);
    this.#code.changed(first);
    return first;
  }

  /** The spans of a line, and the class of its text. */
  of(line) {
    const { t: text, s: spans } = this.#lines()[line];
    if (spans.length || text.length > LONGEST) return { spans, name: "" };
    const kind = this.syntax.kind(line);
    return { spans: this.#spans(kind, line, text), name: CLASSES[kind] ?? "" };
  }

  #spans(kind, line, text) {
    if (kind === CODE) return this.#codeSpans(line, text);
    if (kind === JSON_PART || (kind === PLAIN && isJson(text))) return jsonWords(text)?.spans ?? NONE;
    return NONE;
  }

  #codeSpans(line, text) {
    const fence = this.syntax.fence(line);
    if (fence.language === "json") return jsonWords(text)?.spans ?? NONE;
    const textAt = (at) => {
      if (this.syntax.fence(at)?.start !== fence.start) return null;
      const { t } = this.#lines()[at];
      return t.length > LONGEST ? "" : t;
    };
    return this.#code.spans(fence, line, textAt);
  }
}
