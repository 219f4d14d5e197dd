// What is done to several prompts at once: tags come and go, and what schedules need is not deleted without saying so.

import { count } from "../../format.js";
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
      await ctx.api.post("prompts/bulk", { action, ids: wanted.map(({ id }) => id), tags: names });
      done = true;
      await ctx.cache.load("prompts").catch(() => {}); // it is done; the list follows
      dialog.close();
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

/** Ask, and delete prompts; those that schedules need are named with them. Resolves to whether it was done. */
export async function deletePrompts(ctx, wanted) {
  const ids = wanted.map(({ id }) => id);
  const look = () => needing(ctx, ({ promptId }) => ids.includes(promptId));
  let needed = await look();
  for (;;) {
    if (!(await confirmDeed(question(wanted, needed)))) return false;
    try {
      await send(ctx, ids, needed.length > 0);
      break;
    } catch (error) {
      if (error.code === "in_use" && !needed.length) needed = await look();
      if (error.code === "in_use" && needed.length) continue;
      const name = wanted.length === 1 ? wanted[0].name : count(wanted.length, "prompt");
      ctx.toasts.say({ text: `${name} was not deleted`, detail: error.message, failed: true });
      return false;
    }
  }
  await ctx.cache.load("prompts").catch(() => {}); // it is done; the list follows
  return true;
}

function send(ctx, ids, force) {
  if (ids.length > 1) return ctx.api.post("prompts/bulk", { action: "delete", ids, force });
  return ctx.api.delete(`prompts/${ids[0]}${force ? "?force=1" : ""}`);
}

function question(wanted, needed) {
  const isOne = wanted.length === 1;
  const it = isOne ? "it" : "them";
  const title = isOne ? `Delete “${wanted[0].name}”?` : `Delete ${count(wanted.length, "prompt")}?`;
  const kept = `Runs that used ${it} keep their text and output.`;
  const stay = isOne ? "Keep prompt" : "Keep prompts";
  if (!needed.length) return { title, text: kept, deed: isOne ? "Delete prompt" : "Delete prompts", stay };
  return { title, text: [...neededWords(needed, it), kept], deed: "Delete all the same", stay };
}
