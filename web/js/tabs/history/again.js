// The same run once more: started from a row or from the run itself, or taken into the composer.

import { isActive, runName } from "../../format.js";
import { busy } from "../../kit/button.js";

/** Start the same once more; resolves to its record, or to null after a message. */
export async function startAgain(ctx, run, opener) {
  if (opener.getAttribute("aria-busy")) return null;
  busy(opener, true);
  try {
    return ctx.cache.keep(await ctx.api.post(`runs/${run.runId}/rerun`));
  } catch (error) {
    ctx.toasts.say({ text: "The run was not started", detail: error.message, failed: true });
    return null;
  } finally {
    busy(opener, false);
  }
}

/** Start the same once more beside the list, and say so with a way to it. */
export async function againFromList(ctx, run, opener, onView) {
  const next = await startAgain(ctx, run, opener);
  if (!next) return;
  const words = { queued: "is queued", skipped: "was skipped" }[next.status] ?? "is running";
  const action = { text: "View", onClick: () => onView(next.runId) };
  ctx.toasts.say({ text: `${runName(next).slice(0, 80)} ${words}`, detail: next.reason ?? "", shape: "play", action });
}

/** Take a run's prompt, profile, directory and timeout into the composer. */
export async function editAndRun(ctx, runId) {
  const run = await ctx.cache.fetchRun(runId).catch(() => ctx.cache.runs.get(runId));
  if (!run?.promptContent)
    return ctx.toasts.say({ text: "The run could not be read", detail: "Try again in a moment.", failed: true });
  const { prompt: draft } = ctx.prefs.get("draft");
  if (draft?.trim()) ctx.prefs.set("earlier", [draft, ...ctx.prefs.get("earlier").filter((one) => one !== draft)]);
  ctx.prefs.set("draft", {
    prompt: run.promptContent,
    profile: run.agentProfileId,
    directory: run.workingDirectory,
    timeout: run.timeout,
  });
  ctx.router.go("run", isActive(run.status) ? [run.runId] : [], { compose: "1" });
}
