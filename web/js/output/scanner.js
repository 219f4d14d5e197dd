// Asks a thread of its own for the matches of a regular expression, and gives up when one takes too long.

const PATIENCE_MS = 1500;
const TOO_LONG = "This takes too long here. Make it simpler.";
const NOT_LOADED = "The search could not be loaded from the server. Try again in a moment.";

export class Scanner {
  #worker = null;
  #timer = 0;

  /** Look in `texts`, the first of which is line `first`; then call `onFound([[line, from, to]…])`, or `onLost(why)`. */
  ask(pattern, texts, first, most, onFound, onLost) {
    const lose = (why) => (this.stop(), onLost(why));
    const isNew = !this.#worker;
    this.#worker ??= new Worker(new URL("./scan-worker.js", import.meta.url), { type: "module" });
    const begin = () => (this.#timer = setTimeout(() => lose(TOO_LONG), PATIENCE_MS));
    if (!isNew) begin();
    this.#worker.onerror = () => lose(NOT_LOADED);
    this.#worker.onmessage = ({ data }) => {
      if (data === "ready") return begin();
      clearTimeout(this.#timer);
      onFound(data);
    };
    this.#worker.postMessage({ source: pattern.source, flags: pattern.flags, texts, first, most });
  }

  /** Forget what was asked, and end the thread. */
  stop() {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
  }
}
