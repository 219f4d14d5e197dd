// The composer: profile, directory, prompt, timeout; what is typed is kept, and sent once.

import { newKey } from "../../api.js";
import { bytes, minutes, number, profileChoices } from "../../format.js";
import { agentIcon } from "../../kit/badge.js";
import { button, busy } from "../../kit/button.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill, leaving, set, uid } from "../../kit/dom.js";
import { downMark, field, input, select, setOptions, showReasons, typedNumber } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { markdown } from "../../kit/markdown.js";
import { tabRow } from "../../kit/tabs.js";
import { settle } from "../../time.js";
import { profileState } from "./profile-state.js";

const MOST_MINUTES = 120;
const MOST_BYTES = 131_000; // of one argument, roughly: the server knows to the byte
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
  const prompt = promptField(draft, () => (judgeLength(), keep()));
  const state = profileState(ctx);
  const timeout = timeoutField((value) => ((draft.timeout = value), keep()));
  const problem = el("p", { class: "field-error comp-error", role: "alert", hidden: true });
  const whyNot = el("p", { class: "hint", id: uid("why"), hidden: true });
  const runNow = button({ text: "Run now", icon: "play", kind: "main", type: "submit", extra: "grow" });
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
    el("div", { class: "comp-body" }, profile.element, directory.element, prompt.element, timeout.element),
    el("div", { class: "comp-foot" }, state.element, problem, whyNot, runNow),
  );
  let unanswered = false; // what is shown says that the server did not answer
  const fields = { agentProfileId: profile, workingDirectory: directory, content: prompt, timeout };

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
    const text = prompt.control.value;
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

  async function start() {
    if (runNow.disabled || runNow.getAttribute("aria-busy")) return;
    const minutesTyped = typedNumber(timeout.control.value);
    if (Number.isNaN(minutesTyped))
      return timeout.refuse(`Timeout must be a number of minutes; it is ${timeout.control.value}.`);
    const body = {
      type: "inline",
      content: prompt.control.value,
      agentProfileId: profile.control.value,
      workingDirectory: directory.value(),
      timeout: minutesTyped,
    };
    busy(runNow, true);
    say([]);
    try {
      const run = ctx.cache.keep(await ctx.api.post("run", body, { headers: { "Idempotency-Key": newKey() } }));
      showReasons(fields, {});
      onStarted(run);
    } catch (error) {
      const { prompt: aboutPrompt, ...reasons } = error.fields;
      if (aboutPrompt && !reasons.content) reasons.content = aboutPrompt;
      const homeless = showReasons(fields, reasons);
      unanswered = !error.status;
      say(Object.keys(reasons).length ? homeless : [error.message]);
    }
    busy(runNow, false);
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
  bag.add(ctx.commands.handle({ "run-now": start }), () => keep.now(), state.stop);
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
    setOptions(
      control,
      enabled.length ? profileChoices(enabled) : [["", "No profile yet"]],
      chosen?.id ?? "",
    );
    control.disabled = !enabled.length;
    first.hidden = ctx.cache.profiles?.length !== 0;
    drawMark();
  };
  return made;
}

/** Where a run starts when nothing is typed. */
export const usualDirectory = (ctx) => ctx.cache.settings?.defaultWorkingDirectory ?? "";

function promptField(draft, keep) {
  const area = el("textarea", {
    class: "comp-text",
    placeholder: "What should the agent do?",
    value: draft.prompt ?? "",
    spellcheck: true,
  });
  const preview = el("div", { class: "prose", tabIndex: 0, role: "tabpanel", "aria-label": "Preview", hidden: true });
  const tally = el("span", {});
  const kept = el("span", { class: "kept" });
  const frame = el(
    "div",
    { class: "area" },
    area,
    preview,
    el("div", { class: "area-foot" }, tally, el("span", { class: "grow" }), kept),
  );
  const tabs = tabRow({ label: "Prompt view", extra: "is-small", onSelect: show });
  const made = field({ label: "Prompt", control: area, box: false, aside: tabs.element, extra: "comp-prompt" });
  area.replaceWith(frame);
  frame.prepend(area);
  made.frame = frame;

  const drawTally = () => {
    const count = [...area.value].length;
    tally.textContent = `${number(count)} ${count === 1 ? "character" : "characters"}`;
    kept.textContent = draft.prompt ? "Draft kept" : "";
  };
  area.addEventListener("input", () => {
    draft.prompt = area.value;
    drawTally();
    keep();
  });

  async function show(id) {
    tabs.show(
      [
        { id: "write", name: "Write", content: "Write" },
        { id: "preview", name: "Preview", content: "Preview" },
      ],
      id,
    );
    const isPreview = id === "preview";
    area.hidden = isPreview;
    preview.hidden = !isPreview;
    if (!isPreview) return;
    if (!area.value.trim()) return fill(preview, el("p", { class: "hint" }, "Nothing is written yet."));
    try {
      fill(preview, await markdown(area.value));
    } catch {
      fill(preview, el("p", { class: "hint" }, "The preview could not be loaded."), el("pre", {}, area.value));
    }
  }
  const refuse = made.refuse;
  made.refuse = (text) => {
    refuse(text);
    frame.classList.toggle("is-bad", Boolean(text));
    if (text) show("write");
  };
  show("write");
  drawTally();
  return made;
}

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
