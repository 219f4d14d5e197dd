// What the server has planned, read again when something changed, and the line over the list about schedules that meet.

import { ms } from "../../format.js";
import { el, fill } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { everySecond, settle } from "../../time.js";
import { hoursOf, moment } from "./axis.js";

const AGAIN_S = 300;
const QUIET_MS = 300;

/** The plans as { element, ask(span), meets(id), stop() }; `onAnswer(answer)` follows each. */
export function plans(ctx, { hrefOf, onAnswer }) {
  const element = el("div", { class: "banner", role: "status", hidden: true });
  let [span, known, turn, answer, waited] = ["", "", 0, null, 0];
  let [met, pairs, said] = [new Map(), [], ""];

  async function ask() {
    const now = ++turn;
    waited = 0;
    const found = await ctx.api.get("schedules/upcoming", { hours: hoursOf(span) }).catch(() => null); // the list says it
    if (now !== turn || !found) return;
    answer = found;
    met = new Map(found.schedules.map(({ scheduleId, meets }) => [scheduleId, meets]));
    pairs = pairsOf(found);
    drawMeeting();
    onAnswer(answer);
  }

  // Only what moves plans counts: a run that ends changes the list, too.
  function stamp() {
    const { schedules, prompts, settings } = ctx.cache;
    const revisions = (all) => all?.map(({ id, revision }) => [id, revision]);
    return JSON.stringify([revisions(schedules), revisions(prompts), settings?.defaultWorkingDirectory]);
  }

  const soon = settle(ask, QUIET_MS);

  function look() {
    drawMeeting();
    const next = stamp();
    if (next === known) return;
    known = next;
    soon();
  }

  function drawMeeting() {
    element.hidden = !pairs.length || Boolean(ctx.cache.settings?.schedulesPaused);
    if (element.hidden) return;
    const [[one, other, at]] = pairs;
    const places = [one, other].map(({ scheduleId, name }) => [hrefOf({ id: scheduleId }), name]);
    const text = JSON.stringify([places, at, pairs.length]);
    if (text === said) return; // a link may have the focus
    said = text;
    const [first, second] = places.map(([href, name]) => el("a", { href }, name));
    const others = pairs.length - 1;
    const more =
      others > 0 && ` ${others === 1 ? "One more pair meets" : `${others} more pairs meet`}, as the list says.`;
    const when = ms(at) > Date.now() ? `, first ${moment(at)}` : "";
    const words = [first, " and ", second, ` run at once in the same directory${when}.`, more];
    fill(element, icon("warn"), el("span", { class: "grow" }, words));
  }

  const stopTicking = everySecond(() => (waited += 1) >= AGAIN_S && ask());
  return {
    element,
    look,
    ask(next) {
      if (next === span && answer) return;
      span = next;
      known = stamp();
      ask();
    },
    /** The schedules that one meets in the coming week. */
    meets: (id) => met.get(id) ?? [],
    stop: () => (stopTicking(), soon.off(), (turn += 1)),
  };
}

/** The pairs of schedules that meet as [one, other, when first], the earliest first. */
export function pairsOf({ schedules }) {
  const seen = new Map();
  for (const one of schedules)
    for (const other of one.meets) {
      const key = [one.scheduleId, other.scheduleId].sort().join();
      if (!seen.has(key)) seen.set(key, [one, other, ms(other.at)]);
    }
  return [...seen.values()].sort((a, b) => a[2] - b[2]);
}
