// Builds the objects that the page consists of, opens the door, and mounts the tab that the address names.

import { Api } from "./api.js";
import { Cache } from "./cache.js";
import { Commands } from "./commands.js";
import { sendDeletions } from "./deletions.js";
import { setZone } from "./format.js";
import { fill, leaving } from "./kit/dom.js";
import { inPageWords } from "./kit/labels.js";
import { Toasts } from "./kit/toast.js";
import { Live } from "./live.js";
import { Prefs } from "./prefs.js";
import { Router } from "./router.js";
import { mountBanner } from "./shell/banner.js";
import { applyTheme, mountRight, mountTabs, nextTheme } from "./shell/header.js";
import { mountLogin, mountWaiting, takeLoginCode } from "./shell/login.js";
import { mountOutcomes } from "./shell/outcomes.js";
import { openHelp, openPalette } from "./shell/palette.js";
import { mountTape } from "./shell/tape.js";
import * as analytics from "./tabs/analytics.js";
import * as history from "./tabs/history.js";
import * as prompts from "./tabs/prompts.js";
import * as run from "./tabs/run.js";
import * as schedules from "./tabs/schedules.js";
import * as settings from "./tabs/settings.js";
import { holdClocks } from "./time.js";

// A tab more is a line here, and one in the table of commands ("go-" and its id).
const TABS = [
  { id: "run", icon: "play", ...run },
  { id: "prompts", icon: "bookmark", short: "Prompts", ...prompts },
  { id: "schedules", icon: "calendar", ...schedules },
  { id: "history", icon: "history", ...history },
  { id: "analytics", icon: "chart", wide: true, ...analytics },
  { id: "settings", icon: "settings", ...settings },
];
const RETRY_MS = 3000;

const $ = (id) => document.getElementById(id);
const view = $("view");
const prefs = new Prefs();
const api = new Api(document.baseURI, { inWords: inPageWords });
const live = new Live(api);
const ctx = Object.freeze({
  api,
  live,
  prefs,
  cache: new Cache(api, live),
  commands: new Commands(prefs),
  router: new Router(TABS.map(({ id }) => id)),
  toasts: new Toasts($("toasts")),
  announce: (text) => fill($("announcer"), text),
});

const ENDED = "The session has ended. What you typed is kept.";

let inside = null;
let farewell = ENDED;

async function knock(reason = "") {
  try {
    ctx.cache.session = await api.session();
    await enter();
  } catch (error) {
    if (error.status === 401) return showLogin(reason);
    const timer = setTimeout(() => knock(reason), RETRY_MS);
    mountWaiting(view, { onRetry: () => (clearTimeout(timer), knock(reason)) });
  }
}

async function enter() {
  if (inside) return;
  inside = leaving();
  setZone(ctx.cache.session.timezone);
  fill(view);
  inside.add(mountBanner($("banners"), ctx));
  await Promise.race([live.start(), new Promise((resolve) => setTimeout(resolve, 1000))]);
  inside.add(() => live.stop());
  await Promise.allSettled(["profiles", "settings", "active"].map((name) => ctx.cache.load(name)));
  if (!inside) return; // the session ended meanwhile
  for (const id of ["bar", "tape"]) $(id).hidden = false;
  mountRight($("bar-right"), ctx, { onLogOut: logOut });
  inside.add(
    mountTabs($("tabs"), ctx, TABS),
    mountTape($("tape"), ctx),
    mountOutcomes(ctx),
    ctx.commands.handle(deeds()),
    mountView(),
  );
}

function leave() {
  inside?.off();
  inside = null;
  holdClocks(false);
  ctx.cache.forget();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  for (const id of ["bar", "tape"]) $(id).hidden = true;
}

function showLogin(reason) {
  leave();
  farewell = ENDED;
  document.title = "Log in · airunner";
  mountLogin(view, {
    api,
    reason,
    onEntered: async () => {
      await knock();
      live.say("signed-in");
    },
  });
}

async function logOut() {
  await sendDeletions();
  prefs.set("earlier", []); // whoever comes next in this browser is somebody else
  await api.logout().catch(() => {}); // a server that is away cannot end the session; the page leaves all the same
  farewell = "";
  live.say("signed-out");
}

/** Mount the tab of the address, and another one whenever the address names another. */
function mountView() {
  let [open, unmount] = ["", () => {}];
  const show = () => {
    const tab = TABS.find(({ id }) => id === ctx.router.route.tab);
    if (tab.id === open) return;
    unmount();
    open = tab.id;
    view.dataset.tab = tab.id;
    document.title = `${tab.title} · airunner`;
    fill(view);
    unmount = tab.mount(view, ctx);
  };
  show();
  ctx.router.addEventListener("change", show);
  return () => {
    ctx.router.removeEventListener("change", show);
    unmount();
  };
}

function deeds() {
  return {
    palette: () => openPalette(ctx),
    help: () => openHelp(ctx),
    theme: () => nextTheme(prefs),
    "log-out": logOut,
    "go-profiles": () => ctx.router.go("settings", ["profiles"]),
    "new-run": () => ctx.router.go("run", [], { compose: "1" }),
    ...Object.fromEntries(TABS.map(({ id }) => [`go-${id}`, () => ctx.router.go(id)])),
  };
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  view.focus();
});
api.addEventListener("unauthorised", () => inside && live.say("signed-out"));
api.addEventListener("unreachable", () => inside && live.state.online && live.check());
live.addEventListener("state", ({ detail }) => holdClocks(!detail.online));
live.addEventListener("signed-out", () => inside && showLogin(farewell));
live.addEventListener("signed-in", () => !inside && knock());
applyTheme(prefs);

/** Log in with the code of a login link, if the address has one; say whether it had. */
async function spendCode() {
  const code = takeLoginCode();
  if (!code) return false;
  const problem = await api.login({ code }).then(
    () => "",
    (error) => error.message,
  );
  await knock(problem);
  return true;
}

// A link that is pasted over the login view changes the hash and loads nothing.
addEventListener("hashchange", () => inside || spendCode());
if (!(await spendCode())) await knock();
