// The table of schedules: a row each, with its switch, its words and the time that is left until it fires.

import { ago, countdown, full, inZone, isOwnZone, ms, when, zoneLabel } from "../../format.js";
import { agentMark, stateMark } from "../../kit/badge.js";
import { button } from "../../kit/button.js";
import { el, fill } from "../../kit/dom.js";
import { toggle } from "../../kit/form.js";
import { icon } from "../../kit/icons.js";
import { keyedList } from "../../kit/keyed.js";
import { menuButton } from "../../kit/menu.js";
import { moment } from "./axis.js";

/**
 * Make the table. `deeds(schedule)` are { onToggle, onRun, onDuplicate, onDelete }, or null for those who only look;
 * `lanes` keeps the lanes, `meets(id)` are the schedules that one meets.
 */
export function scheduleTable(ctx, { hrefOf, deeds, lanes, meets }) {
  const mayEdit = ctx.cache.session.role !== "viewer";
  const element = el("table", { class: "t planned" });
  const rows = keyedList(element, { draw, fallback: "a.c-name", mark, before: [head(lanes.axis)] });
  let [shown, byId] = [[], new Map()];

  const isPaused = () => Boolean(ctx.cache.settings?.schedulesPaused);

  function mark({ id, agentProfileId }) {
    const profile = ctx.cache.profile(agentProfileId);
    const { name, agentType, icon: chosen, lock, whileLocked } = profile ?? {};
    return [name, agentType, chosen, lock, whileLocked, isPaused(), meets(id), hrefOf({ id })];
  }

  function draw(schedule) {
    const why = whyNot(schedule, ctx.cache.profile(schedule.agentProfileId));
    const row = el(
      "tr",
      { "data-id": schedule.id, class: schedule.enabled ? "" : "is-off" },
      el("td", { class: "c-switch" }, switchOf(schedule)),
      el("td", { class: "c-saved" }, nameOf(schedule)),
      el("td", { class: "c-words" }, wordsOf(schedule)),
      el("td", { class: "c-profile p3" }, profileOf(schedule)),
      el("td", { class: "c-next" }, nextOf(schedule)),
      el("td", { class: "c-last" }, lastOf(schedule)),
      el("td", { class: "c-lane" }, lanes.lane(schedule.id)),
      el("td", { class: "c-acts" }, el("div", { class: "acts" }, actions(schedule))),
    );
    return el("tbody", { class: "one" }, row, why);
  }

  function switchOf({ id, name, enabled }) {
    const own = deeds(byId.get(id));
    return toggle({
      label: `${name} is on`,
      checked: enabled,
      disabled: !own,
      onChange: (on, box) => own.onToggle(on, box),
    });
  }

  function nameOf(schedule) {
    const { name, promptName } = schedule;
    const link = el(
      mayEdit ? "a" : "span",
      { class: "c-name cut", href: mayEdit ? hrefOf(schedule) : null, title: name },
      name,
    );
    const of = el("span", { class: "second cut", title: promptName }, promptName ?? "Prompt is gone");
    return el("div", { class: "two-lines" }, link, of);
  }

  function wordsOf({ description, cronExpression, timezone }) {
    const elsewhere = isOwnZone(timezone) ? "" : ` ${timezone}`;
    return el(
      "div",
      { class: "two-lines" },
      el("span", { class: "cut", title: description }, description),
      el("span", { class: "second cut", title: cronExpression + elsewhere }, el("code", {}, cronExpression), elsewhere),
    );
  }

  function profileOf({ agentProfileId }) {
    const profile = ctx.cache.profile(agentProfileId);
    return profile && agentMark(profile.agentType, { name: profile.name, chosen: profile.icon });
  }

  function nextOf({ id, enabled, nextRunTime, timezone }) {
    if (!enabled) return el("span", { class: "never" }, "Off");
    if (!nextRunTime) return el("span", { class: "never" }, "Never again");
    const at = ms(nextRunTime);
    const title = isOwnZone(timezone) ? full(at) : `${full(at)}; ${inZone(at, timezone)}`;
    const left = isPaused() ? "Paused" : countdown(at);
    return el(
      "div",
      { class: "two-lines" },
      el("time", { class: isPaused() ? "never" : "left", datetime: nextRunTime, title }, left),
      meetsOf(meets(id)) ?? el("time", { class: "second", datetime: nextRunTime, title }, `${when(at)} ${zoneLabel(at)}`),
    );
  }

  function meetsOf(met) {
    if (!met.length || isPaused()) return null;
    const [{ scheduleId, name, at }] = met;
    const others = met.slice(1).map((other) => other.name);
    const title = `In the same directory at the same time as ${[name, ...others].join(", ")}, first ${moment(ms(at))}`;
    const link = el("a", { class: "cut", href: hrefOf({ id: scheduleId }) }, name);
    return el(
      "span",
      { class: "meets s-timeout", title },
      icon("warn"),
      el("span", {}, "Meets"),
      link,
      others.length > 0 && el("span", {}, `+${others.length}`),
    );
  }

  function lastOf({ lastRunId, lastRunStatus, lastRunAt }) {
    if (!lastRunId) return el("span", { class: "never" }, "Never run");
    const at = ms(lastRunAt);
    const time = el("time", { datetime: lastRunAt, title: full(at) }, lastRunStatus === "running" ? "now" : ago(at));
    return el("a", { class: "last", href: ctx.router.href("history", [lastRunId]) }, stateMark(lastRunStatus), time);
  }

  function actions(schedule) {
    const own = deeds(schedule);
    if (!own) return null;
    const { name } = schedule;
    const start = button({
      text: "Run",
      icon: "play",
      small: true,
      label: `Run ${name} now`,
      extra: "row-run",
      onClick: (event) => own.onRun(event.currentTarget),
    });
    const items = () => [
      { text: "Edit", icon: "edit", onClick: own.onEdit },
      { text: "Edit its prompt", icon: "bookmark", onClick: own.onEditPrompt },
      { text: "Duplicate", icon: "copy", onClick: own.onDuplicate },
      { text: "History", icon: "history", href: ctx.router.href("history", [], { scheduleId: schedule.id }) },
      null,
      { text: "Delete", icon: "trash", danger: true, onClick: own.onDelete },
    ];
    return [
      start,
      el(
        "a",
        { class: "b b-quiet b-s b-i no-s", href: hrefOf(schedule), "aria-label": `Edit ${name}`, title: "Edit" },
        icon("edit"),
      ),
      menuButton(button({ icon: "more", kind: "quiet", small: true, label: `More for ${name}` }), items),
    ];
  }

  return {
    element,
    show(list) {
      [shown, byId] = [list, new Map(list.map((one) => [one.id, one]))];
      rows.show(list);
    },
    tick(now) {
      for (const { id, enabled, nextRunTime, lastRunAt, lastRunStatus } of shown) {
        const row = rows.element(id);
        const left = row.querySelector(".left");
        if (enabled && nextRunTime && left) put(left, countdown(ms(nextRunTime), now));
        const last = row.querySelector(".last time");
        if (last && lastRunStatus !== "running") put(last, ago(ms(lastRunAt), now));
      }
    },
    get current() {
      return document.activeElement?.closest?.(".planned tr[data-id]")?.dataset.id ?? null;
    },
    row: (id) => rows.element(id),
    focus: (id) => rows.element(id)?.querySelector("a.c-name")?.focus(),
    move(step) {
      const at = shown.findIndex(({ id }) => id === this.current);
      const to = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
      if (to) rows.element(to.id).querySelector("a, button")?.focus();
    },
  };
}

const put = (node, text) => node.textContent === text || (node.textContent = text);

function head(axis) {
  const columns = [
    ["Schedule", "c-saved"],
    ["When", "c-words"],
    ["Profile", "c-profile p3"],
    ["Next run", "c-next"],
    ["Last run", "c-last"],
  ];
  return el(
    "thead",
    {},
    el(
      "tr",
      {},
      el("th", { class: "c-switch" }, el("span", { class: "sr" }, "On or off")),
      columns.map(([words, extra]) => el("th", { class: extra, scope: "col" }, words)),
      el("th", { class: "c-lane", scope: "col" }, el("span", { class: "sr" }, "Planned"), axis),
      el("th", { class: "c-acts" }, el("span", { class: "sr" }, "Actions")),
    ),
  );
}

// Why it cannot run, or why the server switched it off, in the server's words; and what its profile's lock does to it.
function whyNot({ problem, disabledReason, enabled }, profile) {
  const lines = [];
  const why = !enabled && disabledReason ? disabledReason : problem;
  if (why) lines.push([why === problem ? "failed" : "timeout", "warn", why]);
  if (profile?.lock && enabled) lines.push(["queued", "lock", lockWords(profile)]);
  if (!lines.length) return null;
  const words = lines.map(([state, shape, text]) => el("p", { class: `s-${state}` }, icon(shape), el("span", {}, text)));
  return el("tr", { class: "why-row" }, el("td", {}), el("td", { colspan: 7 }, words));
}

function lockWords({ name, lock, whileLocked }) {
  const until = lock.until ? `until ${when(ms(lock.until))} ${zoneLabel(ms(lock.until))}` : "until somebody unlocks it";
  const deed = whileLocked === "skip" ? "runs are skipped" : "runs wait";
  return `${name} is locked ${until}: ${deed}.${lock.reason ? ` ${lock.reason}` : ""}`;
}
