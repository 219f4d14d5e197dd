// A profile's environment: names and values; a value that is stored is never shown, only replaced or taken away.

import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { input } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";

const MASK = "••••••••";

/**
 * Rows of name and value. `stored`: the values are on the server, and `env` has only their names; then values() has the
 * mask for what stays and null for what goes.
 */
export function environmentField(env, { stored }) {
  const rows = el("div", { class: "env-rows" });
  const reason = el("p", { class: "field-error", hidden: true });
  const add = button({
    text: "Add variable",
    icon: "plus",
    kind: "quiet",
    small: true,
    onClick: () => addRow("", "").focus(),
  });
  const element = el(
    "div",
    { class: "field", role: "group", "aria-label": "Environment" },
    el("div", { class: "field-head" }, el("span", { class: "label" }, "Environment"), add),
    rows,
    reason,
  );

  function addRow(name, value, kept = false) {
    const key = input({ value: name, mono: true, "aria-label": "Name of the variable", placeholder: "NAME" });
    const content = input({
      value,
      mono: true,
      "aria-label": `Value of ${name || "the variable"}`,
      placeholder: kept ? `${MASK} stays as it is` : "value",
    });
    const remove = button({
      icon: "trash",
      kind: "quiet",
      label: `Remove ${name || "the variable"}`,
      onClick: () => {
        row.remove();
        add.focus();
        element.dispatchEvent(new Event("input", { bubbles: true }));
      },
    });
    const row = el(
      "div",
      { class: "env-row", data: { kept: kept ? name : "" } },
      el("div", { class: "f" }, key),
      el("div", { class: "f" }, content),
      remove,
    );
    rows.append(row);
    return key;
  }

  function refuse(text) {
    set(reason, { hidden: !text });
    fill(reason, text ? [icon("st-failed"), el("span", {}, text)] : []);
  }

  for (const [name, value] of Object.entries(env)) addRow(name, stored ? "" : value, stored);
  element.addEventListener("input", () => refuse(""));
  return {
    element,
    control: add,
    refuse,
    values() {
      const next = {};
      for (const row of rows.children) {
        const [key, content] = row.querySelectorAll("input");
        const name = key.value.trim();
        if (name) next[name] = !content.value && row.dataset.kept === name ? MASK : content.value;
      }
      for (const name of stored ? Object.keys(env) : []) if (!(name in next)) next[name] = null;
      return next;
    },
  };
}
