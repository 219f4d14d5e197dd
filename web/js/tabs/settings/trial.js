// Whether a quick test is harmless enough to start by itself.

import { shellTokens } from "../../kit/shell-text.js";

const PARTS = new Set(["word", "string", "var", "ph"]);

/**
 * True when a template is one plain command, so that with echo in front of it nothing else runs: no second command, no
 * redirection, nothing computed by a command. `testCommand` is what the server would run.
 */
export function isPlainTrial({ template, testCommand, dangers }) {
  return (
    dangers === 0 &&
    testCommand === `echo ${template}` &&
    !template.includes("\n") &&
    shellTokens(template).every(({ kind }) => PARTS.has(kind))
  );
}
