// Live changes for every tab of this browser through one long-poll: a leader asks the server and tells the others.
//
// Leadership is a Web Lock. Where there are no locks (plain HTTP away from localhost) each tab leads itself.

import { Poll } from "./poll.js";

/** Fires "events" (detail: [{topic, id}]), "reset", "state" (detail as in poll.js), "signed-in" and "signed-out". */
export class Live extends EventTarget {
  #name;
  #me = Math.random().toString(36).slice(2);
  #channel = null;
  #poll;
  #watched = new Map();
  #others = new Map();
  #told = new Set();
  #cursor = null;
  #resign = null;
  #stopped = new AbortController();
  state = { online: true };

  constructor(api) {
    super();
    this.#name = `airunner:${api.path}`;
    this.#poll = new Poll(api, {
      onEvents: (events, next) => this.#broadcast({ kind: "events", events, next }),
      onReset: (next) => this.#broadcast({ kind: "reset", next }),
      onState: (state) => this.#broadcast({ kind: "state", state }),
      onWatching: (runs) => this.#welcome(runs),
    });
    if (globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    }
    addEventListener("pagehide", () => this.#post({ kind: "bye", from: this.#me }));
    for (const type of ["online", "offline"]) addEventListener(type, () => this.check());
  }

  /** Resolves when no change after it can be missed. */
  async start() {
    this.#stopped = new AbortController();
    this.#announce();
    if (!navigator.locks || !this.#channel) return this.#lead(true);
    const leadsAtOnce = await new Promise((resolve) => {
      navigator.locks.request(this.#name, { ifAvailable: true }, async (lock) => {
        resolve(Boolean(lock));
        if (lock) await this.#hold();
      });
    });
    if (leadsAtOnce) return this.#lead(true);
    navigator.locks
      .request(this.#name, { signal: this.#stopped.signal }, async () => {
        this.#lead(false);
        await this.#hold();
      })
      .catch(() => {}); // stopped while waiting for its turn
  }

  /** Stop asking; another tab may lead. */
  stop() {
    this.#stopped.abort();
    this.#poll.stop();
    this.#resign?.();
    this.#cursor = null;
  }

  /** Tell every tab, this one too, that the browser's session began or ended. */
  say(kind) {
    this.#broadcast({ kind });
  }

  /** Ask for "output" events of a run until the returned function is called. */
  watch(runId) {
    this.#watched.set(runId, (this.#watched.get(runId) ?? 0) + 1);
    this.#announce();
    let done = false;
    return () => {
      if (done) return;
      done = true;
      const left = this.#watched.get(runId) - 1;
      left ? this.#watched.set(runId, left) : this.#watched.delete(runId);
      this.#announce();
    };
  }

  /** Look at once whether the server answers. */
  check() {
    this.#poll.now();
    this.#post({ kind: "check" });
  }

  async #lead(atStart) {
    this.#told = new Set();
    this.#post({ kind: "roll-call" });
    this.#poll.want(this.#wanted());
    const blind = this.#cursor === null && !atStart;
    await this.#poll.start(this.#cursor);
    this.#cursor = this.#poll.cursor;
    if (blind) this.#broadcast({ kind: "reset", next: this.#cursor });
  }

  #hold() {
    return new Promise((resolve) => {
      this.#resign = resolve;
      if (this.#stopped.signal.aborted) this.#resign();
    });
  }

  #wanted() {
    return new Set([...this.#watched.keys(), ...[...this.#others.values()].flat()]);
  }

  #announce() {
    this.#post({ kind: "want", from: this.#me, runs: [...this.#watched.keys()] });
    this.#poll.want(this.#wanted());
  }

  // Output between a tab's first look and the poll that names its run would go unsaid: say it once.
  #welcome(runs) {
    const fresh = runs.filter((id) => !this.#told.has(id));
    this.#told = new Set(runs);
    if (fresh.length)
      this.#broadcast({ kind: "events", events: fresh.map((id) => ({ topic: "output", id })), next: this.#cursor });
  }

  #post(message) {
    this.#channel?.postMessage(message);
  }

  #broadcast(message) {
    this.#post(message);
    this.#hear(message);
  }

  #hear(message) {
    const { kind, from, runs, next } = message;
    if (next !== undefined && next !== null) this.#cursor = next;
    if (kind === "want") this.#others.set(from, runs);
    if (kind === "bye") this.#others.delete(from);
    if (kind === "want" || kind === "bye") this.#poll.want(this.#wanted());
    if (kind === "roll-call") this.#announce();
    if (kind === "check") this.#poll.now();
    if (kind === "state") this.state = message.state;
    const detail = kind === "events" ? message.events : message.state;
    if (["events", "reset", "state", "signed-in", "signed-out"].includes(kind))
      this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
