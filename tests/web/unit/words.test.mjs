// Words for numbers and times, marks of elapsed time, colours made readable.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../../web/js/format.js";
import { contrast, hexColour, paletteColour, readable } from "../../../web/js/output/colour.js";
import { Stamps } from "../../../web/js/output/stamps.js";

const NOON = Date.UTC(2026, 2, 12, 12, 0, 0);

test("durations are short and exact", () => {
  assert.deepEqual([0, 22.9, 845, 3760].map(format.duration), ["0:00", "0:22", "14:05", "1:02:40"]);
  assert.deepEqual([48, 150, 7200, 4800].map(format.span), ["48 s", "3 min", "2 h", "80 min"]);
});

test("sizes and counts have their unit after a space", () => {
  assert.deepEqual([7, 9400, 2_100_000, 512_000_000].map(format.bytes), ["7 B", "9.4 kB", "2.1 MB", "512 MB"]);
  assert.equal(format.count(1, "run"), "1 run");
  assert.equal(format.count(18_204, "run"), "18,204 runs");
  assert.equal(format.count(10_000, "run", "runs", true), "10,000+ runs");
  assert.equal(format.minutes(0.05), "0.05 min");
});

test("times are those of the zone that was set, and an unknown zone is UTC", () => {
  format.setZone("Asia/Tokyo");
  assert.equal(format.clock(NOON), "21:00:00");
  assert.equal(format.dayHead(NOON, NOON), "Today, Thu 12 Mar");
  format.setZone("No/Where");
  assert.equal(format.clock(NOON), "12:00:00");
  assert.equal(format.zoneLabel(NOON), "UTC");
  assert.equal(format.when(NOON - 86_400_000, NOON), "Wed 11 Mar 12:00");
});

test("ages are words under a week and a date after it", () => {
  const ages = [5e3, 12 * 6e4, 3 * 36e5, 2 * 864e5, 8 * 864e5].map((age) => format.ago(NOON - age, NOON));
  assert.deepEqual(ages, ["just now", "12 min ago", "3 h ago", "2 d ago", "4 Mar 2026"]);
});

test("a run is called by its prompt's name, else by its text on one line", () => {
  assert.equal(format.runName({ promptName: "Nightly", promptContent: "x" }), "Nightly");
  assert.equal(format.runName({ promptName: null, promptContent: "  fix\n\n the  bug " }), "fix the bug");
  assert.equal(format.runName({ promptName: null, promptContent: " ", runId: "r1" }), "r1");
});

test("a run took what its record says, or what has passed while it runs", () => {
  const startedAt = new Date(NOON).toISOString();
  assert.equal(format.took({ durationSeconds: 3 }), 3);
  assert.equal(format.took({ durationSeconds: null, startedAt, status: "running" }, NOON + 5000), 5);
  assert.ok(Number.isNaN(format.took({ durationSeconds: null, startedAt: null, status: "queued" })));
});

test("elapsed time stands every three seconds and every fifty lines, and quiet is named", () => {
  const stamps = new Stamps();
  const lines = [0, 1, 2, 3, 3.5, 40].map((at) => ({ at }));
  stamps.changed(lines, 0);
  assert.deepEqual(
    lines.map((_, nr) => stamps.shown(nr)),
    [0, null, null, 3, null, 40],
  );
  assert.equal(stamps.quiet(5), 36.5);
  const long = Array.from({ length: 120 }, () => ({ at: 1 }));
  stamps.changed(long, 0);
  assert.deepEqual(
    long.map((_, nr) => nr).filter((nr) => stamps.shown(nr) !== null),
    [0, 50, 100],
  );
});

test("stamps of lines that stay do not move when the end is redrawn", () => {
  const stamps = new Stamps();
  const lines = [0, 4, 8, 9].map((at) => ({ at }));
  stamps.changed(lines, 0);
  lines.splice(3, 1, { at: 30 }, { at: 31 });
  stamps.changed(lines, 3);
  assert.deepEqual(
    lines.map((_, nr) => stamps.shown(nr)),
    [0, 4, 8, 30, null],
  );
  assert.equal(stamps.quiet(3), 22);
});

test("any colour becomes readable on any ground, and a readable one stays as it is", () => {
  for (const ground of ["#fdfdfc", "#0f1211", "#808080", "#3366cc"].map(hexColour)) {
    for (let number = 16; number < 256; number += 1) {
      const colour = paletteColour(number);
      const made = readable(colour, ground);
      assert.ok(contrast(made, ground) >= 4.5, `${number} on ${ground}`);
      if (contrast(colour, ground) >= 4.5) assert.deepEqual(made, colour);
    }
  }
});

test("the palette is xterm's", () => {
  assert.deepEqual([16, 196, 231, 232, 255].map(paletteColour), [
    [0, 0, 0],
    [255, 0, 0],
    [255, 255, 255],
    [8, 8, 8],
    [238, 238, 238],
  ]);
});
