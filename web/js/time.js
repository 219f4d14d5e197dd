// One ticker for the page, aligned to the second; it rests while the page is hidden or nobody listens.

const listeners = new Set();
let timer = 0;
let held = null;

/** Let the page's clocks stand while the server is away (what happens there is not known), or go on. */
export function holdClocks(on) {
  held = on ? (held ?? Date.now() - (Date.now() % 1000)) : null; // what the last tick has shown
}

/** The time that the page's clocks show, in ms. */
export const shownTime = () => held ?? Date.now();

/** Call `listener(shown_time_ms)` at once and at every full second until the returned function is called. */
export function everySecond(listener) {
  listeners.add(listener);
  listener(shownTime());
  schedule();
  return () => listeners.delete(listener);
}

const MOST_TIMES = 4;

/** Call `fn` once when it has been quiet for `ms`, or never was for four times as long; `.now()` does it at once, `.off()` not at all. */
export function settle(fn, ms) {
  let [waiting, last] = [0, 0];
  const call = (...args) => {
    const now = performance.now();
    if (!waiting) last = now + MOST_TIMES * ms;
    clearTimeout(waiting);
    waiting = setTimeout(
      () => {
        waiting = 0;
        fn(...args);
      },
      Math.max(0, Math.min(ms, last - now)),
    );
  };
  call.off = () => {
    clearTimeout(waiting);
    waiting = 0;
  };
  call.now = (...args) => {
    clearTimeout(waiting);
    waiting = 0;
    fn(...args);
  };
  return call;
}

function schedule() {
  if (timer || !listeners.size || document.hidden) return;
  timer = setTimeout(tick, 1000 - (Date.now() % 1000));
}

function tick() {
  timer = 0;
  const now = shownTime();
  for (const listener of [...listeners]) listener(now);
  schedule();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && listeners.size) tick();
});
