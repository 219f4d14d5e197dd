// One profile as a card: what it would run, how long it may, whether it can, and what can be done with it.

import { minutes } from "../../format.js";
import { agentMark } from "../../kit/badge.js";
import { button } from "../../kit/button.js";
import { markedCode } from "../../kit/code-field.js";
import { el, fill, set } from "../../kit/dom.js";
import { toggle } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { inPageWords } from "../../kit/labels.js";
import { menuButton } from "../../kit/menu.js";
import { remedy, sentence } from "../../kit/sentence.js";
import { lockLine } from "./lock.js";

const BY_INPUT = "The prompt goes to standard input; there is nothing to put echo before. Run a short prompt instead.";

/**
 * Make a card. `deeds`: onTest, onToggle(on, box), onLock, onUnlock(opener), onDuplicate, onDelete; what the session may not do is left out.
 * Returns { element, showState(answer) }; the answer is the server's { ready, problems, cautions }, or { failed: a
 * sentence }.
 */
export function profileCard(profile, { href, deeds }) {
  const { name, slug, agentType, enabled } = profile;
  const state = el("div", { class: "card-state" });
  const caution = el("span", { class: "card-caution", role: "img", hidden: true }, icon("bolt"));
  const heading = deeds.onToggle ? el("a", { href }, name) : name;
  const element = el(
    "article",
    { class: `card${enabled ? "" : " is-off"}`, "aria-label": name },
    el(
      "div",
      { class: "card-head" },
      agentMark(agentType, { chosen: profile.icon }),
      el("h2", { class: "cut", title: name }, heading),
      el("code", { class: "hint cut", title: slug }, slug),
      caution,
      el("span", { class: "grow" }),
      toggle({
        label: `${name} is available`,
        checked: enabled,
        disabled: !deeds.onToggle,
        title: deeds.onToggle ? null : "Only an administrator may switch profiles on and off",
        onChange: deeds.onToggle,
      }),
    ),
    el(
      "pre",
      { class: "card-code", title: profile.invocationTemplate.slice(0, 2000) },
      markedCode(profile.invocationTemplate),
    ),
    profile.lock && lockLine(profile, deeds.onUnlock),
    state,
    el("div", { class: "card-foot" }, el("span", { class: "hint" }, boundsOf(profile)), buttons(profile, href, deeds)),
  );
  return {
    element,
    showState(answer) {
      drawCaution(caution, answer.cautions ?? []);
      drawState(state, answer);
    },
  };
}

function boundsOf({ enabled, defaultTimeout, maxTimeout }) {
  if (!enabled) return "Off: it cannot be chosen for new runs";
  return `Timeout ${minutes(defaultTimeout)}, at most ${minutes(maxTimeout)}`;
}

function drawCaution(element, cautions) {
  const words = cautions.map(({ text }) => inPageWords(text).replaceAll("`", "")).join(" ");
  set(element, { hidden: !words, title: words, "aria-label": words });
}

function buttons({ name, promptVia, lock }, href, { onTest, onLock, onUnlock, onDuplicate, onDelete }) {
  const byInput = promptVia === "stdin";
  const test = button({
    text: "Test",
    icon: "play",
    small: true,
    "aria-label": `Test ${name}`,
    disabled: byInput,
    title: byInput ? BY_INPUT : null,
    onClick: onTest,
  });
  const edit = el("a", { class: "b b-quiet b-s b-i", href, "aria-label": `Edit ${name}`, title: "Edit" }, icon("edit"));
  const opener = button({ icon: "more", kind: "quiet", small: true, label: `More for ${name}` });
  const items = [
    onDuplicate && { text: "Duplicate", icon: "copy", onClick: onDuplicate },
    onLock &&
      (lock
        ? { text: "Unlock", icon: "lock", onClick: () => onUnlock(opener) }
        : { text: "Lock", icon: "lock", onClick: onLock }),
    onDelete && { text: "Delete", icon: "trash", danger: true, onClick: onDelete },
  ].filter(Boolean);
  return [onTest && test, onDelete && edit, items.length > 0 && menuButton(opener, () => items)];
}

// Room for two lines is there before the answer is, so that nothing moves by itself; the rest waits behind a press.
function drawState(state, { ready = false, problems = [], failed = "" } = {}) {
  if (failed) return fill(state, el("p", { class: "hint", title: failed }, "What it needs could not be checked"));
  if (!problems.length) return fill(state, ready && el("ul", {}, line("completed", "st-completed", "Ready")));
  const list = el(
    "ul",
    { class: problems.length === 1 ? "is-one" : "" },
    problems.map(({ text, fix, severity }) =>
      line(
        severity === "warning" ? "timeout" : "failed",
        severity === "warning" ? "warn" : "st-failed",
        sentence(text),
        fix && [" ", el("span", { class: "card-fix" }, remedy(fix))],
      ),
    ),
  );
  const more = button({ text: "More", kind: "link", small: true, extra: "card-more", "aria-expanded": "false" });
  const isOpen = () => more.getAttribute("aria-expanded") === "true";
  const measure = () => (more.hidden = !isOpen() && fits(list));
  more.addEventListener("click", () => {
    set(more, { "aria-expanded": String(!isOpen()) });
    more.lastChild.textContent = isOpen() ? "Less" : "More";
    state.classList.toggle("is-open", isOpen());
    measure();
  });
  fill(state, list, more);
  new ResizeObserver(measure).observe(list);
}

function line(name, shape, ...content) {
  return el("li", { class: `s-${name}` }, icon(shape), el("span", {}, content));
}

const fits = (list) =>
  list.scrollHeight <= list.clientHeight + 1 &&
  [...list.children].every((one) => one.lastChild.scrollWidth <= one.lastChild.clientWidth + 1);
