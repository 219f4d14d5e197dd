// The rest of a profile: times, terminal, how it is ended, limits; folded away until they matter.

import { el } from "../../kit/dom.js";
import { downMark, field, input, select, toggle, typedNumber } from "../../kit/form.js";

const LIMITS = [
  ["memoryMB", "Memory", "MB"],
  ["cpuSeconds", "CPU time", "s"],
  ["processes", "Processes", ""],
  ["openFiles", "Open files", ""],
  ["fileSizeMB", "File size", "MB"],
  ["coreMB", "Core dump", "MB"],
];
const NUMBERS = ["defaultTimeout", "maxTimeout", "cols", "rows", "killGraceSeconds"];

/** The fields as { element, fields, values(), reveal(reasons) }; `onCheck` follows a change that checks depend on. */
export function moreFields(start) {
  const number = (label, name, unit, hint = "") =>
    field({
      label,
      control: input({ type: "number", value: start[name] ?? "" }),
      after: unit && el("span", { class: "unit" }, unit),
      hint,
    });
  const made = { onCheck: () => {} };
  const fields = {
    defaultTimeout: number("Default timeout", "defaultTimeout", "min"),
    maxTimeout: number("Longest timeout", "maxTimeout", "min"),
    shell: field({
      label: "Shell",
      control: input({ value: start.shell ?? "/bin/bash", mono: true, on: { change: () => made.onCheck() } }),
    }),
    cols: number("Columns", "cols", ""),
    rows: number("Rows", "rows", ""),
    stopSignals: field({
      label: "Stop signals, in order",
      control: input({ value: (start.stopSignals ?? ["TERM"]).join(", "), mono: true }),
    }),
    killGraceSeconds: number("Then SIGKILL after", "killGraceSeconds", "s"),
    leftovers: field({
      label: "What it leaves running",
      control: select(
        [
          ["kill", "Ends with the run"],
          ["keep", "May stay"],
        ],
        start.leftovers ?? "kill",
      ),
      after: downMark(),
    }),
  };
  const limits = Object.fromEntries(
    LIMITS.map(([name, label, unit]) => [
      name,
      field({
        label,
        control: input({ type: "number", value: start.limits?.[name] ?? "", placeholder: "none" }),
        after: unit && el("span", { class: "unit" }, unit),
      }),
    ]),
  );
  const tty = toggle({ label: "Runs in a terminal", checked: start.requiresTTY ?? true });
  const enabled = toggle({ label: "Available for new runs", checked: start.enabled ?? true });
  const limitsReason = { refuse: (text) => limits.memoryMB.refuse(text), control: limits.memoryMB.control };

  const terminal = fold(
    "Terminal",
    row("Runs in a terminal", "Most agents print better with one", tty),
    el("div", { class: "three" }, fields.cols.element, fields.rows.element),
  );
  const ending = fold(
    "How it is ended",
    el(
      "div",
      { class: "three" },
      fields.stopSignals.element,
      fields.killGraceSeconds.element,
      fields.leftovers.element,
    ),
  );
  const bounds = fold(
    "Limits",
    el(
      "div",
      { class: "three" },
      LIMITS.map(([name]) => limits[name].element),
    ),
  );
  made.element = el(
    "div",
    { class: "more-fields" },
    el("div", { class: "three" }, fields.defaultTimeout.element, fields.maxTimeout.element, fields.shell.element),
    row("Available for new runs", "", enabled),
    el("div", {}, terminal, ending, bounds),
  );
  made.fields = {
    ...fields,
    ...Object.fromEntries(LIMITS.map(([name]) => [`limits.${name}`, limits[name]])),
    limits: limitsReason,
  };
  made.values = () => ({
    ...Object.fromEntries(NUMBERS.map((name) => [name, numberOf(fields[name])]).filter(([, value]) => value !== null)),
    shell: fields.shell.control.value.trim(),
    requiresTTY: tty.querySelector("input").checked,
    enabled: enabled.querySelector("input").checked,
    stopSignals: fields.stopSignals.control.value
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((name) => name.toUpperCase().replace(/^SIG/, "")),
    leftovers: fields.leftovers.control.value,
    limits: Object.fromEntries(
      LIMITS.map(([name]) => [name, numberOf(limits[name])]).filter(
        ([name, value]) => value !== null || start.limits?.[name] !== undefined,
      ),
    ),
  });
  /** Open the folds that hold a refused field. */
  made.reveal = (reasons) => {
    const places = [
      [terminal, ["cols", "rows", "requiresTTY"]],
      [ending, ["stopSignals", "killGraceSeconds", "leftovers"]],
      [bounds, ["limits", ...LIMITS.map(([name]) => `limits.${name}`)]],
    ];
    for (const [place, names] of places) if (names.some((name) => reasons[name])) place.open = true;
  };
  return made;
}

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
