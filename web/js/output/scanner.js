// Asks a thread of its own for the matches of a regular expression, and gives up when one takes too long.

const PATIENCE_MS = 1500;

export class Scanner {
  #worker = null;
  #timer = 0;

  /** Look in `texts`, the first of which is line `first`; then call `onFound([[line, from, to]…])`, or `onLate()`. */
  ask(pattern, texts, first, most, onFound, onLate) {
    this.#worker ??= new Worker(new URL("./scan-worker.js", import.meta.url), { type: "module" });
    this.#timer = setTimeout(() => (this.stop(), onLate()), PATIENCE_MS);
    this.#worker.onmessage = ({ data }) => {
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
