// Every icon as path data on a grid of 14, drawn with the current colour.

import { svg } from "./dom.js";

// A name ends in "+" where the shape is filled.
const SHAPES = {
  "st-queued": [["circle", { cx: 7, cy: 7, r: 5, "stroke-dasharray": "2.1 2.1" }]],
  "st-running": [
    ["path", { d: "M7 1.8A5.2 5.2 0 1 1 1.8 7" }],
    ["circle+", { cx: 7, cy: 7, r: 1.6 }],
  ],
  "st-completed": [["path", { d: "M2.2 7.6l3.2 3.2 6.4-7.4" }]],
  "st-failed": [["path", { d: "M3 3l8 8M11 3l-8 8" }]],
  "st-timeout": [
    ["circle", { cx: 7, cy: 7, r: 5.2 }],
    ["path", { d: "M7 4v3.2l2 1.4" }],
  ],
  "st-killed": [["rect+", { x: 3, y: 3, width: 8, height: 8, rx: 1 }]],
  "st-skipped": [["path", { d: "M2.5 3.5L6 7l-3.5 3.5M7 3.5L10.5 7 7 10.5M12.2 3.2v7.6" }]],
  play: [["path+", { d: "M4 2.6v8.8L11.2 7z" }]],
  plus: [["path", { d: "M7 2.5v9M2.5 7h9" }]],
  find: [
    ["circle", { cx: 6, cy: 6, r: 4 }],
    ["path", { d: "M9 9l3.4 3.4" }],
  ],
  down: [["path", { d: "M4 5.5L7 8.5l3-3" }]],
  up: [["path", { d: "M4 8.5L7 5.5l3 3" }]],
  right: [["path", { d: "M5.5 4L8.5 7l-3 3" }]],
  left: [["path", { d: "M8.5 4L5.5 7l3 3" }]],
  swap: [["path", { d: "M2.5 5h9M9 2.5L11.5 5 9 7.5M11.5 9.5h-9M5 7L2.5 9.5 5 12" }]],
  compare: [["path", { d: "M2 3h4v8H2zM8 3h4v8H8zM3.5 5.5h1M9.5 5.5h1M9.5 8h1" }]],
  end: [["path", { d: "M7 2v9.5M3.5 8L7 11.5 10.5 8" }]],
  close: [["path", { d: "M3.5 3.5l7 7M10.5 3.5l-7 7" }]],
  more: [["path", { d: "M3 7h.01M7 7h.01M11 7h.01", "stroke-width": 2.2 }]],
  copy: [
    ["rect", { x: 4.5, y: 4.5, width: 7.5, height: 7.5, rx: 1 }],
    ["path", { d: "M9.5 2.2H3.2a1 1 0 0 0-1 1v6.3" }],
  ],
  download: [["path", { d: "M7 2v6.5M4 6l3 3 3-3M2.5 12h9" }]],
  link: [["path", { d: "M6 8l2-2M5.2 6.6L3.4 8.4a1.9 1.9 0 0 0 2.7 2.7l1.7-1.8M8.8 7.4l1.8-1.8a1.9 1.9 0 0 0-2.7-2.7L6.2 4.7" }]],
  wrap: [["path", { d: "M2 3.5h10M2 7h7.5a2 2 0 0 1 0 4H7.5M9 9.3L7.3 11 9 12.7M2 11h2.5" }]],
  full: [["path", { d: "M8.5 2H12v3.5M12 2L8.3 5.7M5.5 12H2V8.5M2 12l3.7-3.7" }]],
  edit: [["path", { d: "M9.3 2.7l2 2L4.8 11.2l-2.6.6.6-2.6z" }]],
  trash: [["path", { d: "M2.5 4h9M5.5 4V2.5h3V4M3.7 4l.5 8h5.6l.5-8" }]],
  warn: [["path", { d: "M7 2l5.5 9.8h-11zM7 6v2.7M7 10.2h.01" }]],
  theme: [
    ["circle", { cx: 7, cy: 7, r: 5 }],
    ["path+", { d: "M7 2a5 5 0 0 1 0 10z" }],
  ],
  folder: [["path", { d: "M1.8 3.2h3.7l1.2 1.5h5.5v6.5H1.8z" }]],
  offline: [
    ["path", { d: "M2 2l10 10M3 6.5a6 6 0 0 1 1.8-1.3M7.5 4.5a6 6 0 0 1 3.5 2M5 8.6a3 3 0 0 1 2-.8M7 11h.01" }],
  ],
  history: [["path", { d: "M3 2v10M6 4h6M6 7h6M6 10h4" }]],
  chart: [["path", { d: "M2 12h10M3.5 9.5V7M6.5 9.5V3M9.5 9.5V5.5" }]],
  settings: [
    ["path", { d: "M2 4h6M11 4h1M2 10h1M6 10h6" }],
    ["circle", { cx: 9.5, cy: 4, r: 1.5 }],
    ["circle", { cx: 4.5, cy: 10, r: 1.5 }],
  ],
  filter: [["path", { d: "M2 3.5h10M4 7h6M6 10.5h2" }]],
  keyboard: [["path", { d: "M1.8 4h10.4v6.5H1.8zM4 6.2h.01M7 6.2h.01M10 6.2h.01M4.8 8.5h4.4" }]],
  person: [
    ["circle", { cx: 7, cy: 4.6, r: 2.4 }],
    ["path", { d: "M2.4 12c.4-2.6 2.2-3.9 4.6-3.9s4.2 1.3 4.6 3.9" }],
  ],
  arcs: [["path", { d: "M5.5 2.5A4.5 4.5 0 0 0 5.5 11.5M11.5 2.5A4.5 4.5 0 0 0 11.5 11.5" }]],
  book: [["path", { d: "M3 2.2h8v9.6H3zM5.2 2.2v9.6M7.6 5h1.4" }]],
  brackets: [
    ["path", { d: "M4.5 3.5L1.5 7l3 3.5M9.5 3.5l3 3.5-3 3.5" }],
    ["path", { d: "M7 7h.01", "stroke-width": 2 }],
  ],
  twins: [["path", { d: "M2.8 2.3C5 3.6 9 3.6 11.2 2.3M2.8 11.7C5 10.4 9 10.4 11.2 11.7M5.2 3.2v7.6M8.8 3.2v7.6" }]],
  cross: [["path", { d: "M5.2 2.2h3.6v3h3v3.6h-3v3H5.2v-3h-3V5.2h3z" }]],
  prompt: [["path", { d: "M2.2 3.4L5.8 7l-3.6 3.6M7.2 10.8h4.6" }]],
  bolt: [["path", { d: "M8 1.8L3 8h3.6L6 12.2 11 6H7.4z" }]],
  shield: [["path", { d: "M7 1.8l4.5 1.7v3.3c0 2.6-1.8 4.4-4.5 5.4-2.7-1-4.5-2.8-4.5-5.4V3.5z" }]],
  moon: [["path", { d: "M11.8 8.4A5.2 5.2 0 1 1 5.6 2.2a4.2 4.2 0 0 0 6.2 6.2z" }]],
  flask: [
    ["path", { d: "M5 1.9h4M5.7 1.9v3.6L2.6 11a.8.8 0 0 0 .7 1.1h7.4a.8.8 0 0 0 .7-1.1L8.3 5.5V1.9M4.2 8.6h5.6" }],
  ],
  bookmark: [["path", { d: "M3.5 2h7v10L7 9.4 3.5 12z" }]],
  calendar: [
    ["rect", { x: 2, y: 3, width: 10, height: 9, rx: 1 }],
    ["path", { d: "M2 6h10M4.8 1.5V4M9.2 1.5V4" }],
  ],
  file: [["path", { d: "M3 1.8h5.2L11 4.6v7.6H3zM8 2v3h3" }]],
  tag: [
    ["path", { d: "M2 2.2h4.8l5.4 5.4-4.6 4.6L2 6.8z" }],
    ["circle+", { cx: 4.7, cy: 4.8, r: 0.8 }],
  ],
  lock: [
    ["rect", { x: 2.8, y: 6, width: 8.4, height: 6, rx: 1 }],
    ["path", { d: "M4.6 6V4.4a2.4 2.4 0 0 1 4.8 0V6" }],
  ],
  pin: [["path", { d: "M4.5 1.8h5M5.3 1.8v3.7L3.4 8h7.2L8.7 5.5V1.8M7 8v4.4" }]],
  pause: [["path", { d: "M4.7 2.8v8.4M9.3 2.8v8.4" }]],
  leave: [["path", { d: "M5.5 2.2H2.8v9.6h2.7M6 7h6M9.5 4.5L12 7 9.5 9.5" }]],
};

/** The icons that a profile may have, and their names. */
export const MARKS = {
  arcs: "Arcs",
  book: "Book",
  brackets: "Brackets",
  twins: "Twins",
  cross: "Cross",
  prompt: "Prompt",
  bolt: "Bolt",
  shield: "Shield",
  moon: "Moon",
  flask: "Flask",
};

/** Draw an icon; it says nothing by itself, so the words stand beside it or in a label. */
export function icon(name, extra = "") {
  const shapes = SHAPES[name].map(([tag, attributes]) =>
    tag.endsWith("+") ? svg(tag.slice(0, -1), { ...attributes, fill: "currentColor" }) : svg(tag, attributes),
  );
  return svg("svg", { class: `i ${extra}`.trim(), viewBox: "0 0 14 14", "aria-hidden": "true" }, shapes);
}
