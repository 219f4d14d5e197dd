// The invocation template: painted as it is typed, its variables at hand, and what the server would run.

import { codeField, markedCode } from "../../kit/code-field.js";
import { el, fill, set } from "../../kit/dom.js";
import { field } from "../../kit/form.js";

const VARIABLES = [
  ["$PROMPT", "the prompt, as one argument, byte for byte"],
  ["$PROMPT_FILE", "a private file that holds the prompt, for long ones"],
  ["$WORKING_DIR", "the directory; the command starts in it anyway"],
  ["$RUN_ID", "the run's id"],
];

/** The field as { element, control, refuse, mark, select, preview }. */
export function templateField(value) {
  const code = codeField({ value, label: "Invocation template", rows: 3 });
  const inserts = VARIABLES.map(([name, text]) =>
    el(
      "button",
      {
        type: "button",
        class: "ph",
        title: `Insert ${name}: ${text}`,
        "aria-label": `Insert ${name}`,
        on: { click: () => code.insert(name) },
      },
      name,
    ),
  );
  const made = field({
    label: "Invocation template",
    control: code.control,
    box: false,
    aside: el("span", { class: "inserts" }, el("span", { class: "hint" }, "Insert"), inserts),
  });
  made.element.insertBefore(code.element, made.element.children[1] ?? null);
  code.element.append(code.control);
  const runsAs = previewOf();
  made.element.append(runsAs.element);
  return Object.assign(made, { mark: code.mark, select: code.select, preview: runsAs.show });
}

// It keeps its place while the template cannot be used, and then shows what would have run before.
function previewOf() {
  const text = el("pre", { class: "code runs-as", tabIndex: 0, "aria-label": "Runs as" });
  const element = el("div", { class: "runs-as-box", hidden: true }, el("span", { class: "label" }, "Runs as"), text);
  return {
    element,
    show(command) {
      if (command) fill(text, markedCode(command));
      set(element, { hidden: element.hidden && !command });
      element.classList.toggle("is-old", !command);
    },
  };
}

/** What each variable holds. */
export function variableList() {
  return el(
    "dl",
    { class: "variables" },
    VARIABLES.map(([name, text]) => el("div", {}, el("dt", {}, el("code", { class: "ph" }, name)), el("dd", {}, text))),
  );
}
