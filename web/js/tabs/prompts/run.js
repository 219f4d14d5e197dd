// Running a saved prompt: what it asks for, what may be otherwise for once, and what would be run.

import { agentMark } from "../../kit/badge.js";
import { button, busy } from "../../kit/button.js";
import { openDialog } from "../../kit/dialog.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill, on } from "../../kit/dom.js";
import { field, input, showReasons, typedNumber } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { askedFor, plainVariable } from "../../kit/placeholders.js";
import { planParts } from "../../kit/plan.js";
import { sentence } from "../../kit/sentence.js";
import { valuesField } from "../../kit/values-field.js";
import { sayStarted, startPrompt } from "../../open-runs.js";

/** Open the dialog; `refused` is an error that a start without questions has met. */
export function openRun(ctx, saved, refused = null) {
  const profile = ctx.cache.profile(saved.agentProfileId);
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const plan = el("section", { class: "run-plan", hidden: true, "aria-label": "Dry run" });
  const host = el("div", {});
  const directory = directoryField({ api: ctx.api, home: "", value: "" });
  directory.control.placeholder = saved.workingDirectory ?? ctx.cache.settings?.defaultWorkingDirectory ?? "";
  const timeout = field({
    label: "Timeout",
    control: input({ type: "number", placeholder: String(saved.timeout ?? profile?.defaultTimeout ?? "") }),
    after: el("span", { class: "unit" }, "min"),
  });
  const test = button({ text: "Dry run", onClick: () => look() });
  const start = button({ text: "Run now", icon: "play", kind: "main", onClick: submit });
  let values = ask(askedFor(saved));

  // A file may ask for more than is declared: the server knows, and the field comes with its reason.
  function ask(variables, given = {}) {
    const made = valuesField(variables, given, { filled: true });
    fill(host, variables.length > 0 && made.element);
    return { ...made, variables };
  }

  function body() {
    const typed = typedNumber(timeout.control.value);
    return {
      promptId: saved.id,
      variables: values.values(),
      workingDirectory: directory.value(),
      timeout: Number.isNaN(typed) ? timeout.control.value : typed,
    };
  }

  function refuse(error) {
    const reasons = error.fields ?? {};
    const missing = Object.keys(reasons)
      .filter((name) => name.startsWith("variables."))
      .map((name) => name.slice("variables.".length))
      .filter((name) => !values.variables.some((one) => one.name === name));
    if (missing.length) values = ask([...values.variables, ...missing.map(plainVariable)], values.values());
    const homeless = showReasons({ ...values.fields, workingDirectory: directory, timeout }, reasons);
    const words = Object.keys(reasons).length ? homeless : [error.message];
    problem.hidden = !words.length;
    fill(problem, words.length ? [icon("st-failed"), el("span", {}, sentence(words.join(" ")))] : []);
  }

  async function attempt(opener, deed) {
    if (opener.getAttribute("aria-busy")) return;
    busy(opener, true);
    problem.hidden = true;
    try {
      await deed();
    } catch (error) {
      refuse(error);
    }
    busy(opener, false);
  }

  const look = () =>
    attempt(test, async () => {
      showReasons({ ...values.fields, workingDirectory: directory, timeout }, {});
      plan.hidden = true;
      const answer = await ctx.api.post("run", { ...body(), dryRun: true });
      fill(plan, planParts(answer));
      plan.hidden = false;
      plan.scrollIntoView({ block: "nearest" });
      ctx.announce("The command that would run is shown.");
    });

  function submit() {
    return attempt(start, async () => {
      sayStarted(ctx, await startPrompt(ctx, body()), saved.name);
      dialog.element.close();
    });
  }

  const dialog = openDialog({
    title: `Run ${saved.name}`,
    body: [
      profile &&
        el("p", { class: "run-with" }, agentMark(profile.agentType, { name: profile.name, chosen: profile.icon })),
      host,
      el("div", { class: "run-where" }, directory.element, timeout.element),
      plan,
    ],
    foot: [
      test,
      problem,
      el("span", { class: "grow" }),
      button({ text: "Cancel", onClick: () => dialog.close() }),
      start,
    ],
    extra: "dlg-run",
    onSubmit: submit,
  });
  const leave = on(ctx.router, "change", () => dialog.element.close());
  dialog.closed.then(leave);
  const [first] = Object.values(values.fields);
  (first?.control ?? start).focus();
  dialog.element.addEventListener("input", () => (plan.hidden = true));
  dialog.element.addEventListener("keydown", (event) => {
    const isPlain = !event.defaultPrevented && !event.isComposing && !event.ctrlKey && !event.metaKey;
    if (event.key === "Enter" && isPlain && event.target.matches("input")) submit();
  });
  if (refused) refuse(refused);
}
