// What is done to several prompts at once: tags come and go, and what schedules need is not deleted without saying so.

import { deleteLater } from "../../deletions.js";
import { count } from "../../format.js";
import { attempt } from "../../kit/attempt.js";
import { button, busy } from "../../kit/button.js";
import { confirmDeed, openDialog } from "../../kit/dialog.js";
import { el } from "../../kit/dom.js";
import { showReasons } from "../../kit/form.js";
import { needing, neededWords } from "../../kit/needed.js";
import { tagsField } from "../../kit/tags-field.js";

/** Ask which tags to add (`action` "tag") or remove ("untag"); resolves to whether it was done. */
export async function askTags(ctx, { action, wanted, known }) {
  const adding = action === "tag";
  const tags = tagsField({ known: () => known, hint: "Enter or a comma ends a tag." });
  const save = button({ text: adding ? "Add tags" : "Remove tags", kind: "main", onClick: submit });
  const cancel = button({ text: "Cancel", onClick: () => dialog.close() });
  const many = count(wanted.length, "prompt");
  const dialog = openDialog({
    title: adding ? `Add tags to ${many}` : `Remove tags from ${many}`,
    body: tags.element,
    foot: [el("span", { class: "grow" }), cancel, save],
    extra: "dlg-small dlg-tags",
    onSubmit: submit,
  });
  let done = false;

  async function submit() {
    const names = tags.values();
    if (!names.length) return tags.refuse(adding ? "Type a tag to add." : "Type a tag to remove.");
    busy(save, true);
    try {
      const ids = wanted.map(({ id }) => id);
      const answer = await ctx.api.post("prompts/bulk", { action, ids, tags: names });
      done = true;
      await ctx.cache.load("prompts").catch(() => {}); // it is done; the list follows
      dialog.close();
      sayTagged(ctx, { adding, names, wanted, after: answer.prompts });
    } catch (error) {
      const homeless = showReasons({ tags }, error.fields);
      if (!error.fields.tags) tags.refuse(homeless[0] ?? error.message);
    }
    busy(save, false);
  }

  tags.control.focus();
  await dialog.closed;
  return done;
}

function sayTagged(ctx, { adding, names, wanted, after }) {
  const before = new Map(wanted.map(({ id, tags }) => [id, tags]));
  const changed = after.filter(({ id, tags }) => tags.join() !== before.get(id).join());
  const tags = names.map((name) => `“${name}”`).join(", ");
  if (!changed.length) return ctx.toasts.say({ text: adding ? `They all had ${tags}` : `None of them had ${tags}` });
  const many = count(changed.length, "prompt");
  const text = adding ? `Tagged ${many} with ${tags}` : `Took ${tags} from ${many}`;
  const rows = changed.map(({ id, revision }) => ({ id, revision, tags: before.get(id) }));
  return ctx.toasts.say({ text, shape: "tag", action: { text: "Undo", onClick: () => undoTags(ctx, rows) } });
}

// Each prompt gets what it had; those that somebody has changed since then keep what they have, and that is said.
async function undoTags(ctx, rows, kept = 0) {
  try {
    if (rows.length) await ctx.api.post("prompts/bulk", { updates: rows });
  } catch (error) {
    const rest = rows.filter((_, at) => !error.fields[`updates[${at}].revision`] && !error.fields[`updates[${at}].id`]);
    if (rest.length < rows.length) return undoTags(ctx, rest, kept + rows.length - rest.length);
    return ctx.toasts.say({ text: "The tags were not put back", detail: error.message, failed: true });
  }
  await ctx.cache.load("prompts").catch(() => {}); // it is done; the list follows
  if (!kept) return null;
  const text = `${count(kept, "prompt")} ${kept === 1 ? "keeps its" : "keep their"} tags`;
  return ctx.toasts.say({ text, detail: "Somebody has changed them, or deleted them, since then.", shape: "warn" });
}

/** Delete prompts: at once and to be undone, or after a question where schedules need them. Resolves to whether. */
export async function deletePrompts(ctx, wanted) {
  const ids = wanted.map(({ id }) => id);
  const name = wanted.length === 1 ? `“${wanted[0].name}”` : count(wanted.length, "prompt");
  const failure = `${name} ${wanted.length === 1 ? "was" : "were"} not deleted`;
  const needed = await needing(ctx, ({ promptId }) => ids.includes(promptId));
  if (!needed.length) {
    const send = (options) => sendDeletion(ctx, ids, false, options);
    deleteLater(ctx, { name: "prompts", ids, text: `Deleted ${name}`, failure, send });
    return true;
  }
  if (!(await confirmDeed(question(wanted, needed)))) return false;
  if (!(await attempt(ctx, failure, async () => (await sendDeletion(ctx, ids, true), true)))) return false;
  await ctx.cache.load("prompts").catch(() => {}); // it is done; the list follows
  return true;
}

// What somebody else has deleted meanwhile is deleted.
async function sendDeletion(ctx, ids, force, options) {
  try {
    if (ids.length > 1) return await ctx.api.post("prompts/bulk", { action: "delete", ids, force }, options);
    return await ctx.api.delete(`prompts/${ids[0]}${force ? "?force=1" : ""}`, options);
  } catch (error) {
    const rest = ids.filter((_, at) => !error.fields?.[`ids[${at}]`]);
    if (error.status === 404) return null;
    if (error.status !== 400 || rest.length === ids.length) throw error;
    return rest.length ? sendDeletion(ctx, rest, force, options) : null;
  }
}

function question(wanted, needed) {
  const isOne = wanted.length === 1;
  const it = isOne ? "it" : "them";
  return {
    title: isOne ? `Delete “${wanted[0].name}”?` : `Delete ${count(wanted.length, "prompt")}?`,
    text: [...neededWords(needed, it), `Runs that used ${it} keep their text and output.`],
    deed: "Delete all the same",
    stay: isOne ? "Keep prompt" : "Keep prompts",
  };
}
