// A line for a running agent under its clean output: what is typed is sent with Return, as a key would.

import { button, busy } from "../kit/button.js";
import { el, fill, set } from "../kit/dom.js";
import { icon } from "../kit/icons.js";

/** The row as { element, show(isShown) }; `send(text)` resolves when the run has it. */
export function sayRow({ send, onKeys }) {
  const line = el("input", {
    type: "text",
    class: "m",
    "aria-label": "Type to the agent",
    placeholder: "Type to the agent; Enter sends",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: false,
    enterkeyhint: "send",
  });
  const problem = el("span", { class: "field-error", role: "alert" });
  const give = button({ text: "Send", small: true, type: "submit" });
  const keys = button({ text: "Single keys", icon: "keyboard", kind: "quiet", small: true, onClick: onKeys });
  const element = el(
    "form",
    { class: "vw-say", hidden: true, on: { submit } },
    icon("right"),
    line,
    problem,
    give,
    keys,
  );

  async function submit(event) {
    event.preventDefault();
    if (give.getAttribute("aria-busy")) return;
    busy(give, true);
    fill(problem);
    try {
      await send(`${line.value}\r`);
      line.value = "";
    } catch (error) {
      fill(problem, error.message); // what was typed stays
    }
    busy(give, false);
  }

  return { element, show: (isShown) => set(element, { hidden: !isShown }) };
}
