// The profile editor: what you set at the left, what it means at the right; saving waits for the ticks of dangers.

import { AGENTS } from "../../format.js";
import { button, busy } from "../../kit/button.js";
import { codeField } from "../../kit/code-field.js";
import { confirmDeed, openDialog } from "../../kit/dialog.js";
import { el, fill } from "../../kit/dom.js";
import { downMark, field, input, select, showReasons } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { settle } from "../../time.js";
import { checkList } from "./checks.js";
import { environmentField } from "./environment.js";
import { moreFields } from "./more-fields.js";

const VARIABLES = [
  ["$PROMPT", "the prompt, as one argument, byte for byte"],
  ["$PROMPT_FILE", "a private file with the prompt, for long ones"],
  ["$WORKING_DIR", "the directory; the run starts in it anyway"],
  ["$RUN_ID", "the run's id"],
];
const TEMPLATES = {
  "claude-code": 'claude --dangerously-skip-permissions -p "$PROMPT"',
  codex: 'codex exec --dangerously-bypass-approvals-and-sandbox "$PROMPT"',
  opencode: 'opencode run --auto "$PROMPT"',
  "gemini-cli": 'gemini --yolo --skip-trust -p "$PROMPT"',
  aider: 'aider --yes --message "$PROMPT"',
  custom: 'bash -c "$PROMPT"',
};
const FIRST = {
  name: "Shell",
  slug: "shell",
  agentType: "custom",
  invocationTemplate: TEMPLATES.custom,
  defaultTimeout: 30,
  maxTimeout: 120,
  shell: "/bin/bash",
  enabled: true,
};

/** Open the editor for `profile`, or for a new one. Returns { closed, leave }. */
export function openEditor(ctx, profile) {
  const start = profile ?? (ctx.cache.profiles?.length ? { ...FIRST, name: "", slug: "" } : FIRST);
  const fields = basicFields(start);
  const template = templateField(start);
  const environment = environmentField(start.env ?? {});
  const more = moreFields(start);
  const all = { ...fields, invocationTemplate: template, env: environment, ...more.fields };
  const checks = checkList();
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const save = button({ text: "Save profile", kind: "main", onClick: () => submit() });
  const check = button({ text: "Validate", onClick: () => validate() });
  let [touched, turn] = [false, 0];

  const values = () => ({
    name: fields.name.control.value.trim(),
    slug: fields.slug.control.value.trim(),
    agentType: fields.agentType.control.value,
    invocationTemplate: template.control.value,
    env: environment.values(),
    acknowledgedDangers: checks.acknowledged(),
    ...more.values(),
  });

  async function validate() {
    const now = ++turn;
    busy(check, true);
    try {
      const answer = await ctx.api.post("profiles/validate", {
        invocationTemplate: template.control.value,
        shell: more.values().shell,
      });
      if (now !== turn) return;
      checks.show(answer, template.control.value, start.acknowledgedDangers ?? []);
      template.mark(checks.marks());
    } catch (error) {
      if (now === turn) checks.fail(error.message);
    }
    busy(check, false);
    drawSave();
  }
  const validateSoon = settle(validate, 400);

  function drawSave() {
    const open = checks.unacknowledged();
    save.disabled = open > 0;
    save.title = open ? "Tick what is dangerous first" : "";
  }

  async function submit() {
    if (save.disabled || save.getAttribute("aria-busy")) return;
    busy(save, true);
    problem.hidden = true;
    try {
      const saved = profile
        ? await ctx.api.patch(`profiles/${profile.id}`, values())
        : await ctx.api.post("profiles", values());
      touched = false;
      await ctx.cache.load("profiles");
      if (!profile) ctx.prefs.set("draft", { ...ctx.prefs.get("draft"), profile: saved.id });
      dialog.close();
    } catch (error) {
      const homeless = showReasons(all, error.fields);
      const words = Object.keys(error.fields).length ? homeless : [error.message];
      problem.hidden = !words.length;
      fill(problem, words.length ? [icon("st-failed"), el("span", {}, words.join(" "))] : []);
      more.reveal(error.fields);
    }
    busy(save, false);
  }

  async function leave() {
    if (!touched) return dialog.close();
    const sure = await confirmDeed({
      title: "Leave without saving?",
      text: "What you changed in this profile is lost.",
      deed: "Discard changes",
      stay: "Keep editing",
    });
    if (sure) dialog.close();
  }

  const left = el(
    "div",
    { class: "editor-left" },
    el("div", { class: "three" }, fields.name.element, fields.slug.element, fields.agentType.element),
    template.element,
    environment.element,
    more.element,
  );
  const right = el("div", { class: "editor-right" }, checks.element, variableList());
  const dialog = openDialog({
    title: profile ? "Edit profile" : "New profile",
    body: [left, right],
    foot: [check, problem, el("span", { class: "grow" }), button({ text: "Cancel", onClick: leave }), save],
    extra: "dlg-editor",
    mayClose: () => !touched || (leave(), false),
    onSubmit: submit,
  });
  dialog.element.addEventListener("input", () => (touched = true));
  checks.onTick = drawSave;
  template.control.addEventListener("input", () => validateSoon());
  more.onCheck = validateSoon;
  linkFields(fields, template, profile);
  if (!profile) fields.name.control.select();
  validate();
  return { closed: dialog.closed, leave: () => dialog.close() };
}

function basicFields(start) {
  return {
    name: field({ label: "Name", control: input({ value: start.name, maxlength: 200 }) }),
    slug: field({ label: "Slug", control: input({ value: start.slug, mono: true, maxlength: 100 }) }),
    agentType: field({
      label: "Agent",
      control: select(
        Object.entries(AGENTS).map(([id, { name }]) => [id, name]),
        start.agentType,
      ),
      after: downMark(),
    }),
  };
}

function templateField(start) {
  const code = codeField({ value: start.invocationTemplate, label: "Invocation template", rows: 4 });
  const inserts = VARIABLES.slice(0, 3).map(([name, text]) =>
    el(
      "button",
      {
        type: "button",
        class: "ph",
        title: `Insert ${name}: ${text}`,
        on: { click: () => code.insert(name === "$PROMPT" ? '"$PROMPT"' : `"${name}"`) },
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
  return { ...made, mark: code.mark, setValue: code.setValue };
}

// The slug follows the name, and the template the agent, for as long as nobody wrote their own.
function linkFields({ name, slug, agentType }, template, profile) {
  let ownSlug = Boolean(profile) || (slug.control.value !== "" && slug.control.value !== slugOf(name.control.value));
  slug.control.addEventListener("input", () => (ownSlug = slug.control.value !== ""));
  name.control.addEventListener("input", () => ownSlug || (slug.control.value = slugOf(name.control.value)));
  agentType.control.addEventListener("change", () => {
    const isOurs = Object.values(TEMPLATES).includes(template.control.value) || !template.control.value.trim();
    if (isOurs) template.setValue(TEMPLATES[agentType.control.value]);
  });
}

const slugOf = (name) =>
  name
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

function variableList() {
  return el(
    "section",
    { class: "variables" },
    el("h3", { class: "label" }, "Variables"),
    el(
      "dl",
      {},
      VARIABLES.map(([name, text]) =>
        el("div", {}, el("dt", {}, el("code", { class: "ph" }, name)), el("dd", {}, text)),
      ),
    ),
  );
}
