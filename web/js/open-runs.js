// The runs that are open as tabs of Run, on this device: which they are, and one more that was started from a list.

import { newKey } from "./api.js";

const MOST_OPEN = 8;

/** Ask for a run of a saved prompt, once, however often the request is sent; throws ApiError. */
export const startPrompt = (ctx, body) => ctx.api.post("run", body, { headers: { "Idempotency-Key": newKey() } });

/** The ids of the open runs; before anybody chose, what is active. */
export const openRuns = (ctx) => ctx.prefs.get("open") ?? ctx.cache.active.map(({ runId }) => runId).slice(-MOST_OPEN);

/** Make a run the first of the open ones. */
export function openFirst(ctx, runId) {
  ctx.prefs.set("open", [runId, ...openRuns(ctx).filter((id) => id !== runId)].slice(0, MOST_OPEN));
}

/** Tell of a run that was started from a list, and keep it as a tab of Run. */
export function sayStarted(ctx, run, name) {
  ctx.cache.keep(run);
  const view = { text: "View", onClick: () => ctx.router.go("run", [run.runId]) };
  if (run.status === "skipped")
    return ctx.toasts.say({ text: `${name} was skipped`, detail: run.reason ?? "", shape: "warn", action: view });
  openFirst(ctx, run.runId);
  return ctx.toasts.say({
    text: `${name} is ${run.status === "queued" ? "queued" : "running"}`,
    shape: "play",
    action: view,
  });
}
