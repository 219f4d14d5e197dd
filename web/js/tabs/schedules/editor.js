// The editor of a schedule: left what is set, right what it means.

import { openEditDialog } from "../../kit/edit-dialog.js";
import { inWords } from "../../kit/form.js";
import { saveOnto } from "../../kit/save-onto.js";
import { scheduleForm } from "./form.js";
import { preview } from "./preview.js";

const JUDGED = ["cronExpression", "timezone", "startDate", "endDate"];

/** Open the editor for a schedule, or for a new one (`start` without an id). Returns { closed, leave() }. */
export function openEditor(ctx, start) {
  const isNew = !start.id;
  const save = isNew ? (draft) => ctx.api.post("schedules", draft) : saveOnto(ctx.api, `schedules/${start.id}`, start);
  const ahead = preview(ctx, { draft: () => form.draft(), onRefused });
  const form = scheduleForm(ctx, start, { side: ahead.element, onChange: () => ahead.look() });

  // What the look ahead says of a field stands there until the next one.
  function onRefused(reasons) {
    const fields = form.fields();
    for (const name of JUDGED)
      fields[name].refuse(reasons[name] ? inWords(reasons[name], name, fields[name].label) : "");
  }

  const dialog = openEditDialog({
    what: "schedule",
    isNew,
    form,
    foot: form.foot,
    extra: "dlg-schedule",
    async send(news) {
      const kept = await save(news);
      await ctx.cache.load("schedules").catch(() => {}); // it is saved; the list follows when the server answers again
      return kept;
    },
  });
  dialog.closed.then(ahead.stop);
  ahead.lookNow();
  const { promptId, name } = form.fields();
  if (isNew) (promptId.control.value ? name : promptId).control.focus();
  return dialog;
}
