// Modal dialogs on the browser's own <dialog>: focus stays inside and goes back, Esc closes.

import { button } from "./button.js";
import { el, uid } from "./dom.js";

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex='0']";

/**
 * Open a dialog. `body` and `foot` are nodes; `mayClose` may refuse (unsaved text); resolves `closed` when it is gone.
 * Returns { element, close, closed }.
 */
export function openDialog({ title, body, foot = null, extra = "", mayClose = () => true, onSubmit = null }) {
  const titleId = uid("dialog");
  const close = () => mayClose() && element.close();
  const head = el(
    "div",
    { class: "dlg-head" },
    el("h2", { class: "title", id: titleId }, title),
    button({ icon: "close", kind: "quiet", label: "Close", keys: "Esc", onClick: close }),
  );
  const element = el(
    "dialog",
    { class: `dlg ${extra}`.trim(), tabIndex: -1, "aria-labelledby": titleId },
    head,
    el("div", { class: "dlg-body" }, body),
    foot && el("div", { class: "dlg-foot" }, foot),
  );
  const before = document.activeElement;

  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  element.addEventListener("keydown", (event) => {
    if (onSubmit && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSubmit();
    }
  });
  // A press that begins in the dialog and ends on the scrim is a selection that slipped, not a wish to leave.
  let pressed = null;
  element.addEventListener("pointerdown", (event) => (pressed = event.target));
  element.addEventListener("click", (event) => event.target === element && pressed === element && close());

  const closed = new Promise((resolve) => {
    element.addEventListener("close", () => {
      element.remove();
      if (before?.isConnected) before.focus();
      resolve();
    });
  });
  document.body.append(element);
  element.showModal();
  const inside = element.querySelector(".dlg-body");
  if (!inside.querySelector(FOCUSABLE)) inside.tabIndex = 0; // what has nothing to stop at can still be scrolled by keys
  if (!element.contains(document.activeElement) || document.activeElement.closest(".dlg-head")) element.focus();
  return { element, close: () => element.close(), closed };
}

/** Ask before what cannot be undone; resolves to true for the deed. */
export async function confirmDeed({ title, text, deed, stay }) {
  let sure = false;
  const yes = button({ text: deed, kind: "danger", onClick: () => ((sure = true), dialog.close()) });
  const no = button({ text: stay, onClick: () => dialog.close() });
  const dialog = openDialog({
    title,
    body: el("div", { class: "ink-2" }, text),
    foot: [el("span", { class: "grow" }), no, yes],
    extra: "dlg-small",
  });
  no.focus();
  await dialog.closed;
  return sure;
}
