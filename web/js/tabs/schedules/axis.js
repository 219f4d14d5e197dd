// The axis that all lanes share: the coming 24 hours in steps of four, or seven days with their hours.

import { dayName, hour, minute, ms, when } from "../../format.js";

const HOUR_MS = 3_600_000;
const HOURS = ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"];
const QUARTERS = ["06:00", "12:00", "18:00"];
const HALF_HOURS = 2;

export const SPANS = [
  ["", "24 h"],
  ["7", "7 days"],
];

export const hoursOf = (span) => (span === "7" ? 168 : 24);

/** The span that an address asks for: "" for the usual one. */
export const readSpan = (params) => (params.get("span") === "7" ? "7" : "");

/** Where an instant stands in `answer`'s window, in percent. */
export const placeOf = (at, { from, to }) => (100 * (at - ms(from))) / (ms(to) - ms(from));

/** The lines of the axis as [{ at, x, words, hour, isDay }]: `words` where it is labelled, `isDay` where a day begins. */
export function marksOf(answer) {
  const [from, to] = [ms(answer.from), ms(answer.to)];
  const isDay = to - from <= 24 * HOUR_MS;
  const mark = (at, rest) => ({ at, x: placeOf(at, answer), words: "", isDay: false, ...rest });
  const marks = [];
  const first = Math.ceil((from / HOUR_MS) * HALF_HOURS) * (HOUR_MS / HALF_HOURS); // zones may be half an hour off
  for (let at = first; at < to; at += HOUR_MS / HALF_HOURS) {
    const clock = minute(at);
    if (isDay && HOURS.includes(clock)) marks.push(mark(at, { words: clock }));
    else if (isDay) continue;
    else if (clock === "00:00") marks.push(mark(at, { words: dayName(at), isDay: true }));
    else if (QUARTERS.includes(clock)) marks.push(mark(at, { words: clock === "12:00" ? hour(at) : "" }));
  }
  return marks;
}

/** One sentence with what a lane shows; without a lane the schedule is off. */
export function laneWords(lane, answer, now = Date.now()) {
  const span = ms(answer.to) - ms(answer.from) > 24 * HOUR_MS ? "the coming 7 days" : "the coming 24 hours";
  if (!lane) return `Nothing is planned in ${span}: it is off.`;
  const times = lane.times.map(ms).filter((at) => at >= now);
  const often = lane.often.filter(({ to }) => ms(to) >= now);
  if (!times.length && !often.length) return `Nothing is planned in ${span}.`;
  const parts = often
    .slice(0, 2)
    .map((one) => `many times from ${moment(ms(one.from), now)} to ${moment(ms(one.to), now)}`);
  if (often.length > 2) parts.push("and so on");
  if (times.length) parts.push(timesWords(times, now));
  const met = lane.meets.map(({ name, at }) => `${name}, first ${moment(ms(at), now)}`);
  const sentence = `In ${span} ${parts.join(", ")}.`;
  return met.length ? `${sentence} Meets ${met.join("; ")}.` : sentence;
}

function timesWords(times, now) {
  const shown = times.slice(0, 4).map((at) => moment(at, now));
  const rest = times.length - shown.length;
  return `${times.length === 1 ? "once" : `${times.length} times`}: ${shown.join(", ")}${rest ? ` and ${rest} more` : ""}`;
}

/** "15:00" today, "Fri 13 Mar 02:30" on another day. */
export const moment = (at, now = Date.now()) => (dayName(at) === dayName(now) ? minute(at) : when(at, now));
