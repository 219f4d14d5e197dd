// What a quick test may start by itself: nothing but one plain command with echo in front of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlainTrial } from "../../../web/js/tabs/settings/trial.js";

const isPlain = (template, testCommand = `echo ${template}`, dangers = 0) =>
  isPlainTrial({ template, testCommand, dangers });

test("one command with words, strings and variables is plain", () => {
  for (const template of [
    'claude -p -- "$PROMPT"',
    "agent --home=$HOME '$PROMPT'",
    'bash -c "$PROMPT"',
  ])
    assert.ok(isPlain(template), template);
});

test("whatever else would run makes it not plain", () => {
  for (const template of [
    'a; b "$PROMPT"',
    'a && b "$PROMPT"',
    'a "$PROMPT" > /etc/passwd',
    'a < "$PROMPT_FILE"',
    'a "$(b)" "$PROMPT"',
    'a `b` "$PROMPT"',
    'a <(b) "$PROMPT"',
    'a "${X:-$(b)}" "$PROMPT"',
    'a "$PROMPT" &',
    'a\nb "$PROMPT"',
  ])
    assert.ok(!isPlain(template), template);
});

test("echo elsewhere than at the very front, or a danger, makes it not plain", () => {
  assert.ok(!isPlain('su - x -c "a \\"$PROMPT\\""', 'su - x -c "echo a \\"$PROMPT\\""'));
  assert.ok(!isPlain('X=1 a "$PROMPT"', 'X=1 echo a "$PROMPT"'));
  assert.ok(!isPlain('a "$PROMPT"', 'echo a "$PROMPT"', 1));
});
