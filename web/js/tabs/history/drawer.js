// The drawer over History: one run, with the next newer and older one step away; the list stays usable beside it.

import { runName } from "../../format.js";
import { button } from "../../kit/button.js";
import { el, leaving } from "../../kit/dom.js";
import { divider } from "../../kit/split.js";
import { openDetails } from "../../output/details.js";
import { Viewer } from "../../output/viewer.js";
import { editAndRun, startAgain } from "./again.js";

const WIDTH = 820;

/** Open a run in `host`. `onStep(way)` asks for a neighbour, `onClose` for leaving, `onLines` names chosen lines. */
export function openDrawer(host, ctx, runId, { range, onStep, onClose, onLines }) {
  const bag = leaving();
  const { commands, prefs } = ctx;
  const newer = button({
    icon: "up",
    kind: "quiet",
    label: "Newer run",
    keys: commands.shortcut("newer"),
    extra: "vw-step",
    onClick: () => onStep(-1),
  });
  const older = button({
    icon: "down",
    kind: "quiet",
    label: "Older run",
    keys: commands.shortcut("older"),
    extra: "vw-step",
    onClick: () => onStep(1),
  });
  const close = button({ icon: "close", kind: "quiet", label: "Close", keys: "Esc", onClick: onClose });
  const actions = (run) => [
    ctx.cache.session.role !== "viewer" && [
      button({
        text: "Run again",
        icon: "play",
        small: true,
        onClick: (event) => runAgain(ctx, run, event.currentTarget),
      }),
      button({ text: "Edit and run", icon: "edit", small: true, onClick: () => editAndRun(ctx, runId) }),
    ],
    el("span", { class: "grow" }),
    button({ text: "Prompt and command", kind: "link", small: true, onClick: () => openDetails(ctx, runId) }),
  ];
  const viewer = new Viewer(ctx, runId, { buttons: [newer, older, close], actions, range, onLines });
  const element = el(
    "div",
    { class: "drawer", role: "dialog", "aria-label": "Run" },
    divider({
      host,
      name: "--drawer",
      label: "Width of the run",
      value: prefs.get("drawerWidth"),
      initial: WIDTH,
      min: 420,
      max: 1400,
      toRight: true,
      onMoved: (width) => prefs.set("drawerWidth", width),
    }),
    viewer.element,
  );
  const name = ({ runId: id }) =>
    id === runId && element.setAttribute("aria-label", `Run: ${runName(ctx.cache.runs.get(id)).slice(0, 120)}`);
  bag.on(ctx.cache, "run", ({ detail }) => name(detail));
  bag.add(
    commands.layer(onClose),
    commands.handle({ newer: () => onStep(-1), older: () => onStep(1) }),
    () => viewer.stop(),
    () => element.remove(),
  );
  host.append(element);
  return { element, close: bag.off, focus: () => viewer.focus(), contains: (node) => element.contains(node) };
}

async function runAgain(ctx, run, opener) {
  const next = await startAgain(ctx, run, opener);
  if (next) ctx.router.go("history", [next.runId], ctx.router.params);
}
