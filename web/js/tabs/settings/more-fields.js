// The rest of a profile: times, how the prompt goes in, terminal, how it is ended, limits; mostly folded away.

import { el } from "../../kit/dom.js";
import { downMark, field, input, select, toggle, typedNumber } from "../../kit/form.js";
import { iconField } from "./icon-field.js";

const VIA = [
  ["", "Automatic", "As the template has it: $PROMPT as an argument, $PROMPT_FILE as a file."],
  ["argument", "Argument", "$PROMPT is one argument: at most 128 KiB, and seen by all who may list processes."],
  ["file", "File", "$PROMPT_FILE names a private file with the prompt, however long it is."],
  ["stdin", "Standard input", "The command reads the prompt from its standard input; no variable is needed."],
];
const LIMITS = [
  ["memoryMB", "Memory", "MB"],
  ["cpuSeconds", "CPU time", "s"],
  ["processes", "Processes", ""],
  ["openFiles", "Open files", ""],
  ["fileSizeMB", "File size", "MB"],
  ["coreMB", "Core dump", "MB", "0: a crash leaves none"],
];
const WHILE_LOCKED = [
  ["wait", "Wait until it is unlocked"],
  ["skip", "Are skipped and recorded"],
];
const NUMBERS = ["defaultTimeout", "maxTimeout", "cols", "rows", "killGraceSeconds"];
const LEFTOVERS = [
  ["kill", "Ends with the run"],
  ["keep", "May stay"],
];

/**
 * The fields as { element, via, fields, values(), reveal(reasons), follow(agentType) }; `onCheck` follows a change that
 * the checks of the template depend on.
 */
export function moreFields(start, { isNew, onCheck }) {
  const fields = simpleFields(start, onCheck);
  const icon = iconField(start.icon ?? null, start.agentType);
  const limits = limitFields(start.limits ?? (isNew ? { coreMB: 0 } : {}));
  const tty = toggle({ label: "Runs in a terminal", checked: start.requiresTTY ?? true });
  const enabled = toggle({ label: "Available for new runs", checked: start.enabled ?? true });
  const { defaultTimeout, maxTimeout, shell, promptVia, runAsUser } = fields;

  const terminal = fold(
    "Terminal",
    row("Runs in a terminal", "Most agents print better with one", tty),
    three(fields.cols, fields.rows),
  );
  const ending = fold("How it is ended", three(fields.stopSignals, fields.killGraceSeconds, fields.leftovers));
  const bounds = fold("Limits", three(...Object.values(limits)));
  const rest = fold("More", fields.whileLocked.element, runAsUser.element, icon.element);
  const places = [
    [terminal, ["cols", "rows", "requiresTTY"]],
    [ending, ["stopSignals", "killGraceSeconds", "leftovers"]],
    [bounds, ["limits", ...LIMITS.map(([name]) => `limits.${name}`)]],
    [rest, ["whileLocked", "runAsUser", "icon"]],
  ];
  return {
    via: promptVia.element,
    times: three(defaultTimeout, maxTimeout, shell),
    element: el(
      "div",
      { class: "more-fields" },
      row("Available for new runs", "", enabled),
      el("div", {}, terminal, ending, bounds, rest),
    ),
    fields: {
      ...fields,
      icon,
      ...Object.fromEntries(Object.entries(limits).map(([name, one]) => [`limits.${name}`, one])),
    },
    values: () => ({
      ...Object.fromEntries(
        NUMBERS.map((name) => [name, numberOf(fields[name])]).filter(([, value]) => value !== null),
      ),
      shell: shell.control.value.trim(),
      promptVia: promptVia.control.value || null,
      runAsUser: runAsUser.control.value.trim() || null,
      icon: icon.value(),
      requiresTTY: tty.querySelector("input").checked,
      enabled: enabled.querySelector("input").checked,
      stopSignals: fields.stopSignals.control.value
        .split(/[\s,]+/)
        .filter(Boolean)
        .map((name) => name.toUpperCase().replace(/^SIG/, "")),
      leftovers: fields.leftovers.control.value,
      whileLocked: fields.whileLocked.control.value,
      limits: Object.fromEntries(
        LIMITS.map(([name]) => [name, numberOf(limits[name])]).filter(
          ([name, value]) => value !== null || start.limits?.[name] !== undefined || (isNew && name === "coreMB"),
        ),
      ),
    }),
    /** Open the folds that hold a refused field. */
    reveal(reasons) {
      for (const [place, names] of places)
        if (Object.keys(reasons).some((name) => names.includes(name) || names.includes(name.split(/[.[]/)[0])))
          place.open = true;
    },
    follow: icon.follow,
  };
}

function simpleFields(start, onCheck) {
  const number = (label, name, unit, usual) =>
    field({
      label,
      control: input({ type: "number", value: start[name] ?? "", placeholder: usual }),
      after: unit && el("span", { class: "unit" }, unit),
    });
  return {
    defaultTimeout: number("Default timeout", "defaultTimeout", "min"),
    maxTimeout: number("Longest timeout", "maxTimeout", "min"),
    shell: field({
      label: "Shell",
      control: input({ value: start.shell ?? "/bin/bash", mono: true, on: { input: onCheck } }),
    }),
    promptVia: viaField(start.promptVia ?? "", onCheck),
    cols: number("Columns", "cols", "", "120"),
    rows: number("Rows", "rows", "", "40"),
    stopSignals: field({
      label: "Stop signals, in order",
      control: input({ value: (start.stopSignals ?? ["TERM"]).join(", "), mono: true }),
      hint: "INT, TERM, HUP, QUIT, USR1, USR2, KILL",
    }),
    killGraceSeconds: number("Then SIGKILL after", "killGraceSeconds", "s", "5"),
    leftovers: field({
      label: "What it leaves running",
      control: select(LEFTOVERS, start.leftovers ?? "kill"),
      after: downMark(),
    }),
    whileLocked: field({
      label: "While it is locked, new runs",
      control: select(WHILE_LOCKED, start.whileLocked ?? "wait"),
      after: downMark(),
      extra: "run-as",
    }),
    runAsUser: field({
      label: "Run as user",
      control: input({ value: start.runAsUser ?? "", mono: true, placeholder: "the server's own user" }),
      hint: "Another user needs a server that runs as root.",
      extra: "run-as",
    }),
  };
}

function viaField(value, onCheck) {
  const control = select(
    VIA.map(([key, words]) => [key, words]),
    value,
  );
  const made = field({ label: "How the prompt goes in", control, after: downMark(), hint: " ", extra: "via" });
  const note = made.element.querySelector(".hint");
  const explain = () => (note.textContent = VIA.find(([key]) => key === control.value)?.[2] ?? "");
  control.addEventListener("change", () => (explain(), onCheck()));
  explain();
  return made;
}

function limitFields(limits) {
  return Object.fromEntries(
    LIMITS.map(([name, label, unit, hint]) => [
      name,
      field({
        label,
        hint,
        control: input({ type: "number", value: limits[name] ?? "", placeholder: "no limit" }),
        after: unit && el("span", { class: "unit" }, unit),
      }),
    ]),
  );
}

const three = (...fields) =>
  el(
    "div",
    { class: "three" },
    fields.map(({ element }) => element),
  );

function fold(text, ...inside) {
  return el("details", { class: "fold" }, el("summary", {}, text), el("div", { class: "fold-body" }, inside));
}

function row(text, hint, control) {
  return el(
    "div",
    { class: "switch-row" },
    el("div", { class: "grow" }, el("div", {}, text), hint && el("div", { class: "hint" }, hint)),
    control,
  );
}

// What is not a number goes to the server as it is: its reason stands at the field.
function numberOf({ control }) {
  const value = typedNumber(control.value);
  return Number.isNaN(value) ? control.value : value;
}
