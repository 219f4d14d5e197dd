// What a dry run says: the command as it would be run, where, and with which prompt.

import { minutes } from "../format.js";
import { el } from "./dom.js";

/** The parts of an answer to a dry run, as nodes. */
export function planParts(answer) {
  const facts = [answer.workingDirectory, answer.agentProfileName, minutes(answer.timeout)].join(" · ");
  const part = (name, text) => [
    el("h3", { class: "label" }, name),
    el("pre", { class: "code", tabIndex: 0, "aria-label": name }, text),
  ];
  return [
    el("p", { class: "hint" }, facts),
    part("What would run", answer.command),
    part("Prompt", answer.promptContent),
  ];
}
