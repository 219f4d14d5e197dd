// The difference of two texts, line by line: E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986),
// in linear space. Nothing of the page is known here.

const SLICE = 1 << 16;
const LEAST_HIDDEN = 4; // less is not worth a fold
const SLICE_LINES = 1 << 14;
const MOST_STEPS = 40_000_000; // a few seconds of work; who differs more is only counted

/** The words of a line without its times and numbers. */
export const withoutNumbers = (text) => text.replace(/\d+(?:[.,:]\d+)*/g, "0");

/**
 * Compare two lists of lines; a generator that rests now and then, so that its caller can, too. It returns
 * { parts, same, removed, added }: `parts` are { kind: "same" | "removed" | "added", a, b, count } with the places in
 * both lists. `parts` is null where the lists differ so much that finding out would take more than `most` steps; the
 * figures are then those of lines that are anywhere in both. `keyOf` says which lines count as equal.
 */
export function* difference(a, b, { keyOf = (text) => text, most = MOST_STEPS } = {}) {
  const known = new Map();
  const left = yield* numbered(a, keyOf, known);
  const right = yield* numbered(b, keyOf, known);
  let from = 0;
  while (from < left.length && from < right.length && left[from] === right[from]) from += 1;
  let [endA, endB] = [left.length, right.length];
  while (endA > from && endB > from && left[endA - 1] === right[endB - 1]) (endA -= 1), (endB -= 1);
  // A line that only one side has can be equal to none: without those the rest is short, and the answer is the same.
  const [keptA, keptB] = [shared(left, from, endA, right, from, endB), shared(right, from, endB, left, from, endA)];
  const partner = new Int32Array(left.length).fill(-1);
  for (let at = 0; at < from; at += 1) partner[at] = at;
  for (let at = endA; at < left.length; at += 1) partner[at] = at - endA + endB;
  const pairs = yield* matched(
    keptA.map((at) => left[at]),
    keptB.map((at) => right[at]),
    most,
  );
  if (!pairs) return counted(left, right);
  for (let at = 0; at < pairs.length; at += 1) if (pairs[at] >= 0) partner[keptA[at]] = keptB[pairs[at]];
  return summed(partsOf(partner, right.length));
}

/** The whole difference at once, for texts that are short. */
export function differenceNow(a, b, options) {
  const work = difference(a, b, options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The parts as they are drawn: long stretches of equal lines become { kind: "fold" }, with `around` lines of them left
 * before and after every change.
 */
export function folded(parts, around = 3) {
  const last = parts.length - 1;
  return parts.flatMap((part, at) => {
    if (part.kind !== "same") return [part];
    const [before, after] = [at > 0 ? around : 0, at < last ? around : 0];
    const hidden = part.count - before - after;
    if (hidden < LEAST_HIDDEN) return [part];
    const { a, b } = part;
    return [
      { kind: "same", a, b, count: before },
      { kind: "fold", a: a + before, b: b + before, count: hidden },
      { kind: "same", a: a + before + hidden, b: b + before + hidden, count: after },
    ].filter(({ count }) => count);
  });
}

// Lines as whole numbers: what is equal has the same.
function* numbered(lines, keyOf, known) {
  const numbers = new Int32Array(lines.length);
  for (let at = 0; at < lines.length; at += 1) {
    const key = keyOf(lines[at]);
    if (!known.has(key)) known.set(key, known.size);
    numbers[at] = known.get(key);
    if (at % SLICE_LINES === SLICE_LINES - 1) yield;
  }
  return numbers;
}

// The places of `own` whose line is somewhere in the other list's stretch, too.
function shared(own, from, end, other, otherFrom, otherEnd) {
  const there = new Set(other.subarray(otherFrom, otherEnd));
  const places = [];
  for (let at = from; at < end; at += 1) if (there.has(own[at])) places.push(at);
  return Int32Array.from(places);
}

// The partner of each of `a` in `b`, -1 for none; null when it takes too many steps.
function* matched(a, b, most) {
  const pairs = new Int32Array(a.length).fill(-1);
  const size = a.length + b.length + 3;
  const room = { forth: new Int32Array(2 * size), back: new Int32Array(2 * size), zero: size, steps: 0, most };
  const boxes = [[0, a.length, 0, b.length]];
  while (boxes.length) {
    let [a0, a1, b0, b1] = boxes.pop();
    while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) pairs[a0++] = b0++;
    while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) pairs[--a1] = --b1;
    if (a0 === a1 || b0 === b1) continue;
    const middle = yield* middleOf(a, b, [a0, a1, b0, b1], room);
    if (!middle) return null;
    const [x, y] = middle;
    boxes.push([a0, a0 + x, b0, b0 + y], [a0 + x, a1, b0 + y, b1]);
  }
  return pairs;
}

// A place that a shortest way through the box goes through, looked for from both ends at once.
function* middleOf(a, b, [a0, a1, b0, b1], room) {
  const { forth, back, zero } = room;
  const [n, m] = [a1 - a0, b1 - b0];
  const delta = n - m;
  const isOdd = delta % 2 !== 0;
  let rest = SLICE;
  forth[zero + 1] = back[zero + 1] = 0;
  for (let d = 0; ; d += 1) {
    for (const isForth of [true, false]) {
      const [own, other] = isForth ? [forth, back] : [back, forth];
      const upTo = d - 2 * Math.max(0, d - n);
      for (let k = 2 * Math.max(0, d - m) - d; k <= upTo; k += 2) {
        let x = k === -d || (k !== d && own[zero + k - 1] < own[zero + k + 1]) ? own[zero + k + 1] : own[zero + k - 1] + 1;
        let y = x - k;
        const began = x;
        if (isForth) while (x < n && y < m && a[a0 + x] === b[b0 + y]) (x += 1), (y += 1);
        else while (x < n && y < m && a[a1 - 1 - x] === b[b1 - 1 - y]) (x += 1), (y += 1);
        own[zero + k] = x;
        rest -= 1 + x - began;
        const across = delta - k;
        const hasMet = isForth === isOdd && Math.abs(across) <= (isForth ? d - 1 : d) && x + other[zero + across] >= n;
        if (hasMet) return isForth ? [x, y] : [n - x, m - y];
      }
      if (rest > 0) continue;
      room.steps += SLICE - rest;
      if (room.steps > room.most) return null;
      rest = SLICE;
      yield;
    }
  }
}

function partsOf(partner, length) {
  const parts = [];
  const add = (kind, a, b, count) => {
    const last = parts.at(-1);
    if (!count) return;
    if (last?.kind === kind && kind === "same") last.count += count;
    else parts.push({ kind, a, b, count });
  };
  let [a, b] = [0, 0];
  while (a < partner.length || b < length) {
    let goneTo = a;
    while (goneTo < partner.length && partner[goneTo] < 0) goneTo += 1;
    const to = goneTo < partner.length ? partner[goneTo] : length;
    add("removed", a, b, goneTo - a);
    add("added", goneTo, b, to - b);
    [a, b] = [goneTo, to];
    if (a < partner.length) add("same", a++, b++, 1);
  }
  return parts;
}

function summed(parts) {
  const sum = (kind) => parts.reduce((total, part) => total + (part.kind === kind ? part.count : 0), 0);
  return { parts, same: sum("same"), removed: sum("removed"), added: sum("added") };
}

function counted(left, right) {
  const times = new Map();
  for (const number of left) times.set(number, (times.get(number) ?? 0) + 1);
  let same = 0;
  for (const number of right) {
    const there = times.get(number) ?? 0;
    if (!there) continue;
    same += 1;
    times.set(number, there - 1);
  }
  return { parts: null, same, removed: left.length - same, added: right.length - same };
}
