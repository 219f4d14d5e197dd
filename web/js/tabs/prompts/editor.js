// The editor of a saved prompt.

import { openEditDialog } from "../../kit/edit-dialog.js";
import { saveOnto } from "../../kit/save-onto.js";
import { savedForm } from "./form.js";

/** Open the editor for a saved prompt, or for a new one (null). Returns { closed, leave() }. */
export function openEditor(ctx, saved) {
  const isNew = !saved;
  const save = isNew ? (draft) => ctx.api.post("prompts", draft) : saveOnto(ctx.api, `prompts/${saved.id}`, saved);
  const form = savedForm(ctx, saved ?? startOf(ctx), { onChange: () => dialog.touch() });
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

function startOf(ctx) {
  const enabled = (ctx.cache.profiles ?? []).filter((profile) => profile.enabled);
  const { profile } = ctx.prefs.get("draft");
  return { agentProfileId: (enabled.find(({ id }) => id === profile) ?? enabled[0])?.id ?? "" };
}
