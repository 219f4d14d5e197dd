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

const clean = (expression) => expression.trim().replace(/\s+/g, " ");

/** The five fields of an expression, or null when it has not five (a nickname such as @daily). */
export function fieldsOf(expression) {
  const parts = clean(expression).split(" ");
  return parts.length === FIELDS.length ? parts : null;
}

/** The expression of five fields; an empty one is a star. */
export const expressionOf = (fields) => fields.map((one) => one.replace(/\s+/g, "") || "*").join(" ");

/** The words of the preset that an expression is, or "". */
export const presetOf = (expression) => PRESETS.find(([, preset]) => preset === clean(expression))?.[0] ?? "";

/** "96 runs a day", "One run a day", "5 runs a week", "About 2 runs a month". */
export function often(perDay) {
  const round = (value) => Number(value.toFixed(value < 10 ? 1 : 0));
  const words = (value, span) => `${value === 1 ? "One run" : `${number(value)} runs`} a ${span}`;
  if (perDay >= 1) return words(round(perDay), "day");
  if (perDay * 7 >= 0.95) return words(Math.round(perDay * 7), "week");
  if (perDay * 30.4 >= 0.85) return words(Math.round(perDay * 30.4), "month");
  return perDay > 0 ? "Less than a run a month" : "";
}
