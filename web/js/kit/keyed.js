// Lists whose parts are drawn anew while they are looked at: what stays keeps its place, and the focus.

/** Put `elements` into `host` in this order, moving as few as possible: what is moved loses its focus. */
export function arrange(host, elements) {
  for (const one of [...host.children]) if (!elements.includes(one)) one.remove();
  let next = host.firstElementChild;
  for (const one of elements) {
    if (one === next) next = next.nextElementSibling;
    else host.insertBefore(one, next);
  }
}

/** Put a new element into an old one's place; the focus goes to what has the same label in it, else to `fallback`. */
export function exchange(old, next, fallback) {
  const { activeElement: focused } = document;
  const label = old.contains(focused) && (focused.getAttribute("aria-label") ?? "");
  old.replaceWith(next);
  if (label === false) return;
  const same = label && next.querySelector(`[aria-label="${CSS.escape(label)}"]`);
  (same || next.querySelector(fallback))?.focus({ preventScroll: true });
}

/**
 * Draw items ([{ id, … }]) into `host`, each again only when it, or what `mark(item)` says of it, has changed.
 * `draw(item)` makes an element; `fallback` selects in it what has the focus when nothing else has. `before` stands first.
 */
export function keyedList(host, { draw, fallback, mark = () => "", before = [] }) {
  const known = new Map();
  return {
    show(items) {
      const ids = new Set(items.map(({ id }) => id));
      for (const id of [...known.keys()]) if (!ids.has(id)) known.delete(id);
      const elements = items.map((item) => {
        const text = JSON.stringify([item, mark(item)]);
        const old = known.get(item.id);
        if (old?.text === text) return old.element;
        const element = draw(item);
        if (old) exchange(old.element, element, fallback);
        known.set(item.id, { text, element });
        return element;
      });
      arrange(host, [...before, ...elements]);
    },
    element: (id) => known.get(id)?.element ?? null,
  };
}
