// Short messages at the lower left that go by themselves, but never while somebody reads them.

import { button } from "./button.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

const STAY_MS = 6000;
const UNDO_MS = 10_000;
const TONES = { "st-failed": "is-failed", warn: "is-warning" };

export class Toasts {
  #host;

  constructor(host) {
    this.#host = host;
    addEventListener("keydown", (event) => {
      if (event.key !== "F6" || !host.lastChild) return;
      event.preventDefault();
      host.lastChild.focus();
    });
  }

  /** Say something; F6 reaches it. `action`: { text, onClick }; `failed` is read aloud at once. `onGone` follows when it goes, but for its action. */
  say({ text, detail = "", failed = false, shape = failed ? "st-failed" : "st-completed", action = null, onGone = () => {} }) {
    const close = button({ icon: "close", kind: "quiet", small: true, label: "Close", onClick: () => (toast.remove(), onGone()) });
    const act = action && button({ text: action.text, small: true, onClick: () => (toast.remove(), action.onClick()) });
    const words = el("div", { class: "grow" }, el("div", {}, text), detail && el("div", { class: "hint" }, detail));
    const toast = el(
      "div",
      { class: `toast ${TONES[shape] ?? ""}`.trim(), role: failed ? "alert" : "status", tabIndex: -1 },
      icon(shape),
      words,
      act,
      close,
    );
    this.#host.append(toast);
    this.#leave(toast, action ? UNDO_MS : STAY_MS, onGone);
    return toast;
  }

  #leave(toast, after, onGone) {
    setTimeout(() => {
      if (!toast.isConnected) return;
      if (toast.matches(":hover, :focus-within, :focus")) return this.#leave(toast, 2000, onGone);
      toast.remove();
      onGone();
    }, after);
  }
}
