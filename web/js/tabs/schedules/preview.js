// What a schedule would do, as the server sees it: in words, its next times, whom it meets.

import { countdown, full, inZone, ms } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill, leaving } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { everySecond, settle } from "../../time.js";
import { often } from "./cron.js";

const QUIET_MS = 250;
const [FEW, MANY] = [5, 20];

/**
 * The part of the editor as { element, look(), stop() }; look() asks when the typing rests. `draft()` is what to judge,
 * `onRefused(reasons)` follows each answer: what is wrong with which field, {} for nothing.
 */
export function preview(ctx, { draft, onRefused }) {
  const bag = leaving();
  const words = el("p", { class: "pre-words", "aria-live": "polite" });
  const rate = el("p", { class: "hint" });
  const times = el("ul", { class: "pre-times", tabIndex: -1 });
  const meets = el("div", { class: "pre-meets", "aria-live": "polite" });
  const label = (text) => el("h3", { class: "label" }, text);
  const more = button({
    text: `Show ${MANY}`,
    kind: "quiet",
    small: true,
    extra: "pre-more",
    onClick: () => ((wanted = MANY), ask(), times.focus()),
  });
  const nextPart = el("section", {}, label("Next runs"), times, more);
  const element = el("div", { class: "pre" }, el("section", {}, label("In words"), words, rate), nextPart, meets);
  let [turn, wanted] = [0, FEW];

  async function ask() {
    const now = ++turn;
    const wish = draft();
    if (!wish.cronExpression) return rest("It is put into words as you write it.", {});
    try {
      const answer = await ctx.api.post("schedules/preview", { ...wish, count: wanted });
      if (now !== turn) return;
      show(answer);
      onRefused({});
    } catch (error) {
      if (now !== turn) return;
      const reasons = error.fields ?? {};
      const isExpression = Boolean(reasons.cronExpression);
      const words = reasons.promptId ? "Its prompt was deleted. Choose another." : error.message;
      rest(isExpression ? "The expression cannot be read yet." : words, reasons);
    }
  }

  function rest(text, reasons) {
    fill(words, el("span", { class: "hint" }, text));
    fill(rate);
    nextPart.hidden = true;
    fill(meets);
    onRefused(reasons);
  }

  function show(answer) {
    const { description, timezone, nextRuns, runsPerDay, conflicts, selfOverlap } = answer;
    fill(words, description);
    fill(rate, often(runsPerDay));
    nextPart.hidden = false;
    more.hidden = wanted === MANY || nextRuns.length < FEW;
    fill(
      times,
      nextRuns.length ? nextRuns.map((iso) => time(ms(iso), timezone)) : el("li", { class: "hint" }, "Never again"),
    );
    fill(
      meets,
      selfOverlap && warning("Meets itself", el("p", {}, selfOverlap)),
      conflicts.length > 0 && overlaps(conflicts, timezone),
    );
  }

  function overlaps(conflicts, zone) {
    const one = ({ scheduleId, name, at }) =>
      el(
        "li",
        {},
        el("a", { href: ctx.router.href("schedules", [scheduleId]) }, name),
        ` runs in the same directory at the same time, first ${inZone(ms(at), zone)}.`,
      );
    const title = `Overlaps with ${conflicts.length} ${conflicts.length === 1 ? "schedule" : "schedules"}`;
    return warning(title, el("ul", {}, conflicts.map(one)));
  }

  // What is ahead counts down; a time that has come makes room for another.
  function tick(now) {
    for (const one of times.querySelectorAll("time")) {
      const at = ms(one.dateTime);
      one.nextElementSibling.textContent = countdown(at, now);
      if (at <= now) soon();
    }
  }

  const soon = settle(ask, QUIET_MS);
  bag.on(ctx.live, "state", ({ detail }) => detail.online && soon());
  bag.add(soon.off, () => (turn += 1), everySecond(tick));
  return { element, look: soon, lookNow: ask, stop: bag.off };
}

const time = (at, zone) =>
  el(
    "li",
    {},
    el("time", { datetime: new Date(at).toISOString(), title: full(at) }, inZone(at, zone)),
    el("span", {}, countdown(at)),
  );

const warning = (title, body) =>
  el("section", { class: "pre-warning" }, el("h3", { class: "s-timeout" }, icon("warn"), title), body);
