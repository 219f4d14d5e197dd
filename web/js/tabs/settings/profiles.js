// The profiles as cards: what each would run, how long it may, and what can be done with it.

import { count, minutes } from "../../format.js";
import { agentMark } from "../../kit/badge.js";
import { button } from "../../kit/button.js";
import { markedCode } from "../../kit/code-field.js";
import { confirmDeed } from "../../kit/dialog.js";
import { el, fill, leaving } from "../../kit/dom.js";
import { toggle } from "../../kit/form.js";
import { menuButton } from "../../kit/menu.js";
import { emptyNotice, errorNotice, whenLate } from "../../kit/notice.js";
import { openEditor } from "./editor.js";

export function mountProfiles(root, ctx) {
  const bag = leaving();
  const tally = el("span", { class: "head-count" });
  const list = el("div", {});
  const make = () => ctx.router.go("settings", ["profiles", "new"]);
  const add = button({
    text: "New profile",
    icon: "plus",
    kind: "main",
    keys: ctx.commands.shortcut("new-profile"),
    onClick: make,
  });
  let editor = null;

  function draw() {
    const { profiles } = ctx.cache;
    if (!profiles) return;
    const off = profiles.filter(({ enabled }) => !enabled).length;
    tally.textContent = profiles.length ? count(profiles.length, "profile") + (off ? `, ${off} off` : "") : "";
    add.hidden = !profiles.length;
    if (!profiles.length)
      return fill(
        list,
        emptyNotice({
          title: "No profile yet",
          text: "A profile says how an agent is started. The first can be a plain shell that runs prompts as scripts.",
          actions: [button({ text: "New profile", kind: "main", onClick: make })],
        }),
      );
    fill(
      list,
      el(
        "div",
        { class: "cards" },
        profiles.map((profile) => card(profile, ctx)),
      ),
    );
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

  // The editor has an address, so that it can be linked to and gone back from.
  function follow() {
    const { tab, path } = ctx.router.route;
    const wanted = tab === "settings" && path[0] === "profiles" ? (path[1] ?? "") : "";
    if (!wanted || editor) return;
    const profile = ctx.cache.profiles?.find(({ id, slug }) => id === wanted || slug === wanted);
    if (wanted !== "new" && !profile) return;
    editor = openEditor(ctx, wanted === "new" ? null : profile);
    editor.closed.then(() => {
      editor = null;
      if (ctx.router.route.tab === "settings") ctx.router.go("settings", ["profiles"], {}, { replace: true });
    });
  }

  bag.on(ctx.cache, "profiles", draw);
  bag.on(ctx.router, "change", follow);
  bag.add(ctx.commands.handle({ "new-profile": make }), () => editor?.leave());
  fill(
    root,
    el("div", { class: "head" }, el("h1", { class: "title" }, "Profiles"), tally, el("span", { class: "grow" }), add),
    list,
  );
  draw();
  load();
  return bag.off;
}

function card(profile, ctx) {
  const { id, name, slug, agentType, enabled, defaultTimeout, maxTimeout } = profile;
  const href = ctx.router.href("settings", ["profiles", id]);
  const edit = el("a", { class: "b b-s", href, "aria-label": `Edit ${name}` }, "Edit");
  const more = menuButton(button({ icon: "more", kind: "quiet", small: true, label: `More for ${name}` }), () => [
    { text: "Duplicate", icon: "copy", onClick: () => duplicate(profile, ctx) },
    { text: "Delete", icon: "trash", danger: true, onClick: () => remove(profile, ctx) },
  ]);
  return el(
    "article",
    { class: `card${enabled ? "" : " is-off"}` },
    el(
      "div",
      { class: "card-head" },
      agentMark(agentType),
      el("h2", { class: "cut" }, el("a", { href }, name)),
      el("code", { class: "hint cut" }, slug),
      el("span", { class: "grow" }),
      toggle({
        label: `${name} is available`,
        checked: enabled,
        onChange: (on, box) => setEnabled(profile, on, box, ctx),
      }),
    ),
    el("pre", { class: "card-code", title: profile.invocationTemplate }, markedCode(profile.invocationTemplate)),
    el(
      "div",
      { class: "card-foot" },
      el(
        "span",
        { class: "hint grow" },
        enabled
          ? `Uses ${minutes(defaultTimeout)}, at most ${minutes(maxTimeout)}`
          : "Off: it cannot be chosen for new runs",
      ),
      edit,
      more,
    ),
  );
}

async function attempt(ctx, failure, deed) {
  try {
    return await deed();
  } catch (error) {
    ctx.toasts.say({ text: failure, detail: error.message, failed: true });
    return null;
  }
}

async function setEnabled(profile, on, box, ctx) {
  box.disabled = true;
  const saved = await attempt(ctx, `${profile.name} was not changed`, () =>
    ctx.api.patch(`profiles/${profile.id}`, { enabled: on }),
  );
  if (!saved) box.checked = !on;
  box.disabled = false;
  if (saved) await ctx.cache.load("profiles");
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
  const sure = await confirmDeed({
    title: `Delete “${profile.name}”?`,
    text: "It can no longer be chosen for new runs. Runs that used it keep its name and their output.",
    deed: "Delete profile",
    stay: "Keep profile",
  });
  if (!sure) return;
  if (await attempt(ctx, `${profile.name} was not deleted`, () => ctx.api.delete(`profiles/${profile.id}`)))
    await ctx.cache.load("profiles");
}
