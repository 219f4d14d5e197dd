// The bar over the log: mode, follow, wrap, copy, download, full screen, and the search field.

import { number } from "../format.js";
import { button } from "../kit/button.js";
import { el, fill, set, uid } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { menuButton } from "../kit/menu.js";

/** Make the bar. `deeds` are called as the buttons are; `tip(id)` is a command's shortcut. */
export function toolbar({ deeds, tip, more }) {
  const modes = ["clean", "terminal"].map((mode) =>
    el(
      "button",
      { type: "button", "aria-pressed": "false", on: { click: () => deeds.mode(mode) } },
      mode === "clean" ? "Clean" : "Terminal",
    ),
  );
  const seg = el(
    "div",
    { class: "seg", role: "group", "aria-label": "Output mode", title: `Output mode (${tip("mode")})` },
    modes,
  );
  const follow = button({
    text: "Follow",
    icon: "end",
    kind: "quiet",
    small: true,
    pressed: false,
    extra: "vw-follow",
    onClick: deeds.follow,
    "aria-label": "Follow",
    title: `Follow new lines (${tip("follow")})`,
  });
  const wrap = button({
    icon: "wrap",
    kind: "quiet",
    small: true,
    label: "Wrap lines",
    keys: tip("wrap"),
    pressed: true,
    extra: "vw-wrap",
    onClick: deeds.wrap,
  });
  const copy = button({
    icon: "copy",
    kind: "quiet",
    small: true,
    label: "Copy output",
    keys: tip("copy"),
    extra: "vw-wide",
    onClick: () => deeds.copy(copy),
  });
  const download = el(
    "a",
    {
      class: "b b-quiet b-s b-i vw-wide",
      href: deeds.logHref,
      download: "",
      title: "Download .log",
      "aria-label": "Download .log",
    },
    icon("download"),
  );
  const full = button({
    icon: "full",
    kind: "quiet",
    small: true,
    label: "Full screen",
    keys: tip("full-screen"),
    extra: "vw-wide",
    pressed: false,
    onClick: deeds.full,
  });
  const keep = button({
    icon: "pin",
    kind: "quiet",
    small: true,
    label: "Keep for ever",
    extra: "vw-wide",
    pressed: false,
    hidden: !deeds.keep,
    onClick: deeds.keep,
  });
  const rest = menuButton(button({ icon: "more", kind: "quiet", small: true, label: "More", extra: "vw-more" }), more);
  const find = findField({ deeds, tip });
  return {
    element: el("div", { class: "vw-tools" }, seg, follow, wrap, download, keep, full, rest, copy, find.element),
    find,
    copy,
    showKept: (on) => set(keep, { "aria-pressed": String(on) }),
    show({ mode, following, live, wrapped, isFull }) {
      modes.forEach((one, at) => set(one, { "aria-pressed": String(mode === ["clean", "terminal"][at]) }));
      set(follow, { hidden: !live || mode !== "clean", "aria-pressed": String(following) });
      set(wrap, { "aria-pressed": String(wrapped), hidden: mode !== "clean" });
      set(copy, { hidden: mode !== "clean" });
      set(full, { "aria-pressed": String(isFull) });
    },
  };
}

function findField({ deeds, tip }) {
  const field = el("input", {
    type: "text",
    "aria-label": "Find in output",
    placeholder: "Find",
    autocomplete: "off",
    spellcheck: false,
    enterkeyhint: "search",
  });
  const tally = el("span", { class: "tally", "aria-live": "polite" });
  const pattern = button({
    text: ".*",
    kind: "quiet",
    small: true,
    label: "Regular expression",
    pressed: false,
    extra: "m",
    onClick: () => (toggle(), deeds.find(field.value, isPattern())),
  });
  const wrong = el("p", { class: "field-error find-error", id: uid("find-error"), hidden: true });
  const step = (way, name, id, label) =>
    button({ icon: name, kind: "quiet", small: true, label, keys: tip(id), onClick: () => deeds.step(way) });
  const isPattern = () => pattern.getAttribute("aria-pressed") === "true";
  const toggle = () => set(pattern, { "aria-pressed": String(!isPattern()) });

  field.addEventListener("input", () => deeds.find(field.value, isPattern()));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      deeds.step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      field.value = "";
      deeds.find("", false);
      deeds.leaveFind();
    }
  });
  const frame = el("label", { class: "f" }, icon("find"), field, tally);
  return {
    element: el(
      "div",
      { class: "find", role: "search" },
      frame,
      step(-1, "up", "previous-match", "Previous match"),
      step(1, "down", "next-match", "Next match"),
      pattern,
      wrong,
    ),
    focus: () => (field.focus(), field.select()),
    clear() {
      field.value = "";
      this.show({ at: -1, count: 0, counting: false, error: "" });
    },
    /** Say how many matches there are, and what is wrong with the pattern. */
    show({ at, count, counting, error }) {
      const none = field.value && !count && !counting && !error;
      const all = `${number(count)}${counting ? "+" : ""}`;
      fill(tally, !field.value || error ? "" : none ? "none" : at >= 0 ? `${number(at + 1)} / ${all}` : all);
      tally.classList.toggle("is-none", Boolean(none));
      frame.classList.toggle("is-bad", Boolean(error));
      set(field, { "aria-invalid": error ? "true" : null, "aria-describedby": error ? wrong.id : null });
      set(wrong, { hidden: !error });
      fill(wrong, error ? [icon("st-failed"), error] : []);
    },
  };
}
