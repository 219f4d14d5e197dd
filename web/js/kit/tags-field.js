// A field for tags: each becomes a chip that can be taken away again; known ones are suggested.

import { combobox } from "./combobox.js";
import { el, fill } from "./dom.js";
import { field, input } from "./form.js";
import { icon } from "./icons.js";

const MOST_SUGGESTED = 12;

/** The field, with values(); `known()` are tags that exist. `onChange` follows what becomes or stops being a chip. */
export function tagsField({ label = "Tags", value = [], known = () => [], hint = "", onChange = () => {} }) {
  const chips = el("span", { class: "tag-chips" });
  const control = input({ maxlength: 50 });
  let tags = [...value];
  const list = combobox(control, { label: "Known tags", suggest, onChoose: () => take() });
  const made = field({ label, control, before: chips, after: list, hint, extra: "tags-field has-list" });

  async function suggest(text) {
    const typed = text.trim().toLowerCase();
    return known()
      .filter((tag) => !tags.includes(tag) && tag.toLowerCase().includes(typed) && tag !== text.trim())
      .slice(0, MOST_SUGGESTED)
      .map((tag) => ({ value: tag, content: [icon("tag"), tag] }));
  }

  function take() {
    const typed = control.value.split(",").map((tag) => tag.trim());
    const fresh = typed.filter((tag, at) => tag && !tags.includes(tag) && typed.indexOf(tag) === at);
    control.value = "";
    if (fresh.length) change([...tags, ...fresh]);
  }

  function change(next) {
    tags = next;
    draw();
    made.refuse("");
    onChange();
  }

  function draw() {
    fill(
      chips,
      tags.map((tag) =>
        el(
          "button",
          {
            type: "button",
            class: "chip",
            "aria-label": `Remove ${tag}`,
            title: `Remove ${tag}`,
            on: { click: () => (change(tags.filter((other) => other !== tag)), control.focus()) },
          },
          el("span", { class: "cut" }, tag),
          icon("close"),
        ),
      ),
    );
  }

  control.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "Backspace" && !control.value && tags.length) change(tags.slice(0, -1));
    if (event.defaultPrevented || (event.key !== "Enter" && event.key !== ",")) return;
    event.preventDefault();
    take();
  });
  control.addEventListener("blur", take);
  draw();
  made.values = () => {
    take(); // what is typed counts
    return tags;
  };
  return made;
}
