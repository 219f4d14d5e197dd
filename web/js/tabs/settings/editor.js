// The profile editor's dialog: checks as you type, waits for the ticks of dangers, saves what changed.

import { count } from "../../format.js";
import { button, busy } from "../../kit/button.js";
import { confirmDeed, openDialog } from "../../kit/dialog.js";
import { el, fill, leaving } from "../../kit/dom.js";
import { inWords, showReasons } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { saveOnto } from "../../kit/save-onto.js";
import { sentence } from "../../kit/sentence.js";
import { settle } from "../../time.js";
import { profileForm } from "./form.js";
import { freeName, freeSlug } from "./slug.js";

const CHECK_AFTER_MS = 350;

/**
 * Open the editor for `profile`, or for a new one that begins as `draft` (a preset, or null).
 * Returns { closed, leave() }: closed resolves to the id that was saved or null, leave to whether the dialog is closed,
 * because what was typed is not lost without asking.
 */
export function openEditor(ctx, { profile = null, draft = null }) {
  const isNew = !profile;
  const bag = leaving();
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const save = button({ text: "Save profile", kind: "main", onClick: () => submit() });
  const check = button({ text: "Validate", onClick: () => validate() });
  const store = profile && saveOnto(ctx.api, `profiles/${profile.id}`, profile);
  let [form, before] = [null, {}];
  let [touched, turn, asking, savedId] = [false, 0, null, null];

  function build(start) {
    form = profileForm(start, { isNew, onCheck: () => validateSoon(), onTick: drawSave, onEnter: () => submit() });
    before = form.values();
    lookFor(form, start);
    return form.nodes;
  }

  /** Find out what a run would miss: of a saved profile itself, of a new one as its agent's preset has it. */
  async function lookFor(asking, { agentType }) {
    const agent = ctx.cache.agents?.find(({ type }) => type === agentType);
    const answer = isNew ? null : await ctx.api.get(`profiles/${profile.id}/readiness`).catch(() => null);
    if (asking === form) form.showNeeds(isNew ? lacksOf(agent) : (answer?.problems ?? []), agent?.command ?? "");
  }

  async function validate() {
    const now = ++turn;
    const { invocationTemplate, shell, promptVia } = form.values();
    if (!invocationTemplate.trim()) {
      form.restCheck();
      return void (busy(check, false), drawSave());
    }
    busy(check, true);
    const judge = (more) => ctx.api.post("profiles/validate", { invocationTemplate, promptVia, ...more });
    try {
      const { answer, why } = await judge({ shell }).then(
        (all) => ({ answer: all, why: "" }),
        // A shell that is none is said; the template can be judged all the same.
        async (error) => {
          if (!error.fields?.shell) throw error;
          return { answer: await judge({}), why: inWords(error.fields.shell, "shell", form.fields.shell.label) };
        },
      );
      if (now === turn) form.showCheck(answer, invocationTemplate, why);
    } catch (error) {
      const [[name, text] = []] = Object.entries(error.fields ?? {});
      if (now === turn) form.failCheck(text ? inWords(text, name, form.fields[name]?.label) : error.message);
    }
    if (now !== turn) return;
    busy(check, false);
    drawSave();
  }
  const validateSoon = settle(validate, CHECK_AFTER_MS);

  function drawSave() {
    const open = form.unacknowledged();
    save.disabled = open > 0;
    save.title = open ? "Tick what is dangerous first" : "";
  }

  async function submit() {
    if (save.disabled || save.getAttribute("aria-busy") || form.hasGaps()) return;
    busy(save, true);
    problem.hidden = true;
    try {
      const saved = isNew
        ? await ctx.api.post("profiles", form.values())
        : await store(changes());
      [touched, savedId] = [false, saved.id];
      await ctx.cache.load("profiles").catch(() => {}); // it is saved; the list follows when the server answers again
      if (isNew) ctx.prefs.set("draft", { ...ctx.prefs.get("draft"), profile: saved.id });
      sayCautions(saved.name);
      dialog.close();
    } catch (error) {
      refuse(error);
    }
    busy(save, false);
  }

  function sayCautions(name) {
    const [first, ...rest] = form.cautions();
    if (!first) return;
    const detail = [sentence(first), rest.length > 0 && ` And ${count(rest.length, "more thing")}: see its checks.`];
    ctx.toasts.say({ text: `${name} is saved; mind what it does`, detail, shape: "warn" });
  }

  /** What is not as it was; the acknowledgements always, because they are about the template as it is now. */
  function changes() {
    const now = form.values();
    const isNews = ([name, value]) =>
      name === "acknowledgedDangers" || JSON.stringify(value) !== JSON.stringify(before[name]);
    return Object.fromEntries(Object.entries(now).filter(isNews));
  }

  function refuse(error) {
    const { acknowledgedDangers, ...reasons } = error.fields ?? {};
    form.reveal(reasons);
    const homeless = showReasons(form.fields, reasons);
    const words = Object.keys(reasons).length ? homeless : [error.message];
    if (acknowledgedDangers) {
      validateSoon.now(); // a danger that was typed a moment ago gets its tick
      words.splice(0, words.length, "This template is dangerous: tick in its checks what you want all the same.");
    }
    problem.hidden = !words.length;
    fill(problem, words.length ? [icon("st-failed"), el("span", {}, words.join(" "))] : []);
  }

  async function leave() {
    asking ??= touched
      ? confirmDeed({
          title: "Leave without saving?",
          text: "What you changed in this profile is lost.",
          deed: "Discard changes",
          stay: "Keep editing",
        })
      : Promise.resolve(true);
    const sure = await asking;
    asking = null;
    if (sure) dialog.close();
    return sure;
  }

  const dialog = openDialog({
    title: isNew ? "New profile" : "Edit profile",
    body: build(profile ?? startOf(ctx, draft)),
    foot: [check, problem, el("span", { class: "grow" }), button({ text: "Cancel", onClick: leave }), save],
    extra: "dlg-editor",
    mayClose: () => !touched || (leave(), false),
    onSubmit: submit,
  });

  // As long as nothing is typed, a new profile takes over all that the chosen agent's preset has.
  dialog.element.addEventListener("input", ({ target }) => {
    const preset = isNew && !touched && target === form.fields.agentType.control && presetOf(ctx, target.value);
    if (!preset) return void (touched = true);
    fill(dialog.element.querySelector(".dlg-body"), build(startOf(ctx, preset)));
    form.fields.agentType.control.focus();
    validate();
  });
  dialog.element.addEventListener("keydown", (event) => {
    const isPlain = !event.defaultPrevented && !event.isComposing && !event.ctrlKey && !event.metaKey;
    if (event.key === "Enter" && isPlain && event.target.matches(".three input, .run-as input")) submit();
  });
  if (isNew && !ctx.cache.agents) {
    const late = () => touched || lookFor(form, form.values());
    ctx.cache.load("agents").then(late, () => {}); // the list of profiles says it
  }
  bag.on(ctx.live, "state", ({ detail }) => detail.online && validate());
  bag.add(() => validateSoon.off());
  dialog.closed.then(bag.off);
  if (isNew) form.fields.name.control.select();
  validate();
  return { closed: dialog.closed.then(() => savedId), leave };
}

function startOf(ctx, draft) {
  const profiles = ctx.cache.profiles ?? [];
  const { defaultTimeout = 30 } = ctx.cache.settings ?? {};
  return {
    agentType: "custom",
    shell: "/bin/bash",
    defaultTimeout,
    maxTimeout: Math.max(120, defaultTimeout),
    ...draft,
    name: freeName(
      draft?.name ?? "",
      profiles.map(({ name }) => name),
    ),
    slug: freeSlug(
      draft?.slug ?? "",
      profiles.map(({ slug }) => slug),
    ),
  };
}

// What is missing for an agent's first run: the program itself, and what its preset lacks.
function lacksOf(agent) {
  if (!agent) return [];
  const { name, command, installed, installHint, problems } = agent;
  const fix = installHint && `Install it with \`${installHint}\`.`;
  const program = { code: "not_on_path", text: `${name} (\`${command}\`) is not on this machine.`, fix };
  return installed ? problems : [program, ...problems];
}

const presetOf = (ctx, agentType) => ctx.cache.agents?.find(({ type }) => type === agentType)?.presets[0];
