// What was asked and what was executed: a run's prompt and command, each to be copied.

import { button, saidIt } from "../kit/button.js";
import { copyText } from "../kit/clipboard.js";
import { openDialog } from "../kit/dialog.js";
import { el } from "../kit/dom.js";

/** Open the dialog for a run; reads the whole record when only its listed form is known. */
export async function openDetails(ctx, runId) {
  const run = await ctx.cache.fetchRun(runId).catch(() => ctx.cache.runs.get(runId));
  if (!run) return;
  const body = [
    part("Prompt", run.promptContent ?? run.promptPreview ?? ""),
    run.command && part("Command", run.command),
  ];
  openDialog({ title: "Prompt and command", body, extra: "dlg-details" });
}

function part(name, text) {
  const copy = button({
    text: "Copy",
    icon: "copy",
    kind: "quiet",
    small: true,
    onClick: async () => saidIt(copy, (await copyText(text)) ? "Copied" : "Copying failed"),
  });
  return el(
    "section",
    { class: "detail" },
    el("div", { class: "field-head" }, el("h3", { class: "label" }, name), copy),
    el("pre", { class: "code", tabIndex: 0, "aria-label": name }, text),
  );
}
