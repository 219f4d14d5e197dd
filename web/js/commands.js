// One table of commands: it feeds the keys, the palette, the help sheet and the tooltips.
//
// A view lends a command its deed with handle(); a command without a deed does nothing and is not shown.

const PREFIX_MS = 900;

// `motion` is for keys only, not for the palette. `typing` commands work while a field has the focus.
// Keys: "g h" is one after the other, "Mod" is Ctrl or Command.
const TABLE = [
  { id: "palette", group: "Anywhere", text: "Search or run", keys: ["Mod+K"], typing: true },
  { id: "search", group: "Anywhere", text: "Search this view", keys: ["/"], motion: true },
  { id: "new-run", group: "Anywhere", text: "New run", keys: ["r"] },
  { id: "help", group: "Anywhere", text: "Keyboard", keys: ["?"] },
  { id: "theme", group: "Anywhere", text: "Change theme", keys: [] },
  { id: "log-out", group: "Anywhere", text: "Log out", keys: [] },
  { id: "go-run", group: "Go to", text: "Run", keys: ["g r"] },
  { id: "go-prompts", group: "Go to", text: "Saved Prompts", keys: ["g p"] },
  { id: "go-schedules", group: "Go to", text: "Schedules", keys: ["g s"] },
  { id: "go-history", group: "Go to", text: "History", keys: ["g h"] },
  { id: "go-analytics", group: "Go to", text: "Analytics", keys: ["g a"] },
  { id: "go-settings", group: "Go to", text: "Settings", keys: ["g ,"] },
  { id: "go-profiles", group: "Go to", text: "Profiles", keys: [] },
  { id: "next-row", group: "Lists", text: "Next row", keys: ["j"], motion: true },
  { id: "previous-row", group: "Lists", text: "Previous row", keys: ["k"], motion: true },
  { id: "select-row", group: "Lists", text: "Select row", keys: ["x"], motion: true },
  { id: "run-row", group: "Lists", text: "Run row", keys: ["R"], motion: true },
  { id: "edit-row", group: "Lists", text: "Edit row", keys: ["e"], motion: true },
  { id: "newer", group: "Lists", text: "Newer run", keys: ["["] },
  { id: "older", group: "Lists", text: "Older run", keys: ["]"] },
  { id: "new-profile", group: "Lists", text: "New profile", keys: ["n"] },
  { id: "new-prompt", group: "Lists", text: "New prompt", keys: ["n"] },
  { id: "new-schedule", group: "Lists", text: "New schedule", keys: ["n"] },
  { id: "find", group: "Output", text: "Find", keys: ["/", "Mod+F"] },
  { id: "next-match", group: "Output", text: "Next match", keys: ["n"], motion: true },
  { id: "previous-match", group: "Output", text: "Previous match", keys: ["N"], motion: true },
  { id: "next-change", group: "Output", text: "Next change", keys: ["n"], motion: true },
  { id: "previous-change", group: "Output", text: "Previous change", keys: ["N"], motion: true },
  { id: "follow", group: "Output", text: "Follow", keys: ["f"] },
  { id: "mode", group: "Output", text: "Clean or terminal", keys: ["t"] },
  { id: "type", group: "Output", text: "Type to the agent", keys: ["i"] },
  { id: "wrap", group: "Output", text: "Wrap lines", keys: ["w"] },
  { id: "fold", group: "Output", text: "Fold or unfold", keys: ["z"] },
  { id: "line", group: "Output", text: "Go to line", keys: ["l"] },
  { id: "copy", group: "Output", text: "Copy selected lines, or all", keys: ["y"] },
  { id: "copy-link", group: "Output", text: "Copy link to the selected lines", keys: ["Y"] },
  { id: "first-line", group: "Output", text: "First line", keys: ["g g"], motion: true },
  { id: "last-line", group: "Output", text: "Last line", keys: ["G"], motion: true },
  { id: "full-screen", group: "Output", text: "Full screen", keys: ["F"] },
  { id: "kill", group: "Output", text: "Kill run", keys: [] },
  { id: "run-now", group: "Composer", text: "Run now", keys: ["Mod+Enter"], typing: true },
  { id: "save-prompt", group: "Composer", text: "Save prompt", keys: ["Mod+S"], typing: true },
  { id: "dry-run", group: "Composer", text: "Dry run", keys: ["Mod+Shift+Enter"], typing: true },
];

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

export class Commands {
  #deeds = new Map();
  #prefs;
  #prefix = "";
  #timer = 0;
  #layers = [];

  constructor(prefs) {
    this.#prefs = prefs;
    addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Lend deeds ({ id: function }) until the returned function is called; the newest deed of a command wins. */
  handle(deeds) {
    const lent = Object.entries(deeds);
    for (const [id, deed] of lent) {
      if (!TABLE.some((command) => command.id === id)) throw new Error(`There is no command ${id}.`);
      this.#deeds.set(id, [...(this.#deeds.get(id) ?? []), deed]);
    }
    return () => {
      for (const [id, deed] of lent)
        this.#deeds.set(
          id,
          this.#deeds.get(id).filter((other) => other !== deed),
        );
    };
  }

  /** Call `close` when Esc is pressed while this layer is the top one, until the returned function is called. */
  layer(close) {
    this.#layers.push(close);
    return () => (this.#layers = this.#layers.filter((other) => other !== close));
  }

  /** The commands that can be done now, as { id, group, text, keys }. */
  list() {
    return TABLE.filter((command) => this.#deed(command.id)).map((command) => ({
      ...command,
      keys: command.keys.map(keyCaps),
    }));
  }

  /** Every command that people may want to learn, whether it can be done now or not. */
  all() {
    return TABLE.filter(({ keys }) => keys.length).map((command) => ({ ...command, keys: command.keys.map(keyCaps) }));
  }

  run(id) {
    return this.#deed(id)?.();
  }

  /** The first shortcut of a command as people write it: "Ctrl K", "g h"; for tooltips. */
  shortcut(id) {
    const command = TABLE.find((entry) => entry.id === id);
    return command.keys.length ? keyCaps(command.keys[0]).join(" ") : "";
  }

  #deed(id) {
    return this.#deeds.get(id)?.at(-1) ?? null;
  }

  #onKey(event) {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) return this.#layers.at(-1)?.();
    const stroke = strokeOf(event);
    if (!stroke) return;
    const candidates = this.#prefix ? [`${this.#prefix} ${stroke}`, stroke] : [stroke];
    for (const keys of candidates) {
      const command = this.#find(keys, event);
      if (!command) continue;
      event.preventDefault();
      this.#forgetPrefix();
      this.run(command.id);
      return;
    }
    this.#forgetPrefix();
    if (
      this.#allowed(stroke, event, false) &&
      TABLE.some(({ keys }) => keys.some((key) => key.startsWith(`${stroke} `)))
    ) {
      this.#prefix = stroke;
      this.#timer = setTimeout(() => this.#forgetPrefix(), PREFIX_MS);
    }
  }

  // What is nearest to the eye comes last in the table, and wins: find in the output before search in the list.
  #find(keys, event) {
    const able = TABLE.filter((command) => command.keys.includes(keys) && this.#deed(command.id));
    return able.filter((command) => this.#allowed(keys, event, command.typing)).at(-1);
  }

  #allowed(keys, event, typing) {
    if (document.querySelector("dialog[open]") && !typing) return false;
    if (keys.startsWith("Mod+")) return typing || !isField(event.target) || keys === "Mod+F";
    return this.#prefs.get("singleKeys") && !isField(event.target);
  }

  #forgetPrefix() {
    clearTimeout(this.#timer);
    this.#prefix = "";
  }
}

function strokeOf(event) {
  if (["Shift", "Control", "Meta", "Alt"].includes(event.key)) return "";
  const key = event.key.length === 1 || event.key === "Enter" ? event.key : "";
  if (!key) return "";
  if (!event.ctrlKey && !event.metaKey) return key;
  return key === "Enter" ? `Mod+${event.shiftKey ? "Shift+" : ""}Enter` : `Mod+${key.toUpperCase()}`;
}

function isField(element) {
  return (
    element.isContentEditable ||
    element.matches?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, .xterm *")
  );
}

function keyCaps(keys) {
  const names = { Mod: IS_MAC ? "⌘" : "Ctrl", Enter: "↵" };
  return keys.split(/[ +]/).map((key) => names[key] ?? key);
}
