// Search: counts, steps, marks; a pattern that is none says why; lines that change are looked at again.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Find } from "../../../web/js/output/find.js";

let frames = [];
let lines = [];
globalThis.requestAnimationFrame = (fn) => frames.push(fn);
globalThis.cancelAnimationFrame = () => (frames = []);

function settle() {
  while (frames.length) frames.splice(0).forEach((frame) => frame());
}

function find(text, isPattern = false, near = 0) {
  const made = new Find(() => lines);
  made.seek(text, isPattern, near);
  settle();
  return made;
}

beforeEach(() => {
  frames = [];
  lines = ["retry (once)", "nothing", "Retry, retry", "done"].map((t) => ({ t }));
});

test("small letters find all, a capital only itself", () => {
  assert.equal(find("retry").count, 3);
  assert.equal(find("Retry").count, 1);
});

test("the first match from where the eye is becomes the current one", () => {
  assert.equal(find("retry", false, 1).currentLine, 2);
  assert.equal(find("retry", false, 3).currentLine, 0);
});

test("steps go round", () => {
  const made = find("retry");
  assert.deepEqual([made.step(1), made.step(1), made.step(1), made.step(-1)], [2, 2, 0, 2]);
});

test("signs are text unless a pattern is asked for", () => {
  assert.deepEqual(find("(").marks(0), [[6, 7, true]]);
  assert.equal(find("re|do", true).count, 4);
});

test("a pattern that is none says why and finds nothing", () => {
  const made = find("(", true);
  assert.match(made.error, /group|paren/i);
  assert.equal(made.count, 0);
});

test("a pattern that matches nothing everywhere ends", () => assert.equal(find("x*", true).count, 0));

test("lines that changed are counted anew, those before are not lost", () => {
  const made = find("retry");
  lines = [lines[0], { t: "retry retry retry" }];
  made.changed(1);
  settle();
  assert.equal(made.count, 4);
  assert.equal(made.marks(1).length, 3);
});

test("many lines are counted over several frames", () => {
  lines = Array.from({ length: 200_000 }, (_, nr) => ({ t: `line ${nr} of a long log that goes on` }));
  const made = new Find(() => lines);
  made.seek("line 1999", false);
  let turns = 0;
  for (; frames.length; turns += 1) frames.splice(0).forEach((frame) => frame());
  assert.equal(made.count, 111);
  assert.equal(made.counting, false);
  assert.ok(turns > 1);
});
