// The palette: one field that finds runs, places and commands, and the help sheet from the same table.

import { ago, ms, runName } from "../format.js";
import { agentIcon, stateMark } from "../kit/badge.js";
import { keyCap } from "../kit/button.js";
import { openDialog } from "../kit/dialog.js";
import { el, fill, set, uid } from "../kit/dom.js";
import { toggle } from "../kit/form.js";
import { icon } from "../kit/icons.js";
import { settle } from "../time.js";

const RUNS = 6;
const LOOKED_AT = 50; // the server also searches what is not shown here

/** Open the palette. */
export function openPalette(ctx) {
  const listId = uid("palette");
  const list = el("ul", { class: "pal-list", id: listId, role: "listbox", "aria-label": "Results" });
  const field = el("input", {
    class: "pal-field",
    type: "text",
    role: "combobox",
    "aria-label": "Search or run",
    "aria-expanded": "true",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    placeholder: "Search or run",
    autocomplete: "off",
    spellcheck: false,
  });
  const dialog = openDialog({
    title: "Search or run",
    body: [el("div", { class: "pal-head" }, icon("find"), field, keyCap("Esc")), list],
    extra: "dlg-palette",
  });
  let [entries, at, asked] = [[], 0, 0];

  const mark = (index) => {
    at = index;
    list.querySelectorAll("[role=option]").forEach((one, nr) => set(one, { "aria-selected": String(nr === at) }));
    const option = list.querySelectorAll("[role=option]")[at];
    set(field, { "aria-activedescendant": option?.id ?? null });
    option?.scrollIntoView({ block: "nearest" });
  };
  const choose = async (entry) => {
    dialog.close();
    await dialog.closed;
    entry.run();
  };
  const draw = (runs, keep = 0) => {
    const words = field.value.trim().toLowerCase();
    const fits = ({ text, hint = "" }) => `${text}\n${hint}`.toLowerCase().includes(words);
    const commands = commandEntries(ctx).filter(({ text }) => text.toLowerCase().includes(words));
    const profiles = words ? profileEntries(ctx).filter(fits) : [];
    const found = runs
      .map((run) => runEntry(run, ctx))
      .filter(fits)
      .slice(0, RUNS);
    // What is found later stands below.
    entries = words ? [...commands, ...profiles, ...found] : [...found, ...commands];
    const groups = grouped(entries);
    let nr = 0;
    fill(
      list,
      [...groups].flatMap(([group, members]) => [
        el("li", { class: "pal-group", role: "presentation" }, group),
        ...members.map((entry) => option(entry, `${listId}-${nr++}`, choose)),
      ]),
      entries.length
        ? null
        : el("li", { class: "pal-group", role: "presentation" }, `Nothing is called “${field.value}”.`),
    );
    entries = [...groups.values()].flat();
    mark(Math.min(keep, Math.max(0, entries.length - 1)));
  };
  const look = async () => {
    const turn = ++asked;
    const search = field.value.trim();
    const query = { search, limit: search ? LOOKED_AT : RUNS };
    const answer = await ctx.api.get("runs", query).catch(() => ({ runs: [] }));
    if (turn === asked && dialog.element.open) draw(answer.runs, field.value ? at : 0);
  };
  const typed = settle(look, 120);

  field.addEventListener("input", () => {
    asked += 1; // an answer to what was typed before is out of date
    draw([]);
    typed();
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && event.key !== "Enter") return;
    event.preventDefault();
    if (step && entries.length) mark((at + step + entries.length) % entries.length);
    else if (entries[at]) choose(entries[at]);
  });
  draw([]);
  look();
  field.focus();
}

/** Open the sheet with all keys. */
export function openHelp(ctx) {
  const groups = grouped(ctx.commands.all());
  const lists = [...groups].map(([group, commands]) =>
    el(
      "section",
      {},
      el("h3", { class: "label" }, group),
      el(
        "dl",
        {},
        commands.map(({ text, keys }) =>
          el(
            "div",
            {},
            el("dt", {}, text),
            el(
              "dd",
              {},
              keys.map((caps, nr) => [nr ? " or " : "", caps.map(keyCap)]),
            ),
          ),
        ),
      ),
    ),
  );
  const single = toggle({
    label: "Shortcuts of one letter",
    checked: ctx.prefs.get("singleKeys"),
    onChange: (on) => ctx.prefs.set("singleKeys", on),
  });
  openDialog({
    title: "Keyboard",
    body: el("div", { class: "help" }, lists),
    foot: [
      el("span", { class: "grow ink-2" }, "Shortcuts of one letter; they do nothing while you type in a field"),
      single,
    ],
    extra: "dlg-help",
  });
}

function runEntry(run, ctx) {
  return {
    group: "Runs",
    text: runName(run),
    mark: stateMark(run.status, { bare: true }),
    hint: [run.agentProfileName, ago(ms(run.startedAt ?? run.queuedAt))].filter(Boolean).join(", "),
    run: () => ctx.router.go("history", [run.runId]),
  };
}

/** The profiles by name; those who may not change them are led to the list. */
function profileEntries(ctx) {
  const mayEdit = ctx.cache.session.role === "admin";
  return (ctx.cache.profiles ?? []).map(({ id, name, slug, agentType, icon: chosen }) => ({
    group: "Profiles",
    text: name,
    mark: agentIcon(agentType, chosen),
    hint: slug,
    run: () => ctx.router.go("settings", mayEdit ? ["profiles", id] : ["profiles"]),
  }));
}

// What can be made has a command in its own view, and an address everywhere.
const MAKES = [
  ["new-prompt", "New prompt", ["admin", "operator"], ["prompts", ["new"]]],
  ["new-schedule", "New schedule", ["admin", "operator"], ["schedules", ["new"]]],
  ["new-profile", "New profile", ["admin"], ["settings", ["profiles", "new"]]],
];

function commandEntries(ctx) {
  const lent = new Set(ctx.commands.list().map(({ id }) => id));
  const own = MAKES.filter(([id, , roles]) => !lent.has(id) && roles.includes(ctx.cache.session.role));
  return [
    ...lentEntries(ctx),
    ...own.map(([, text, , place]) => ({
      group: "Commands",
      text,
      mark: icon("right"),
      run: () => ctx.router.go(...place),
    })),
  ];
}

function lentEntries(ctx) {
  return ctx.commands
    .list()
    .filter(({ id, motion }) => id !== "palette" && !motion)
    .map((command) => ({
      group: command.group === "Go to" ? "Go to" : "Commands",
      text: command.text,
      mark: icon("right"),
      keys: command.keys[0],
      run: () => ctx.commands.run(command.id),
    }));
}

function option(entry, id, choose) {
  return el(
    "li",
    { id, role: "option", "aria-selected": "false", on: { click: () => choose(entry) } },
    el("span", { class: "pal-mark" }, entry.mark),
    el("span", { class: "cut" }, entry.text),
    entry.hint && el("span", { class: "hint cut" }, entry.hint),
    el("span", { class: "grow" }),
    entry.keys?.map(keyCap),
  );
}

function grouped(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return groups;
}
