// A profile as fields, and beside them what they mean.

import { AGENTS } from "../../format.js";
import { el } from "../../kit/dom.js";
import { downMark, field, input, select } from "../../kit/form.js";
import { checkList } from "./checks.js";
import { environmentField } from "./environment.js";
import { moreFields } from "./more-fields.js";
import { needsList } from "./needs.js";
import { slugOf } from "./slug.js";
import { templateField, variableList } from "./template-field.js";

/**
 * The fields of `start`, a saved profile or (`isNew`) a draft, as { nodes, fields, values(), … }.
 * `onCheck` follows a change that the checks depend on, `onTick` an acknowledgement, `onEnter` Enter in a field.
 */
export function profileForm(start, { isNew, onCheck, onTick, onEnter }) {
  const basic = basicFields(start);
  const template = templateField(start.invocationTemplate ?? "");
  const environment = environmentField(start.env ?? {}, { stored: !isNew, onEnter });
  const more = moreFields(start, { isNew, onCheck });
  const checks = checkList({ onTick, onGo: template.select });
  const needs = needsList({ has: environment.has, onOffer: environment.offer });
  const drawNeeds = () => needs.draw(template.control.value);

  template.control.addEventListener("input", () => (drawNeeds(), onCheck()));
  environment.element.addEventListener("input", drawNeeds);
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
        el(
          "div",
          { class: "is-checks" },
          el("section", {}, el("h3", { class: "label" }, "Checks"), checks.element),
          needs.element,
        ),
        el("section", { class: "is-reference" }, el("h3", { class: "label" }, "Variables"), variableList()),
      ),
      el("div", { class: "editor-main" }, more.via, more.times, environment.element, more.element),
    ],
    fields: { ...basic, invocationTemplate: template, env: environment, ...more.fields },
    reveal: more.reveal,
    unacknowledged: checks.unacknowledged,
    cautions: checks.cautions,
    failCheck: checks.fail,
    /** Say what a run would miss, as it was found for `start`. */
    showNeeds: (problems, command) => {
      needs.look({ problems, command, template: start.invocationTemplate ?? "" });
      drawNeeds();
    },
    /** Point at what cannot be sent as it is; says whether there is something. */
    hasGaps: environment.hasGaps,
    values: () => ({
      name: basic.name.control.value.trim(),
      slug: basic.slug.control.value.trim(),
      agentType: basic.agentType.control.value,
      invocationTemplate: template.control.value,
      env: environment.values(),
      acknowledgedDangers: checks.acknowledged(),
      ...more.values(),
    }),
    /** Nothing is written yet. */
    restCheck() {
      checks.rest("The template is checked as you write it.");
      template.mark([]);
    },
    /** Show what the server said of `asked`, a template that may have been changed since, and `why` it is not all. */
    showCheck(answer, asked, why = "") {
      checks.show(answer, asked, start.acknowledgedDangers ?? [], why);
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
