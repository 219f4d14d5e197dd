// A profile's icon: its agent's, or one of the others that are drawn here.

import { agentIcon } from "../../kit/badge.js";
import { el, uid } from "../../kit/dom.js";
import { icon, MARKS } from "../../kit/icons.js";

/** The choice as { element, control, value(), refuse, follow(agentType) }. */
export function iconField(chosen, agentType) {
  const name = uid("icon");
  let value = chosen;
  const choice = (id, words, drawing) =>
    el(
      "label",
      { class: "mark-choice", title: words },
      el("input", {
        type: "radio",
        name,
        value: id ?? "",
        "aria-label": words,
        checked: id === (Object.hasOwn(MARKS, chosen ?? "") ? chosen : null),
        on: { change: () => (value = id) },
      }),
      drawing,
    );
  const usual = choice(null, "The agent's", agentIcon(agentType));
  const rest = Object.entries(MARKS).map(([id, words]) => choice(id, words, icon(id)));
  return {
    element: el(
      "div",
      { class: "field", role: "radiogroup", "aria-label": "Icon" },
      el("span", { class: "label" }, "Icon"),
      el("div", { class: "mark-choices" }, usual, el("span", { class: "vr" }), rest),
    ),
    control: usual.querySelector("input"),
    value: () => value,
    refuse: () => {},
    follow: (type) => usual.lastChild.replaceWith(agentIcon(type)),
  };
}
