// Something that may go wrong is tried; what the server says against it becomes a message.

/** Do `deed`; resolves to its answer, or to null after a message that begins with `failure`. */
export async function attempt(ctx, failure, deed) {
  try {
    return await deed();
  } catch (error) {
    ctx.toasts.say({ text: failure, detail: error.message, failed: true });
    return null;
  }
}

const MOST_OPEN = 8;

/** Tell of a run that was started from a list, and keep it as a tab of Run. */
export function sayStarted(ctx, run, name) {
  ctx.cache.keep(run);
  const view = { text: "View", onClick: () => ctx.router.go("run", [run.runId]) };
  if (run.status === "skipped")
    return ctx.toasts.say({ text: `${name} was skipped`, detail: run.reason ?? "", shape: "warn", action: view });
  const open = ctx.prefs.get("open") ?? ctx.cache.active.map(({ runId }) => runId);
  ctx.prefs.set("open", [run.runId, ...open.filter((id) => id !== run.runId)].slice(0, MOST_OPEN));
  return ctx.toasts.say({
    text: `${name} is ${run.status === "queued" ? "queued" : "running"}`,
    shape: "play",
    action: view,
  });
}
