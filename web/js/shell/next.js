// The right end of the tape: the next scheduled run with its countdown, and the prompt that is used most.

import { countdown, full, ms } from "../format.js";
import { busy, button } from "../kit/button.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { sayStarted, startPrompt } from "../open-runs.js";
import { everySecond, settle, shownTime } from "../time.js";

const REST_MS = 1500;
const TOPICS = new Set(["runs", "schedules", "prompts", "settings"]);

/** Show it in `host`. `onUpcoming(times)` follows what is planned; returns how to end it. */
export function mountNext(host, ctx, onUpcoming) {
  const bag = leaving();
  const mayRun = ctx.cache.session.role !== "viewer";
  const left = el("span", { class: "next-left" });
  let found = null;

  async function load() {
    try {
      found = await ctx.api.get("dashboard");
    } catch {
      return; // it keeps what it has; the banner says the rest
    }
    draw();
    onUpcoming(found.upcoming);
  }

  function draw() {
    const { next, mostUsed, schedulesPaused } = found;
    const words =
      schedulesPaused && el("a", { class: "next", href: ctx.router.href("schedules") }, "Schedules are paused");
    const planned =
      next &&
      el(
        "a",
        {
          class: "next",
          href: ctx.router.href("schedules", [next.scheduleId]),
          title: `${next.name}: ${full(ms(next.at))}`,
        },
        el("span", { class: "hint" }, "Next"),
        el("span", { class: "cut" }, next.name),
        left,
      );
    const quick =
      mostUsed &&
      mayRun &&
      button({
        text: mostUsed.name,
        icon: "play",
        small: true,
        extra: "quick",
        "aria-label": `Run ${mostUsed.name}, the prompt that is run most`,
        title: `Run ${mostUsed.name}`,
        onClick: ({ currentTarget }) => start(mostUsed, currentTarget),
      });
    fill(host, words || planned, quick && [el("span", { class: "vr" }), quick]);
    set(host, { hidden: !(words || planned || quick) });
    tick(shownTime());
  }

  function tick(now) {
    if (!found?.next) return;
    const text = countdown(ms(found.next.at), now);
    if (left.textContent !== text) left.textContent = text;
  }

  async function start({ promptId, name, asks }, opener) {
    if (asks) return ctx.router.go("prompts", [], { search: name });
    if (opener.getAttribute("aria-busy")) return;
    busy(opener, true);
    try {
      sayStarted(ctx, await startPrompt(ctx, { promptId }), name);
    } catch (error) {
      ctx.toasts.say({ text: `${name} was not started`, detail: error.message, failed: true });
    }
    busy(opener, false);
  }

  const again = settle(load, REST_MS);
  bag.on(ctx.live, "events", ({ detail }) => detail.some(({ topic }) => TOPICS.has(topic)) && again());
  bag.on(ctx.cache, "stale", () => again());
  bag.add(again.off, everySecond(tick));
  host.hidden = true;
  load();
  return bag.off;
}
