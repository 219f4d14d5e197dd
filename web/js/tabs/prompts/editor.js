// The editor of a saved prompt.

import { openEditDialog } from "../../kit/edit-dialog.js";
import { saveOnto } from "../../kit/save-onto.js";
import { savedForm } from "./form.js";

/**
 * Open the editor for a saved prompt, or for a new one (null), which begins with what the composer has if it comes
 * `fromRun`. Returns { closed, leave() }.
 */
export function openEditor(ctx, saved, fromRun = false) {
  const isNew = !saved;
  const save = isNew ? (draft) => ctx.api.post("prompts", draft) : saveOnto(ctx.api, `prompts/${saved.id}`, saved);
  const form = savedForm(ctx, saved ?? startOf(ctx, fromRun), { onChange: () => dialog.touch() });
  const dialog = openEditDialog({
    what: "prompt",
    isNew,
    form,
    extra: "dlg-saved",
    async send(news) {
      const kept = await save(news);
      await ctx.cache.load("prompts").catch(() => {}); // it is saved; the list follows when the server answers again
      return kept;
    },
  });
  if (isNew) form.fields().name.control.focus();
  return dialog;
}

function startOf(ctx, fromRun) {
  const enabled = (ctx.cache.profiles ?? []).filter((profile) => profile.enabled);
  const draft = ctx.prefs.get("draft");
  const start = { agentProfileId: (enabled.find(({ id }) => id === draft.profile) ?? enabled[0])?.id ?? "" };
  if (!fromRun) return start;
  return {
    ...start,
    type: draft.isFile ? "file-reference" : "inline",
    content: (draft.isFile ? draft.file : draft.prompt) ?? "",
    workingDirectory: draft.directory?.trim() || null,
    timeout: draft.timeout ?? null,
  };
}
