// The API's names of fields, in the page's words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inPageWords } from "../../../web/js/kit/labels.js";

test("names of fields become labels, in quotes inside a sentence", () => {
  assert.equal(inPageWords("maxTimeout must be at least defaultTimeout (9)."), "Longest timeout must be at least “Default timeout” (9).");
  assert.equal(inPageWords("Name it in the setting passEnv."), "Name it in the setting “Environment passed on”.");
  assert.equal(inPageWords("limits.memoryMB must be a number."), "Memory must be a number.");
});

test("items and variables are called by what people see", () => {
  assert.equal(inPageWords("stopSignals[1] must be one of INT."), "Entry 2 of “Stop signals” must be one of INT.");
  assert.equal(inPageWords("env.KEY must be text."), "KEY must be text.");
  assert.equal(inPageWords("a name in env must be letters."), "A name in the environment must be letters.");
});

test("other words stay as they are", () => {
  for (const text of ["Read .env.local first.", "$PROMPT_FILE, name, env, shell", "defaultTimeouts"]) assert.equal(inPageWords(text), text);
});
