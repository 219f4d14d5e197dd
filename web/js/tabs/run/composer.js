// The composer: profile, directory, prompt, timeout; what is typed is kept, and sent once.

import { newKey } from "../../api.js";
import { bytes, minutes, profileChoices } from "../../format.js";
import { agentIcon } from "../../kit/badge.js";
import { button, busy } from "../../kit/button.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill, leaving, set, uid } from "../../kit/dom.js";
import { downMark, field, input, select, setOptions, showReasons, typedNumber } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { openDialog } from "../../kit/dialog.js";
import { askedFor } from "../../kit/placeholders.js";
import { planParts } from "../../kit/plan.js";
import { valuesField } from "../../kit/values-field.js";
import { settle } from "../../time.js";
import { profileState } from "./profile-state.js";
import { promptField } from "./prompt-field.js";

const MOST_MINUTES = 120;
const MOST_BYTES = 131_000; // of one argument, roughly: the server knows to the byte
const MOST_EARLIER = 30;
const AS_ARGUMENT = /\$(PROMPT\b|\{PROMPT\})/;

/** Make the composer. `onStarted(run)` follows a run that was taken; `onClose` leaves the sheet on a phone. */
export function composer(ctx, { onStarted, onClose }) {
  const bag = leaving();
  const draft = { ...ctx.prefs.get("draft") };
  const keep = settle(() => ctx.prefs.set("draft", { ...draft }), 250);
  const mayRun = ctx.cache.session.role !== "viewer";

  const profile = profileField(ctx, draft, () => (showChosen(), keep()));
  const directory = directoryField({
    api: ctx.api,
    home: ctx.cache.session.home,
    value: draft.directory ?? usualDirectory(ctx),
    onInput: () => ((draft.directory = directory.control.value), keep()),
  });
  const prompt = promptField(ctx, {
    draft,
    onChange: () => (judgeLength(), askValues(), keep()),
    earlier: () => ctx.prefs.get("earlier"),
    directory: () => directory.value() ?? "",
  });
  const asked = el("div", { class: "comp-values" });
  let values = valuesField([]);
  let askedNames = "";
  const state = profileState(ctx);
  const timeout = timeoutField((value) => ((draft.timeout = value), keep()));
  const problem = el("p", { class: "field-error comp-error", role: "alert", hidden: true });
  const whyNot = el("p", { class: "hint", id: uid("why"), hidden: true });
  const runNow = button({ text: "Run now", icon: "play", kind: "main", type: "submit", extra: "grow" });
  const tip = (id) => ctx.commands.shortcut(id);
  const dryRun = button({
    text: "Dry run",
    kind: "quiet",
    title: `Show what would run (${tip("dry-run")})`,
    onClick: () => look(),
  });
  const save = button({
    text: "Save prompt",
    title: `Save prompt (${tip("save-prompt")})`,
    onClick: () => keepPrompt(),
  });
  runNow.append(el("span", { class: "keys", "aria-hidden": "true" }, ctx.commands.shortcut("run-now")));
  const element = el(
    "form",
    { class: "comp", "aria-label": "Compose a run", on: { submit: (event) => (event.preventDefault(), start()) } },
    el(
      "div",
      { class: "comp-top" },
      el("h2", { class: "title" }, "New run"),
      button({ icon: "close", kind: "quiet", label: "Close", onClick: onClose }),
    ),
    el("div", { class: "comp-body" }, profile.element, directory.element, prompt.element, asked, timeout.element),
    el(
      "div",
      { class: "comp-foot" },
      state.element,
      problem,
      whyNot,
      el("div", { class: "comp-deeds" }, runNow, save, dryRun),
    ),
  );
  let unanswered = false; // what is shown says that the server did not answer
  const fields = () => ({
    agentProfileId: profile,
    workingDirectory: directory,
    content: prompt,
    timeout,
    ...values.fields,
  });

  // A field for each {{NAME}} of the text; what was typed into one stays while its name does.
  function askValues() {
    const wanted = askedFor({
      type: prompt.isFile() ? "file-reference" : "inline",
      content: prompt.content(),
      variables: [],
    });
    const names = wanted.map(({ name }) => name).join(" ");
    if (names === askedNames) return;
    askedNames = names;
    draft.values = { ...draft.values, ...values.values() };
    values = valuesField(wanted, draft.values, { filled: true });
    fill(asked, wanted.length > 0 && values.element);
  }

  function showTimeout() {
    const chosen = ctx.cache.profile(profile.control.value);
    const usual = chosen?.defaultTimeout ?? ctx.cache.settings?.defaultTimeout ?? 30;
    timeout.show(draft.timeout ?? usual, chosen?.maxTimeout ?? MOST_MINUTES, usual);
  }

  /** What depends on the profile. */
  function showChosen() {
    const chosen = ctx.cache.profile(profile.control.value);
    showTimeout();
    directory.showHome(chosen?.runAsUser);
    state.show(chosen);
    judgeLength();
  }

  // Said before it is sent: what is longer than an argument can be does not start.
  function judgeLength() {
    const chosen = ctx.cache.profile(profile.control.value);
    const text = prompt.isFile() ? "" : prompt.content();
    const takesArgument = chosen && chosen.promptVia !== "stdin" && AS_ARGUMENT.test(chosen.invocationTemplate);
    const size = takesArgument && text.length * 3 > MOST_BYTES ? new TextEncoder().encode(text).length : 0;
    const isLong = size > MOST_BYTES;
    if (isLong === prompt.isLong && !isLong) return;
    prompt.isLong = isLong;
    prompt.refuse(
      isLong
        ? `It has ${bytes(size)}, and ${chosen.name} takes it as an argument: about 131 kB at most. ` +
            "A profile with $PROMPT_FILE or standard input takes longer ones."
        : "",
    );
  }

  function showProfiles() {
    profile.show();
    showChosen();
    const why = !mayRun ? "This session may look, not run." : profile.control.value ? "" : "A profile is needed first.";
    set(runNow, { disabled: Boolean(why), "aria-describedby": why ? whyNot.id : null });
    set(whyNot, { hidden: !why, textContent: why });
  }

  function say(sentences) {
    problem.hidden = !sentences.length;
    fill(problem, sentences.length ? [icon("st-failed"), el("span", {}, sentences.join(" "))] : []);
  }

  function body() {
    return {
      type: prompt.isFile() ? "file-reference" : "inline",
      content: prompt.content(),
      agentProfileId: profile.control.value,
      workingDirectory: directory.value(),
      timeout: typedNumber(timeout.control.value),
      ...(askedNames && { variables: values.values() }),
    };
  }

  async function send(opener, deed) {
    if (runNow.disabled || opener.getAttribute("aria-busy")) return;
    if (Number.isNaN(typedNumber(timeout.control.value)))
      return timeout.refuse(`Timeout must be a number of minutes; it is ${timeout.control.value}.`);
    busy(opener, true);
    say([]);
    try {
      await deed();
    } catch (error) {
      const { prompt: aboutPrompt, ...reasons } = error.fields ?? {};
      if (aboutPrompt && !reasons.content) reasons.content = aboutPrompt;
      const homeless = showReasons(fields(), reasons);
      unanswered = !error.status;
      say(Object.keys(reasons).length ? homeless : [error.message]);
    }
    busy(opener, false);
  }

  const start = () =>
    send(runNow, async () => {
      const run = ctx.cache.keep(await ctx.api.post("run", body(), { headers: { "Idempotency-Key": newKey() } }));
      showReasons(fields(), {});
      remember();
      onStarted(run);
    });

  const look = () =>
    send(dryRun, async () => {
      const answer = await ctx.api.post("run", { ...body(), dryRun: true });
      showReasons(fields(), {});
      openDialog({
        title: "Dry run",
        body: el("section", { class: "run-plan" }, planParts(answer)),
        extra: "dlg-plan",
      });
    });

  function remember() {
    const text = prompt.isFile() ? "" : prompt.content();
    if (!text.trim()) return;
    ctx.prefs.set("earlier", [text, ...ctx.prefs.get("earlier").filter((one) => one !== text)].slice(0, MOST_EARLIER));
    prompt.showEarlier();
  }

  // The editor takes what is in the composer: the draft that is kept.
  function keepPrompt() {
    keep.now();
    ctx.router.go("prompts", ["new"], { from: "run" });
  }

  bag.on(ctx.cache, "profiles", showProfiles);
  bag.on(ctx.live, "state", () => {
    if (!unanswered || !ctx.live.state.online) return;
    unanswered = false;
    say([]);
  });
  bag.on(ctx.cache, "stale", () => state.look());
  bag.on(ctx.cache, "settings", () => {
    const { control } = directory;
    if (draft.directory === undefined && document.activeElement !== control) control.value = usualDirectory(ctx);
    showTimeout();
  });
  bag.on(window, "pagehide", () => keep.now());
  bag.on(asked, "input", () => ((draft.values = { ...draft.values, ...values.values() }), keep()));
  bag.add(
    ctx.commands.handle({ "run-now": start, "dry-run": look, ...(mayRun && { "save-prompt": keepPrompt }) }),
    () => keep.now(),
    state.stop,
  );
  save.hidden = dryRun.hidden = !mayRun;
  prompt.start();
  showProfiles();
  return { element, stop: bag.off, focus: () => prompt.control.focus() };
}

function profileField(ctx, draft, onChange) {
  const mark = el("span", { class: "ag" });
  const control = select([], "", { on: { change: () => ((draft.profile = control.value), changed()) } });
  const made = field({ label: "Profile", control, before: mark, after: downMark() });
  const first = el(
    "a",
    { class: "comp-first", href: ctx.router.href("settings", ["profiles"]) },
    "Choose an agent first",
  );
  made.element.append(first);
  const changed = () => {
    delete draft.timeout;
    drawMark();
    onChange();
  };
  const drawMark = () => {
    const profile = ctx.cache.profile(control.value);
    fill(mark, profile && agentIcon(profile.agentType, profile.icon));
    mark.hidden = !profile;
  };
  made.show = () => {
    const enabled = (ctx.cache.profiles ?? []).filter((profile) => profile.enabled);
    const chosen = enabled.find((profile) => profile.id === draft.profile) ?? enabled[0];
    setOptions(control, enabled.length ? profileChoices(enabled) : [["", "No profile yet"]], chosen?.id ?? "");
    control.disabled = !enabled.length;
    first.hidden = ctx.cache.profiles?.length !== 0;
    drawMark();
  };
  return made;
}

/** Where a run starts when nothing is typed. */
export const usualDirectory = (ctx) => ctx.cache.settings?.defaultWorkingDirectory ?? "";

function timeoutField(onChange) {
  const control = input({ type: "number", class: "timeout-number" });
  const unit = el("span", { class: "unit" }, "min");
  const most = el("span", { class: "hint nb" });
  const slider = el("input", { type: "range", min: 1, step: 1, "aria-label": "Timeout in minutes" });
  const made = field({ label: "Timeout", control, after: unit, extra: "comp-timeout", aside: most });
  made.element.insertBefore(slider, made.frame);
  slider.addEventListener("input", () => {
    control.value = slider.value;
    made.refuse("");
    onChange(Number(slider.value));
  });
  control.addEventListener("input", () => {
    const value = typedNumber(control.value);
    if (value > 0) slider.value = value;
    onChange(value > 0 ? value : undefined);
  });
  made.show = (value, max, usual) => {
    slider.max = max;
    slider.value = value;
    if (document.activeElement !== control) control.value = String(value);
    most.textContent = `usually ${minutes(usual)}, at most ${minutes(max)}`;
  };
  return made;
}
