// The quick test of a profile: its template with echo in front of the agent, and what that prints, as it prints it.

import { duration, isActive, took } from "../../format.js";
import { stateMark } from "../../kit/badge.js";
import { button, busy } from "../../kit/button.js";
import { openDialog } from "../../kit/dialog.js";
import { el, fill, leaving, set } from "../../kit/dom.js";
import { field, input, showReasons } from "../../kit/form.js";
import { errorNotice } from "../../kit/notice.js";
import { LogPane } from "../../output/log.js";
import { everySecond } from "../../time.js";

/** Open the dialog and test `profile` at once; `onEdit` leads to its editor. */
export function openTest(ctx, profile, { onEdit }) {
  const bag = leaving();
  const state = el("span", {});
  const facts = el("span", { class: "test-facts", role: "status" });
  const stage = el("div", { class: "test-stage vw-stage-host" });
  const history = el("a", { class: "b b-quiet", hidden: true }, "Open in History");
  const kill = button({ text: "Kill", icon: "st-killed", kind: "kill", small: true, hidden: true, onClick: end });
  const prompt = field({
    label: "Prompt",
    control: input({ value: "test", on: { keydown: (event) => event.key === "Enter" && start() } }),
  });
  const again = button({ text: "Test again", icon: "play", onClick: start });
  let [run, log] = [null, null];

  async function start() {
    if (again.getAttribute("aria-busy")) return;
    busy(again, true);
    try {
      show(await ctx.api.post(`profiles/${profile.id}/test`, { content: prompt.control.value }));
      showReasons({ content: prompt }, {});
      ctx.cache.keep(run);
    } catch (error) {
      const homeless = showReasons({ content: prompt }, error.fields ?? {});
      if (!error.fields?.content) refuse(error, homeless);
    }
    drawState();
  }

  function show(next) {
    log?.stop();
    run = next;
    log = new LogPane(ctx, run.runId);
    fill(stage, log.element);
    log.show(run);
    set(history, { hidden: false, href: ctx.router.href("history", [run.runId]) });
  }

  function refuse(error, homeless) {
    log?.stop();
    [run, log, history.hidden] = [null, null, true];
    const isUnclear = error.code === "test_unclear";
    const notice = errorNotice({
      title: isUnclear ? "This template cannot be tested" : "The test was not started",
      text: homeless[0] ?? error.message,
      onRetry: error.passing ? start : null,
    });
    const edit = button({ text: "Edit template", onClick: () => (dialog.close(), onEdit()) });
    if (isUnclear) notice.append(el("div", { class: "notice-actions" }, edit));
    fill(stage, notice);
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
    set(kill, { hidden: !live });
    busy(again, live);
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
    body: [
      el(
        "p",
        { class: "hint" },
        "The template runs with echo in front of the agent, so the agent is not asked. All else in it runs as it is.",
      ),
      el("div", { class: "test-head" }, state, facts, el("span", { class: "grow" }), kill),
      stage,
    ],
    foot: [prompt.element, history, again],
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
  again.focus();
  start();
}
