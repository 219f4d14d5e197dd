// The banner that says since when the server is silent, and when the page asks again.

import { clock } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { everySecond } from "../time.js";

/** Keep `host` in step with the state of the live connection. */
export function mountBanner(host, { live }) {
  let stop = null;

  function show({ detail: state }) {
    stop?.();
    stop = null;
    if (state.online) return fill(host);
    const left = el("span", { class: "nb" });
    const why = state.reason || `The server does not answer since ${clock(state.since)}.`;
    const words = el("span", { class: "grow" }, `${why} What you type is kept; the page catches up by itself.`);
    fill(
      host,
      el(
        "div",
        { class: "banner", role: "status" },
        icon("offline"),
        words,
        el("span", { "aria-hidden": "true" }, left),
        button({ text: "Try now", small: true, onClick: () => live.check() }),
      ),
    );
    stop = everySecond((now) => {
      const seconds = Math.ceil((state.nextTry - now) / 1000);
      left.textContent = seconds > 0 ? `Next try in ${seconds} s` : "Trying";
    });
  }

  live.addEventListener("state", show);
  return () => {
    stop?.();
    live.removeEventListener("state", show);
    fill(host);
  };
}
