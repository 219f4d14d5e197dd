// The difference of two texts: shortest, whole, and given up in time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, differenceNow, folded, withoutNumbers } from "../../../web/js/tabs/history/difference.js";

/** Both lists, put together again from the parts. */
function rebuilt(parts, a, b) {
  const [left, right] = [[], []];
  for (const { kind, a: atA, b: atB, count } of parts) {
    if (kind !== "added") left.push(...a.slice(atA, atA + count));
    if (kind !== "removed") right.push(...b.slice(atB, atB + count));
  }
  return [left, right];
}

/** How many lines a longest common part has, by the textbook's table. */
function longest(a, b) {
  let row = new Array(b.length + 1).fill(0);
  for (const one of a) {
    const next = [0];
    b.forEach((other, at) => next.push(one === other ? row[at] + 1 : Math.max(row[at + 1], next[at])));
    row = next;
  }
  return row[b.length];
}

/** Numbers that look random and are the same in every run. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const kinds = (parts) => parts.map(({ kind, count }) => `${kind} ${count}`);

test("what is equal is one part", () => {
  assert.deepEqual(differenceNow(["x", "y"], ["x", "y"]), {
    parts: [{ kind: "same", a: 0, b: 0, count: 2 }],
    same: 2,
    removed: 0,
    added: 0,
  });
  assert.deepEqual(differenceNow([], []).parts, []);
});

test("a change stands between what is equal, the old before the new", () => {
  const { parts } = differenceNow(["a", "b", "c", "d"], ["a", "X", "Y", "c", "d"]);
  assert.deepEqual(parts, [
    { kind: "same", a: 0, b: 0, count: 1 },
    { kind: "removed", a: 1, b: 1, count: 1 },
    { kind: "added", a: 2, b: 1, count: 2 },
    { kind: "same", a: 2, b: 3, count: 2 },
  ]);
});

test("a side that has nothing is all removed, or all added", () => {
  assert.deepEqual(kinds(differenceNow(["a", "b"], []).parts), ["removed 2"]);
  assert.deepEqual(kinds(differenceNow([], ["a", "b"]).parts), ["added 2"]);
});

test("the difference is whole, in order and as short as can be", () => {
  const roll = dice(7);
  for (let round = 0; round < 400; round += 1) {
    const letters = 2 + roll(6);
    const [a, b] = [0, 0].map(() => Array.from({ length: roll(40) }, () => "abcdefgh"[roll(letters)]));
    const { parts, same, removed, added } = differenceNow(a, b);
    assert.deepEqual(rebuilt(parts, a, b), [a, b]);
    const equal = parts.filter(({ kind }) => kind === "same");
    for (const { a: atA, b: atB, count } of equal)
      assert.deepEqual(a.slice(atA, atA + count), b.slice(atB, atB + count));
    assert.equal(same, longest(a, b), `${a.join("")} ${b.join("")}`);
    assert.deepEqual([removed, added], [a.length - same, b.length - same]);
  }
});

test("each way gives the mirror of the other", () => {
  const [a, b] = [[..."abcabba"], [..."cbabac"]];
  const [there, back] = [differenceNow(a, b), differenceNow(b, a)];
  assert.deepEqual([there.same, there.removed, there.added], [back.same, back.added, back.removed]);
});

test("times and numbers are left out where they are not to count", () => {
  const [a, b] = [["12:30:01 built 3 files in 1.5 s", "done"], ["09:00:59 built 47 files in 20 s", "done"]];
  assert.equal(differenceNow(a, b).same, 1);
  assert.equal(differenceNow(a, b, { keyOf: withoutNumbers }).same, 2);
  assert.equal(withoutNumbers("v1.2.3 at 10:20 is a1"), "v0 at 0 is a0");
});

test("two long logs that have nothing in common are told apart at once", () => {
  const [a, b] = ["a", "b"].map((word) => Array.from({ length: 200_000 }, (_, at) => `${word} ${at}`));
  let rests = 0;
  const work = difference(a, b, { most: 1000 });
  let step = work.next();
  for (; !step.done; step = work.next()) rests += 1;
  assert.deepEqual(kinds(step.value.parts), ["removed 200000", "added 200000"]);
  assert.ok(rests > 10 && rests < 100, "the page is let do other things");
});

test("a few changes in a long log are found in few steps", () => {
  const a = Array.from({ length: 200_000 }, (_, at) => `line ${at % 1000}`);
  const b = a.with(10, "new").with(100_000, "line 7").toSpliced(150_000, 3);
  const { parts, removed, added } = differenceNow(a, b, { most: 2_000_000 });
  assert.deepEqual([removed, added], [5, 2]);
  assert.deepEqual(rebuilt(parts, a, b), [a, b]);
});

test("what would take too long is given up, rests on the way, and is counted", () => {
  const roll = dice(3);
  const [a, b] = [0, 0].map(() => Array.from({ length: 60_000 }, () => `line ${roll(50)}`));
  const work = difference(a, b, { most: 3_000_000 });
  let [rests, step] = [0, work.next()];
  for (; !step.done; step = work.next()) rests += 1;
  assert.equal(step.value.parts, null);
  assert.ok(rests > 10, "the page is let do other things");
  const { same, removed, added } = step.value;
  assert.ok(same > 50_000);
  assert.deepEqual([same + removed, same + added], [60_000, 60_000]);
});

test("long equal stretches are folded, with some lines left at each change", () => {
  const lines = (from, to) => Array.from({ length: to - from }, (_, at) => `${from + at}`);
  const { parts } = differenceNow([...lines(0, 20), "old", ...lines(20, 40)], [...lines(0, 20), "new", ...lines(20, 40)]);
  assert.deepEqual(folded(parts), [
    { kind: "fold", a: 0, b: 0, count: 17 },
    { kind: "same", a: 17, b: 17, count: 3 },
    { kind: "removed", a: 20, b: 20, count: 1 },
    { kind: "added", a: 21, b: 20, count: 1 },
    { kind: "same", a: 21, b: 21, count: 3 },
    { kind: "fold", a: 24, b: 24, count: 17 },
  ]);
});

test("a stretch that would hide a few lines only stays open", () => {
  const [a, b] = [
    ["x", ..."123456789", "y"],
    ["X", ..."123456789", "Y"],
  ];
  const open = ["removed 1", "added 1", "same 9", "removed 1", "added 1"];
  assert.deepEqual(kinds(folded(differenceNow(a, b).parts)), open);
});
