// A unified diff, one line at a time: which lines a hunk still expects decides where it ends.

import { ADDED, CONTEXT, HEAD, HUNK, REMOVED } from "./kinds.js";

const START = /^diff (?:--git |-\S+ \S+ \S)/;
const HEADER =
  /^(?:diff |index [\da-f]|--- |\+\+\+ |(?:old|new|deleted) (?:file )?mode |(?:dis)?similarity index |(?:rename|copy) (?:from|to) |Binary files |GIT binary patch|Index: |={20})/;
const RANGE = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Whether a diff begins with this line, whatever follows. */
export const startsDiff = (text) => START.test(text);

/** Whether `text` is the head of a hunk. */
export const isHunk = (text) => RANGE.test(text);

/**
 * The kind of a line in a diff whose hunk expects `old` and `fresh` more lines, with what it expects after it; null
 * when the diff is over. `fenced`: a fence says where it ends, and hunks may lack their figures.
 */
export function diffLine(text, { old, fresh }, fenced) {
  const range = RANGE.exec(text);
  if (range) return { kind: HUNK, old: Number(range[1] ?? 1), fresh: Number(range[2] ?? 1) };
  const inside = old > 0 || fresh > 0;
  if (inside ? START.test(text) : HEADER.test(text)) return { kind: HEAD, old: 0, fresh: 0 };
  const sign = text[0] ?? " ";
  if (sign === "\\") return { kind: CONTEXT, old, fresh };
  if (inside || fenced) {
    if (sign === "+") return { kind: ADDED, old, fresh: less(fresh) };
    if (sign === "-") return { kind: REMOVED, old: less(old), fresh };
  }
  if (inside && /\s/.test(sign)) return { kind: CONTEXT, old: less(old), fresh: less(fresh) };
  if (!fenced) return null;
  return { kind: text.startsWith("@@") ? HUNK : CONTEXT, old: 0, fresh: 0 };
}

const less = (count) => Math.max(0, count - 1);
