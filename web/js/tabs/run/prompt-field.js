// The prompt of the composer: written here, looked at as Markdown, or read from a file; earlier ones come back by Alt and arrows.

import { number } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, fill } from "../../kit/dom.js";
import { pickFile } from "../../kit/file-picker.js";
import { field, input } from "../../kit/form.js";
import { markdown } from "../../kit/markdown.js";
import { menuButton } from "../../kit/menu.js";
import { tabRow } from "../../kit/tabs.js";

const TABS = [
  ["write", "Write"],
  ["preview", "Preview"],
  ["file", "From a file"],
].map(([id, name]) => ({ id, name, content: name }));
const MOST_SHOWN = 12; // in the menu; the keys reach all
const MOST_WORDS = 80;

/**
 * The field. `draft` has `prompt`, `file` and `isFile`, as typed; `onChange` follows what is typed; `earlier()` are the
 * prompts that were run from here, the newest first; `directory()` is where a file is looked for first.
 */
export function promptField(ctx, { draft, onChange, earlier, directory }) {
  const area = el("textarea", {
    class: "comp-text",
    placeholder: "What should the agent do?",
    value: draft.prompt ?? "",
    spellcheck: true,
  });
  const preview = el("div", { class: "prose", tabIndex: 0, role: "tabpanel", "aria-label": "Preview", hidden: true });
  const path = input({
    mono: true,
    value: draft.file ?? "",
    placeholder: "prompts/review.md",
    "aria-label": "Prompt file",
  });
  const browse = button({ text: "Choose a file", icon: "folder", small: true, onClick: choose });
  const file = el(
    "div",
    { class: "comp-file", hidden: true },
    el("span", { class: "f" }, path),
    browse,
    el("p", { class: "hint" }, "Read when the run starts; a relative path counts from the working directory."),
  );
  const tally = el("span", {});
  const kept = el("span", { class: "kept" });
  const before = menuButton(
    button({ text: "Earlier prompts", icon: "history", kind: "quiet", small: true, title: "Earlier prompts (Alt+↑)" }),
    () =>
      earlier()
        .slice(0, MOST_SHOWN)
        .map((text, at) => ({ text: brief(text), onClick: () => (take(at), area.focus()) })),
  );
  const foot = el("div", { class: "area-foot" }, tally, el("span", { class: "grow" }), kept, before);
  const frame = el("div", { class: "area" }, area, preview, file, foot);
  const tabs = tabRow({ label: "Prompt view", extra: "is-small", onSelect: show });
  const made = field({ label: "Prompt", control: area, box: false, aside: tabs.element, extra: "comp-prompt" });
  area.replaceWith(frame);
  frame.prepend(area);
  made.frame = frame;
  let back = -1; // how far back among the earlier ones; -1: what is being written

  const drawTally = () => {
    const count = [...area.value].length;
    tally.textContent = `${number(count)} ${count === 1 ? "character" : "characters"}`;
    kept.textContent = draft.prompt ? "Draft kept" : "";
    before.hidden = !earlier().length;
  };

  function changed() {
    draft.prompt = area.value;
    drawTally();
    onChange();
  }
  area.addEventListener("input", () => ((back = -1), changed()));
  path.addEventListener("input", () => ((draft.file = path.value), onChange()));
  area.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    recall(step);
  });

  function recall(step) {
    const known = earlier();
    const to = Math.min(known.length - 1, Math.max(-1, back + step));
    if (to === back) return;
    take(to);
    ctx.announce(to === -1 ? "The draft" : `Earlier prompt ${to + 1} of ${known.length}`);
  }

  function take(to) {
    if (back === -1) draft.unsent = area.value;
    back = to;
    area.value = to === -1 ? (draft.unsent ?? "") : earlier()[to];
    changed();
  }

  async function choose() {
    const found = await pickFile(ctx.api, directory());
    if (!found) return;
    path.value = draft.file = found;
    onChange();
    path.focus();
  }

  async function show(id) {
    tabs.show(TABS, id);
    draft.isFile = id === "file";
    area.hidden = id !== "write";
    preview.hidden = id !== "preview";
    file.hidden = id !== "file";
    foot.hidden = id === "file";
    onChange();
    if (id !== "preview") return;
    if (!area.value.trim()) return fill(preview, el("p", { class: "hint" }, "Nothing is written yet."));
    try {
      fill(preview, await markdown(area.value));
    } catch {
      fill(preview, el("p", { class: "hint" }, "The preview could not be loaded."), el("pre", {}, area.value));
    }
  }

  const refuse = made.refuse;
  made.refuse = (text) => {
    refuse(text);
    frame.classList.toggle("is-bad", Boolean(text));
    if (text && !draft.isFile && area.hidden) show("write");
  };
  made.isFile = () => Boolean(draft.isFile);
  made.content = () => (draft.isFile ? path.value.trim() : area.value);
  made.showEarlier = drawTally;
  made.start = () => {
    show(draft.isFile ? "file" : "write");
    drawTally();
  };
  return made;
}

function brief(text) {
  const words = text.trim().replace(/\s+/g, " ");
  return words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}…` : words;
}
