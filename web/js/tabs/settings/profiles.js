// The profiles as cards, or what a first one can be made from; the editor has an address of its own.

import { count } from "../../format.js";
import { attempt } from "../../kit/attempt.js";
import { button, busy } from "../../kit/button.js";
import { confirmDeed } from "../../kit/dialog.js";
import { el, fill, leaving, set } from "../../kit/dom.js";
import { arrange, exchange } from "../../kit/keyed.js";
import { menuButton } from "../../kit/menu.js";
import { needing, neededWords } from "../../kit/needed.js";
import { emptyNotice, errorNotice, whenLate } from "../../kit/notice.js";
import { agentChoices, presetItems, presetWith } from "./agents.js";
import { profileCard } from "./card.js";
import { openEditor } from "./editor.js";
import { askLock } from "./lock.js";
import { openTest } from "./test.js";

// The open editor, as { key, place, closed, leave }: it outlives the view while it asks whether it may be left.
let editor = null;

export function mountProfiles(root, ctx) {
  const bag = leaving();
  const { role } = ctx.cache.session;
  const mayEdit = role === "admin";
  const tally = el("span", { class: "head-count" });
  const note = el("p", { class: "set-note", role: "status", hidden: true });
  const list = el("div", { class: "set-list" });
  const cards = new Map();
  let looking = null; // for agents
  const hrefOfNew = (preset) => ctx.router.href("settings", ["profiles", "new"], { preset: preset?.slug });
  const add = button({
    text: "New profile",
    icon: "plus",
    kind: "main",
    hidden: true,
    title: `New profile (${ctx.commands.shortcut("new-profile")})`,
    onClick: whenKnown,
  });
  menuButton(add, () => presetItems(ctx.cache.agents, hrefOfNew), { label: "Begin with" });
  const make = () => (add.hidden ? ctx.router.go("settings", ["profiles", "new"]) : add.click());

  // The menu of presets opens when they are known, or cannot be.
  async function whenKnown(event) {
    if (ctx.cache.agents || !looking) return;
    event.stopImmediatePropagation();
    busy(add, true);
    await looking;
    busy(add, false);
    add.click();
  }

  // ---- the list

  function draw() {
    const { profiles } = ctx.cache;
    if (!profiles) return;
    const off = profiles.filter(({ enabled }) => !enabled).length;
    tally.textContent = profiles.length ? count(profiles.length, "profile") + (off ? `, ${off} off` : "") : "";
    add.hidden = !profiles.length || !mayEdit;
    profiles.length ? drawCards(profiles) : drawEmpty();
    sayUnknown();
  }

  function drawCards(profiles) {
    for (const id of [...cards.keys()]) if (!profiles.some((profile) => profile.id === id)) cards.delete(id);
    const grid = list.querySelector(":scope > .cards.is-profiles") ?? el("div", { class: "cards is-profiles" });
    if (!grid.parentNode) {
      fill(list, grid);
      new ResizeObserver(() => markLastRow(grid)).observe(grid);
    }
    arrange(
      grid,
      profiles.map((profile) => cardOf(profile).element),
    );
    markLastRow(grid);
  }

  // A card is made anew only when its profile changed: the others keep what is open in them.
  function cardOf(profile) {
    const text = JSON.stringify(profile);
    const old = cards.get(profile.id);
    if (old?.text === text) return old;
    const href = ctx.router.href("settings", ["profiles", profile.id]);
    const made = { profile, text, ...profileCard(profile, { href, deeds: deedsFor(profile) }) };
    if (old) exchange(old.element, made.element, "h2 a");
    if (old?.answer) showAnswer(made, old.answer);
    cards.set(profile.id, made);
    look(made);
    return made;
  }

  function deedsFor(profile) {
    const edit = mayEdit && (() => ctx.router.go("settings", ["profiles", profile.id]));
    return {
      onTest: role !== "viewer" && (() => openTest(ctx, profile, { onEdit: edit })),
      onToggle: mayEdit && ((on, box) => setEnabled(profile, on, box, ctx)),
      onLock: role !== "viewer" && (() => lock(profile, ctx)),
      onUnlock: role !== "viewer" && ((opener) => unlock(profile, opener, ctx)),
      onDuplicate: mayEdit && (() => duplicate(profile, ctx)),
      onDelete: mayEdit && (() => remove(profile, ctx)),
    };
  }

  // ---- whether a profile can run

  async function look(card) {
    const { id, enabled } = card.profile;
    const answer = enabled
      ? await ctx.api.get(`profiles/${id}/readiness`).catch(({ message }) => card.answer ?? { failed: message })
      : {};
    if (cards.get(id) === card) showAnswer(card, answer);
  }

  function showAnswer(card, answer) {
    if (JSON.stringify(card.answer) === JSON.stringify(answer)) return;
    card.answer = answer;
    card.showState(answer);
  }

  // ---- no profile yet

  function drawEmpty() {
    cards.clear();
    const { agents } = ctx.cache;
    if (mayEdit && agents) fill(list, agentChoices(agents, { hrefOf: hrefOfNew, onLook: loadAgents }));
    else if (mayEdit) loadAgents();
    else
      fill(
        list,
        emptyNotice({
          title: "No profile yet",
          text: "A profile says how an agent is started. An administrator can make one.",
        }),
      );
  }

  /** Ask what is on the server's machine; for the menu that is quiet, an empty list says how it goes. */
  async function loadAgents() {
    const isBlank = () => ctx.cache.profiles?.length === 0 && !ctx.cache.agents;
    const late = isBlank()
      ? whenLate(list, el("p", { class: "hint set-pad" }, "Looking for agents on this machine"))
      : () => {};
    try {
      await ctx.cache.load("agents");
    } catch (error) {
      const blank = el("a", { class: "b", href: hrefOfNew(null) }, "Begin with a blank profile");
      const notice = errorNotice({ title: "The agents could not be read", text: error.message, onRetry: loadAgents });
      notice.querySelector(".notice-actions").append(blank);
      if (isBlank()) fill(list, notice);
    }
    late();
  }

  async function load() {
    const late = ctx.cache.profiles
      ? () => {}
      : whenLate(list, el("p", { class: "hint set-pad" }, "Reading the profiles"));
    try {
      await ctx.cache.load("profiles");
    } catch (error) {
      if (!ctx.cache.profiles)
        fill(list, errorNotice({ title: "Profiles could not be read", text: error.message, onRetry: load }));
    }
    late();
    follow();
  }

  // ---- the address

  function asked() {
    const { tab, path, params } = ctx.router.route;
    const wanted = tab === "settings" && path[0] === "profiles" ? (path[1] ?? "") : "";
    const profile = ctx.cache.profiles?.find(({ id, slug }) => id === wanted || slug === wanted) ?? null;
    const preset = wanted === "new" ? (params.get("preset") ?? "") : "";
    return { wanted, profile, preset, key: wanted === "new" ? `new ${preset}` : (profile?.id ?? "") };
  }

  /** Open, change or close the editor as the address says; it is asked first whether what was typed may be lost. */
  async function follow() {
    sayUnknown();
    if (editor && asked().key !== editor.key && !(await leaveEditor())) return;
    const { key, profile, preset } = asked();
    if (!key || editor || !mayEdit) return;
    if (preset && !ctx.cache.agents) {
      await ctx.cache.load("agents").catch(() => {}); // it begins blank, then
      if (editor || asked().key !== key) return;
    }
    const opened = openEditor(ctx, { profile, draft: presetWith(ctx.cache.agents, preset) });
    const mine = { ...opened, key, place: [["profiles", profile?.id ?? "new"], { preset }] };
    editor = mine;
    mine.closed.then((savedId) => {
      if (editor === mine) editor = null;
      if (asked().key === key) ctx.router.go("settings", ["profiles"], {}, { replace: true });
      if (document.activeElement === document.body) focusOn(savedId ?? profile?.id);
    });
  }

  /** Resolves to whether the editor is gone; when it stays, its address comes back. */
  async function leaveEditor() {
    const { closed, leave, place } = editor;
    if (!(await leave())) return (ctx.router.go("settings", ...place), false);
    await closed;
    return true;
  }

  // What opened the editor is gone: a menu, a card that was made anew.
  function focusOn(id) {
    (cards.get(id)?.element.querySelector("h2 a") ?? add).focus();
  }

  function sayUnknown() {
    const { wanted, key } = asked();
    const isUnknown = Boolean(wanted) && !key && ctx.cache.profiles !== null;
    const isClosed = Boolean(key) && !mayEdit;
    set(note, { hidden: !isUnknown && !isClosed });
    const text = isUnknown
      ? `There is no profile “${wanted.slice(0, 80)}”. It may have been deleted, or its slug changed.`
      : "Only an administrator may change profiles.";
    if (note.textContent !== text) fill(note, text);
  }

  bag.on(ctx.cache, "profiles", draw);
  bag.on(ctx.cache, "agents", () => ctx.cache.profiles?.length === 0 && draw());
  bag.on(ctx.cache, "stale", () => [...cards.values()].forEach(look));
  bag.on(ctx.router, "change", follow);
  bag.add(ctx.commands.handle(mayEdit ? { "new-profile": make } : {}), () => editor && leaveEditor());
  fill(
    root,
    el("div", { class: "head" }, el("h1", { class: "title" }, "Profiles"), tally, el("span", { class: "grow" }), add),
    note,
    list,
  );
  draw();
  load();
  if (mayEdit) looking = loadAgents().finally(() => (looking = null));
  return bag.off;
}

// Below the last row there is nothing that a card could move: it says all it has to say.
function markLastRow(grid) {
  const last = grid.lastElementChild?.offsetTop;
  for (const card of grid.children) card.classList.toggle("is-last-row", card.offsetTop === last);
}

async function setEnabled(profile, on, box, ctx) {
  if (box.getAttribute("aria-busy")) return void (box.checked = !on);
  box.setAttribute("aria-busy", "true"); // not disabled: that would take the focus away
  const saved = await attempt(ctx, `${profile.name} was not changed`, () =>
    ctx.api.patch(`profiles/${profile.id}`, { enabled: on }),
  );
  if (!saved) box.checked = !on;
  box.removeAttribute("aria-busy");
  if (saved) await ctx.cache.load("profiles");
}

async function lock(profile, ctx) {
  if (await askLock(ctx, profile)) await ctx.cache.load("profiles");
}

async function unlock(profile, opener, ctx) {
  busy(opener, true);
  const free = await attempt(ctx, `${profile.name} was not unlocked`, () =>
    ctx.api.delete(`profiles/${profile.id}/lock`),
  );
  busy(opener, false);
  if (free) await ctx.cache.load("profiles");
}

async function duplicate(profile, ctx) {
  const copy = await attempt(ctx, `${profile.name} was not duplicated`, () =>
    ctx.api.post(`profiles/${profile.id}/duplicate`),
  );
  if (!copy) return;
  await ctx.cache.load("profiles");
  ctx.router.go("settings", ["profiles", copy.id]);
}

async function remove(profile, ctx) {
  const needed = await needing(ctx, ({ agentProfileId }) => agentProfileId === profile.id);
  const users = await ctx.api.get("prompts", { agentProfileId: profile.id }).catch(() => []);
  const asked = users.length ? `${count(users.length, "saved prompt")} will need another profile. ` : "";
  const kept = `${asked}It can no longer be chosen for new runs. Runs that used it keep its name and their output.`;
  const sure = await confirmDeed({
    title: `Delete “${profile.name}”?`,
    text: needed.length ? [...neededWords(needed, "it"), kept] : kept,
    deed: needed.length ? "Delete all the same" : "Delete profile",
    stay: "Keep profile",
  });
  if (!sure) return;
  const path = `profiles/${profile.id}${needed.length ? "?force=1" : ""}`;
  if (await attempt(ctx, `${profile.name} was not deleted`, () => ctx.api.delete(path)))
    await ctx.cache.load("profiles");
}
