// Says when a run that was started here goes wrong while something else is looked at.

import { duration, runName, stateWord, took } from "../format.js";

const BAD = new Set(["failed", "timeout"]);

/** Watch the runs that are open as tabs; returns how to end it. */
export function mountOutcomes({ cache, prefs, router, toasts }) {
  const states = new Map();

  function hear({ detail: run }) {
    const before = states.get(run.runId);
    states.set(run.runId, run.status);
    const began = before === "running" || before === "queued";
    if (!began || !BAD.has(run.status) || !prefs.get("open")?.includes(run.runId)) return;
    if (router.route.path[0] === run.runId) return;
    const view = { text: "View", onClick: () => router.go("run", [run.runId]) };
    const detail =
      run.reason ?? (run.exitCode === null ? "" : `Exit code ${run.exitCode} after ${duration(took(run))}`);
    toasts.say({
      text: `${runName(run).slice(0, 80)}: ${stateWord(run.status).toLowerCase()}`,
      detail,
      failed: true,
      shape: `st-${run.status}`,
      action: view,
    });
  }

  for (const run of cache.active) states.set(run.runId, run.status);
  cache.addEventListener("run", hear);
  return () => cache.removeEventListener("run", hear);
}
