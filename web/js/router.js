// The address is the state: "#/history/RUN?status=failed" is a tab, what is open in it, and its parameters.

/** Fires "change" after every step; `route` is { tab, path: [parts], params: URLSearchParams }. */
export class Router extends EventTarget {
  #tabs;

  constructor(tabs) {
    super();
    this.#tabs = tabs;
    this.route = this.#parse();
    addEventListener("hashchange", () => this.#follow());
  }

  /** The address of a place in the page. */
  href(tab, path = [], params = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) if (value) query.set(name, value);
    const text = query.toString().replaceAll("%2C", ",");
    return `#/${[tab, ...path].map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
  }

  /** Go to a place; with `replace` the step cannot be gone back to. */
  go(tab, path = [], params = {}, { replace = false } = {}) {
    const href = this.href(tab, path, params);
    if (href === location.hash) return;
    history[replace ? "replaceState" : "pushState"](null, "", href);
    this.#follow();
  }

  /** The parameters as a plain object, to change some and go. */
  get params() {
    return Object.fromEntries(this.route.params);
  }

  #follow() {
    if (location.hash && !location.hash.startsWith("#/")) return;
    this.route = this.#parse();
    this.dispatchEvent(new Event("change"));
  }

  #parse() {
    const [place, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [tab, ...path] = place.split("/").filter(Boolean).map(decode);
    const known = this.#tabs.includes(tab);
    return { tab: known ? tab : this.#tabs[0], path: known ? path : [], params: new URLSearchParams(query) };
  }
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
