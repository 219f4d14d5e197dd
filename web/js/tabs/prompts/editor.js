// The editor of a saved prompt.

import { openEditDialog } from "../../kit/edit-dialog.js";
import { savedForm } from "./form.js";

/** Open the editor for a saved prompt, or for a new one (null). Returns { closed, leave() }. */
export function openEditor(ctx, saved) {
  const isNew = !saved;
  const form = savedForm(ctx, saved ?? startOf(ctx), { onChange: () => dialog.touch() });
  const dialog = openEditDialog({
    what: "prompt",
    isNew,
    form,
    extra: "dlg-saved",
    async send(news) {
      const kept = isNew ? await ctx.api.post("prompts", news) : await ctx.api.patch(`prompts/${saved.id}`, news);
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
