// The only caller of fetch: JSON in and out, one kind of error, one place that knows where the API lives.

const PREFIX = "api/modules/ai-runner/";
const PATIENCE_MS = 20_000;

/** What went wrong with a request: the server's sentence, its code, and the reason for each refused field. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "unreachable", fields = {}, retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }

  /** True when the server could not be asked, or says that trying again makes sense. */
  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

/**
 * Fires "unauthorised" on every 401 of a known session, and "unreachable" when no answer came.
 * Options of a request: `signal`, `headers`, `patience` in ms, `quiet`: its 401 is expected, `probing`: its silence is,
 * `keepalive`: it is sent even if the page is left.
 */
export class Api extends EventTarget {
  #root;
  #inWords;
  #token;

  /** `inWords` puts the server's sentences into the page's words; with a `token` the session's cookie stays out of it. */
  constructor(base, { inWords = (text) => text, token = "" } = {}) {
    super();
    this.#root = new URL(".", base);
    this.#inWords = inWords;
    this.#token = token;
  }

  /** The path that the page lives under; it tells installations on one host apart. */
  get path() {
    return this.#root.pathname;
  }

  /** The address of a route, for links that the browser itself follows (downloads). */
  url(path, query = {}) {
    const url = new URL(PREFIX + path, this.#root);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
    }
    return url.href;
  }

  get(path, query, options) {
    return this.#call("GET", this.url(path, query), undefined, options);
  }

  post(path, body, options) {
    return this.#call("POST", this.url(path), body ?? {}, options);
  }

  patch(path, body, options) {
    return this.#call("PATCH", this.url(path), body, options);
  }

  delete(path, options) {
    return this.#call("DELETE", this.url(path), undefined, options);
  }

  session(options) {
    return this.#call("GET", this.#open("session"), undefined, { ...options, quiet: true });
  }

  /** Trade a one-time code or a token for a session cookie. */
  login(credentials) {
    return this.#call("POST", this.#open("login"), credentials, { quiet: true });
  }

  logout() {
    return this.#call("POST", this.#open("logout"), {}, { quiet: true });
  }

  #open(name) {
    return new URL(`api/${name}`, this.#root).href;
  }

  async #call(
    method,
    url,
    body,
    { signal, headers = {}, patience = PATIENCE_MS, quiet = false, probing = false, keepalive = false } = {},
  ) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), patience);
    const onAbort = () => limit.abort();
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) limit.abort();
    try {
      const request = {
        method,
        headers: { Accept: "application/json", ...headers },
        signal: limit.signal,
        credentials: this.#token ? "omit" : "same-origin",
        keepalive,
      };
      if (this.#token) request.headers.Authorization = `Bearer ${this.#token}`;
      if (body !== undefined) {
        request.headers["Content-Type"] = "application/json";
        request.body = JSON.stringify(body);
      }
      const response = await fetch(url, request);
      const answer = await this.#read(response);
      if (response.ok) return answer;
      throw this.#refusal(response, answer, quiet);
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted) throw error;
      if (!probing) this.dispatchEvent(new Event("unreachable"));
      throw new ApiError("The server does not answer. Running agents are not affected.");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #read(response) {
    const text = await response.text();
    if (!text) return null;
    try {
      return JSON.parse(text);
    } catch {
      return { error: `The server answered ${response.status} with something that is not JSON.`, code: "not_json" };
    }
  }

  #refusal(response, answer, quiet) {
    const error = new ApiError(this.#inWords(answer?.error ?? `The server answered ${response.status}.`), {
      status: response.status,
      code: answer?.code ?? "broken",
      fields: answer?.fields ?? {},
      retryAfter: Number(response.headers.get("Retry-After")) || 0,
    });
    if (response.status === 401 && !quiet) this.dispatchEvent(new Event("unauthorised"));
    return error;
  }
}

/** A random key, so that a request sent twice is done once. Works without a secure context, too. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
