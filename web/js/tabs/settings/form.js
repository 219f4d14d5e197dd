// A profile as fields, and beside them what they mean.

import { AGENTS } from "../../format.js";
import { el } from "../../kit/dom.js";
import { downMark, field, input, select } from "../../kit/form.js";
import { checkList } from "./checks.js";
import { environmentField } from "./environment.js";
import { moreFields } from "./more-fields.js";
import { slugOf } from "./slug.js";
import { templateField, variableList } from "./template-field.js";

/**
 * The fields of `start`, a saved profile or (`isNew`) a draft, as { nodes, fields, values(), … }.
 * `onCheck` follows a change that the checks depend on, `onTick` an acknowledgement.
 */
export function profileForm(start, { isNew, onCheck, onTick }) {
  const basic = basicFields(start);
  const template = templateField(start.invocationTemplate ?? "");
  const environment = environmentField(start.env ?? {}, { stored: !isNew });
  const more = moreFields(start, { onCheck });
  const checks = checkList({ onTick, onGo: template.select });

  template.control.addEventListener("input", onCheck);
  basic.agentType.control.addEventListener("change", () => more.follow(basic.agentType.control.value));
  proposeSlug(basic, isNew);

  return {
    nodes: [
      el(
        "div",
        { class: "editor-main" },
        el("div", { class: "three" }, basic.name.element, basic.slug.element, basic.agentType.element),
        template.element,
      ),
      el(
        "div",
        { class: "editor-side" },
        el("section", { class: "is-checks" }, el("h3", { class: "label" }, "Checks"), checks.element),
        el("section", { class: "is-reference" }, el("h3", { class: "label" }, "Variables"), variableList()),
      ),
      el("div", { class: "editor-main" }, more.via, more.times, environment.element, more.element),
    ],
    fields: { ...basic, invocationTemplate: template, env: environment, ...more.fields },
    reveal: more.reveal,
    unacknowledged: checks.unacknowledged,
    failCheck: checks.fail,
    values: () => ({
      name: basic.name.control.value.trim(),
      slug: basic.slug.control.value.trim(),
      agentType: basic.agentType.control.value,
      invocationTemplate: template.control.value,
      env: environment.values(),
      acknowledgedDangers: checks.acknowledged(),
      ...more.values(),
    }),
    /** Show what the server said of `asked`, a template that may have been changed since. */
    showCheck(answer, asked) {
      checks.show(answer, asked, start.acknowledgedDangers ?? []);
      template.preview(answer.previewCommand);
      if (template.control.value === asked) template.mark(checks.marks(asked));
    },
  };
}

function basicFields(start) {
  return {
    name: field({ label: "Name", control: input({ value: start.name ?? "", maxlength: 120 }) }),
    slug: field({ label: "Slug", control: input({ value: start.slug ?? "", mono: true, maxlength: 64 }) }),
    agentType: field({
      label: "Agent",
      control: select(
        Object.entries(AGENTS).map(([id, { name }]) => [id, name]),
        start.agentType,
      ),
      after: downMark(),
    }),
  };
}

// A new profile's slug follows its name for as long as nobody wrote their own.
function proposeSlug({ name, slug }, isNew) {
  let isOwn = !isNew;
  slug.control.addEventListener("input", () => (isOwn = slug.control.value !== ""));
  name.control.addEventListener("input", () => {
    if (isOwn) return;
    slug.control.value = slugOf(name.control.value);
    slug.refuse("");
  });
}
