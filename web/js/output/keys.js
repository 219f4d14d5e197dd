// Keys for a running agent: what people type into the terminal goes to the run as it is, in order. What the terminal
// itself answers to a program's questions (ECMA-48 DSR and DA, xterm's reports of mouse and focus) does not.

import { button } from "../kit/button.js";
import { copyText } from "../kit/clipboard.js";
import { el, fill, on, set } from "../kit/dom.js";
import { icon } from "../kit/icons.js";

const LEAVE = "]";
const AT_ONCE = ["keydown", "keypress", "input"];
const SOON = ["paste", "compositionend"]; // xterm.js takes these in later listeners and timers
const SOFT = 229; // a key of a soft keyboard: taken in a timer, too (UI Events, keyCode)
const ARROWS = { up: "A", down: "B", right: "C", left: "D" };
const CAPS = [
  ["Esc", "Escape", () => "\x1b"],
  ["Tab", "Tab", () => "\t"],
  ["Ctrl C", "Control and C", () => "\x03"],
  ["←", "Left", (terminal) => arrow(terminal, "left")],
  ["↑", "Up", (terminal) => arrow(terminal, "up")],
  ["↓", "Down", (terminal) => arrow(terminal, "down")],
  ["→", "Right", (terminal) => arrow(terminal, "right")],
  ["↵", "Return", () => "\r"],
];

/**
 * Let a terminal be typed into; `host` is around it and takes the focus when the keys come back, `send(text)` resolves
 * when the run has them. Returns { element, allow(may), stop }: a row that says where keys go, and has those that a
 * telephone lacks.
 */
export function agentKeys({ terminal, host, send }) {
  const said = el("span", { class: "grow", role: "status" });
  const leave = button({ text: "Leave", kind: "quiet", small: true, hidden: true, onClick: () => host.focus() });
  const caps = CAPS.map(([text, label, keys]) =>
    button({ text, kind: "quiet", small: true, extra: "m", "aria-label": label, onClick: () => press(keys(terminal)) }),
  );
  const element = el(
    "div",
    { class: "term-keys", hidden: true },
    icon("keyboard"),
    said,
    el("span", { class: "term-caps", role: "group", "aria-label": "Keys of the terminal" }, caps),
    leave,
  );
  let [may, isTyping, waiting, sending, problem] = [false, false, "", false, ""];

  // xterm.js gives keys and its own answers through one event; keys come while the browser tells of something done.
  // Its own listeners are on the textarea and stop what they take: ours there come after them, in the same phase.
  const begin = ({ target }) => (isTyping = target === terminal.textarea);
  const end = ({ keyCode } = {}) => (keyCode === SOFT ? setTimeout(end) : (isTyping = false));
  const undo = [
    ...[...AT_ONCE, ...SOON].map((name) => on(host, name, begin, { capture: true })),
    ...AT_ONCE.map((name) => on(terminal.textarea, name, end, { capture: true })),
    ...SOON.map((name) => on(host, name, () => setTimeout(end), { capture: true })),
  ];
  const listening = terminal.onData((text) => isTyping && may && give(text));

  function press(text) {
    give(text);
    terminal.focus();
  }

  async function give(text) {
    waiting += text;
    if (sending) return;
    sending = true;
    problem = "";
    while (waiting) {
      const now = waiting;
      waiting = "";
      try {
        await send(now);
      } catch (error) {
        [waiting, problem] = ["", `These keys were not sent. ${error.message}`];
      }
    }
    sending = false;
    draw();
  }

  const has = () => host.contains(document.activeElement) && document.activeElement !== host;

  function draw() {
    const focused = may && has();
    host.classList.toggle("is-typing", focused);
    set(leave, { hidden: !focused });
    set(element, { hidden: !may });
    fill(
      said,
      problem || (focused ? "Keys go to the agent. Ctrl+] leaves." : "Enter, or a click, to type to the agent"),
    );
    element.classList.toggle("is-bad", Boolean(problem));
  }

  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown" || !event.ctrlKey || event.altKey || event.metaKey) return true;
    if (event.key === LEAVE || event.code === "BracketRight") {
      event.preventDefault();
      isTyping = false;
      host.focus();
      return false;
    }
    if (event.key.toLowerCase() !== "c" || !terminal.hasSelection()) return true;
    event.preventDefault();
    copyText(terminal.getSelection());
    terminal.clearSelection();
    return false;
  });
  undo.push(
    on(host, "focusin", draw),
    on(host, "focusout", () => setTimeout(draw)),
    on(host, "keydown", (event) => {
      if (event.key !== "Enter" || event.target !== host || !may) return;
      event.preventDefault();
      terminal.focus();
    }),
    () => listening.dispose(),
  );
  return {
    element,
    /** Say whether the run takes keys now. */
    allow(next) {
      if (next === may) return;
      may = next;
      terminal.options.disableStdin = !may;
      terminal.options.cursorBlink = may;
      if (!may && has()) host.focus();
      draw();
    },
    stop: () => undo.forEach((one) => one()),
  };
}

const arrow = (terminal, way) => `\x1b${terminal.modes.applicationCursorKeysMode ? "O" : "["}${ARROWS[way]}`;
