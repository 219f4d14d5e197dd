// The banner: since when the server is silent and when the page asks again, or what keeps queued runs from their start.

import { clock } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill, leaving } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { everySecond } from "../time.js";

/** Keep `host` in step with the live connection and with the queue. */
export function mountBanner(host, { live, cache }) {
  const bag = leaving();
  let stop = () => {};
  let shown = ""; // an unchanged banner is left alone: a screen reader would say it again

  function show() {
    const { state } = live;
    const text = state.online ? held(cache.active) : away(state);
    const key = state.online ? text : `${text} ${state.nextTry}`;
    if (key === shown) return;
    shown = key;
    stop();
    stop = () => {};
    if (!text) return fill(host);
    const words = el("span", { class: "grow" }, text);
    const row = el("div", { class: "banner", role: "status" }, icon(state.online ? "warn" : "offline"), words);
    fill(host, row);
    if (!state.online) stop = countDown(row, live);
  }

  bag.on(live, "state", show);
  bag.on(cache, "active", show);
  bag.add(
    () => stop(),
    () => fill(host),
  );
  return bag.off;
}

// Only what the server holds back has a reason while it is queued; the others just wait for their turn.
const held = (runs) => runs.find(({ status, reason }) => status === "queued" && reason)?.reason ?? "";

function away({ since, reason }) {
  const why = reason || `The server does not answer since ${clock(since)}.`;
  return `${why} What you type is kept; the page catches up by itself.`;
}

function countDown(row, live) {
  const left = el("span", { class: "nb" });
  row.append(
    el("span", { "aria-hidden": "true" }, left),
    button({ text: "Try now", small: true, onClick: () => live.check() }),
  );
  return everySecond(() => {
    const seconds = Math.ceil((live.state.nextTry - Date.now()) / 1000);
    left.textContent = seconds > 0 ? `Next try in ${seconds} s` : "Trying";
  });
}
