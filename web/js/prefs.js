// What this browser remembers: localStorage with defaults, in memory where there is none.

const PREFIX = "airunner.";

const DEFAULTS = {
  theme: "system", // system, light, dark
  singleKeys: true, // shortcuts of one letter
  composerWidth: 396,
  drawerWidth: 820,
  wrap: true,
  mode: "clean", // clean, terminal
  promptsAs: "table", // table, cards
  announce: false, // read new output aloud
  draft: {}, // the composer's fields, as typed
  earlier: [], // prompts that were run from the composer, the newest first
  open: null, // runs open as tabs; null: those that are active
};

/** Fires "change" (detail: the name) for changes of this tab and of others. */
export class Prefs extends EventTarget {
  #kept = new Map();

  constructor() {
    super();
    addEventListener("storage", ({ key }) => {
      if (!key?.startsWith(PREFIX)) return;
      this.#kept.delete(key.slice(PREFIX.length));
      this.#tell(key.slice(PREFIX.length));
    });
  }

  get(name) {
    if (!this.#kept.has(name)) this.#kept.set(name, this.#read(name));
    return this.#kept.get(name);
  }

  set(name, value) {
    this.#kept.set(name, value);
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // Storage is full or forbidden: the value holds until the page is closed.
    }
    this.#tell(name);
  }

  #read(name) {
    try {
      const text = localStorage.getItem(PREFIX + name);
      return text === null ? DEFAULTS[name] : JSON.parse(text);
    } catch {
      return DEFAULTS[name];
    }
  }

  #tell(name) {
    this.dispatchEvent(new CustomEvent("change", { detail: name }));
  }
}
