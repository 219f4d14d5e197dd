// Access tokens: who may come in and as what; a new token is shown once and never again.

import { ago, date, full, ms } from "../../format.js";
import { button, busy, saidIt } from "../../kit/button.js";
import { copyText } from "../../kit/clipboard.js";
import { confirmDeed, openDialog } from "../../kit/dialog.js";
import { el, fill } from "../../kit/dom.js";
import { downMark, field, input, select, showReasons, typedNumber } from "../../kit/form.js";
import { emptyNotice, errorNotice, whenLate } from "../../kit/notice.js";

const ROLES = [
  ["viewer", "Viewer: looks"],
  ["operator", "Operator: looks and runs"],
  ["admin", "Administrator: may do everything"],
];

export function mountTokens(root, ctx) {
  const body = el("div", {});
  const add = button({
    text: "New token",
    icon: "plus",
    kind: "main",
    onClick: async () => (await createToken(ctx)) && load(),
  });

  async function load() {
    const late = body.firstChild ? () => {} : whenLate(body, el("p", { class: "hint set-pad" }, "Reading the tokens"));
    try {
      const tokens = await ctx.api.get("tokens");
      late();
      if (!tokens.length)
        return fill(
          body,
          emptyNotice({
            title: "No tokens yet",
            text: "A token lets a script or another person in, as a viewer, an operator or an administrator.",
          }),
        );
      fill(body, table(tokens, revoke));
    } catch (error) {
      late();
      const text = error.status === 403 ? "Only an administrator may see and make tokens." : error.message;
      fill(body, errorNotice({ title: "Tokens could not be read", text, onRetry: error.passing ? load : null }));
      add.hidden = error.status === 403;
    }
  }

  async function revoke(token) {
    const sure = await confirmDeed({
      title: `Revoke “${token.name}”?`,
      text: "Whoever uses this token is locked out at once. Runs that it started go on.",
      deed: "Revoke token",
      stay: "Keep token",
    });
    if (!sure) return;
    try {
      await ctx.api.delete(`tokens/${token.id}`);
      await load();
    } catch (error) {
      ctx.toasts.say({ text: "The token was not revoked", detail: error.message, failed: true });
    }
  }

  fill(
    root,
    el("div", { class: "head" }, el("h1", { class: "title" }, "Access tokens"), el("span", { class: "grow" }), add),
    body,
  );
  load();
  return () => {};
}

function table(tokens, onRevoke) {
  const heads = ["Name", "Role", "Made", "Expires"].map((text, at) =>
    el("th", { class: at > 1 ? "p2" : "", scope: "col" }, text),
  );
  const rows = tokens.map((token) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, token.name),
      el("td", {}, token.role),
      time(token.createdAt, ago),
      time(token.expiresAt, date, "never"),
      el(
        "td",
        { class: "num" },
        button({
          text: "Revoke",
          small: true,
          kind: "kill",
          "aria-label": `Revoke ${token.name}`,
          onClick: () => onRevoke(token),
        }),
      ),
    ),
  );
  return el(
    "table",
    { class: "t tokens" },
    el("thead", {}, el("tr", {}, heads, el("th", {}, el("span", { class: "sr" }, "Actions")))),
    el("tbody", {}, rows),
  );
}

function time(iso, words, none = "") {
  return el("td", { class: "p2", title: iso ? full(ms(iso)) : null }, iso ? words(ms(iso)) : none);
}

/** Ask for a name, a role and an expiry; show the token once. Resolves to true when one was made. */
async function createToken(ctx) {
  const fields = {
    name: field({ label: "Name", control: input({ maxlength: 200, placeholder: "deploy script" }) }),
    role: field({ label: "Role", control: select(ROLES, "operator"), after: downMark() }),
    expiresInDays: field({
      label: "Expires after",
      control: input({ type: "number", placeholder: "never" }),
      after: el("span", { class: "unit" }, "days"),
    }),
  };
  const make = button({ text: "Make token", kind: "main", onClick: submit });
  const body = el(
    "div",
    { class: "stack" },
    Object.values(fields).map(({ element }) => element),
  );
  const dialog = openDialog({
    title: "New token",
    body,
    foot: [el("span", { class: "grow" }), make],
    extra: "dlg-small",
    onSubmit: submit,
  });
  let made = false;

  async function submit() {
    busy(make, true);
    const days = typedNumber(fields.expiresInDays.control.value);
    const wish = {
      name: fields.name.control.value.trim(),
      role: fields.role.control.value,
      ...(days === null ? {} : { expiresInDays: Number.isNaN(days) ? fields.expiresInDays.control.value : days }),
    };
    try {
      const { token } = await ctx.api.post("tokens", wish);
      made = true;
      fill(
        body,
        el("p", {}, "Copy it now; it is not shown again."),
        el("pre", { class: "code", tabIndex: 0, "aria-label": "The new token" }, token),
      );
      const copy = button({
        text: "Copy",
        icon: "copy",
        kind: "main",
        onClick: async () => saidIt(copy, (await copyText(token)) ? "Copied" : "Copying failed"),
      });
      make.replaceWith(copy);
      copy.focus();
    } catch (error) {
      const homeless = showReasons(fields, error.fields);
      if (!Object.keys(error.fields).length || homeless.length) fields.name.refuse(homeless[0] ?? error.message);
      busy(make, false);
    }
  }
  fields.name.control.focus();
  await dialog.closed;
  return made;
}
