// The field for a working directory; it suggests the known ones first, then the folders under what is typed.

import { pathMark } from "./badge.js";
import { combobox } from "./combobox.js";
import { el } from "./dom.js";
import { field, input } from "./form.js";
import { icon } from "./icons.js";

const MOST = 12;

/**
 * The field; `home` is the folder of the server's own user, `onInput` follows what is typed or chosen. Besides what every
 * field has: value() is what to send, and showHome(user) names the home folder that is taken when it is empty.
 */
export function directoryField({ api, home, value, onInput = () => {} }) {
  const control = input({ mono: true, value });
  const list = combobox(control, { label: "Directories", suggest: suggestDirectories(api), onChoose: onInput });
  control.addEventListener("input", onInput);
  const made = field({ label: "Working directory", control, before: icon("folder"), after: list, extra: "has-list" });
  made.value = () => control.value.trim() || null;
  made.showHome = (user) => {
    control.placeholder = user ? `the home folder of ${user}` : `${home}, the home folder`;
  };
  made.showHome(null);
  return made;
}

/** A function that resolves to options for what is typed. */
function suggestDirectories(api) {
  let known = null;

  return async (text) => {
    const typed = text.trim();
    known ??= await api.get("directories").then(
      ({ directories }) => directories,
      () => [],
    );
    const words = typed.toLowerCase();
    const fitting = known.filter(({ path }) => path.toLowerCase().includes(words) && path !== typed).map(knownOption);
    const folders = typed.startsWith("/") ? await foldersUnder(api, typed) : [];
    const seen = new Set(fitting.map(({ value }) => value));
    return [...fitting, ...folders.filter(({ value }) => !seen.has(value))].slice(0, MOST);
  };
}

async function foldersUnder(api, typed) {
  const at = typed.lastIndexOf("/");
  const [parent, start] = [typed.slice(0, at) || "/", typed.slice(at + 1).toLowerCase()];
  const { entries } = await api.get("files", { path: parent }).catch(() => ({ entries: [] }));
  return entries
    .filter(
      ({ type, name }) =>
        type === "directory" &&
        name.toLowerCase().startsWith(start) &&
        (start.startsWith(".") || !name.startsWith(".")),
    )
    .map(({ path, isRepository }) => ({
      value: isRepository ? path : `${path}/`,
      more: !isRepository,
      content: [icon("folder"), pathMark(path), isRepository && el("span", { class: "hint" }, "git")],
    }));
}

function knownOption({ path, isRepository }) {
  return {
    value: path,
    content: [icon("folder"), pathMark(path), el("span", { class: "hint" }, isRepository ? "git" : "used before")],
  };
}
