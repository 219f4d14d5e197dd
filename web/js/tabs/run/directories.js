// Suggestions for a working directory: the known ones first, then the folders under what is typed.

import { pathMark } from "../../kit/badge.js";
import { el } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";

const MOST = 12;

/** A function that resolves to options for what is typed. */
export function suggestDirectories(api) {
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
