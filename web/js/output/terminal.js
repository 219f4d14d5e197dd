// Terminal mode: the run's own bytes in xterm.js at the recorded size, scaled down to fit; the run is never resized.

import { bytes } from "../format.js";
import { el, on, set } from "../kit/dom.js";
import { vendorModule, vendorStyle } from "../kit/vendor.js";
import { agentKeys } from "./keys.js";
import { allowOwnStyles } from "./styles.js";

const NORMAL_PX = 13;
const LEAST_PX = 8;
const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Whether whoever looks at a run may type into it now. */
export const takesKeys = ({ cache }, run) =>
  run?.status === "running" && Boolean(run.requiresTTY) && cache.session.role !== "viewer";

// Keys as bytes: text may not hold a NUL, which is what Ctrl+Space gives.
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

export class TerminalPane extends EventTarget {
  #ctx;
  #run;
  #terminal = null;
  #search = null;
  #next = 0;
  #sought = { text: "", isPattern: false };
  #keys = null;
  #pulling = false;
  #again = false;
  #undo = [];
  #stopped = false;
  #frame = el("div", { class: "term-frame" });
  #size = el("span", { class: "term-size", "aria-hidden": "true" });
  #scroller = el("div", { class: "term", tabIndex: 0, role: "group", "aria-label": "Terminal" }, this.#frame);
  element = el("div", { class: "vw-stage" }, this.#scroller, this.#size);

  constructor(ctx, run) {
    super();
    this.#ctx = ctx;
    this.#run = run;
  }

  /** Load xterm.js and show what there is; goes on by itself until stopped. */
  async start() {
    const [{ Terminal }, { SearchAddon }] = await Promise.all([
      vendorModule("xterm/xterm.mjs"),
      vendorModule("xterm/addon-search.mjs"),
      vendorStyle("xterm/xterm.css"),
    ]);
    if (this.#stopped) return;
    this.#undo.push(allowOwnStyles());
    const { cols, rows } = this.#run;
    this.#terminal = new Terminal({
      cols,
      rows,
      scrollback: 20_000,
      disableStdin: true,
      cursorBlink: false,
      fontFamily: this.#css("--mono"),
      fontSize: NORMAL_PX,
      lineHeight: 1.2,
      minimumContrastRatio: 4.5,
      theme: this.#theme(),
      allowProposedApi: true,
    });
    this.#search = new SearchAddon();
    this.#terminal.loadAddon(this.#search);
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) =>
      this.dispatchEvent(new CustomEvent("found", { detail: { at: resultIndex, count: resultCount } })),
    );
    this.#terminal.open(this.#frame);
    this.#size.textContent = `${cols} × ${rows}`;
    this.#listen();
    this.#lendKeys();
    this.#fit();
    await this.#pull();
  }

  /** Show the record; a run that ended takes no keys. */
  show(run) {
    this.#run = run;
    this.#keys?.allow(takesKeys(this.#ctx, run));
  }

  /** Let the keys go to the agent. */
  type() {
    this.#terminal?.focus();
  }

  focus() {
    this.#scroller.focus({ preventScroll: true });
  }

  stop() {
    this.#stopped = true;
    this.#terminal?.dispose();
    this.#undo
      .splice(0)
      .reverse()
      .forEach((undo) => undo());
  }

  /** Look for `text` from the top of what is shown. */
  find(text, isPattern) {
    this.#sought = { text, isPattern };
    this.step(1);
  }

  /** Go to the next (1) or previous (-1) match. */
  step(way) {
    const { text, isPattern } = this.#sought;
    if (!text) return this.#search?.clearDecorations();
    const decorations = {
      matchBackground: this.#css("--mark"),
      activeMatchBackground: this.#css("--mark-now"),
      matchOverviewRuler: this.#css("--mark"),
      activeMatchColorOverviewRuler: this.#css("--mark-now"),
    };
    const options = { regex: isPattern, caseSensitive: /[A-Z]/.test(text), decorations };
    way < 0 ? this.#search?.findPrevious(text, options) : this.#search?.findNext(text, options);
  }

  toEnd() {
    this.#terminal?.scrollToBottom();
  }

  #lendKeys() {
    const send = (text) => this.#ctx.api.post(`runs/${this.#run.runId}/input`, { data: base64(text) });
    this.#keys = agentKeys({ terminal: this.#terminal, host: this.#scroller, send });
    this.element.append(this.#keys.element);
    this.#undo.push(this.#keys.stop);
    this.show(this.#run);
  }

  #listen() {
    const { live } = this.#ctx;
    const hear = ({ detail }) =>
      detail.some(({ topic, id }) => id === this.#run.runId && topic === "output") && this.#pull();
    const look = () => this.#pull();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => (this.#terminal.options.theme = this.#theme());
    const watcher = new MutationObserver(repaint);
    watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const sizes = new ResizeObserver(() => this.#fit());
    sizes.observe(this.#scroller);
    this.#undo.push(
      live.watch(this.#run.runId),
      on(live, "events", hear),
      on(live, "reset", look),
      on(live, "state", ({ detail }) => detail.online && look()),
      on(document, "visibilitychange", look),
      on(dark, "change", repaint),
      () => watcher.disconnect(),
      () => sizes.disconnect(),
    );
  }

  async #pull() {
    if (this.#pulling || document.hidden) return void (this.#again = true);
    this.#pulling = true;
    try {
      do this.#again = false;
      while (((await this.#piece()) || this.#again) && !this.#stopped);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    }
    this.#pulling = false;
  }

  // One answer; true when there may be more behind it. The terminal says when it is ready for the next piece.
  async #piece() {
    const answer = await this.#ctx.api.get(`runs/${this.#run.runId}/output`, { view: "raw", from: this.#next });
    if (this.#stopped) return false;
    if (answer.omitted) await this.#write(`\x1b[0m\r\n[${bytes(answer.omitted[1] - answer.omitted[0])} left out]\r\n`);
    const moved = answer.next > this.#next;
    this.#next = answer.next;
    const data = Uint8Array.from(atob(answer.data), (char) => char.charCodeAt(0));
    if (data.length) await this.#write(data);
    return moved;
  }

  #write(data) {
    return new Promise((resolve) => this.#terminal.write(data, resolve));
  }

  #fit() {
    const screen = this.#frame.querySelector(".xterm-screen");
    if (!screen || !this.#scroller.clientWidth) return;
    const now = this.#terminal.options.fontSize;
    const [width, height] = [screen.offsetWidth / now, screen.offsetHeight / now];
    const style = getComputedStyle(this.#scroller);
    const free = [
      this.#scroller.clientWidth - parseFloat(style.paddingLeft) * 2 - 18,
      this.#scroller.clientHeight - parseFloat(style.paddingTop) * 2 - 18,
    ];
    const size =
      Math.floor(Math.min(NORMAL_PX, Math.max(LEAST_PX, Math.min(free[0] / width, free[1] / height))) * 4) / 4;
    if (size !== now) this.#terminal.options.fontSize = size;
    set(this.#frame, { style: { width: `${Math.ceil(screen.offsetWidth) + 16}px` } });
  }

  #css(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  #theme() {
    const theme = {
      background: this.#css("--log-bg"),
      foreground: this.#css("--ink"),
      cursor: this.#css("--ink-3"),
      cursorAccent: this.#css("--log-bg"),
      selectionBackground: this.#css("--mark"),
    };
    for (const name of ANSI) {
      theme[name] = this.#css(`--ansi-${name}`);
      theme[`bright${name[0].toUpperCase()}${name.slice(1)}`] = this.#css(`--ansi-bright-${name}`);
    }
    return theme;
  }
}
