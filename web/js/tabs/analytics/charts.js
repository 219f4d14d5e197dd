// Charts of plain shapes: positions are attributes of SVG, words are HTML beside them.

import { el, svg } from "../../kit/dom.js";

const TOP = 100;
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** A round number that is at least `value`: where an axis ends. */
export function ceiling(value) {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * STEPS.find((step) => step * unit >= value);
}

/** Stacked columns. `columns` are { title, parts: [[class, value]] }; the axis says the highest. */
export function columns(data, { begin, end }) {
  const most = ceiling(Math.max(...data.map(({ parts }) => sum(parts))));
  const wide = 1000 / data.length;
  const gap = Math.min(wide * 0.3, 8);
  const bars = data.map(({ title, parts }, at) => {
    let from = TOP;
    const boxes = parts
      .filter(([, value]) => value)
      .map(([name, value]) => {
        const high = (value / most) * TOP;
        from -= high;
        return svg("rect", {
          class: `part p-${name}`,
          x: at * wide + gap / 2,
          y: from,
          width: wide - gap,
          height: high,
        });
      });
    const target = svg("rect", { class: "hit", x: at * wide, y: 0, width: wide, height: TOP });
    return svg("g", {}, svg("title", {}, title), target, boxes);
  });
  return el(
    "div",
    { class: "plot" },
    el("span", { class: "plot-top" }, most),
    svg(
      "svg",
      { class: "plot-area", viewBox: `0 0 1000 ${TOP}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      bars,
    ),
    el("div", { class: "plot-ends" }, el("span", {}, begin), el("span", {}, end)),
  );
}

/** A line through the values that are there; `unit` is what the axis counts in, `inWords` names its end. */
export function line(values, { begin, end, unit = 1, inWords }) {
  const most = ceiling(Math.max(...values.filter((value) => value !== null)) / unit) * unit;
  const place = (value, at) => [((at + 0.5) * 1000) / values.length, TOP - (value / most) * TOP];
  const marks = values.flatMap((value, at) => (value === null ? [] : [place(value, at)]));
  const path = marks.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(2)}`).join("");
  // A line of no length with round ends is a dot that keeps its shape however the area is stretched.
  const dots = marks.map(([x, y]) => svg("path", { class: "dot", d: `M${x.toFixed(1)} ${y.toFixed(2)}h0` }));
  const rules = [0, 0.5, 1].map((part) => svg("path", { class: "rule", d: `M0 ${TOP * part}H1000` }));
  return el(
    "div",
    { class: "plot" },
    el("span", { class: "plot-top" }, inWords(most)),
    svg(
      "svg",
      { class: "plot-area", viewBox: `0 0 1000 ${TOP}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      rules,
      svg("path", { class: "trend", d: path }),
      marks.length <= 40 ? dots : dots.slice(-1),
    ),
    el("div", { class: "plot-ends" }, el("span", {}, begin), el("span", {}, end)),
  );
}

/** Rows with a bar each: { name (a node or text), title, share (0 to 1), words }. */
export function bars(rows) {
  return el(
    "div",
    { class: "rates" },
    rows.map(({ name, title, share, words }) => [
      el("span", { class: "cut", title }, name),
      svg(
        "svg",
        { class: "rate", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: "rail", width: 100, height: 1 }),
        svg("rect", { class: "value", width: 100 * (share ?? 0), height: 1 }),
      ),
      el("span", { class: "rate-words" }, words),
    ]),
  );
}

/** A ring of shares: { name, share (0 to 1), words }; greys, darkest first. */
export function ring(parts) {
  let turned = 0;
  const arcs = parts.map(({ share }, at) => {
    const arc = svg("circle", {
      class: `arc g-${Math.min(at, GREYS - 1)}`,
      cx: 21,
      cy: 21,
      r: 15.9155, // its way round is 100
      "stroke-dasharray": dashes(share * 100, parts.length > 1 ? 0.7 : 0),
      "stroke-dashoffset": 25 - turned,
    });
    turned += share * 100;
    return arc;
  });
  const legend = parts.map(({ name, words }, at) => [
    el("span", { class: `key g-${Math.min(at, GREYS - 1)}`, "aria-hidden": "true" }),
    el("span", { class: "cut" }, name),
    el("span", { class: "rate-words" }, words),
  ]);
  return el(
    "div",
    { class: "shares" },
    svg("svg", { class: "ring", viewBox: "0 0 42 42", "aria-hidden": "true" }, arcs),
    el("div", { class: "shares-key" }, legend),
  );
}

function dashes(long, gap) {
  const drawn = Math.max(long - gap, 0.1);
  return `${drawn} ${100 - drawn}`;
}

const GREYS = 6;
const sum = (parts) => parts.reduce((total, [, value]) => total + value, 0);
