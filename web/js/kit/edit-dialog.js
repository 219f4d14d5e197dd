// The dialog of an editor: saves what changed, shows the server's reasons at their fields, and asks before it loses anything.

import { button, busy } from "./button.js";
import { confirmDeed, openDialog } from "./dialog.js";
import { el, fill } from "./dom.js";
import { showReasons } from "./form.js";
import { icon } from "./icons.js";

/**
 * Open the dialog. `what` is a word such as "prompt"; `form` is { nodes, values(), fields() } and maybe `reveal(reasons)`;
 * `send(values)` stores what is new and resolves to the record. `foot` stands at the left below.
 * Returns { element, closed, leave(), submit() }: closed resolves to the saved id or null, leave to whether it is gone.
 */
export function openEditDialog({ what, isNew, form, send, foot = [], extra = "" }) {
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const save = button({ text: `Save ${what}`, kind: "main", onClick: submit });
  const before = form.values();
  let [touched, asking, savedId] = [false, null, null];

  /** Of a new record all that has a value; of a saved one what is not as it was. */
  function news() {
    const isNews = ([name, value]) =>
      isNew ? value !== null && value !== "" : JSON.stringify(value) !== JSON.stringify(before[name]);
    return Object.fromEntries(Object.entries(form.values()).filter(isNews));
  }

  async function submit() {
    if (save.getAttribute("aria-busy")) return;
    busy(save, true);
    problem.hidden = true;
    try {
      const saved = await send(news());
      [touched, savedId] = [false, saved.id];
      dialog.element.close();
    } catch (error) {
      refuse(error);
    }
    busy(save, false);
  }

  function refuse(error) {
    const reasons = error.fields ?? {};
    form.reveal?.(reasons);
    const homeless = showReasons(form.fields(), reasons);
    const words = Object.keys(reasons).length ? homeless : [error.message];
    problem.hidden = !words.length;
    fill(problem, words.length ? [icon("st-failed"), el("span", {}, words.join(" "))] : []);
  }

  async function leave() {
    asking ??= touched
      ? confirmDeed({
          title: "Leave without saving?",
          text: `What you changed in this ${what} is lost.`,
          deed: "Discard changes",
          stay: "Keep editing",
        })
      : Promise.resolve(true);
    const sure = await asking;
    asking = null;
    if (sure) dialog.element.close();
    return sure;
  }

  const cancel = button({ text: "Cancel", onClick: leave });
  const dialog = openDialog({
    title: `${isNew ? "New" : "Edit"} ${what}`,
    body: form.nodes,
    foot: [foot, problem, el("span", { class: "grow" }), cancel, save],
    extra: `dlg-editor ${extra}`,
    mayClose: () => !touched || (leave(), false),
    onSubmit: submit,
  });
  const touch = () => (touched = true);
  dialog.element.addEventListener("input", touch);
  dialog.element.addEventListener("change", touch);
  return { element: dialog.element, closed: dialog.closed.then(() => savedId), leave, submit, touch };
}
