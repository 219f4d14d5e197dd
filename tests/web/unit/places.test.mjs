// Places in a text, and slugs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, inUnits, lineAndColumn } from "../../../web/js/kit/places.js";
import { freeSlug, slugOf } from "../../../web/js/tabs/settings/slug.js";

const range = (text, part) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length });

test("a range goes along with an edit before it, stays with one behind it, and leaves when it is touched", () => {
  const before = "one two three";
  const kept = (after, part) =>
    carried([range(before, part)], before, after).map(({ start, end }) => after.slice(start, end));
  assert.deepEqual(kept("one! two three", "two"), ["two"]);
  assert.deepEqual(kept("one two three!", "two"), ["two"]);
  assert.deepEqual(carried([range("one xx three", "three")], "one xx three", "one three"), [{ start: 4, end: 9 }]);
  assert.deepEqual(kept("one tWo three", "two"), []);
  assert.deepEqual(kept("", "two"), []);
});

test("lines and columns are counted from one, in characters", () => {
  assert.deepEqual(lineAndColumn("ab\ncd", 0), { line: 1, column: 1 });
  assert.deepEqual(lineAndColumn("ab\ncd", 4), { line: 2, column: 2 });
  assert.deepEqual(lineAndColumn("\u{1f600}x", 2), { line: 1, column: 2 });
});

test("the server's places are those of whole characters", () => {
  const text = "\u{1f600}\u{1f600} bad";
  const [{ start, end }] = inUnits([{ start: 3, end: 6 }], text);
  assert.equal(text.slice(start, end), "bad");
  assert.deepEqual(inUnits([{ start: 99, end: 99 }], text), [{ start: text.length, end: text.length }]);
});

test("a slug is made of what can stand in one, and is never too long", () => {
  assert.equal(slugOf("  Claude Code (Größe 2)! "), "claude-code-gro-e-2");
  assert.equal(slugOf("日本"), "");
  assert.equal(slugOf("word ".repeat(40)).length <= 64, true);
  assert.match(slugOf("a".repeat(63) + " b"), /^a{63}$/);
});

test("a slug that is taken gets a number", () => {
  assert.equal(freeSlug("codex", []), "codex");
  assert.equal(freeSlug("codex", ["codex", "codex-2"]), "codex-3");
  assert.equal(freeSlug("x".repeat(64), ["x".repeat(64)]), `${"x".repeat(62)}-2`);
  assert.equal(freeSlug("", [""]), "");
});
