// Run: the composer at the left, the open runs at the right.

import { isActive, runName } from "../format.js";
import { stateMark } from "../kit/badge.js";
import { button } from "../kit/button.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { emptyNotice } from "../kit/notice.js";
import { divider } from "../kit/split.js";
import { tabRow } from "../kit/tabs.js";
import { openFirst, openRuns } from "../open-runs.js";
import { openDetails } from "../output/details.js";
import { Viewer } from "../output/viewer.js";
import { composer } from "./run/composer.js";

export const title = "Run";

const WIDTH = 396;

export function mount(root, ctx) {
  const bag = leaving();
  const pane = el("div", { class: "run-pane", role: "tabpanel", "aria-label": "Output" });
  const plus = button({
    icon: "plus",
    kind: "quiet",
    label: "New run",
    keys: ctx.commands.shortcut("new-run"),
    extra: "run-plus",
    onClick: () => compose(true),
  });
  const tabs = tabRow({ label: "Open runs", onSelect: (id) => ctx.router.go("run", [id]), onClose: close });
  const form = composer(ctx, { onStarted: started, onClose: () => compose(false) });
  const right = el("div", { class: "run-right" }, el("div", { class: "run-tabs" }, plus, tabs.element), pane);
  const view = el("div", { class: "run-view" });
  view.append(
    el("h1", { class: "sr" }, title),
    form.element,
    divider({
      host: view,
      name: "--composer",
      label: "Width of the composer",
      value: ctx.prefs.get("composerWidth"),
      initial: WIDTH,
      onMoved: (width) => ctx.prefs.set("composerWidth", width),
    }),
    right,
  );
  let [viewer, shown, leaveSheet] = [null, null, null];

  function started(run) {
    openFirst(ctx, run.runId);
    compose(false);
    ctx.router.go("run", [run.runId]);
    drawTabs();
  }

  function close(id) {
    const rest = openRuns(ctx).filter((other) => other !== id);
    ctx.prefs.set("open", rest);
    if (shown === id) ctx.router.go("run", rest.slice(0, 1), {}, { replace: true });
    if (!rest.length) show(null);
    drawTabs();
  }

  function drawTabs() {
    const open = openRuns(ctx);
    right.classList.toggle("has-none", !open.length);
    tabs.show(
      open.map((id) => ({ id, name: nameOf(id), content: tabContent(ctx.cache.runs.get(id)) })),
      shown,
    );
  }

  function nameOf(id) {
    const run = ctx.cache.runs.get(id);
    return run ? runName(run).slice(0, 200) : "Run";
  }

  function follow() {
    const { path, params } = ctx.router.route;
    if (ctx.router.route.tab !== "run") return;
    if (params.get("compose")) {
      compose(true);
      return ctx.router.go("run", path, {}, { replace: true });
    }
    const wanted = path[0] ?? openRuns(ctx)[0] ?? null;
    if (wanted && !openRuns(ctx).includes(wanted)) openFirst(ctx, wanted);
    show(wanted);
    drawTabs();
  }

  function show(id) {
    if (id === shown && (viewer || !id) && pane.firstChild) return;
    viewer?.stop();
    viewer = null;
    shown = id;
    if (!id)
      return fill(
        pane,
        nothingOpen(ctx, () => compose(true)),
      );
    viewer = new Viewer(ctx, id, {
      menu: () => [
        { text: "Prompt and command", icon: "edit", onClick: () => openDetails(ctx, id) },
        { text: "Close tab", icon: "close", onClick: () => close(id) },
      ],
    });
    fill(pane, viewer.element);
  }

  /** On a phone the composer is a sheet; elsewhere it is always there and only gets the focus. */
  function compose(open) {
    view.classList.toggle("is-composing", open);
    leaveSheet?.();
    leaveSheet = open ? ctx.commands.layer(() => compose(false)) : null;
    const sheet = matchMedia("(max-width: 640px)").matches;
    set(right, { inert: open && sheet });
    if (open) form.focus();
  }

  const marks = new Map();
  bag.on(ctx.cache, "run", ({ detail }) => {
    const mark = `${detail.status} ${runName(detail)}`;
    if (marks.get(detail.runId) === mark || !openRuns(ctx).includes(detail.runId)) return;
    marks.set(detail.runId, mark);
    drawTabs();
  });
  bag.on(ctx.cache, "gone", ({ detail }) => openRuns(ctx).includes(detail) && close(detail));
  bag.on(ctx.cache, "active", () => !shown && follow());
  bag.on(ctx.cache, "profiles", () => !shown && (fill(pane), show(null)));
  bag.on(ctx.router, "change", follow);
  bag.on(matchMedia("(max-width: 640px)"), "change", () => compose(false));
  bag.add(
    form.stop,
    () => viewer?.stop(),
    () => leaveSheet?.(),
  );
  fetchUnknown(ctx, openRuns(ctx));
  fill(root, view);
  follow();
  return bag.off;
}

function tabContent(run) {
  if (!run) return [el("span", { class: "cut" }, "Run")];
  return [stateMark(run.status, { bare: true }), el("span", { class: "cut" }, runName(run).slice(0, 80))];
}

// A tab of another day needs its record; one that is gone leaves the row.
function fetchUnknown(ctx, ids) {
  for (const id of ids) {
    if (ctx.cache.runs.has(id) && !isActive(ctx.cache.runs.get(id).status)) continue;
    ctx.cache.fetchRun(id).catch((error) => {
      if (error.status === 404)
        ctx.prefs.set(
          "open",
          (ctx.prefs.get("open") ?? []).filter((other) => other !== id),
        );
    });
  }
}

function nothingOpen(ctx, compose) {
  if (ctx.cache.profiles && !ctx.cache.profiles.length) {
    const choose = el("a", { class: "b b-main", href: ctx.router.href("settings", ["profiles"]) }, "Choose an agent");
    return emptyNotice({
      title: "First, an agent profile",
      text: "A profile says how an agent is started. Begin with one that is on this machine, or with a plain shell.",
      actions: [choose],
    });
  }
  const write = button({ text: "New run", icon: "plus", kind: "main", extra: "phone-only", onClick: compose });
  const earlier = el("a", { class: "b b-quiet", href: ctx.router.href("history"), hidden: true }, "Earlier runs");
  const show = ({ total }) => (earlier.hidden = !total);
  ctx.api.get("runs", { limit: 1 }).then(show, () => {}); // the banner says it
  return emptyNotice({
    title: "Run a prompt to see output here",
    text: "The output appears as the agent prints it.",
    actions: [write, earlier],
  });
}
