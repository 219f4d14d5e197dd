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
