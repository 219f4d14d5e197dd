// What each line is: code in a fence, part of a diff, part of a JSON block, or plain.
//
// A state is carried from line to line, so that lines are looked at once, whenever they come; those from a place on can
// be looked at again.

import { diffLine, isHunk, startsDiff } from "./diff.js";
import { jsonWords } from "./json.js";
import { CODE, FENCE, HEAD, JSON_PART, PLAIN } from "./kinds.js";

/** Longer lines are left as they are. */
export const LONGEST = 2000;

const OPENING = /^(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;
const LANGUAGE = /^\{?\.?([\w+#-]+)/;
const DEEP = 4; // a fence that is indented as far ends where its text does
const TEXT = Object.freeze({ mode: "text", start: -1, indent: 0 });

export class Syntax {
  #kinds = [];
  #states = []; // after each line; one object for as long as nothing changes

  kind(line) {
    return this.#kinds[line] ?? PLAIN;
  }

  /** The fence that `line` is inside of, as { start, language, indent }, or null; its own marks are not inside. */
  fence(line) {
    const state = this.#states[line];
    return state?.mode === "fence" && state.start < line ? state : null;
  }

  /** The fence that ends with the mark at `line`, or null. */
  closedFence(line) {
    return this.#states[line] === TEXT && this.#kinds[line] === FENCE ? this.#states[line - 1] : null;
  }

  /** The bare diff that `line` belongs to, as { start, indent }, or null. */
  diff(line) {
    const state = this.#states[line];
    return state?.mode === "diff" ? state : null;
  }

  /** Look at `lines` again from `from` on; returns the first line that is another kind now, or `from`. */
  changed(lines, from) {
    this.#kinds.length = this.#states.length = from;
    let state = this.#states[from - 1] ?? TEXT;
    let first = this.#doubt(state, from);
    for (let line = from; line < lines.length; line += 1) {
      const next = step(state, lines[line].t, line);
      if (state.mode === "maybe" && next.state.mode === "diff" && next.state.start === state.start) {
        this.#kinds.fill(HEAD, state.start, line);
        first = Math.min(first, state.start);
      }
      this.#kinds.push(next.kind);
      this.#states.push(next.state);
      state = next.state;
    }
    return first;
  }

  // The head of a hunk made the two lines above it part of a diff; it may be gone.
  #doubt(state, from) {
    if (state.mode !== "maybe" || this.#kinds[state.start] !== HEAD) return from;
    this.#kinds.fill(PLAIN, state.start);
    return state.start;
  }
}

/** How many columns of blanks `text` begins with; all of it when it is blank. */
export function indentOf(text) {
  let at = 0;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 160) break;
  }
  return at;
}

function step(state, text, line) {
  const indent = indentOf(text);
  const next = STEPS[state.mode](state, text, line, indent);
  return next ?? STEPS.text(TEXT, text, line, indent);
}

// Each takes the state before a line and says what the line is and what is true after it; null: the block ended above.
const STEPS = {
  text(state, text, line, indent) {
    switch (text[indent]) {
      case "`":
      case "~":
        return openedFence(text.slice(indent, indent + LONGEST), line, indent) ?? OTHER;
      case "d":
        return startsDiff(text.slice(indent)) ? { kind: HEAD, state: diff(line, indent, 0, 0) } : OTHER;
      case "-":
        return text.startsWith("--- ", indent) ? { kind: PLAIN, state: { mode: "maybe", start: line, indent } } : OTHER;
      case "{":
      case "[":
        if (text.length > indent + 1) return OTHER;
        return { kind: JSON_PART, state: { mode: "json", start: line, indent, depth: 1 } };
      default:
        return OTHER;
    }
  },

  maybe(state, text, line, indent) {
    if (indent !== state.indent) return null;
    const body = text.slice(indent, indent + LONGEST);
    if (line === state.start + 1) return body.startsWith("+++ ") ? { kind: PLAIN, state } : null;
    if (!isHunk(body)) return null;
    const { kind, old, fresh } = diffLine(body, state, false);
    return { kind, state: diff(state.start, indent, old, fresh) };
  },

  diff(state, text, line, indent) {
    if (indent < state.indent && indent < text.length) return null;
    const next = diffLine(text.slice(state.indent, state.indent + LONGEST), state, false);
    if (!next) return null;
    const same = next.old === state.old && next.fresh === state.fresh;
    return { kind: next.kind, state: same ? state : diff(state.start, state.indent, next.old, next.fresh) };
  },

  fence(state, text, line, indent) {
    const body = text.slice(indent, indent + LONGEST);
    if (body[0] === state.mark[0]) {
      if (body.startsWith(state.mark) && isOnly(body, body[0])) return { kind: FENCE, state: TEXT };
      const another = state.language ? null : openedFence(body, line, indent);
      if (another?.state.language) return another; // the mark before was the end of one whose beginning is lost
    }
    if (state.indent >= DEEP && indent < state.indent && indent < text.length) return null;
    if (!isDiff(state.language)) return { kind: CODE, state };
    const { kind, old, fresh } = diffLine(text.slice(Math.min(indent, state.indent)), state, true);
    const same = old === state.old && fresh === state.fresh;
    return { kind, state: same ? state : { ...state, old, fresh } };
  },

  json(state, text) {
    if (text.length > LONGEST) return { kind: PLAIN, state }; // taken for one long value
    const words = jsonWords(text);
    if (!words) return null;
    const depth = state.depth + words.depth;
    return { kind: JSON_PART, state: depth <= 0 ? TEXT : words.depth ? { ...state, depth } : state };
  },
};

const OTHER = Object.freeze({ kind: PLAIN, state: TEXT });
const diff = (start, indent, old, fresh) => ({ mode: "diff", start, indent, old, fresh });
const isDiff = (language) => language === "diff" || language === "patch";

function openedFence(body, line, indent) {
  const match = OPENING.exec(body);
  if (!match) return null;
  const language = LANGUAGE.exec(match[2])?.[1].toLowerCase() ?? "";
  return { kind: FENCE, state: { mode: "fence", start: line, indent, mark: match[1], language, old: 0, fresh: 0 } };
}

function isOnly(text, sign) {
  let end = text.length;
  while (end && (text[end - 1] === " " || text[end - 1] === "\t")) end -= 1;
  for (let at = 0; at < end; at += 1) if (text[at] !== sign) return false;
  return end > 0;
}
