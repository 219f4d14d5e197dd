// The header: tabs, palette, zone, theme, session.

import { zoneLabel, zoneName } from "../format.js";
import { button, keyCap } from "../kit/button.js";
import { el, fill, set } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { menuButton } from "../kit/menu.js";

const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/**
 * Draw the tabs ([{ id, title, icon, short, wide }]) and mark the one that is open; `short` is the title where there is
 * little room, a `wide` one is left out there.
 */
export function mountTabs(host, ctx, tabs) {
  const words = (title, short) =>
    short ? [el("span", { class: "no-s" }, title), el("span", { class: "only-s" }, short)] : el("span", {}, title);
  const links = tabs.map(({ id, title, short, wide, icon: name }) =>
    el(
      "a",
      { class: wide ? "no-s" : "", href: ctx.router.href(id), "data-tab": id, title: `${title} (${ctx.commands.shortcut(`go-${id}`)})` },
      icon(name),
      words(title, short),
    ),
  );
  fill(host, links);
  const mark = () =>
    links.forEach((link) => set(link, { "aria-current": link.dataset.tab === ctx.router.route.tab ? "page" : null }));
  mark();
  ctx.router.addEventListener("change", mark);
  return () => ctx.router.removeEventListener("change", mark);
}

/** Draw what stands at the right. */
export function mountRight(host, ctx, { onLogOut }) {
  const { session } = ctx.cache;
  const keys = ctx.commands.shortcut("palette").split(" ");
  const palette = el(
    "button",
    { type: "button", class: "b ask", title: "Search or run", on: { click: () => ctx.commands.run("palette") } },
    icon("find"),
    el("span", {}, "Search or run"),
    el("span", { "aria-hidden": "true", class: "ask-keys" }, keyCap(keys.join(keys[0] === "⌘" ? "" : " "))),
  );
  const zone = el("span", { class: "zone", title: `All times are in ${zoneName()}` }, zoneLabel());
  const theme = menuButton(button({ icon: "theme", kind: "quiet", label: "Theme" }), () => themeItems(ctx.prefs));
  const person = menuButton(button({ icon: "person", kind: "quiet", label: `Session of ${session.name}` }), () =>
    sessionItems(ctx, onLogOut),
  );
  fill(host, palette, zone, theme, person);
}

/** Put the chosen theme on the page, now and whenever it changes. */
export function applyTheme(prefs) {
  const apply = () => {
    const theme = prefs.get("theme");
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  prefs.addEventListener("change", ({ detail }) => detail === "theme" && apply());
  apply();
}

/** The next theme in the row, for the command. */
export function nextTheme(prefs) {
  const at = THEMES.findIndex(([name]) => name === prefs.get("theme"));
  prefs.set("theme", THEMES[(at + 1) % THEMES.length][0]);
}

function themeItems(prefs) {
  return THEMES.map(([name, text]) => ({
    text,
    radio: true,
    checked: prefs.get("theme") === name,
    onClick: () => prefs.set("theme", name),
  }));
}

function sessionItems(ctx, onLogOut) {
  const { name, role, version, node } = ctx.cache.session;
  return [
    { heading: [el("b", {}, name), el("span", {}, role)] },
    null,
    { text: "Keyboard", icon: "keyboard", hint: "?", onClick: () => ctx.commands.run("help") },
    { text: "Log out", icon: "leave", onClick: onLogOut },
    null,
    { heading: el("span", {}, [`airunner ${version}`, node && ` on ${node}`]) },
  ];
}
