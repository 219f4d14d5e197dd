// Schedules: what runs by itself and when; the address holds what is being edited.

import { newKey } from "../api.js";
import { deleteLater } from "../deletions.js";
import { count, ms } from "../format.js";
import { attempt } from "../kit/attempt.js";
import { button, busy } from "../kit/button.js";
import { byAddress } from "../kit/by-address.js";
import { confirmDeed } from "../kit/dialog.js";
import { el, fill, leaving, set } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { emptyNotice, errorNotice, whenLate } from "../kit/notice.js";
import { segmented } from "../kit/segmented.js";
import { sayStarted } from "../open-runs.js";
import { everySecond } from "../time.js";
import { readSpan, SPANS } from "./schedules/axis.js";
import { openEditor } from "./schedules/editor.js";
import { laneKeeper } from "./schedules/lanes.js";
import { plans } from "./schedules/plans.js";
import { scheduleTable } from "./schedules/table.js";

export const title = "Schedules";

const editor = byAddress();
const UNDO_SPAN_MS = 20_000; // what fires before an Undo has passed is not deleted in a moment

export function mount(root, ctx) {
  const bag = leaving();
  const { role } = ctx.cache.session;
  const mayEdit = role !== "viewer";
  const total = el("span", { class: "head-count" });
  const note = el("div", { class: "list-note" });
  const said = el("p", { class: "set-note", role: "status", hidden: true });
  const pause = button({
    text: "Pause all",
    icon: "pause",
    kind: "quiet",
    hidden: true,
    onClick: () => setPaused(true, pause),
  });
  const resume = button({
    text: "Resume",
    small: true,
    hidden: role !== "admin",
    onClick: () => setPaused(false, resume),
  });
  const paused = el(
    "div",
    { class: "banner", role: "status", hidden: true },
    icon("pause"),
    el("span", { class: "grow" }, "All schedules are paused. Times that come are skipped and recorded."),
    resume,
  );
  const add = el(
    "a",
    {
      class: "b b-main",
      title: `New schedule (${ctx.commands.shortcut("new-schedule")})`,
    },
    icon("plus"),
    el("span", {}, "New schedule"),
  );
  const span = segmented({
    label: "How far ahead",
    options: SPANS,
    onChoose: (next) => ctx.router.go("schedules", ctx.router.route.path, { span: next }, { replace: true }),
  });
  const asked = () => ({ span: readSpan(ctx.router.route.params) });
  const hrefOf = ({ id }) => ctx.router.href("schedules", [id], asked());
  const lanes = laneKeeper();
  const planned = plans(ctx, {
    hrefOf,
    onAnswer(answer) {
      draw();
      lanes.show(answer, table.element);
    },
  });
  const table = scheduleTable(ctx, {
    hrefOf,
    deeds: (schedule) => mayEdit && deedsOf(schedule),
    lanes,
    meets: planned.meets,
  });
  const list = el("div", { class: "list", tabIndex: -1 }, table.element, note);
  const byId = (id) => ctx.cache.schedules?.find((schedule) => schedule.id === id) ?? null;

  let order = [];

  // ---- drawing

  function draw() {
    const { schedules, settings } = ctx.cache;
    const isPaused = Boolean(settings?.schedulesPaused);
    paused.hidden = !isPaused;
    table.element.classList.toggle("is-paused", isPaused);
    pause.hidden = isPaused || role !== "admin" || !schedules?.length;
    if (!schedules) return;
    const off = schedules.filter(({ enabled }) => !enabled).length;
    total.textContent = schedules.length ? count(schedules.length, "schedule") + (off ? `, ${off} off` : "") : "";
    add.hidden = !mayEdit || !schedules.length;
    set(add, { href: ctx.router.href("schedules", ["new"], asked()) });
    span.element.hidden = !schedules.length;
    table.element.hidden = !schedules.length;
    order = kept(ordered(schedules), order, list.matches(":hover") || list.contains(document.activeElement));
    table.show(order);
    if (schedules.length) fill(note);
    else drawEmpty();
    planned.look();
    sayUnknown();
  }

  function drawEmpty() {
    const none = ctx.cache.prompts?.length === 0;
    const place = none ? ["prompts", ["new"]] : ["schedules", ["new"]];
    const make = el("a", { class: "b b-main", href: ctx.router.href(...place) }, none ? "New prompt" : "New schedule");
    const text = none
      ? "A schedule runs a saved prompt by itself. Save a prompt first."
      : "A schedule runs a saved prompt by itself: every morning, on weekdays, every quarter of an hour.";
    fill(note, emptyNotice({ title: "No schedules yet", text, actions: mayEdit ? [make] : [] }));
  }

  async function load() {
    const late = ctx.cache.schedules
      ? () => {}
      : whenLate(note, el("p", { class: "hint set-pad" }, "Reading the schedules"));
    const saved = ctx.cache.load("prompts").catch(() => {}); // its own tab says it
    try {
      await ctx.cache.load("schedules");
    } catch (error) {
      const notice = errorNotice({ title: "Schedules could not be read", text: error.message, onRetry: load });
      if (!ctx.cache.schedules) fill(note, notice);
    }
    late();
    await saved;
    draw();
    follow();
  }

  // ---- one schedule

  function deedsOf(schedule) {
    const { id, promptId } = schedule;
    return {
      onToggle: (on, box) => setEnabled(schedule, on, box),
      onRun: (opener) => start(schedule, opener),
      onEdit: () => ctx.router.go("schedules", [id], asked()),
      onEditPrompt: () => ctx.router.go("prompts", [promptId]),
      onDuplicate: () => duplicate(schedule),
      onDelete: () => remove(schedule),
    };
  }

  const reload = () => ctx.cache.load("schedules").catch(() => {}); // it is done; the list follows

  async function setEnabled({ id, name }, on, box) {
    if (box.getAttribute("aria-busy")) return void (box.checked = !on);
    box.setAttribute("aria-busy", "true"); // not disabled: that would take the focus away
    const saved = await attempt(ctx, `${name} was not changed`, () =>
      ctx.api.post(`schedules/${id}/toggle`, { enabled: on }),
    );
    if (!saved) box.checked = !on;
    box.removeAttribute("aria-busy");
    if (saved) await reload();
  }

  async function start({ id, name }, opener) {
    if (opener.getAttribute("aria-busy")) return;
    busy(opener, true);
    const headers = { "Idempotency-Key": newKey() };
    const run = await attempt(ctx, `${name} was not started`, () =>
      ctx.api.post(`schedules/${id}/run`, {}, { headers }).catch(sayGone),
    );
    if (run) sayStarted(ctx, run, name);
    busy(opener, false);
  }

  async function duplicate({ id, name }) {
    const copy = await attempt(ctx, `${name} was not duplicated`, () => ctx.api.post(`schedules/${id}/duplicate`));
    if (!copy) return;
    await reload();
    ctx.router.go("schedules", [copy.id], asked());
  }

  async function remove({ id, name, enabled, nextRunTime }) {
    const failure = `“${name}” was not deleted`;
    const send = (options) => ctx.api.delete(`schedules/${id}`, options).catch(passGone);
    list.focus();
    if (!enabled || !nextRunTime || ms(nextRunTime) > Date.now() + UNDO_SPAN_MS)
      return deleteLater(ctx, { name: "schedules", ids: [id], text: `Deleted “${name}”`, failure, send });
    const sure = await confirmDeed({
      title: `Delete “${name}”?`,
      text: "It is about to run, so this cannot wait for an Undo. Its prompt and its runs stay.",
      deed: "Delete schedule",
      stay: "Keep schedule",
    });
    if (sure && (await attempt(ctx, failure, async () => (await send(), true)))) await reload();
    return list.focus();
  }

  async function setPaused(on, opener) {
    busy(opener, true);
    const words = on ? "The schedules were not paused" : "The schedules were not resumed";
    const saved = await attempt(ctx, words, () => ctx.api.patch("settings", { schedulesPaused: on }));
    if (saved) {
      ctx.cache.settings = saved;
      ctx.cache.dispatchEvent(new Event("settings"));
      (on ? resume : pause).focus();
    }
    busy(opener, false);
  }

  // ---- the address

  function wanted() {
    const { tab, path, params } = ctx.router.route;
    if (tab !== "schedules" || !path[0] || !mayEdit || !ctx.cache.prompts) return null;
    const place = ["schedules", path, Object.fromEntries(params)];
    const promptId = params.get("prompt") ?? "";
    if (path[0] === "new") return { key: `new ${promptId}`, start: { promptId }, place };
    const schedule = byId(path[0]);
    return schedule && { key: schedule.id, start: schedule, place };
  }

  function follow() {
    if (ctx.router.route.tab === "schedules") showSpan(asked().span);
    sayUnknown();
    return editor.follow({
      router: ctx.router,
      wanted,
      open: ({ start: from }) => openEditor(ctx, from),
      home: () => ["schedules", [], asked()],
      onClosed: (savedId, key) => document.activeElement === document.body && (table.focus(savedId ?? key), 0),
    });
  }

  function showSpan(now) {
    span.show(now);
    table.element.classList.toggle("is-week", now === "7");
    planned.ask(now);
  }

  function sayUnknown() {
    const { tab, path } = ctx.router.route;
    const isAsked = tab === "schedules" && Boolean(path[0]);
    const isUnknown = isAsked && path[0] !== "new" && ctx.cache.schedules !== null && !byId(path[0]);
    set(said, { hidden: !isUnknown && !(isAsked && !mayEdit) });
    const text = isUnknown
      ? "There is no such schedule. It may have been deleted."
      : "This session may look, not change.";
    if (said.textContent !== text) fill(said, text);
  }

  const onCurrent = (deed) => () => {
    const schedule = byId(table.current);
    if (schedule) deed(schedule, table.row(schedule.id));
  };
  bag.on(ctx.cache, "schedules", draw);
  bag.on(ctx.cache, "prompts", draw);
  bag.on(ctx.cache, "profiles", draw);
  bag.on(ctx.cache, "settings", draw);
  bag.on(ctx.router, "change", follow);
  bag.add(
    everySecond((now) => table.tick(now)),
    ctx.commands.handle({
      "next-row": () => table.move(1),
      "previous-row": () => table.move(-1),
      ...(mayEdit && {
        "new-schedule": () => ctx.router.go("schedules", ["new"], asked()),
        "run-row": onCurrent((schedule, row) => start(schedule, row.querySelector(".row-run"))),
        "edit-row": onCurrent(({ id }) => ctx.router.go("schedules", [id], asked())),
      }),
    }),
    () => editor.leave(),
    planned.stop,
    lanes.stop,
  );
  fill(
    root,
    el(
      "div",
      { class: "list-view" },
      el(
        "div",
        { class: "head" },
        el("h1", { class: "title" }, title),
        total,
        el("span", { class: "grow" }),
        pause,
        span.element,
        add,
      ),
      el("div", {}, paused, planned.element, said),
      el("div", { class: "list-box" }, list),
    ),
  );
  draw();
  load();
  return bag.off;
}

function sayGone(error) {
  if (error.code === "prompt_not_found") error.message = "Its prompt was deleted. Edit the schedule to choose another.";
  throw error;
}

function passGone(error) {
  if (error.status !== 404) throw error; // somebody else has deleted it
}

// Nothing moves under a pointer: while `isUsed` what is known stays where it stood, and what is new comes last.
function kept(fresh, before, isUsed) {
  if (!isUsed) return fresh;
  const place = new Map(before.map(({ id }, at) => [id, at]));
  return [...fresh].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}

// What fires next stands first; what is off stands last, by name.
function ordered(schedules) {
  const at = ({ enabled, nextRunTime }) => (enabled && nextRunTime ? ms(nextRunTime) : Infinity);
  const rank = (one) => (one.enabled ? 0 : 1);
  return [...schedules].sort(
    (a, b) => rank(a) - rank(b) || (at(a) === at(b) ? 0 : at(a) - at(b)) || a.name.localeCompare(b.name),
  );
}
