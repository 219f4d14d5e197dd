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
    on: { keydown: onKey },
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

  // With Ctrl or Command, Enter would be the composer's beside it.
  function onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (event.stopPropagation(), submit(event));
  }

  async function submit(event) {
    event.preventDefault();
    if (give.getAttribute("aria-busy")) return;
    busy(give, true);
    fill(problem);
    const text = line.value;
    line.value = "";
    try {
      await send(`${text}\r`);
    } catch (error) {
      fill(problem, error.message);
      line.value = text + line.value;
    }
    busy(give, false);
  }

  return { element, show: (isShown) => set(element, { hidden: !isShown }) };
}
