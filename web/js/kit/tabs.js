// The tabs pattern: one tab stop, arrows, Home and End; a tab may be closable.
// https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import { el, fill, uid } from "./dom.js";
import { icon } from "./icons.js";

/** A row of tabs. `onSelect(id)` is called when a tab is chosen, `onClose(id)` when one is closed. */
export function tabRow({ label, onSelect, onClose = null, extra = "" }) {
  const list = el("div", { class: `tab-row ${extra}`.trim(), role: "tablist", "aria-label": label });
  const prefix = uid("tab");
  let [items, chosen] = [[], null];

  function move(event) {
    const at = items.findIndex(({ id }) => id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Delete" && onClose) return onClose(chosen);
    if (to === undefined || event.target.getAttribute("role") !== "tab") return;
    event.preventDefault();
    onSelect(items[(to + items.length) % items.length].id);
    list.querySelector("[aria-selected=true]")?.focus();
  }

  // The cross is for the pointer; the keyboard has Delete, so the list holds nothing but tabs.
  function drawOne({ id, content, name }) {
    const tab = el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${prefix}-${id}`,
        "aria-selected": String(id === chosen),
        tabIndex: id === chosen ? 0 : -1,
        title: name,
        on: { click: () => onSelect(id) },
      },
      content,
    );
    if (!onClose) return tab;
    const close = el(
      "span",
      {
        class: "tab-close",
        "aria-hidden": "true",
        title: "Close (Delete)",
        on: { click: (event) => (event.stopPropagation(), onClose(id)) },
      },
      icon("close"),
    );
    tab.setAttribute("aria-keyshortcuts", "Delete");
    tab.addEventListener("auxclick", (event) => event.button === 1 && onClose(id));
    tab.append(close);
    return tab;
  }

  list.addEventListener("keydown", move);
  return {
    element: list,
    idOf: (id) => `${prefix}-${id}`,
    /** Draw the tabs anew: [{ id, content: nodes, name }]; focus stays where it was. */
    show(tabs, selected) {
      const focused = list.contains(document.activeElement) ? document.activeElement.id : null;
      [items, chosen] = [tabs, selected];
      fill(list, tabs.map(drawOne));
      if (focused) document.getElementById(focused)?.focus();
    },
  };
}
