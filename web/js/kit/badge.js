// Small marks that stand for a state, an agent, a path.

import { AGENTS, stateWord } from "../format.js";
import { el } from "./dom.js";
import { icon, MARKS } from "./icons.js";

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

/** An agent's icon: the one that was chosen (`chosen`: a profile's own), else its family's. */
export function agentIcon(agentType, chosen = null) {
  return icon(Object.hasOwn(MARKS, chosen ?? "") ? chosen : familyOf(agentType).icon);
}

/** An agent's icon, and its name if given. */
export function agentMark(agentType, { name = "", chosen = null } = {}) {
  return el(
    "span",
    { class: "ag", title: name || familyOf(agentType).name },
    agentIcon(agentType, chosen),
    name && el("span", { class: "cut" }, name),
  );
}

const familyOf = (agentType) => (Object.hasOwn(AGENTS, agentType ?? "") ? AGENTS[agentType] : AGENTS.custom);

/** A directory, its last part in full ink; the whole is in the title. */
export function pathMark(path) {
  const at = path.replace(/\/+$/, "").lastIndexOf("/") + 1;
  return el("span", { class: "path cut", title: path }, el("span", {}, path.slice(0, at)), path.slice(at));
}
