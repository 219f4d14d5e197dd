// What a place says when it has nothing to show: empty, failed, still loading.

import { button } from "./button.js";
import { el, svg } from "./dom.js";
import { icon } from "./icons.js";

const LATE_MS = 200;

/** The line of time with its mark of now, a title, a sentence and what can be done. */
export function emptyNotice({ title, text, actions = [], heading = "h2" }) {
  const line = svg(
    "svg",
    { class: "notice-line", viewBox: "0 0 120 26", "aria-hidden": "true" },
    svg("rect", { class: "rail", x: 0, y: 12.5, width: 120, height: 1 }),
    svg("rect", { class: "now", x: 90, y: 3, width: 1.5, height: 20 }),
  );
  return el(
    "div",
    { class: "notice" },
    line,
    el(heading, { class: "title" }, title),
    text && el("p", {}, text),
    actions.length ? el("div", { class: "notice-actions" }, actions) : null,
  );
}

/** An error of one view: what is wrong, in the server's words, and a way to try again. */
export function errorNotice({ title, text, onRetry }) {
  const mark = el("span", { class: "s-failed" }, icon("st-failed", "i-lg"));
  const retry = onRetry && button({ text: "Try again", onClick: onRetry });
  return el(
    "div",
    { class: "notice", role: "alert" },
    mark,
    el("h2", { class: "title" }, title),
    el("p", {}, text),
    retry && el("div", { class: "notice-actions" }, retry),
  );
}

/** Show `node` in `host` if the work takes longer than a blink; the returned function calls it off. */
export function whenLate(host, node) {
  const timer = setTimeout(() => host.replaceChildren(node), LATE_MS);
  return () => clearTimeout(timer);
}
