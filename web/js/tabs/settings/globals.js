// General settings: each is saved as its field is left, and says so beside it.

import { bytes } from "../../format.js";
import { el, fill, leaving } from "../../kit/dom.js";
import { downMark, field, input, inWords, select, typedNumber } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { errorNotice } from "../../kit/notice.js";
import { mountStorage } from "./storage.js";

const MB = 1024 * 1024;
const list = {
  read: (text) =>
    text
      .split(/[\n,]+/)
      .map((one) => one.trim())
      .filter(Boolean),
  write: (value) => (value ?? []).join(", "),
};
const words = { read: (text) => text.trim() || null, write: (value) => value ?? "" };
const number = { read: numberOr, write: (value) => String(value ?? "") };
const megabytes = { read: (text) => scaled(numberOr(text)), write: (value) => String(Number((value / MB).toFixed(3))) };

const FIELDS = [
  {
    name: "defaultWorkingDirectory",
    label: "Default directory",
    hint: "Where a run starts when none is named",
    mono: true,
    kind: words,
  },
  {
    name: "defaultTimeout",
    label: "Default timeout",
    hint: "When neither prompt nor profile sets one",
    unit: "min",
    kind: number,
  },
  { name: "maxConcurrentRuns", label: "Runs at once", hint: "More wait in the queue", kind: number },
  {
    name: "directoryPolicy",
    label: "Runs in one directory",
    hint: "Two agents in one place may overwrite each other’s work",
    choices: [
      ["parallel", "Run beside each other"],
      ["queue", "Wait for each other"],
    ],
    kind: words,
  },
  {
    name: "outputRetentionDays",
    label: "Keep output",
    hint: "Older output is removed, the record stays; 0 keeps it for ever",
    unit: "days",
    kind: number,
  },
  {
    name: "recordRetentionDays",
    label: "Keep records",
    hint: "Of finished runs; 0 keeps them for ever",
    unit: "days",
    kind: number,
  },
  {
    name: "maxOutputBytes",
    label: "Largest output of a run",
    hint: "Beyond it the middle is left out, never the end",
    unit: "MiB",
    kind: megabytes,
  },
  {
    name: "minFreeDiskMB",
    label: "Free disk for a new run",
    hint: "Below it runs wait in the queue; 0 lets them start until the disk is full",
    unit: "MB",
    kind: number,
  },
  {
    name: "logDirectory",
    label: "Output directory",
    hint: "For new runs; empty means inside the data directory",
    mono: true,
    kind: words,
  },
  {
    name: "allowedRoots",
    label: "Allowed directories",
    hint: "Runs and file lists stay inside; separate with commas",
    mono: true,
    kind: list,
  },
  {
    name: "passEnv",
    label: "Environment passed on",
    hint: "Names of the server's variables that agents get",
    mono: true,
    kind: list,
  },
];

export function mountGlobals(root, ctx) {
  const bag = leaving();
  const body = el("div", { class: "form" });
  const storage = el("div", { class: "form" });
  const rows = FIELDS.map((spec) => settingRow(spec, ctx));

  const show = () => {
    const { settings } = ctx.cache;
    if (!settings) return;
    if (!body.firstChild || body.querySelector(".notice"))
      fill(
        body,
        rows.map(({ element }) => element),
      );
    rows.forEach((row) => row.show(settings));
  };
  const load = () =>
    ctx.cache
      .load("settings")
      .catch(
        (error) =>
          ctx.cache.settings ||
          fill(body, errorNotice({ title: "Settings could not be read", text: error.message, onRetry: load })),
      );

  bag.on(ctx.cache, "settings", show);
  fill(
    root,
    el(
      "div",
      { class: "head" },
      el("h1", { class: "title" }, "General"),
      el("span", { class: "grow" }),
      el("span", { class: "hint" }, "Saved as you leave a field"),
    ),
    body,
    storage,
  );
  bag.add(mountStorage(storage, ctx));
  show();
  load();
  return bag.off;
}

function settingRow({ name, label, hint, unit, mono, choices, kind }, ctx) {
  const control = choices ? select(choices, choices[0][0]) : input({ mono });
  const after = choices ? downMark() : unit && el("span", { class: "unit" }, unit);
  const done = el("span", { class: "saved", role: "status" });
  const made = field({ label, hint, control, after, extra: "r" });
  made.element.append(done);
  let stored;

  async function save() {
    const value = kind.read(control.value);
    if (JSON.stringify(value) === JSON.stringify(stored)) return made.refuse("");
    try {
      ctx.cache.settings = await ctx.api.patch("settings", { [name]: value });
      stored = ctx.cache.settings[name];
      control.value = kind.write(stored);
      made.refuse("");
      fill(done, icon("st-completed"), "Saved");
      setTimeout(() => fill(done), 2000);
      ctx.cache.dispatchEvent(new Event("settings"));
    } catch (error) {
      fill(done);
      made.refuse(inWords(error.fields[name] ?? error.message, name, label));
    }
  }
  control.addEventListener("change", save);
  return {
    element: made.element,
    show(settings) {
      stored = settings[name];
      if (document.activeElement === control || control.getAttribute("aria-invalid")) return;
      control.value = kind.write(stored);
      if (name === "maxOutputBytes") control.title = bytes(stored);
    },
  };
}

function numberOr(text) {
  const value = typedNumber(text);
  return Number.isNaN(value) ? text : value;
}

const scaled = (value) => (typeof value === "number" ? Math.round(value * MB) : value);
