// Places in a text: carried along by an edit, counted in lines and columns, taken over from a server that counts otherwise.

/** Where `ranges` ([{ start, end, … }]) of `before` stand in `after`; those that the edit touched are left out. */
export function carried(ranges, before, after) {
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same += 1;
  let tail = 0;
  while (tail < shorter - same && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const shift = after.length - before.length;
  return ranges.flatMap((range) => {
    if (range.end <= same) return [range];
    if (range.start < before.length - tail) return [];
    return [{ ...range, start: range.start + shift, end: range.end + shift }];
  });
}

/** The line and column of the place `at`, both from 1. */
export function lineAndColumn(text, at) {
  const above = text.slice(0, at).split("\n");
  return { line: above.length, column: [...above.at(-1)].length + 1 };
}

/** The ranges of a server that counts whole characters, in the units that this language counts. */
export function inUnits(ranges, text) {
  if (!/[\ud800-\udbff]/.test(text)) return ranges;
  const starts = [];
  let unit = 0;
  for (const character of text) {
    starts.push(unit);
    unit += character.length;
  }
  const place = (at) => starts[at] ?? unit;
  return ranges.map((range) => ({ ...range, start: place(range.start), end: place(range.end) }));
}
