// Lanes: what is planned, a strip for each schedule; only those in sight are drawn, however many there are.

import { ms } from "../../format.js";
import { el, fill, set, svg } from "../../kit/dom.js";
import { laneWords, marksOf, moment, placeOf } from "./axis.js";

const NARROW = 1.5; // percent: what is shorter is drawn as a mark of a few pixels

/** The keeper of all lanes as { lane(id), axis, show(answer, root), tick(root), stop() }. */
export function laneKeeper() {
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  const seen = new Set();
  let [answer, byId, marks] = [null, new Map(), []];
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
      if (isIntersecting) paint(target);
      else if (!target.isConnected) watcher.unobserve(target);
    }
  });

  const idOf = (lane) => lane.dataset.lane;

  function lane(id) {
    const element = el("div", { class: "lane", role: "img", data: { lane: id }, hidden: !answer });
    if (answer) name(element);
    watcher.observe(element);
    return element;
  }

  function name(element) {
    set(element, { "aria-label": laneWords(byId.get(idOf(element)), answer), hidden: false });
  }

  function paint(element) {
    if (!answer) return;
    const lines = marks.map(({ x, isDay }) => rect(isDay ? "day" : "line", x, 0, 28, { width: 1 }));
    const rail = svg("rect", { class: "rail", x: 0, y: 13.5, width: "100%", height: 1 });
    const drawn = svg("svg", { "aria-hidden": "true" }, lines, rail, planned(byId.get(idOf(element))));
    fill(element, drawn);
  }

  function planned(one) {
    if (!one) return null;
    const now = Date.now();
    const clashes = new Set(one.clashes);
    const wide = (seconds) => placeOf(ms(answer.from) + seconds * 1000, answer);
    const words = (at) => (clashes.has(at) ? "Meets another schedule: " : "Planned: ");
    const often = one.often
      .filter(({ to }) => ms(to) >= now)
      .map(({ from, to }) => {
        const x = Math.max(0, placeOf(ms(from), answer));
        const width = `${Math.max(NARROW, placeOf(ms(to), answer) - x).toFixed(2)}%`;
        const text = `Planned: many times, ${moment(ms(from), now)} to ${moment(ms(to), now)}`;
        return rect("band", x, 10, 8, { width }, text);
      });
    const times = [...new Set([...one.times, ...one.clashes])]
      .filter((at) => ms(at) >= now)
      .map((at) => {
        const x = placeOf(ms(at), answer);
        const part = Math.min(wide(one.seconds ?? 0), 100 - x);
        const width = part > NARROW ? `${part.toFixed(2)}%` : 4;
        const text = `${words(at)}${moment(ms(at), now)}`;
        return clashes.has(at) ? rect("clash", x, 4, 20, { width }, text) : rect("mark", x, 8.5, 11, { width }, text);
      });
    return [often, times];
  }

  function drawAxis() {
    fill(
      axis,
      marks.map(({ x, words, isDay }) => {
        const [first, day] = words.split(" ");
        const label = isDay ? [first, el("span", { class: "axis-date" }, ` ${day}`)] : words;
        return words && el("span", { class: isDay ? "is-day" : "", style: { left: `${x}%` } }, label);
      }),
    );
  }

  return {
    lane,
    axis,
    /** Draw what the server has planned, in all lanes below `root`. */
    show(next, root) {
      answer = next;
      byId = new Map(answer.schedules.map((one) => [one.scheduleId, one]));
      marks = marksOf(answer);
      drawAxis();
      root.querySelectorAll(".lane").forEach(name);
      seen.forEach(paint);
    },
    stop: () => watcher.disconnect(),
  };
}

const rect = (kind, x, y, height, rest, text = "") =>
  svg("rect", { class: `lane-${kind}`, x: `${x.toFixed(2)}%`, y, height, ...rest }, text && svg("title", {}, text));
