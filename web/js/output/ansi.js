// A clean line as nodes: its styled spans, with the search's marks laid over them.

import { el } from "../kit/dom.js";
import { cssColour, hexColour, paletteColour, readable } from "./colour.js";

const FLAGS = new Set(["bold", "dim", "italic", "underline", "strike", "inverse", "hidden", "overline"]);

/** Turns lines into nodes; what a style looks like is worked out once for each theme. */
export class Painter {
  #styles = new Map();
  #ground = null;

  /** Forget computed colours, after the theme changed. */
  forget() {
    this.#styles.clear();
    this.#ground = null;
  }

  /** `spans`: [[from, to, style]…], `marks`: [[from, to, isCurrent]…], both in order. */
  paint(text, spans, marks = []) {
    if (!spans.length && !marks.length) return [text];
    const cuts = new Set([0, text.length]);
    for (const [from, to] of spans) cuts.add(Math.min(from, text.length)).add(Math.min(to, text.length));
    for (const [from, to] of marks) cuts.add(from).add(to);
    const points = [...cuts].sort((a, b) => a - b);
    const [style, mark] = [over(spans), over(marks)];
    return points
      .slice(0, -1)
      .map((from, index) => this.#piece(text.slice(from, points[index + 1]), style(from)?.[2], mark(from)));
  }

  #piece(text, style, mark) {
    let node = text;
    if (style) {
      const { classes, colours } = this.#look(style);
      node = el("span", { class: classes, style: colours }, text);
    }
    return mark ? el("mark", { class: mark[2] ? "is-now" : "" }, node) : node;
  }

  #look(style) {
    if (!this.#styles.has(style)) this.#styles.set(style, this.#resolve(style.split(" ")));
    return this.#styles.get(style);
  }

  #resolve(words) {
    if (words[0].startsWith("hljs-")) return { classes: words[0], colours: {} };
    const classes = words.filter((word) => FLAGS.has(word)).map((word) => `a-${word}`);
    let [fg, bg] = ["fg-", "bg-"].map((kind) => words.find((word) => word.startsWith(kind))?.slice(3));
    if (words.includes("inverse")) [fg, bg] = [bg ?? "ground", fg ?? "ink"];
    const colours = {};
    if (isNamed(bg)) classes.push(`b-${bg}`, words.includes("inverse") && "b-full");
    else if (bg) colours["background-color"] = cssColour(channelsOf(bg));
    const ground = bg && !isNamed(bg) ? channelsOf(bg) : this.#own().ground;
    if (isNamed(fg)) classes.push(`f-${fg}`);
    else if (fg) colours.color = cssColour(readable(channelsOf(fg), ground));
    else if (bg && !isNamed(bg)) colours.color = cssColour(readable(this.#own().ink, ground));
    return { classes: classes.filter(Boolean).join(" "), colours };
  }

  #own() {
    const style = getComputedStyle(document.documentElement);
    const channels = (name) => hexColour(style.getPropertyValue(name).trim());
    return (this.#ground ??= { ink: channels("--ink"), ground: channels("--log-bg") });
  }
}

const isNamed = (colour) =>
  colour === "ink" || colour === "ground" || (/^\d+$/.test(colour ?? "") && Number(colour) < 16);
const channelsOf = (colour) => (colour.startsWith("#") ? hexColour(colour) : paletteColour(Number(colour)));

// Finds what covers a place, for places that are asked for in order.
function over(list) {
  let nr = 0;
  return (at) => {
    while (nr < list.length && list[nr][1] <= at) nr += 1;
    return nr < list.length && list[nr][0] <= at ? list[nr] : undefined;
  };
}
