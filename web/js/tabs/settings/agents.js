// The agents of the server's machine, and the presets that a profile can begin with.

import { AGENTS } from "../../format.js";
import { agentIcon, pathMark } from "../../kit/badge.js";
import { button } from "../../kit/button.js";
import { copyButton } from "../../kit/clipboard.js";
import { markedCode } from "../../kit/code-field.js";
import { el } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { remedy, sentence } from "../../kit/sentence.js";

const isCustom = ({ type }) => type === "custom";
const familyIcon = (type) => (AGENTS[type] ?? AGENTS.custom).icon;

/** Everything that a first profile can be made from. `onLook` asks the server to look again. */
export function agentChoices(agents, { hrefOf, onLook }) {
  const here = agents.filter((agent) => agent.installed && !isCustom(agent));
  const away = agents.filter((agent) => !agent.installed && !isCustom(agent));
  return el(
    "div",
    { class: "found" },
    el(
      "div",
      { class: "found-head" },
      el(
        "div",
        { class: "grow" },
        el("h2", { class: "title" }, here.length ? "Found on this machine" : "No agent found on this machine"),
        el(
          "p",
          { class: "ink-2" },
          "A profile says how an agent is started. Begin with one of these; all of it can be changed before it is saved.",
        ),
      ),
      button({ text: "Look again", kind: "quiet", small: true, onClick: onLook }),
    ),
    el(
      "div",
      { class: "cards" },
      [...here, ...agents.filter(isCustom)].map((agent) => agentCard(agent, hrefOf)),
    ),
    away.length > 0 && el("h2", { class: "label found-away" }, "Not on this machine"),
    away.length > 0 &&
      el(
        "ul",
        { class: "away" },
        away.map((agent) => awayRow(agent)),
      ),
  );
}

/** The presets as entries of a menu; of an agent that is not here, one is enough. */
export function presetItems(agents, hrefOf) {
  const entry = (preset, hint = "") => ({
    text: preset.name,
    icon: familyIcon(preset.agentType),
    href: hrefOf(preset),
    hint,
  });
  const known = (agents ?? []).filter((agent) => !isCustom(agent));
  const here = known.filter(({ installed }) => installed).flatMap(({ presets }) => presets);
  const away = known.filter(({ installed }) => !installed).flatMap(({ presets }) => presets.slice(0, 1));
  const custom = (agents ?? []).filter(isCustom).flatMap(({ presets }) => presets);
  return [
    ...here.map((preset) => entry(preset)),
    ...away.map((preset) => entry(preset, "not installed")),
    ...(known.length ? [null] : []),
    ...custom.map((preset) => entry(preset)),
    { text: "Blank", icon: "edit", href: hrefOf(null) },
  ];
}

/** The preset with this slug. */
export const presetWith = (agents, slug) => agents?.flatMap(({ presets }) => presets).find((one) => one.slug === slug);

function agentCard(agent, hrefOf) {
  return el(
    "article",
    { class: "card", "aria-label": agent.name },
    el(
      "div",
      { class: "card-head" },
      el("span", { class: "ag" }, agentIcon(agent.type)),
      el("h3", { class: "cut" }, agent.name),
      el("span", { class: "grow" }),
      agent.path && pathMark(agent.path),
    ),
    agent.problems.length > 0 &&
      el(
        "ul",
        { class: "card-needs" },
        agent.problems.map(({ text, fix }) =>
          el(
            "li",
            { class: "s-timeout" },
            icon("warn"),
            el("span", {}, sentence(text), fix && [" ", el("span", { class: "card-fix" }, remedy(fix))]),
          ),
        ),
      ),
    el(
      "div",
      { class: "presets" },
      agent.presets.map((preset) => presetRow(preset, hrefOf)),
    ),
  );
}

function presetRow(preset, hrefOf) {
  return el(
    "div",
    { class: "preset" },
    el(
      "div",
      { class: "grow" },
      el("div", { class: "preset-name" }, preset.name),
      el("pre", { class: "card-code", title: preset.invocationTemplate }, markedCode(preset.invocationTemplate)),
    ),
    el("a", { class: "b b-s", href: hrefOf(preset), "aria-label": `Use ${preset.name}` }, "Use"),
  );
}

function awayRow({ type, name, installHint }) {
  return el(
    "li",
    {},
    el("span", { class: "ag" }, agentIcon(type), el("span", {}, name)),
    installHint && el("code", { class: "cut", title: installHint }, installHint),
    installHint && copyButton(installHint, `Copy how to install ${name}`),
  );
}
