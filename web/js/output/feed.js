// One run's clean lines, kept equal to the server's: asks for what changed when it is told that something did.

const RETRY_MS = 2000;
const PLAIN = Object.freeze([]);

/** Fires "lines" (detail: the first line that changed) and "failed" (detail: the error, null when it is over). */
export class Feed extends EventTarget {
  #api;
  #live;
  #runId;
  #version = "";
  #pulling = false;
  #again = false;
  #timer = 0;
  #stopped = false;
  #undo = [];
  lines = [];
  omitted = [];
  status = "";
  done = false;
  complete = false;

  constructor({ api, live }, runId) {
    super();
    this.#api = api;
    this.#live = live;
    this.#runId = runId;
    const hear = ({ detail }) =>
      detail.some(({ topic, id }) => id === runId && (topic === "output" || topic === "runs")) && this.pull();
    const look = () => !document.hidden && this.pull();
    live.addEventListener("events", hear);
    live.addEventListener("reset", look);
    live.addEventListener("state", look);
    document.addEventListener("visibilitychange", look);
    this.#undo = [
      live.watch(runId),
      () => live.removeEventListener("events", hear),
      () => live.removeEventListener("reset", look),
      () => live.removeEventListener("state", look),
      () => document.removeEventListener("visibilitychange", look),
    ];
    this.pull();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#undo.splice(0).forEach((undo) => undo());
  }

  /** Ask now; calls while an answer is under way become one more question after it. */
  async pull() {
    if (this.#stopped || document.hidden || !this.#live.state.online) return;
    if (this.#pulling) return void (this.#again = true);
    if (this.done && this.complete) return;
    this.#pulling = true;
    clearTimeout(this.#timer);
    try {
      do {
        this.#again = false;
        this.#take(await this.#api.get(`runs/${this.#runId}/output`, { view: "clean", have: this.#version }));
      } while ((this.#again || !this.complete) && !this.#stopped);
    } catch (error) {
      this.#fail(error);
    }
    this.#pulling = false;
  }

  #take(answer) {
    if (this.#stopped) return;
    const keep = Math.min(answer.keep, this.lines.length);
    const changed = keep < this.lines.length || answer.lines.length > 0 || !this.#version;
    this.lines.length = keep;
    for (const line of answer.lines) {
      if (!line.s.length) line.s = PLAIN; // most lines: a million of them need not hold a million empty lists
      this.lines.push(line);
    }
    this.#version = answer.version;
    this.complete = !answer.more;
    const ended = answer.done !== this.done || answer.status !== this.status;
    Object.assign(this, { status: answer.status, done: answer.done, omitted: answer.omitted ?? [] });
    if (changed || ended) this.dispatchEvent(new CustomEvent("lines", { detail: keep }));
    this.dispatchEvent(new CustomEvent("failed", { detail: null }));
  }

  #fail(error) {
    if (this.#stopped) return;
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    if (error.passing && this.#live.state.online) this.#timer = setTimeout(() => this.pull(), RETRY_MS);
  }
}
