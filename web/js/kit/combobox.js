// An input with a list of suggestions: arrows, Enter, Esc; what is typed always counts.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

import { el, fill, set, uid } from "./dom.js";
import { settle } from "../time.js";

/**
 * Give `control` suggestions. `suggest(text)` resolves to [{ value, content: nodes, more }]; `more` keeps the list open
 * after choosing (a folder to go on in). `onChoose(value)` follows every choice.
 */
export function combobox(control, { label, suggest, onChoose }) {
  const id = uid("list");
  const list = el("ul", { class: "combo-list", id, role: "listbox", "aria-label": label, hidden: true });
  let [options, at, asked] = [[], -1, 0];
  set(control, { role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list" });

  const close = () => {
    asked += 1;
    list.hidden = true;
    at = -1;
    set(control, { "aria-expanded": "false", "aria-activedescendant": null });
  };
  const mark = (index) => {
    at = index;
    [...list.children].forEach((child, nr) => child.setAttribute("aria-selected", String(nr === index)));
    set(control, { "aria-activedescendant": index < 0 ? null : `${id}-${index}` });
    list.children[index]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (option) => {
    control.value = option.value;
    onChoose?.(option.value);
    option.more ? open() : close();
    control.focus();
  };
  const open = async () => {
    const turn = ++asked;
    const found = await suggest(control.value);
    if (turn !== asked || document.activeElement !== control) return;
    options = found;
    fill(
      list,
      found.map((option, nr) =>
        el(
          "li",
          {
            id: `${id}-${nr}`,
            role: "option",
            "aria-selected": "false",
            on: { pointerdown: (event) => event.preventDefault(), click: () => choose(option) },
          },
          option.content,
        ),
      ),
    );
    list.hidden = !found.length;
    set(control, { "aria-expanded": String(found.length > 0) });
    mark(-1);
  };
  const typed = settle(open, 80);

  control.addEventListener("input", () => typed());
  control.addEventListener("click", () => list.hidden && open());
  control.addEventListener("blur", () => {
    typed.off();
    close();
  });
  control.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter" && at >= 0 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      choose(options[at]);
    } else if (event.key === "Tab" && at >= 0) {
      choose({ ...options[at], more: false });
    } else if (event.key === "Escape") {
      typed.off();
      asked += 1; // an answer that is under way opens nothing
      if (list.hidden) return;
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return list;
}
