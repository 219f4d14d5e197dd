// The output viewer: a run's head, its bar, its lines or its terminal, a foot; for the Run tab and the drawer alike.

import { bytes, count, date, isActive, ms } from "../format.js";
import { saidIt } from "../kit/button.js";
import { copyText } from "../kit/clipboard.js";
import { el, fill, leaving } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { errorNotice } from "../kit/notice.js";
import { everySecond } from "../time.js";
import { askLine } from "./ask-line.js";
import { downloads } from "./downloads.js";
import { runHead } from "./head.js";
import { LogPane } from "./log.js";
import { killRun, pinRun } from "./orders.js";
import { sayRow } from "./say.js";
import { takesKeys, TerminalPane } from "./terminal.js";
import { toolbar } from "./toolbar.js";

const LOOK_EVERY_MS = 2000;
const DAY_MS = 86_400_000;

export class Viewer {
  #ctx;
  #runId;
  #bag = leaving();
  #mode = "";
  #terminal = null;
  #opening = null; // settles when the terminal can be used
  #leaveFull = null;
  #log;
  #head;
  #bar;
  #stage = el("div", { class: "vw-stage-host" });
  #say;
  #omitted = el("div", { class: "why s-timeout", hidden: true });
  #foot = el("div", { class: "vw-foot" });
  #link = el("button", { type: "button", class: "vw-link", on: { click: () => this.#copyLink() } });

  /**
   * `buttons` stand in the head beside Kill, `actions(run)` in a row under it, `menu()` in the menu of the bar;
   * `range`: lines to open at ("L73-L81"); `onLines(range)` when lines are chosen.
   */
  constructor(ctx, runId, { buttons = [], actions, menu = () => [], range = "", onLines = null, label = "Run" } = {}) {
    this.#ctx = ctx;
    this.#runId = runId;
    this.#log = new LogPane(ctx, runId, range);
    const iconOf = (run) => ctx.cache.iconOf(run);
    this.#head = runHead({ onKill: () => killRun(ctx, runId), announce: ctx.announce, iconOf, buttons, actions });
    this.#bar = toolbar({
      deeds: this.#deeds(),
      tip: (id) => ctx.commands.shortcut(id),
      more: () => [...this.#menuItems(), ...menu()],
    });
    const send = (text) => ctx.api.post(`runs/${runId}/input`, { text });
    this.#say = sayRow({ send, onKeys: () => this.#type() });
    this.element = el(
      "section",
      { class: "vw", "aria-label": label },
      this.#head.element,
      this.#head.notes,
      this.#bar.element,
      this.#omitted,
      this.#stage,
      this.#say.element,
      this.#foot,
    );
    this.#listen(onLines);
    this.#setMode(ctx.prefs.get("mode"));
    this.#load();
  }

  get run() {
    return this.#ctx.cache.runs.get(this.#runId) ?? null;
  }

  focus() {
    (this.#terminal ?? this.#log).focus();
  }

  stop() {
    this.#bag.off();
    this.#leaveFull?.();
    this.#log.stop();
    this.#terminal?.stop();
    this.#head.stop();
  }

  async #load() {
    const known = this.run;
    if (known) this.#show(known);
    try {
      await this.#ctx.cache.fetchRun(this.#runId);
    } catch (error) {
      if (!known)
        this.#refuse(
          errorNotice({
            title: "The run could not be read",
            text: error.message,
            onRetry: error.passing ? () => this.#load() : null,
          }),
        );
    }
  }

  // The head stays, because the way out is there.
  #refuse(notice) {
    fill(this.#stage, notice);
    this.#bar.element.hidden = true;
    this.#foot.hidden = true;
  }

  #accept() {
    this.#bar.element.hidden = false;
    this.#foot.hidden = false;
    if (this.#mode === "clean") fill(this.#stage, this.#log.element);
  }

  #listen(onLines) {
    const { cache, commands } = this.#ctx;
    let chosen = this.#log.selectionText;
    this.#bag.on(cache, "run", ({ detail }) => detail.runId === this.#runId && this.#show(detail));
    this.#bag.on(cache, "settings", () => this.#drawFoot());
    this.#bag.on(cache, "stale", () => this.#load());
    this.#bag.on(this.#log, "found", ({ detail }) => this.#bar.find.show(detail));
    this.#bag.on(this.#log, "state", () => {
      this.#drawState();
      if (chosen === this.#log.selectionText) return;
      chosen = this.#log.selectionText;
      onLines?.(chosen);
    });
    this.#bag.add(commands.handle(this.#keys()), this.#lookAgain());
  }

  // The use of a running agent changes without being an event.
  #lookAgain() {
    let last = Date.now();
    return everySecond((now) => {
      if (!this.#ctx.live.state.online || this.run?.status !== "running" || now - last < LOOK_EVERY_MS - 100) return;
      last = now;
      this.#ctx.cache.fetchRun(this.#runId).catch(() => {}); // the banner says when the server is away
    });
  }

  #show(run) {
    if (this.#bar.element.hidden) this.#accept();
    this.#head.show(run);
    this.#log.show(run);
    if (this.#mode === "terminal") this.#openTerminal();
    this.#terminal?.show(run);
    this.#say.show(this.#mode === "clean" && takesKeys(this.#ctx, run));
    this.#bar.showKept(Boolean(run.pinned));
  }

  #drawState() {
    const live = Boolean(this.run) && isActive(this.run.status);
    this.#say.show(this.#mode === "clean" && takesKeys(this.#ctx, this.run));
    const isFull = this.element.classList.contains("is-full");
    const lost = this.#log.omittedBytes;
    this.#omitted.hidden = !lost;
    fill(
      this.#omitted,
      lost
        ? [
            icon("warn"),
            `${bytes(lost)} of the middle were left out: the run printed more than Settings keep. `,
            "Its beginning and its end are here.",
          ]
        : [],
    );
    this.#bar.show({
      mode: this.#mode,
      following: this.#log.following,
      live,
      wrapped: this.#ctx.prefs.get("wrap"),
      isFull,
    });
    this.#drawFoot();
  }

  #drawFoot() {
    const { run } = this;
    if (!run) return;
    const days = this.#ctx.cache.settings?.outputRetentionDays;
    const dated = run.finishedAt && days ? `Kept until ${date(ms(run.finishedAt) + days * DAY_MS)}` : "";
    const until = run.pinned ? "Kept for ever" : dated;
    const chosen = this.#chosenWords;
    const parts = [count(this.#log.count, "line"), run.outputBytes ? bytes(run.outputBytes) : "", until];
    this.#link.textContent = `Copy link to ${chosen}`;
    fill(
      this.#foot,
      parts.filter(Boolean).map((part) => el("span", {}, part)),
      chosen && this.#link,
      el("span", { class: "grow" }),
      el("span", { class: "m cut", title: "Run id" }, run.runId),
    );
  }

  #deeds() {
    const { api } = this.#ctx;
    return {
      mode: (mode) => (this.#ctx.prefs.set("mode", mode), this.#setMode(mode)),
      follow: () => this.#log.follow(!this.#log.following),
      wrap: () => this.#setWrap(!this.#ctx.prefs.get("wrap")),
      copy: (at) => this.#copy(at),
      full: () => this.#toggleFull(),
      keep: this.#ctx.cache.session.role === "viewer" ? null : () => pinRun(this.#ctx, this.#runId, !this.run?.pinned),
      find: (text, isPattern) => (this.#terminal ?? this.#log).find(text, isPattern),
      step: (way) => (this.#terminal ?? this.#log).step(way),
      leaveFind: () => this.focus(),
      logHref: api.url(`runs/${this.#runId}/log`),
    };
  }

  #keys() {
    const deeds = this.#deeds();
    return {
      find: () => this.#bar.find.focus(),
      "next-match": () => deeds.step(1),
      "previous-match": () => deeds.step(-1),
      follow: deeds.follow,
      mode: () => deeds.mode(this.#mode === "clean" ? "terminal" : "clean"),
      type: () => this.#type(),
      wrap: deeds.wrap,
      fold: () => this.#mode === "clean" && this.#log.toggleFold(),
      copy: () => this.#copy(this.#bar.copy),
      "copy-link": () => this.#copyLink(),
      line: () => this.#goToLine(),
      "first-line": () => this.#log.toStart(),
      "last-line": () => (this.#terminal ?? this.#log).toEnd(),
      "full-screen": deeds.full,
      kill: () => this.#head.askKill(),
    };
  }

  #menuItems() {
    const live = Boolean(this.run) && isActive(this.run.status);
    return [
      takesKeys(this.#ctx, this.run) && { text: "Type to the agent", icon: "keyboard", onClick: () => this.#type() },
      live && {
        text: "Follow new lines",
        checked: this.#log.following,
        onClick: () => this.#log.follow(!this.#log.following),
      },
      {
        text: "Wrap lines",
        checked: this.#ctx.prefs.get("wrap"),
        onClick: () => this.#setWrap(!this.#ctx.prefs.get("wrap")),
      },
      {
        text: "Read new lines aloud",
        checked: this.#log.readAloud,
        onClick: () => (this.#log.readAloud = !this.#log.readAloud),
      },
      null,
      {
        text: this.#log.selection ? "Copy chosen lines" : "Copy output",
        icon: "copy",
        onClick: () => this.#copy(null),
      },
      { text: `Copy link to ${this.#chosenWords || "run"}`, icon: "link", onClick: () => this.#copyLink() },
      ...downloads((query) => this.#ctx.api.url(`runs/${this.#runId}/log`, query)),
      null,
      { text: "Full screen", icon: "full", onClick: () => this.#toggleFull() },
      { text: "Go to line", icon: "right", onClick: () => this.#goToLine() },
      ...this.#pinItems(),
    ].filter((item) => item !== false);
  }

  #pinItems() {
    if (!this.run || this.#ctx.cache.session.role === "viewer") return [];
    const pinned = Boolean(this.run.pinned);
    return [null, { text: "Keep for ever", checked: pinned, onClick: () => pinRun(this.#ctx, this.#runId, !pinned) }];
  }

  #setMode(mode) {
    if (this.#mode === mode) return;
    this.#mode = mode;
    this.#bar.find.clear();
    if (mode === "clean") {
      this.#terminal?.stop();
      this.#terminal = null;
      fill(this.#stage, this.#log.element);
      this.#log.find("", false);
      this.#log.draw();
    } else this.#openTerminal();
    this.#drawState();
  }

  async #openTerminal() {
    const { run } = this;
    if (!run || this.#terminal) return;
    const terminal = new TerminalPane(this.#ctx, run);
    this.#terminal = terminal;
    fill(this.#stage, terminal.element);
    this.#bag.on(terminal, "found", ({ detail }) => this.#bar.find.show({ ...detail, counting: false, error: "" }));
    try {
      await (this.#opening = terminal.start());
    } catch (error) {
      if (this.#terminal === terminal)
        fill(this.#stage, errorNotice({ title: "The terminal could not be opened", text: error.message }));
    }
  }

  async #type() {
    if (!takesKeys(this.#ctx, this.run)) return;
    if (this.#mode === "clean") this.#deeds().mode("terminal");
    await this.#opening?.catch(() => {}); // its place says what went wrong
    this.#terminal?.type();
  }

  #setWrap(wrap) {
    this.#ctx.prefs.set("wrap", wrap);
    this.#log.setWrap(wrap);
    this.#drawState();
  }

  #toggleFull() {
    const full = this.element.classList.toggle("is-full");
    this.#leaveFull?.();
    this.#leaveFull = full ? this.#ctx.commands.layer(() => this.#toggleFull()) : null;
    this.#drawState();
    this.focus();
  }

  #goToLine() {
    const go = (at) => this.#log.select({ from: at, to: at, anchor: at }, { reveal: true });
    if (this.#log.count) askLine(this.#log.count, go);
  }

  get #chosenWords() {
    return this.#log.selectionText.replace("-", " to ");
  }

  async #copyLink() {
    const place = ["history", [this.#runId, this.#log.selectionText].filter(Boolean)];
    const worked = await copyText(new URL(this.#ctx.router.href(...place), document.baseURI).href);
    const words = worked ? "Copied the link" : "Copying failed";
    if (this.#link.isConnected) this.#link.textContent = words;
    else this.#ctx.toasts.say({ text: words, failed: !worked });
  }

  async #copy(at) {
    const { text, count: chosen } = this.#log.chosenText;
    const worked = await copyText(text);
    const words = worked ? `Copied ${count(chosen, "line")}` : "Copying failed";
    if (at?.offsetParent) saidIt(at, words);
    else this.#ctx.toasts.say({ text: words, failed: !worked });
  }
}
