// What is deleted in a moment: its rows are gone at once, a message offers them back, and the server hears of it last.

const pending = new Set();

addEventListener("pagehide", () => sendDeletions({ keepalive: true }));

/** Send what still waits for an Undo; resolves when the server has answered. */
export const sendDeletions = (options) => Promise.all([...pending].map((send) => send(options)));

/**
 * Delete records of a list ("prompts", "schedules") when the message `text` has left, unless Undo is pressed. `send(options)`
 * tells the server; what it says against it stands under `failure`, and the rows are there again.
 */
export function deleteLater(ctx, { name, ids, text, failure, send }) {
  const { cache, toasts } = ctx;
  const giveBack = () => {
    cache.giveBack(name, ids);
    cache.load(name).catch(() => {}); // somebody else may have changed or deleted them meanwhile
  };
  const end = async (options) => {
    if (!pending.delete(end)) return;
    toast.remove();
    try {
      await send(options);
    } catch (error) {
      giveBack();
      toasts.say({ text: failure, detail: error.message, failed: true });
      return;
    }
    if (cache.session) await cache.load(name).catch(() => {}); // it is done; the list follows
    cache.letGo(name, ids);
  };
  const undo = () => {
    if (pending.delete(end)) giveBack();
  };
  pending.add(end);
  cache.withhold(name, ids);
  const toast = toasts.say({ text, shape: "trash", action: { text: "Undo", onClick: undo }, onGone: () => end() });
}
