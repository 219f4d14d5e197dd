// Blocks that can be folded: where they are, and that rows and lines agree with counting by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Folds, choicesOf } from "../../../web/js/output/folds.js";
import { Syntax } from "../../../web/js/output/syntax.js";
import { VisibleRows } from "../../../web/js/output/visible.js";

const many = (count, text) => Array(count).fill(text);
const lined = (texts) => texts.map((t) => ({ t }));
const spans = ({ blocks }) => blocks.map(({ head, from, to }) => [head, from, to]);

function random(below) {
  random.seed = (random.seed * 1103515245 + 12345) % 2 ** 31;
  return random.seed % below;
}
random.seed = 5;

/** Folds that take texts the way the viewer does. */
function folded(...texts) {
  const [folds, syntax] = [new Folds(), new Syntax()];
  const take = (lines, from) => {
    syntax.changed(lines, from);
    return folds.changed(lines, from, syntax);
  };
  take(lined(texts), 0);
  return Object.assign(folds, { take });
}

test("more than forty indented lines below one that is not are a block", () => {
  assert.deepEqual(spans(folded("ran", ...many(41, "  x"), "end")), [[0, 1, 41]]);
  assert.deepEqual(spans(folded("ran", ...many(40, "  x"), "end")), []);
  assert.deepEqual(spans(folded("ran", ...many(50, "x"))), []);
  assert.deepEqual(spans(folded(...many(50, "  x"))), []);
});

test("blank lines are part of a block, but not its end", () => {
  assert.deepEqual(spans(folded("ran", "", ...many(20, "\tx"), "", ...many(20, " y"), "", "", "end")), [[0, 1, 42]]);
  assert.deepEqual(spans(folded("ran", ...many(60, ""), "end")), []);
});

test("the inside of a fence is a block once the fence is closed", () => {
  assert.deepEqual(spans(folded("```", ...many(41, "x"), "```", "a")), [[0, 1, 41]]);
  assert.deepEqual(spans(folded("```", ...many(41, "x"))), []);
  assert.deepEqual(spans(folded("a", "  ```", ...many(41, "  x"), "  ```", "b")), [[0, 1, 43]]);
});

test("a bare diff is a block below its first line", () => {
  const diff = ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -0,0 +1,60 @@", ...many(60, "+x")];
  assert.deepEqual(spans(folded("$ git diff", ...diff, "end")), [[1, 2, 64]]);
  assert.deepEqual(spans(folded("$ git diff", ...diff.slice(1), "end")), [[1, 2, 63]]);
});

test("blocks are found by their lines", () => {
  const folds = folded("a", ...many(41, " x"), "b", ...many(50, " y"), "c");
  assert.equal(folds.around(0).head, 0);
  assert.equal(folds.around(41).head, 0);
  assert.equal(folds.around(42).head, 42);
  assert.equal(folds.around(93), null);
  assert.equal(folds.headedBy(42).to, 92);
});

test("a block that grows says so, one that is taken back is gone", () => {
  const folds = folded("a", ...many(40, " x"));
  assert.deepEqual([...folds.take(lined(["a", ...many(41, " x")]), 41)], [0]);
  assert.deepEqual([...folds.take(lined(["a", ...many(42, " x")]), 42)], [0]);
  assert.deepEqual([...folds.take(lined(["a", ...many(30, " x"), "b"]), 31)], [0]);
  assert.deepEqual(spans(folds), []);
});

test("blocks come closed or open, and stay as somebody left them", () => {
  const chosen = new Map();
  const folds = new Folds(chosen);
  const syntax = new Syntax();
  const lines = lined(["a", ...many(41, " x"), "b", ...many(41, " x")]);
  folds.closing = true;
  syntax.changed(lines, 0);
  folds.changed(lines, 0, syntax);
  assert.deepEqual(folds.blocks.map(({ closed }) => closed), [true, true]);
  assert.deepEqual(folds.reveal(50).map(({ head }) => head), [42]);
  folds.closing = false;
  folds.changed(lines, 0, syntax);
  assert.deepEqual(folds.blocks.map(({ closed }) => closed), [true, false]);
  assert.deepEqual([...chosen], [[42, false]]);
  assert.deepEqual(folds.reveal(0, 90).map(({ head }) => head), [0]);
  assert.deepEqual(folds.reveal(0, 0), []);
});

test("what was chosen is kept for each run", () => {
  const owner = {};
  choicesOf(owner, "one").set(3, true);
  assert.equal(choicesOf(owner, "one").get(3), true);
  assert.equal(choicesOf(owner, "two").size, 0);
  assert.equal(choicesOf({}, "one").size, 0);
});

test("lines come one by one, in heaps, or anew: the blocks are the same", () => {
  const pieces = [
    ["a", ...many(41, "  x")],
    ["b", ...many(20, "  x"), "", ""],
    ["```", ...many(45, "x"), "```"],
    ["```js", ...many(44, "  x")],
    ["--- a", "+++ b", "@@ -1,50 +1 @@", ...many(50, "-x"), "+y"],
    ["", ""],
  ];
  for (let round = 0; round < 60; round += 1) {
    const folds = folded();
    let lines = [];
    for (let step = 0; step < 15; step += 1) {
      const keep = random(2) ? lines.length : random(lines.length + 1);
      const piece = pieces[random(pieces.length)];
      const before = spans(folds);
      lines = [...lines.slice(0, keep), ...lined(piece.slice(0, 1 + random(piece.length)))];
      const touched = folds.take(lines, keep);
      const now = spans(folded(...lines.map(({ t }) => t)));
      assert.deepEqual(spans(folds), now);
      const [had, has] = [before, now].map((list) => new Set(list.map(String)));
      const others = [...before, ...now].filter((one) => !had.has(`${one}`) || !has.has(`${one}`));
      assert.ok(others.every(([head]) => touched.has(head)), "who changed is named");
    }
  }
});

function check(rows, heights, blocks) {
  const hidden = (line) => blocks.some(({ from, to, closed }) => closed && from <= line && line <= to);
  let top = 0;
  heights.forEach((tall, line) => {
    assert.equal(rows.before(line), top);
    if (hidden(line)) return;
    assert.equal(rows.at(top), line);
    assert.equal(rows.at(top + tall - 1), line);
    let next = line + 1;
    while (hidden(next)) next += 1;
    assert.equal(rows.next(line + 1), next);
    top += tall;
  });
  assert.equal(rows.total, top);
}

test("rows of what is not folded away agree with counting by hand", () => {
  for (let round = 0; round < 40; round += 1) {
    let blocks = [];
    let heights = [];
    const rows = new VisibleRows(() => blocks);
    for (let step = 0; step < 30; step += 1) {
      const deed = random(10);
      const [line, tall, block] = [random(heights.length + 1), 1 + random(4), blocks[random(blocks.length + 1)]];
      if (deed < 5) {
        const from = heights.length + 1;
        const fresh = Array.from({ length: 2 + random(8) }, () => 1 + random(4));
        fresh.forEach((one) => rows.push(one));
        heights.push(...fresh);
        blocks.push({ from, to: heights.length - 1 - random(2), closed: random(2) === 1 });
        if (blocks.at(-1).to < from) blocks.pop();
        rows.fold(from);
      } else if (deed < 8 && block) {
        block.closed = !block.closed;
        rows.fold(block.from);
      } else if (deed === 8 && line < heights.length && !blocks.some((one) => one.from <= line && line <= one.to)) {
        rows.set(line, tall);
        heights[line] = tall;
      } else if (deed === 9) {
        rows.cut(line);
        heights = heights.slice(0, line);
        blocks = blocks.filter(({ to }) => to < line);
        rows.fold(line);
      }
      check(rows, heights, blocks);
    }
  }
});

test("two hundred thousand lines in thousands of blocks are found at once", () => {
  const texts = Array.from({ length: 200_000 }, (_, nr) => (nr % 50 ? "  x" : "x"));
  const folds = folded();
  folds.closing = true;
  folds.take(lined(texts), 0);
  const rows = new VisibleRows(() => folds.blocks);
  texts.forEach(() => rows.push(1));
  rows.fold(0);
  assert.equal(folds.blocks.length, 4000);
  assert.equal(rows.total, 4000);
  const from = performance.now();
  for (let row = 0; row < 4000; row += 1) assert.equal(rows.before(rows.at(row)), row);
  assert.ok(performance.now() - from < 500);
});
