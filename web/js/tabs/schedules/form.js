// A schedule as fields: what is run, when, and what becomes of a time that cannot be kept.

import { minutes } from "../../format.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill } from "../../kit/dom.js";
import { downMark, field, input, select, toggle, typedNumber } from "../../kit/form.js";
import { askedFor } from "../../kit/placeholders.js";
import { valuesField } from "../../kit/values-field.js";
import { dayIn } from "./days.js";
import { whenField } from "./when-field.js";
import { zoneField } from "./zone-field.js";

const OVERLAP = [
  ["skip", "Skip and record it"],
  ["queue", "Wait for it"],
  ["parallel", "Run beside it"],
];
const MISSED = [
  ["skip", "Skip and record it"],
  ["runOnce", "Run once when it is back"],
];
const NUMBERS = ["retries", "retryDelaySeconds", "jitterSeconds", "disableAfterFailures"];

/** The fields of `start` as { nodes, foot, fields(), values(), draft(), reveal() }; `side` stands beside what it shows. */
export function scheduleForm(ctx, start, { side, onChange }) {
  const name = field({ label: "Name", control: input({ value: start.name ?? "", maxlength: 200 }) });
  const saved = savedField(ctx, start.promptId ?? "");
  const when = whenField({ value: start.cronExpression ?? "", onChange });
  const zone = zoneField({ value: start.timezone ?? ctx.cache.session.timezone, onChoose: onChange });
  const overlap = field({
    label: "If the last run is still going",
    control: select(OVERLAP, start.overlap ?? "skip"),
    after: downMark(),
  });
  const missed = field({
    label: "If the server was down",
    control: select(MISSED, start.missedRuns ?? "skip"),
    after: downMark(),
  });
  const more = moreFields(ctx, start, onChange);
  const asked = el("section", { class: "var-field", "aria-label": "Variables" });
  const enabled = toggle({ label: "Enabled", checked: start.enabled ?? true });
  let values = valuesField([]);

  const chosen = () => ctx.cache.saved(saved.control.value);

  function drawPrompt() {
    const variables = chosen() ? askedFor(chosen()) : [];
    values = valuesField(variables, { ...start.variables, ...values.values() });
    fill(asked, el("div", { class: "field-head" }, el("h3", { class: "label" }, "Variables")), values.element);
    asked.hidden = !variables.length;
    more.show(chosen());
  }

  let proposed = !start.name && !start.id;
  name.control.addEventListener("input", () => (proposed = !name.control.value));
  saved.control.addEventListener("change", () => {
    if (proposed) name.control.value = chosen()?.name ?? "";
    if (name.control.value) name.refuse("");
    drawPrompt();
    onChange();
  });
  zone.control.addEventListener("input", onChange);
  if (proposed) name.control.value = chosen()?.name ?? "";
  drawPrompt();

  const fields = () => ({
    name,
    promptId: saved,
    cronExpression: when.expression,
    timezone: zone,
    overlap,
    missedRuns: missed,
    ...more.fields,
    ...values.fields,
  });
  return {
    nodes: [
      el(
        "div",
        { class: "editor-main" },
        el("div", { class: "two" }, name.element, saved.element),
        when.presets,
        when.parts,
        el("div", { class: "two" }, when.expression.element, zone.element),
      ),
      el("div", { class: "editor-side" }, side),
      el(
        "div",
        { class: "editor-main" },
        asked,
        el("div", { class: "two" }, overlap.element, missed.element),
        more.element,
      ),
    ],
    foot: el("span", { class: "foot-switch" }, enabled, el("span", { "aria-hidden": "true" }, "Enabled")),
    fields,
    reveal: more.reveal,
    values: () => ({
      name: name.control.value.trim(),
      promptId: saved.control.value,
      cronExpression: when.expression.control.value.trim(),
      timezone: zone.control.value.trim() || ctx.cache.session.timezone,
      overlap: overlap.control.value,
      missedRuns: missed.control.value,
      enabled: enabled.querySelector("input").checked,
      variables: values.values(),
      ...more.values(),
    }),
    /** What the server is asked to look ahead with. */
    draft() {
      const all = {
        cronExpression: when.expression.control.value.trim(),
        timezone: zone.control.value.trim(),
        promptId: saved.control.value,
        overlap: overlap.control.value,
        scheduleId: start.id,
        ...more.draft(),
      };
      return Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== null && value !== undefined && value !== ""),
      );
    },
  };
}

function savedField(ctx, value) {
  const known = [...(ctx.cache.prompts ?? [])].sort((a, b) => a.name.localeCompare(b.name));
  const isGone = value && !known.some(({ id }) => id === value);
  const options = [
    ...(value ? [] : [["", known.length ? "Choose" : "No saved prompt yet"]]),
    ...(isGone ? [[value, "Prompt is gone"]] : []),
    ...known.map((saved) => [saved.id, saved.name]),
  ];
  return field({ label: "Saved prompt", control: select(options, value), after: downMark() });
}

function moreFields(ctx, start, onChange) {
  const number = (label, name, unit, usual, hint = "") =>
    field({
      label,
      hint,
      control: input({ type: "number", value: start[name] ?? "", placeholder: usual }),
      after: unit && el("span", { class: "unit" }, unit),
    });
  const day = (label, value) =>
    field({
      label,
      control: el("input", { type: "date", value: dayIn(value, start.timezone), on: { input: onChange } }),
    });
  const directory = directoryField({
    api: ctx.api,
    home: "",
    value: start.workingDirectory ?? "",
    onInput: onChange,
  });
  const fields = {
    retries: number("Attempts after a failure", "retries", "", "0"),
    retryDelaySeconds: number("Wait before the first", "retryDelaySeconds", "s", "60", "Doubles with each."),
    disableAfterFailures: number("Switch off after", "disableAfterFailures", "failures", "never"),
    startDate: day("First day", start.startDate),
    endDate: day("Last day", start.endDate),
    jitterSeconds: number("Begin later by up to", "jitterSeconds", "s", "0"),
    workingDirectory: directory,
    timeout: number("Timeout", "timeout", "min", ""),
  };
  if (start.disableAfterFailures === 0) fields.disableAfterFailures.control.value = "";
  fields.timeout.control.addEventListener("input", onChange);
  const three = (...all) =>
    el(
      "div",
      { class: "three" },
      all.map((one) => one.element),
    );
  const failing = fold(
    "When a run fails",
    three(fields.retries, fields.retryDelaySeconds, fields.disableAfterFailures),
  );
  const bounds = fold("From when, until when", three(fields.startDate, fields.endDate, fields.jitterSeconds));
  const place = fold(
    "Other than the prompt",
    el("div", { class: "place-row" }, directory.element, fields.timeout.element),
  );
  const places = [
    [failing, ["retries", "retryDelaySeconds", "disableAfterFailures"]],
    [bounds, ["startDate", "endDate", "jitterSeconds"]],
    [place, ["workingDirectory", "timeout"]],
  ];
  const date = (name) => fields[name].control.value || null;
  const whole = (name) => numberOf(fields[name].control);
  for (const [element, names] of places) element.open = names.some((name) => start.id && isOwn(start[name], name));
  return {
    element: el("div", {}, failing, bounds, place),
    fields,
    values: () => ({
      ...Object.fromEntries(NUMBERS.map((name) => [name, whole(name) ?? (start.id ? usualOf(name) : null)])),
      startDate: date("startDate"),
      endDate: date("endDate"),
      workingDirectory: directory.value(),
      timeout: whole("timeout"),
    }),
    draft: () => ({
      startDate: date("startDate"),
      endDate: date("endDate"),
      workingDirectory: directory.value(),
      timeout: whole("timeout") > 0 ? whole("timeout") : null,
    }),
    reveal(reasons) {
      for (const [element, names] of places)
        if (Object.keys(reasons).some((name) => names.includes(name))) element.open = true;
    },
    /** Show what holds when nothing is said here: what the prompt has. */
    show(saved) {
      const profile = ctx.cache.profile(saved?.agentProfileId);
      directory.control.placeholder = saved?.workingDirectory ?? ctx.cache.settings?.defaultWorkingDirectory ?? "";
      const usual = saved?.timeout ?? profile?.defaultTimeout;
      fields.timeout.control.placeholder = usual ? minutes(usual) : "";
    },
  };
}

const usualOf = (name) => (name === "retryDelaySeconds" ? 60 : 0);
const isOwn = (value, name) => value !== null && value !== undefined && value !== usualOf(name);

function fold(text, inside) {
  return el("details", { class: "fold" }, el("summary", {}, text), el("div", { class: "fold-body" }, inside));
}

// What is not a number goes to the server as it is: its reason stands at the field.
function numberOf(control) {
  const value = typedNumber(control.value);
  return Number.isNaN(value) ? control.value : value;
}
