// Schedules that need what is about to be deleted: they are named before they are switched off.

import { el } from "./dom.js";

const MOST_NAMED = 6;

/** The schedules that `needs(schedule)` says it of; none when they cannot be read, for the server refuses then. */
export async function needing(ctx, needs) {
  const all = await ctx.api.get("schedules").catch(() => []);
  return all.filter(needs);
}

/** A sentence with their names; `it` is the word for what they need. */
export function neededWords(schedules, it) {
  const names = schedules.slice(0, MOST_NAMED).map(({ name }) => el("li", {}, name));
  const others = schedules.length - MOST_NAMED;
  if (others > 0) names.push(el("li", { class: "hint" }, `and ${others} more`));
  const lead = schedules.length === 1 ? "One schedule needs" : `${schedules.length} schedules need`;
  return [`${lead} ${it} and will be switched off:`, el("ul", { class: "named" }, names)];
}
