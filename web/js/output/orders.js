// What a viewer orders: a run's end, and that it is kept. What the server refuses is said.

/** Ask for a run's end; resolves to whether the server took the wish. */
export const killRun = (ctx, runId) => ask(ctx, "The run was not killed", () => ctx.api.post(`runs/${runId}/kill`));

/** Keep a run for ever, or let it go with its time; resolves to whether it is so now. */
export const pinRun = (ctx, runId, pinned) =>
  ask(ctx, "The run was not changed", async () => ctx.cache.keep(await ctx.api.patch(`runs/${runId}`, { pinned })));

async function ask(ctx, text, deed) {
  try {
    await deed();
    return true;
  } catch (error) {
    ctx.toasts.say({ text, detail: error.message, failed: true });
    return false;
  }
}
