// A saved prompt as fields: at the left what is asked, at the right where, how long and with what.

import { minutes, profileChoices } from "../../format.js";
import { agentIcon } from "../../kit/badge.js";
import { directoryField } from "../../kit/directory-field.js";
import { el, fill, set } from "../../kit/dom.js";
import { downMark, field, input, select, typedNumber } from "../../kit/form.js";
import { linesField } from "../../kit/lines-field.js";
import { tagsField } from "../../kit/tags-field.js";
import { tagsOf } from "./pick.js";
import { variablesField } from "./variables-field.js";

const TYPES = [
  ["inline", "Text"],
  ["file-reference", "File"],
];

/** The fields of `start` as { nodes, fields(), values() }; `onChange` follows what is no input. */
export function savedForm(ctx, start, { onChange }) {
  const name = field({ label: "Name", control: input({ value: start.name ?? "", maxlength: 200 }) });
  const profile = profileField(ctx, start.agentProfileId ?? "");
  const content = contentField(start, () => (variables.look(content.text()), onChange()));
  const variables = variablesField(start.variables ?? [], { onChange });
  const directory = directoryField({
    api: ctx.api,
    home: ctx.cache.settings?.defaultWorkingDirectory ?? ctx.cache.session.home,
    value: start.workingDirectory ?? "",
  });
  const timeout = field({
    label: "Timeout",
    control: input({ type: "number", value: start.timeout ?? "" }),
    after: el("span", { class: "unit" }, "min"),
  });
  const tags = tagsField({ value: start.tags, known: () => tagsOf(ctx.cache.prompts ?? []), onChange });
  const attachments = linesField({
    label: "Attachments",
    value: start.attachments,
    placeholder: "docs/style.md",
    hint: "One path a line; a relative one counts from the working directory.",
  });

  const showUsual = () => {
    const chosen = ctx.cache.profile(profile.control.value);
    timeout.control.placeholder = chosen ? `${minutes(chosen.defaultTimeout)}, as the profile` : "";
    directory.control.placeholder = ctx.cache.settings?.defaultWorkingDirectory
      ? `${ctx.cache.settings.defaultWorkingDirectory}, the default`
      : directory.control.placeholder;
  };
  profile.control.addEventListener("change", showUsual);
  showUsual();
  variables.look(content.text());

  return {
    nodes: [
      el(
        "div",
        { class: "editor-main" },
        el("div", { class: "two" }, name.element, profile.element),
        content.element,
        variables.element,
      ),
      el(
        "div",
        { class: "editor-side" },
        el("section", { class: "side-fields" }, directory.element, timeout.element, tags.element, attachments.element),
      ),
    ],
    fields: () => ({
      name,
      agentProfileId: profile,
      content,
      workingDirectory: directory,
      timeout,
      tags,
      attachments,
      ...variables.fields(),
      variables,
    }),
    values: () => ({
      name: name.control.value.trim(),
      agentProfileId: profile.control.value,
      type: content.type(),
      content: content.value(),
      workingDirectory: directory.value(),
      timeout: numberOf(timeout.control),
      tags: tags.values(),
      variables: variables.values(),
      attachments: attachments.values(),
    }),
  };
}

function profileField(ctx, value) {
  const mark = el("span", { class: "ag" });
  const known = (ctx.cache.profiles ?? []).filter(({ enabled, id }) => enabled || id === value);
  const gone = value && !known.some(({ id }) => id === value) ? [[value, "Profile is gone"]] : [];
  const none = known.length || gone.length ? [] : [["", "No profile yet"]];
  const control = select([...none, ...gone, ...profileChoices(known)], value);
  const draw = () => {
    const profile = ctx.cache.profile(control.value);
    fill(mark, profile && agentIcon(profile.agentType, profile.icon));
    mark.hidden = !profile;
  };
  control.addEventListener("change", draw);
  draw();
  return field({ label: "Profile", control, before: mark, after: downMark() });
}

/** The text, or the file that it is read from: whichever is chosen is shown, the other keeps what was typed. */
function contentField(start, onChange) {
  let type = start.type ?? "inline";
  const isFile = () => type === "file-reference";
  const area = el("textarea", {
    class: "saved-text",
    rows: 9,
    placeholder: "What should the agent do?",
    value: isFile() ? "" : (start.content ?? ""),
    spellcheck: true,
  });
  const path = input({ mono: true, value: isFile() ? start.content : "", placeholder: "@prompts/review.md" });
  const seg = el("div", { class: "seg", role: "group", "aria-label": "Where the prompt stands" });
  const text = field({ label: "Prompt", control: area, box: false, aside: seg });
  const file = field({
    label: "Prompt file",
    control: path,
    hint: "Read at every run; a relative path counts from the working directory.",
    aside: el("span", {}),
  });
  const choices = TYPES.map(([key, words]) =>
    el("button", { type: "button", "data-type": key, on: { click: () => choose(key) } }, words),
  );
  fill(seg, choices);
  const element = el("div", {}, text.element, file.element);

  function choose(next) {
    if (next === type) return;
    type = next;
    draw();
    onChange();
    (isFile() ? path : area).focus();
  }

  function draw() {
    choices.forEach((one) => set(one, { "aria-pressed": String(one.dataset.type === type) }));
    text.element.hidden = isFile();
    file.element.hidden = !isFile();
    (isFile() ? file : text).element.querySelector(".field-head").append(seg);
  }
  area.addEventListener("input", onChange);
  draw();
  return {
    element,
    label: "Prompt",
    get control() {
      return isFile() ? path : area;
    },
    refuse: (why) => (isFile() ? file : text).refuse(why),
    type: () => type,
    value: () => (isFile() ? path.value.trim() : area.value),
    /** The text as far as it is known here. */
    text: () => (isFile() ? "" : area.value),
  };
}

// What is not a number goes to the server as it is: its reason stands at the field.
function numberOf(control) {
  const value = typedNumber(control.value);
  return Number.isNaN(value) ? control.value : value;
}
