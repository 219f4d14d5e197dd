// What a run of the profile would still miss, as the server found it; what a variable mends has a button for it.

import { button } from "../../kit/button.js";
import { el, fill, set } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { remedy, sentence } from "../../kit/sentence.js";

const VARIABLE = /\b(?:variable(?: such as)?|profile) ([A-Z][A-Z0-9_]{2,})\b(?: with the value (\w+))?/;
const BY_VARIABLE = ["key_missing", "root_refused", "config_missing"];
const SAID_ELSEWHERE = ["template_invalid", "profile_disabled"];

/** The section. `has(name)` says whether a variable is given, `onOffer(name, value)` is a wish to give it. */
export function needsList({ has, onOffer }) {
  const list = el("ul", { class: "needs" });
  const element = el("section", { hidden: true }, el("h3", { class: "label" }, "Before a run"), list);
  let found = { problems: [], template: "", command: "" };
  let drawn = "";

  // What was found of another template holds only for its agent's key and rules.
  function holds({ code, fix }, template) {
    const { name } = variableIn(fix);
    if (SAID_ELSEWHERE.includes(code) || (name && has(name))) return false;
    if (template === found.template) return true;
    return BY_VARIABLE.includes(code) && Boolean(found.command) && template.includes(found.command);
  }

  function row({ text, fix, severity }) {
    const { name, value } = variableIn(fix);
    const give = () => onOffer(name, value);
    const offer = name && button({ text: `Add ${name}`, icon: "plus", small: true, onClick: give });
    return el(
      "li",
      { class: severity === "warning" ? "s-timeout" : "s-failed" },
      icon(severity === "warning" ? "warn" : "st-failed"),
      el(
        "div",
        { class: "grow" },
        el("p", {}, sentence(text)),
        fix && el("p", { class: "card-fix" }, remedy(fix)),
        offer,
      ),
    );
  }

  return {
    element,
    /** Take over what the server found: { problems, template, command: the agent's program }. */
    look(next) {
      found = next;
    },
    draw(template) {
      const open = found.problems.filter((problem) => holds(problem, template));
      const text = JSON.stringify(open);
      if (text === drawn) return;
      drawn = text;
      set(element, { hidden: !open.length });
      fill(list, open.map(row));
    },
  };
}

function variableIn(fix) {
  const [, name = "", value = ""] = VARIABLE.exec(fix ?? "") ?? [];
  return { name, value };
}
