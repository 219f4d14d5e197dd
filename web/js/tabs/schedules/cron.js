// Cron expressions as their five fields, and those that many begin with; the server says what they mean.

import { number } from "../../format.js";

export const FIELDS = ["Minute", "Hour", "Day", "Month", "Weekday"];

export const PRESETS = [
  ["Every 15 minutes", "*/15 * * * *"],
  ["Every hour", "0 * * * *"],
  ["Every day", "0 9 * * *"],
  ["Weekdays", "0 9 * * 1-5"],
  ["Every week", "0 9 * * 1"],
  ["Every month", "0 9 1 * *"],
];

const NICKNAMES = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
// How the server calls the fields, those first whose names hold another's.
const NAMED = [
  [/day of week/i, 4],
  [/day of month|no day/i, 2],
  [/minute/i, 0],
  [/hour/i, 1],
  [/month/i, 3],
];

const clean = (expression) => expression.trim().replace(/\s+/g, " ");
const plain = (expression) => NICKNAMES[clean(expression).toLowerCase()] ?? clean(expression);

/** The five fields of an expression, or of what a nickname such as @daily stands for; null when it has not five. */
export function fieldsOf(expression) {
  const parts = plain(expression).split(" ");
  return parts.length === FIELDS.length ? parts : null;
}

/** The expression of five fields; an empty one is a star. */
export const expressionOf = (fields) => fields.map((one) => one.replace(/\s+/g, "") || "*").join(" ");

/** The words of the preset that an expression is, or "". */
export const presetOf = (expression) => PRESETS.find(([, preset]) => preset === plain(expression))?.[0] ?? "";

/** Which of the fields a reason of the server's is about; -1 for none, or for all. */
export const fieldNamed = (reason) =>
  /five fields/.test(reason) ? -1 : (NAMED.find(([name]) => name.test(reason))?.[1] ?? -1);

/** "96 runs a day", "One run a day", "5 runs a week", "About 2 runs a month". */
export function often(perDay) {
  const round = (value) => Number(value.toFixed(value < 10 ? 1 : 0));
  const words = (value, span) => `${value === 1 ? "One run" : `${number(value)} runs`} a ${span}`;
  if (perDay >= 1) return words(round(perDay), "day");
  if (perDay * 7 >= 0.95) return words(Math.round(perDay * 7), "week");
  if (perDay * 30.4 >= 0.85) return words(Math.round(perDay * 30.4), "month");
  return perDay > 0 ? "Less than a run a month" : "";
}
