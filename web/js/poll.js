// The one long-poll: keeps the cursor, comes back after failures with growing pauses, never gives up.

const WAIT_S = 25;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15_000];

/**
 * Tells `onEvents(events, next)` what changed, `onReset(next)` when that is not known, `onState(state)` how it goes,
 * `onWatching(runs)` before it asks.
 */
export class Poll {
  #api;
  #tell;
  #runs = [];
  #failures = 0;
  #since = null;
  #request = null;
  #wake = null;
  #running = false;
  #hurry = false;

  constructor(api, { onEvents, onReset, onState, onWatching }) {
    this.#api = api;
    this.#tell = { onEvents, onReset, onState, onWatching };
  }

  /** Ask for changes after `cursor` until stopped; null means from now on. */
  async start(cursor) {
    this.cursor = cursor;
    this.#running = true;
    if (cursor === null) await this.#turn();
    this.#loop();
  }

  stop() {
    this.#running = false;
    this.#request?.abort();
    this.#wake?.();
  }

  /** Name the runs whose output matters from now on. */
  want(runs) {
    const sorted = [...runs].sort();
    if (sorted.join() === this.#runs.join()) return;
    this.#runs = sorted;
    this.#request?.abort();
  }

  /** Ask at once whether the server is there, instead of waiting for news or for the end of a pause. */
  now() {
    if (this.#wake) return this.#wake();
    this.#hurry = true;
    this.#request?.abort();
  }

  async #loop() {
    while (this.#running) await this.#turn();
  }

  async #turn() {
    this.#request = new AbortController();
    const { signal } = this.#request;
    const runs = this.#runs;
    const wait = this.#failures || this.#hurry ? 0 : WAIT_S;
    const query = this.cursor === null ? {} : { since: this.cursor, runs: runs.join(), wait };
    this.#hurry = false;
    try {
      if (this.cursor !== null) this.#tell.onWatching(runs);
      this.#take(await this.#api.get("events", query, { signal, probing: true, patience: (wait + 10) * 1000 }));
    } catch (error) {
      if (!signal.aborted) await this.#stumble(error);
    }
  }

  #take(answer) {
    const first = this.cursor === null;
    const blind = first && this.#failures > 0;
    this.cursor = answer.next;
    if (this.#failures) {
      this.#failures = 0;
      this.#tell.onState({ online: true });
    }
    if (answer.reset || blind) this.#tell.onReset(answer.next);
    else if (!first) this.#tell.onEvents(answer.events, answer.next);
  }

  async #stumble(error) {
    if (error.status === 401 || !this.#running) return this.stop();
    this.#since = this.#failures === 0 ? Date.now() : this.#since;
    const most = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)];
    const pause = Math.max(most * (0.75 + Math.random() / 2), error.retryAfter ? error.retryAfter * 1000 : 0);
    this.#failures += 1;
    // One stumble is not worth a banner: a restart of the server takes less than a second.
    if (this.#failures > 1) {
      this.#tell.onState({
        online: false,
        since: this.#since,
        nextTry: Date.now() + pause,
        reason: error.status ? error.message : "",
      });
    }
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, pause);
    });
    this.#wake = null;
  }
}
