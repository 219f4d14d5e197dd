// The lock of a profile: while it holds, new runs wait or are skipped.

import { full, ms, when, zoneLabel } from "../../format.js";
import { button, busy } from "../../kit/button.js";
import { openDialog } from "../../kit/dialog.js";
import { el } from "../../kit/dom.js";
import { downMark, field, input, select, showReasons } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";

const SPANS = [
  ["", "Until it is unlocked"],
  ["30", "For 30 minutes"],
  ["60", "For an hour"],
  ["240", "For 4 hours"],
  ["1440", "For a day"],
];

/** The line of a card that says since when, until when, by whom and why; `onUnlock(opener)` where that is allowed. */
export function lockLine({ name, lock, whileLocked }, onUnlock) {
  const until = lock.until ? `until ${when(ms(lock.until))} ${zoneLabel(ms(lock.until))}` : "until it is unlocked";
  const deed = whileLocked === "skip" ? "new runs are skipped" : "new runs wait";
  const words = `Locked by ${lock.by} ${until}: ${deed}.`;
  const unlock = button({
    text: "Unlock",
    small: true,
    "aria-label": `Unlock ${name}`,
    onClick: (event) => onUnlock(event.currentTarget),
  });
  return el(
    "div",
    { class: "card-lock", title: `Since ${full(ms(lock.since))}` },
    icon("lock"),
    el("p", { class: "grow" }, words, lock.reason && el("span", { class: "hint" }, ` ${lock.reason}`)),
    onUnlock && unlock,
  );
}

/** Ask how long and why, and lock the profile; resolves to whether it is locked. */
export async function askLock(ctx, profile) {
  const fields = {
    minutes: field({ label: "How long", control: select(SPANS, ""), after: downMark() }),
    reason: field({ label: "Why", control: input({ maxlength: 200, placeholder: "The provider is down" }) }),
  };
  const lock = button({ text: "Lock profile", icon: "lock", kind: "main", onClick: submit });
  const effect =
    profile.whileLocked === "skip"
      ? "Runs that are asked for meanwhile are skipped and recorded."
      : "Runs that are asked for meanwhile wait in the queue.";
  const dialog = openDialog({
    title: `Lock ${profile.name}`,
    body: el(
      "div",
      { class: "stack" },
      el("p", { class: "ink-2" }, `${effect} What runs already goes on.`),
      fields.minutes.element,
      fields.reason.element,
    ),
    foot: [el("span", { class: "grow" }), button({ text: "Cancel", onClick: () => dialog.close() }), lock],
    extra: "dlg-small",
    onSubmit: submit,
  });
  let done = false;

  async function submit() {
    busy(lock, true);
    const minutes = Number(fields.minutes.control.value) || null;
    try {
      await ctx.api.post(`profiles/${profile.id}/lock`, {
        minutes,
        reason: fields.reason.control.value.trim() || null,
      });
      done = true;
      dialog.close();
    } catch (error) {
      const homeless = showReasons(fields, error.fields);
      if (!Object.keys(error.fields).length || homeless.length) fields.reason.refuse(homeless[0] ?? error.message);
    }
    busy(lock, false);
  }
  fields.minutes.control.focus();
  await dialog.closed;
  return done;
}
