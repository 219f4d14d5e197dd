// A file of the server, chosen folder by folder.

import { button } from "./button.js";
import { openDialog } from "./dialog.js";
import { el, fill } from "./dom.js";
import { input } from "./form.js";
import { icon } from "./icons.js";
import { errorNotice } from "./notice.js";

/** Let a file be chosen, beginning in the folder `start` ("" for the server's own beginning); resolves to its path or null. */
export async function pickFile(api, start) {
  let [chosen, folder, entries, asked] = [null, start, [], 0];
  const where = el("p", { class: "pick-where mono", role: "status" });
  const filter = input({ type: "search", placeholder: "Filter", "aria-label": "Filter this folder" });
  const list = el("ul", { class: "pick-list", "aria-label": "Entries" });
  const dialog = openDialog({
    title: "Choose a prompt file",
    body: [where, el("label", { class: "f" }, icon("find"), filter), list],
    foot: [el("span", { class: "grow" }), button({ text: "Cancel", onClick: () => dialog.close() })],
    extra: "dlg-pick",
  });

  async function go(path) {
    const turn = (asked += 1);
    try {
      const answer = await api.get("files", { path });
      if (turn !== asked) return;
      [folder, entries] = [answer.path, answer.entries];
      filter.value = "";
      draw(answer.parent);
      filter.focus();
    } catch (error) {
      if (turn !== asked) return;
      const again = folder && folder !== path ? () => go(folder) : () => go("");
      fill(
        list,
        el("li", {}, errorNotice({ title: "The folder cannot be read", text: error.message, onRetry: again })),
      );
    }
  }

  let parent = null;
  function draw(above = parent) {
    parent = above;
    where.textContent = folder;
    const words = filter.value.trim().toLowerCase();
    const shown = entries.filter(({ name }) => name.toLowerCase().includes(words));
    const up = parent && row("up", "Folder above", () => go(parent));
    const none =
      !shown.length && el("li", { class: "hint" }, words ? "Nothing here has that name." : "The folder is empty.");
    fill(
      list,
      up,
      shown.map((entry) => entryRow(entry)),
      none,
    );
  }

  const entryRow = ({ name, path, type }) =>
    type === "directory"
      ? row("folder", name, () => go(path))
      : row("book", name, () => ((chosen = path), dialog.close()));
  const row = (shape, name, onClick) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "pick-one", on: { click: onClick } },
        icon(shape),
        el("span", { class: "cut" }, name),
      ),
    );

  filter.addEventListener("input", () => draw());
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector(".pick-one:not(:has(+ *)), .pick-one")?.click();
  });
  go(start);
  await dialog.closed;
  return chosen;
}
