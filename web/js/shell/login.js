// The door: a login link's code is used by itself, else a token is asked for; drafts stay where they are.

import { button, busy } from "../kit/button.js";
import { el, fill } from "../kit/dom.js";
import { field, input } from "../kit/form.js";
import { icon } from "../kit/icons.js";

/** The one-time code of a login link, taken out of the address. */
export function takeLoginCode() {
  const code = /^#login=(.+)$/.exec(location.hash)?.[1];
  if (code) history.replaceState(null, "", "#/");
  return code ? decodeURIComponent(code) : null;
}

/** Show the view in `root`; `onEntered` follows a login. `reason` is a sentence about why it is shown. */
export function mountLogin(root, { api, onEntered, reason = "" }) {
  const token = field({
    label: "Access token",
    control: input({
      type: "password",
      mono: true,
      name: "token",
      autocomplete: "current-password",
      placeholder: "air_…",
    }),
  });
  const enter = button({ text: "Log in", kind: "main", type: "submit" });
  const note = el("p", { class: "login-note", role: "status" }, reason);
  const form = el(
    "form",
    { class: "login", on: { submit } },
    el("h1", { class: "login-title" }, "Log in to airunner"),
    note,
    token.element,
    enter,
    el(
      "p",
      { class: "hint" },
      "The server printed a login link when it started, good once and for 10 minutes. For a lasting token, type ",
      el("code", {}, "airunner token create"),
      " on the machine that it runs on.",
    ),
  );

  async function submit(event) {
    event.preventDefault();
    const value = token.control.value.trim();
    if (!value) return token.refuse("A token is needed.");
    busy(enter, true);
    try {
      await api.login({ token: value });
      await onEntered();
    } catch (error) {
      token.refuse(error.message);
      token.control.select();
    }
    busy(enter, false);
  }

  fill(root, el("div", { class: "login-page" }, logo(), form));
  token.control.focus();
}

/** A quiet page while the server cannot be reached at all. */
export function mountWaiting(root, { onRetry }) {
  const retry = button({ text: "Try now", onClick: onRetry });
  fill(
    root,
    el(
      "div",
      { class: "notice is-page", role: "status" },
      el("span", { class: "s-timeout" }, icon("offline", "i-lg")),
      el("h1", { class: "title" }, "The server does not answer"),
      el("p", {}, "Running agents are not affected. The page opens by itself as soon as the server is back."),
      el("div", { class: "notice-actions" }, retry),
    ),
  );
}

function logo() {
  return el(
    "div",
    { class: "login-brand", "aria-hidden": "true" },
    document.querySelector(".brand svg").cloneNode(true),
    el("span", {}, "airunner"),
  );
}
