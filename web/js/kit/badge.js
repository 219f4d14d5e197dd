// Small marks that stand for a state, an agent, a path.

import { AGENTS, stateWord } from "../format.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

/** A state: shape, word and colour. `tinted` gives it a ground; `bare` hides the word from the eye only. */
export function stateMark(status, { tinted = false, bare = false } = {}) {
  const word = stateWord(status);
  const classes = `st s-${status}${tinted ? " tinted" : ""}`;
  const shape = icon(`st-${status}`, status === "running" ? "i-live" : "");
  return el(
    "span",
    { class: classes, title: bare ? word : null },
    shape,
    el("span", { class: bare ? "sr" : "" }, word),
  );
}

/** An agent's two letters, and its name if given. */
export function agentMark(agentType, name = "") {
  const agent = AGENTS[agentType] ?? AGENTS.custom;
  return el(
    "span",
    { class: "ag", title: name || agent.name },
    el("b", { "aria-hidden": "true" }, agent.badge),
    name && el("span", { class: "cut" }, name),
  );
}

/** A directory, its last part in full ink; the whole is in the title. */
export function pathMark(path) {
  const at = path.replace(/\/+$/, "").lastIndexOf("/") + 1;
  return el("span", { class: "path cut", title: path }, el("span", {}, path.slice(0, at)), path.slice(at));
}
