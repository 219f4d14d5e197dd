// Heights of lines: sums and look-ups agree with counting by hand, whatever was cut, set or pushed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows } from "../../../web/js/output/rows.js";

const sum = (list) => list.reduce((total, one) => total + one, 0);

function check(rows, heights) {
  assert.equal(rows.count, heights.length);
  assert.equal(rows.total, sum(heights));
  heights.forEach((tall, line) => {
    const top = sum(heights.slice(0, line));
    assert.equal(rows.before(line), top);
    assert.equal(rows.at(top), line);
    assert.equal(rows.at(top + tall - 1), line);
  });
  if (heights.length) assert.equal(rows.at(rows.total + 5), heights.length - 1);
}

test("rows agree with counting by hand after pushes, changes and cuts", () => {
  const rows = new Rows();
  let heights = [];
  let seed = 7;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (let step = 0; step < 300; step += 1) {
    const deed = random(10);
    if (deed < 7) {
      const tall = 1 + random(4);
      rows.push(tall);
      heights.push(tall);
    } else if (deed < 9 && heights.length) {
      const [line, tall] = [random(heights.length), 1 + random(6)];
      rows.set(line, tall);
      heights[line] = tall;
    } else {
      const keep = random(heights.length + 1);
      rows.cut(keep);
      heights = heights.slice(0, keep);
    }
    check(rows, heights);
  }
});

test("no rows are no rows", () => check(new Rows(), []));
