// A menu that opens at a button: arrows, letters, Esc.
// https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/

import { el, set, uid } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Make `opener` open a menu. `items()` gives entries { text, icon, onClick, hint, danger, href, download }, those with
 * `checked` (and `radio`) being choices, { heading } a caption, null a line.
 */
export function menuButton(opener, items, { label } = {}) {
  const id = uid("menu");
  set(opener, { "aria-haspopup": "menu", "aria-expanded": "false" });
  let menu = null;

  const close = (back) => {
    menu?.remove();
    menu = null;
    set(opener, { "aria-expanded": "false", "aria-controls": null });
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", close);
    if (back === true) opener.focus();
  };
  const outside = (event) => {
    if (!menu.contains(event.target) && !opener.contains(event.target)) close();
  };
  const open = () => {
    menu = el(
      "div",
      {
        class: "menu",
        id,
        role: "menu",
        "aria-label": label ?? opener.getAttribute("aria-label") ?? opener.textContent,
        on: { keydown },
      },
      items().map((item) => entry(item, close)),
    );
    (opener.closest("dialog") ?? opener.closest("main") ?? opener.closest("header") ?? document.body).append(menu);
    place(menu, opener);
    set(opener, { "aria-expanded": "true", "aria-controls": id });
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", close);
    entries()[0]?.focus();
  };
  const entries = () => [...menu.querySelectorAll("[role^=menuitem]")];
  const keydown = (event) => {
    const all = entries();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      return close(true);
    }
    const letter =
      event.key.length === 1
        ? (all.find((one, index) => index > at && startsWith(one, event.key)) ??
          all.find((one) => startsWith(one, event.key)))
        : null;
    if (to === undefined && !letter) return;
    event.preventDefault();
    event.stopPropagation();
    (letter ?? all[(to + all.length) % all.length]).focus();
  };

  opener.addEventListener("click", () => (menu ? close(true) : open()));
  opener.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || menu) return;
    event.preventDefault();
    open();
  });
  return opener;
}

function startsWith(element, letter) {
  return element.textContent.trim().toLowerCase().startsWith(letter.toLowerCase());
}

function entry(item, close) {
  if (item === null) return el("div", { class: "menu-line", role: "separator" });
  if (item.heading) return el("div", { class: "menu-head" }, item.heading);
  const chosen = item.checked !== undefined;
  const props = {
    class: item.danger ? "is-danger" : "",
    role: chosen ? (item.radio ? "menuitemradio" : "menuitemcheckbox") : "menuitem",
    tabIndex: -1,
    "aria-checked": chosen ? String(item.checked) : null,
  };
  const inside = [
    (chosen || item.icon) && icon(chosen ? "st-completed" : item.icon, chosen && !item.checked ? "is-out" : ""),
    el("span", { class: "grow" }, item.text),
    item.hint && el("span", { class: "hint" }, item.hint),
  ];
  const listener = { click: () => (close(!item.href), item.onClick?.()) };
  if (item.href) return el("a", { ...props, href: item.href, download: item.download ?? null, on: listener }, inside);
  return el("button", { ...props, type: "button", on: listener }, inside);
}

function place(menu, opener) {
  const at = opener.getBoundingClientRect();
  const [width, height] = [menu.offsetWidth, menu.offsetHeight];
  const below = at.bottom + 4 + height < innerHeight || at.top < height;
  const left = Math.min(at.right - width > 8 ? at.right - width : at.left, innerWidth - width - 8);
  const top = Math.max(8, Math.min(below ? at.bottom + 4 : at.top - height - 4, innerHeight - height - 8));
  set(menu, { style: { left: `${Math.max(8, left)}px`, top: `${top}px` } });
}
