// Settings: the frame around its pages; each page has its own address.

import { el, fill, leaving, set } from "../kit/dom.js";
import { mountGlobals } from "./settings/globals.js";
import { mountProfiles } from "./settings/profiles.js";
import { mountTokens } from "./settings/tokens.js";

export const title = "Settings";

const PAGES = [
  { id: "profiles", text: "Profiles", mount: mountProfiles },
  { id: "general", text: "General", mount: mountGlobals },
  { id: "tokens", text: "Access tokens", mount: mountTokens },
];

export function mount(root, ctx) {
  const bag = leaving();
  const page = el("div", { class: "set-page" });
  const links = PAGES.map(({ id, text }) =>
    el("a", { href: ctx.router.href("settings", [id]), "data-page": id }, text),
  );
  const analytics = el("a", { href: ctx.router.href("analytics"), class: "phone-only" }, "Analytics");
  let [open, unmount] = ["", () => {}];

  function follow() {
    const { tab, path } = ctx.router.route;
    if (tab !== "settings") return;
    const wanted = PAGES.find(({ id }) => id === path[0]) ?? PAGES[0];
    links.forEach((link) => set(link, { "aria-current": link.dataset.page === wanted.id ? "page" : null }));
    if (wanted.id === open) return;
    unmount();
    open = wanted.id;
    fill(page);
    unmount = wanted.mount(page, ctx);
  }

  bag.on(ctx.router, "change", follow);
  bag.add(() => unmount());
  fill(root, el("div", { class: "set" }, el("nav", { "aria-label": "Settings" }, links, analytics), page));
  follow();
  return bag.off;
}
