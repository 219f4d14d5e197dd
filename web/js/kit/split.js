// A divider between two panes: drag it, move it with arrows, double-click to reset.
// https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/

import { el, set } from "./dom.js";

const STEP = 16;

/** A separator that sets the custom property `name` of `host` to a width; `toRight` is for a pane on its right side. */
export function divider({ host, name, label, value, initial, min = 280, max = 640, toRight = false, onMoved }) {
  const element = el("div", {
    class: `divider${toRight ? " is-left-edge" : ""}`,
    role: "separator",
    tabIndex: 0,
    "aria-orientation": "vertical",
    "aria-label": label,
    "aria-valuemin": min,
    "aria-valuemax": max,
  });
  let width = value;

  function apply(next) {
    width = Math.round(Math.min(max, Math.max(min, next)));
    host.style.setProperty(name, `${width}px`);
    set(element, { "aria-valuenow": width });
  }
  function keep(next) {
    apply(next);
    onMoved(width);
  }
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const [from, start] = [event.clientX, width];
    const move = (e) => apply(start + (e.clientX - from) * (toRight ? -1 : 1));
    element.addEventListener("pointermove", move);
    element.addEventListener(
      "lostpointercapture",
      () => (element.removeEventListener("pointermove", move), onMoved(width)),
      { once: true },
    );
  });
  element.addEventListener("dblclick", () => keep(initial));
  element.addEventListener("keydown", (event) => {
    const sign = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const end = { Home: min, End: max }[event.key];
    if (!sign && end === undefined) return;
    event.preventDefault();
    keep(end ?? width + sign * STEP * (toRight ? -1 : 1));
  });
  apply(value);
  return element;
}
