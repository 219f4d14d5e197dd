// A profile's environment: names and values; a value that is stored is never shown, only replaced or taken away.

import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { input } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";

const MASK = "••••••••";

/**
 * Rows of name and value. `stored`: the values are on the server, and `env` has only their names; then values() has the
 * mask for what stays and null for what goes. `onEnter` follows Enter in one of the fields.
 */
export function environmentField(env, { stored, onEnter }) {
  const box = el("div", { class: "env-rows" });
  const reason = el("p", { class: "field-error", role: "alert", hidden: true });
  const rows = new Set();
  const add = button({
    text: "Add variable",
    icon: "plus",
    kind: "quiet",
    small: true,
    onClick: () => addRow({}).key.focus(),
  });
  const element = el(
    "div",
    { class: "field", role: "group", "aria-label": "Environment" },
    el("div", { class: "field-head" }, el("span", { class: "label" }, "Environment"), add),
    box,
    reason,
  );

  function addRow(start) {
    const row = variableRow(start, () => {
      rows.delete(row);
      row.element.remove();
      add.focus();
      element.dispatchEvent(new Event("input", { bubbles: true }));
    });
    rows.add(row);
    box.append(row.element);
    return row;
  }

  function refuse(text) {
    set(reason, { hidden: !text });
    fill(reason, text ? [icon("st-failed"), el("span", {}, text)] : []);
  }

  for (const [name, value] of Object.entries(env))
    addRow(stored ? { name, kept: name } : { name, value, kept: "" });
  element.addEventListener("input", () => {
    refuse("");
    rows.forEach((row) => row.blame(""));
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    onEnter();
  });
  return {
    element,
    control: add,
    refuse,
    /** Whether a variable has a value, here or on the server. */
    has: (name) => [...rows].some((row) => row.name() === name && row.isGiven()),
    /** Show a row for a variable that is missing; it is left out when it stays empty. */
    offer(name, value = "") {
      const row = [...rows].find((one) => one.name() === name) ?? addRow({ name, value, offered: true });
      if (value) row.fill(value);
      row.content.focus();
      element.dispatchEvent(new Event("input", { bubbles: true }));
    },
    /** Point at the first row that cannot be saved as it is; says whether there is one. */
    hasGaps() {
      const names = [...rows].map((row) => row.name());
      for (const row of rows) {
        const isTwice = row.name() && names.filter((name) => name === row.name()).length > 1;
        const text = isTwice ? `${row.name()} stands here twice; take one away.` : row.gap();
        if (!text) continue;
        row.blame(text);
        return true;
      }
      return false;
    },
    values() {
      const next = Object.assign({}, ...[...rows].map((row) => row.entry()));
      for (const name of stored ? Object.keys(env) : []) if (!(name in next)) next[name] = null;
      return next;
    },
  };
}

/**
 * One variable. `kept` is the name under which its value is stored: the page does not know the value, so it cannot
 * take it over to another name.
 */
function variableRow({ name = "", value = "", kept = "", offered = false }, onRemove) {
  const key = input({ value: name, mono: true, "aria-label": "Name of the variable", placeholder: "NAME" });
  const content = input({ value, mono: true });
  const remove = button({ icon: "trash", kind: "quiet", onClick: onRemove });
  const note = el("p", { class: "env-note hint", hidden: true });
  const [keyFrame, contentFrame] = [key, content].map((control) => el("div", { class: "f" }, control));
  const nameNow = () => key.value.trim();
  const isKept = () => Boolean(kept) && nameNow() === kept && !content.value;
  const isRenamed = () => Boolean(kept) && nameNow() !== kept;

  function follow() {
    const words = nameNow() || "the variable";
    const asks = isRenamed() && nameNow() !== "" && !content.value;
    set(content, {
      "aria-label": `Value of ${words}`,
      "aria-required": isRenamed() ? "true" : null,
      placeholder: kept && !isRenamed() ? `${MASK} stays as it is` : "value",
    });
    set(remove, { "aria-label": `Remove ${words}`, title: `Remove ${words}` });
    note.hidden = !asks;
    if (asks)
      note.textContent = `The value of ${kept} is stored, not shown here, so it cannot move along: type it for ${words}.`;
  }

  function blame(text) {
    const isValue = Boolean(text) && nameNow() !== "";
    keyFrame.classList.toggle("is-bad", Boolean(text) && !isValue);
    contentFrame.classList.toggle("is-bad", isValue);
    set(content, { "aria-invalid": isValue ? "true" : null });
    note.classList.toggle("field-error", Boolean(text));
    if (!text) return follow();
    note.hidden = false;
    note.textContent = text;
    (isValue ? content : key).focus();
  }

  key.addEventListener("input", follow);
  content.addEventListener("input", follow);
  follow();
  return {
    key,
    content,
    blame,
    name: nameNow,
    isGiven: () => isKept() || content.value !== "",
    fill: (text) => (content.value = text),
    gap() {
      if (!nameNow()) return kept || content.value ? "A variable needs a name; or take it away." : "";
      return isRenamed() && !content.value
        ? `Type the value for ${nameNow()}, or call it ${kept} again: a stored value does not move along.`
        : "";
    },
    /** What to send of this row; a stored value stays where it is until its new name has a value. */
    entry() {
      if (isKept() || (kept && isRenamed() && !content.value)) return { [kept]: MASK };
      return nameNow() && !(offered && !content.value) ? { [nameNow()]: content.value } : {};
    },
    element: el("div", { class: "env-row" }, keyFrame, contentFrame, remove, note),
  };
}
