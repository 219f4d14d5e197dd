// The quick test of a profile: its template with echo in front of the agent, and what that prints, as it prints it.

import { duration, isActive, took } from "../../format.js";
import { stateMark } from "../../kit/badge.js";
import { button, busy } from "../../kit/button.js";
import { markedCode } from "../../kit/code-field.js";
import { openDialog } from "../../kit/dialog.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill, leaving, set } from "../../kit/dom.js";
import { field, input, showReasons } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { errorNotice } from "../../kit/notice.js";
import { sentence } from "../../kit/sentence.js";
import { LogPane } from "../../output/log.js";
import { everySecond } from "../../time.js";
import { isPlainTrial } from "./trial.js";

/**
 * Open the dialog for `profile`: it shows what would run. A template that is one plain command is tested at once,
 * because with echo in front of it nothing else runs. `onEdit` leads to the profile's editor, where that is allowed.
 */
export function openTest(ctx, profile, { onEdit }) {
  const bag = leaving();
  const plan = el("div", { class: "test-plan" });
  const state = el("span", {});
  const facts = el("span", { class: "test-facts", role: "status" });
  const stage = el("div", { class: "test-stage vw-stage-host" });
  const history = el("a", { class: "b b-quiet", hidden: true }, "Open in History");
  const kill = button({ text: "Kill", icon: "st-killed", kind: "kill", small: true, hidden: true, onClick: end });
  const head = el("div", { class: "test-head" }, state, facts, el("span", { class: "grow" }), kill);
  const onEnter = { keydown: (event) => event.key === "Enter" && !event.defaultPrevented && start() };
  const fields = {
    content: field({ label: "Prompt", control: input({ value: "test", on: onEnter }) }),
    workingDirectory: directoryField({
      api: ctx.api,
      home: ctx.cache.session.home,
      value: ctx.prefs.get("draft").directory ?? ctx.cache.settings?.defaultWorkingDirectory ?? "",
    }),
  };
  fields.workingDirectory.showHome(profile.runAsUser);
  set(fields.workingDirectory.control, { on: onEnter });
  const inputs = el(
    "div",
    { class: "test-fields" },
    Object.values(fields).map(({ element }) => element),
  );
  const test = button({ text: "Test", icon: "play", kind: "main", disabled: true, onClick: start });
  let [run, log] = [null, null];

  /** Ask what a test would run, and show it before anything does. */
  async function prepare() {
    try {
      const { testCommand, testProblem, dangerous } = await ctx.api.post(`profiles/${profile.id}/validate`);
      if (!testCommand) return forbid(testProblem);
      const template = profile.invocationTemplate;
      const isPlain = isPlainTrial({ template, testCommand, dangers: dangerous.length });
      showPlan(testCommand, dangerous, isPlain);
      test.disabled = false;
      if (document.activeElement === dialog.element) test.focus();
      if (isPlain) start();
    } catch (error) {
      refuse(error.message, error.passing ? prepare : null);
    }
  }

  function showPlan(testCommand, dangerous, isPlain) {
    const says = isPlain
      ? "With echo in front of it the agent is not asked: only its command line is printed."
      : "With echo in front of it the agent is not asked. Everything else in the template runs as it is.";
    fill(
      plan,
      el("p", { class: isPlain ? "hint" : "" }, says),
      el("pre", { class: "code runs-as", tabIndex: 0, "aria-label": "What will run" }, markedCode(testCommand)),
      dangerous.map(({ text }) =>
        el("p", { class: "test-danger s-failed" }, icon("warn"), el("span", {}, sentence(text))),
      ),
    );
  }

  async function start() {
    if (test.disabled || test.getAttribute("aria-busy")) return;
    busy(test, true);
    try {
      const wish = { content: fields.content.control.value, workingDirectory: fields.workingDirectory.value() };
      show(await ctx.api.post(`profiles/${profile.id}/test`, wish));
      showReasons(fields, {});
      ctx.cache.keep(run);
    } catch (error) {
      const reasons = error.fields ?? {};
      const homeless = showReasons(fields, reasons);
      const text = Object.keys(reasons).length ? homeless[0] : error.message;
      if (error.code === "test_unclear") forbid(error.message);
      else if (text) refuse(text, error.passing ? start : null);
    }
    drawState();
  }

  function show(next) {
    log?.stop();
    run = next;
    log = new LogPane(ctx, run.runId);
    fill(stage, log.element);
    set(stage, { hidden: false });
    log.show(run);
    set(history, { hidden: false, href: ctx.router.href("history", [run.runId]) });
    set(test.lastChild, { textContent: "Test again" });
  }

  /** There can be no test of this template. */
  function forbid(text) {
    const notice = refuse(text, null, "This template cannot be tested");
    for (const part of [plan, inputs, dialog.element.querySelector(".dlg-foot")]) part.hidden = true;
    const edit = button({ text: "Edit template", onClick: () => (dialog.close(), onEdit()) });
    if (onEdit) notice.append(el("div", { class: "notice-actions" }, edit));
  }

  function refuse(text, onRetry, title = "The test was not started") {
    log?.stop();
    [run, log, history.hidden] = [null, null, true];
    const notice = errorNotice({ title, text, onRetry });
    fill(stage, notice);
    set(stage, { hidden: false });
    return notice;
  }

  async function end() {
    busy(kill, true);
    try {
      await ctx.api.post(`runs/${run.runId}/kill`);
    } catch (error) {
      ctx.toasts.say({ text: "The test was not killed", detail: error.message, failed: true });
    }
    busy(kill, false);
  }

  function drawState() {
    const live = Boolean(run) && isActive(run.status);
    set(head, { hidden: !run });
    set(kill, { hidden: !live });
    busy(test, live);
    fill(state, run && stateMark(run.status, { tinted: true }));
    drawFacts();
  }

  function drawFacts() {
    const seconds = run ? took(run) : NaN;
    const code = run?.exitCode ?? null;
    const words = [
      code !== null && ["Exit code ", el("b", {}, String(code))],
      run?.signal && ["Signal ", el("b", {}, run.signal)],
      !Number.isNaN(seconds) && duration(seconds),
      run && !isActive(run.status) && run.status !== "completed" && code === null && run.reason,
    ];
    fill(
      facts,
      words.filter(Boolean).map((content) => el("span", {}, content)),
    );
  }

  const dialog = openDialog({
    title: `Test ${profile.name}`,
    body: [plan, inputs, head, stage],
    foot: [el("span", { class: "grow" }), history, test],
    extra: "dlg-test",
  });
  bag.on(ctx.cache, "run", ({ detail }) => {
    if (detail.runId !== run?.runId) return;
    run = detail;
    log.show(run);
    drawState();
  });
  bag.on(ctx.cache, "stale", () => run && ctx.cache.fetchRun(run.runId).catch(() => {})); // the banner says it
  bag.on(ctx.router, "change", () => dialog.close());
  bag.add(
    everySecond(() => run?.status === "running" && drawFacts()),
    () => log?.stop(),
  );
  dialog.closed.then(bag.off);
  set(stage, { hidden: true });
  drawState();
  dialog.element.focus();
  prepare();
}
