// Markdown as elements: markdown-it reads, we build; raw HTML stays text, links count only when they lead to the web.

import { el } from "./dom.js";
import { vendorModule, vendorScript } from "./vendor.js";

const TAGS = new Set([
  "p",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "ul",
  "ol",
  "li",
  "blockquote",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
  "strong",
  "em",
  "s",
  "hr",
  "br",
]);

/** Draw `text`; resolves to a fragment. */
export async function markdown(text) {
  const [markdownit, { default: highlighter }] = await Promise.all([
    vendorScript("markdown-it/markdown-it.min.js", "markdownit"),
    vendorModule("highlight/highlight.min.js"),
  ]);
  const tokens = markdownit({ html: false, linkify: true }).parse(text, {});
  return build(tokens, highlighter);
}

function build(tokens, highlighter) {
  const root = document.createDocumentFragment();
  const stack = [root];
  for (const token of tokens) {
    const top = stack.at(-1);
    if (token.type === "inline") top.append(build(token.children, highlighter));
    else if (token.nesting === 1) stack.push(top.appendChild(opened(token)));
    else if (token.nesting === -1) stack.pop();
    else top.append(leaf(token, highlighter));
  }
  return root;
}

function opened(token) {
  if (token.tag === "a") return link(token.attrGet("href") ?? "");
  const element = el(TAGS.has(token.tag) ? token.tag : "span");
  if (token.tag === "ol" && token.attrGet("start")) element.start = Number(token.attrGet("start"));
  if (token.hidden) return el("span"); // a paragraph of a tight list
  const align = /text-align:(left|center|right)/.exec(token.attrGet("style") ?? "");
  if (align) element.style.textAlign = align[1];
  return element;
}

function link(href) {
  const safe = /^https?:\/\//i.test(href);
  return safe
    ? el("a", { href, target: "_blank", rel: "noreferrer noopener" })
    : el("span", { class: "link-text", title: href });
}

function leaf(token, highlighter) {
  if (token.type === "fence" || token.type === "code_block") return codeBlock(token, highlighter);
  if (token.type === "code_inline") return el("code", {}, token.content);
  if (token.type === "softbreak") return document.createTextNode("\n");
  if (token.type === "hardbreak") return el("br");
  if (token.type === "hr") return el("hr");
  if (token.type === "image")
    return el("span", { class: "link-text", title: token.attrGet("src") ?? "" }, `[image: ${token.content}]`);
  return document.createTextNode(token.content);
}

// highlight.js answers with markup; only its nested <span class="hljs-…"> is taken over, the rest as text.
function codeBlock(token, highlighter) {
  const language = token.info?.trim().split(/\s+/)[0];
  const code = el("code");
  if (language && highlighter.getLanguage(language)) {
    const parsed = new DOMParser().parseFromString(
      highlighter.highlight(token.content, { language }).value,
      "text/html",
    );
    code.append(...[...parsed.body.childNodes].map(adopt));
  } else code.textContent = token.content;
  return el("pre", { class: "code" }, code);
}

function adopt(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  const classes = [...(node.classList ?? [])].filter((name) => /^(hljs-[\w-]+|\w+_)$/.test(name)).join(" ");
  return el("span", { class: classes }, [...node.childNodes].map(adopt));
}
