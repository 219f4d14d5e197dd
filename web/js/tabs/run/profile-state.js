// What the chosen profile lacks and what it does with a prompt, said quietly before it is run.

import { el, fill } from "../../kit/dom.js";
import { icon } from "../../kit/icons.js";
import { remedy, sentence } from "../../kit/sentence.js";

const SHOWN = 2;

/** The lines as { element, show(profile), look(), stop() }; look() asks the server again. */
export function profileState(ctx) {
  const element = el("div", { class: "comp-state", role: "status", hidden: true });
  let [chosen, known, turn] = [null, "", 0];

  async function look() {
    const now = ++turn;
    if (!chosen) return draw({ problems: [], cautions: [] });
    const answer = await ctx.api.get(`profiles/${chosen.id}/readiness`).catch(() => null); // Run now will say it
    if (now === turn && answer) draw(answer);
  }

  function draw({ problems, cautions = [] }) {
    const lines = [
      ...problems.slice(0, SHOWN).map(({ text, fix, severity }) => {
        const [state, shape] = severity === "warning" ? ["timeout", "warn"] : ["failed", "st-failed"];
        return line(state, shape, sentence(text), fix && [" ", el("span", { class: "card-fix" }, remedy(fix))]);
      }),
      ...cautions.slice(0, 1).map(({ text }) => line("caution", "bolt", sentence(text))),
    ];
    element.hidden = !lines.length;
    const more = Math.max(0, problems.length - SHOWN) + Math.max(0, cautions.length - 1);
    const mayEdit = ctx.cache.session.role === "admin";
    const href = lines.length && ctx.router.href("settings", ["profiles", ...(mayEdit ? [chosen.id] : [])]);
    const words = (mayEdit ? `Edit ${chosen?.name}` : "See the profiles") + (more ? `, ${more} more` : "");
    fill(element, lines.length > 0 && [el("ul", {}, lines), el("a", { class: "cut", href }, words)]);
  }

  return {
    element,
    look,
    /** Say it of `profile`, or of none. */
    show(profile) {
      const text = JSON.stringify(profile);
      if (text === known) return;
      if (profile?.id !== chosen?.id) draw({ problems: [] });
      [chosen, known] = [profile, text];
      look();
    },
    stop: () => (turn += 1),
  };
}

function line(state, shape, ...content) {
  return el("li", { class: `s-${state}` }, icon(shape), el("span", {}, content));
}
