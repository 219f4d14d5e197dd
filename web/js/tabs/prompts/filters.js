// The filters of the saved prompts: a search field, the profile, the directory, and the tags as chips.

import { profileChoices } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill } from "../../kit/dom.js";
import { choice, searchField } from "../../kit/filters.js";
import { menuButton } from "../../kit/menu.js";
import { anyFilter, directoriesOf, readFilters, tagList, tagsOf } from "./pick.js";

const SHOWN_TAGS = 6;
const TYPES = [
  ["", "Any type"],
  ["inline", "Text"],
  ["file-reference", "File"],
];

/** The row of controls, with `last` at its end. `onChange(filters)` follows every change. */
export function filterRow(ctx, last, onChange) {
  let [now, all] = [readFilters(new URLSearchParams()), []];
  const change = (part) => onChange({ ...now, ...part });
  const search = searchField({
    label: "Search prompts",
    placeholder: "Search prompts",
    onSearch: (text) => change({ search: text }),
  });
  const profile = choice("Profile", [["", "Any profile"]], (value) => change({ agent: value }));
  const directory = choice("Directory", [["", "Any directory"]], (value) => change({ directory: value }));
  const type = choice("Type", TYPES, (value) => change({ type: value }));
  const chips = el("div", { class: "filter-tags", role: "group", "aria-label": "Tags" });
  const clear = button({
    text: "Clear filters",
    kind: "quiet",
    extra: "filters-clear",
    onClick: () => onChange(readFilters(new URLSearchParams())),
  });
  const rest = el(
    "div",
    { class: "filters-rest", id: "prompt-filters" },
    profile.element,
    directory.element,
    type.element,
    chips,
    clear,
  );

  function toggle(tag) {
    const tags = tagList(now.tag);
    const next = tags.includes(tag) ? tags.filter((other) => other !== tag) : [...tags, tag];
    change({ tag: next.join(",") });
  }

  const chip = (tag) =>
    el(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(tagList(now.tag).includes(tag)),
        "data-tag": tag,
        on: { click: () => toggle(tag) },
      },
      el("span", { class: "cut" }, tag),
    );

  function drawTags() {
    const known = tagsOf(all);
    const chosen = tagList(now.tag);
    const shown = [...new Set([...known.slice(0, SHOWN_TAGS), ...chosen])];
    const others = known.filter((tag) => !shown.includes(tag));
    const focused = chips.contains(document.activeElement) ? document.activeElement.dataset.tag : null;
    const more =
      others.length > 0 &&
      menuButton(el("button", { type: "button", class: "chip" }, "More tags"), () =>
        others.map((tag) => ({ text: tag, icon: "tag", onClick: () => toggle(tag) })),
      );
    fill(chips, shown.map(chip), more);
    chips.hidden = !shown.length;
    if (focused) chips.querySelector(`[data-tag="${CSS.escape(focused)}"]`)?.focus();
  }

  return {
    element: el("div", { class: "filters", role: "search", "aria-label": "Filter prompts" }, search.element, rest, last),
    rest,
    focus: search.focus,
    show(filters, list) {
      [now, all] = [filters, list];
      search.show(filters.search);
      profile.show(filters.agent, [["", "Any profile"], ...profileChoices(ctx.cache.profiles ?? [])]);
      directory.show(filters.directory, [["", "Any directory"], ...directoriesOf(list).map((path) => [path, path])]);
      type.show(filters.type);
      drawTags();
      clear.hidden = !anyFilter(filters);
    },
  };
}
