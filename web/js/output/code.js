// Code in fences, coloured by highlight.js: a piece of a fence at a time, when one of its lines is seen.

const PIECE = 200;
const MOST_CHARACTERS = 30_000;
const MOST_KEPT = 40;

// What highlight.js brings, by every name; it is loaded for these only.
const LANGUAGES = new Set(
  (
    "bash sh zsh c h cpp cc c++ h++ hpp hh hxx cxx csharp cs c# css go golang graphql gql ini toml java jsp " +
    "javascript js jsx mjs cjs jsonc json5 kotlin kt kts less lua pluto makefile mk mak make markdown md mkdown mkd " +
    "objectivec mm objc obj-c obj-c++ objective-c++ perl pl pm php php-template python py gyp ipython python-repl " +
    "pycon r ruby rb gemspec podspec thor irb rust rs scss shell console shellsession sql swift typescript ts tsx mts " +
    "cts vbnet vb wasm xml html xhtml rss atom xjb xsd xsl plist wsf svg yaml yml"
  ).split(" "),
);
const WORD = /<span class="([^"]*)">|<\/span>|&(amp|lt|gt|quot|#x27);|[^<&]+/g;
const SIGNS = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'" };

/** Whether highlight.js can colour a language, by any of its names. */
export const isKnown = (language) => LANGUAGES.has(language);

export class Code {
  #load;
  #onReady;
  #highlighter = null;
  #loading = false;
  #pieces = new Map();

  /** `load()` resolves to highlight.js; `onReady()` is called when it has come and lines can be coloured. */
  constructor(load, onReady) {
    this.#load = load;
    this.#onReady = onReady;
  }

  /** The lines from `from` on are others now, or came. */
  changed(from) {
    for (const [key, { end }] of this.#pieces) if (end >= from) this.#pieces.delete(key);
  }

  /** The spans of `line` in a fence; `textAt(line)` is the text of a line of that fence, null past its end. */
  spans({ start, language }, line, textAt) {
    if (!isKnown(language)) return [];
    if (!this.#highlighter) {
      this.#bring();
      return [];
    }
    const first = line - ((line - start - 1) % PIECE);
    if (!this.#pieces.has(first)) this.#keep(first, this.#paint(language, first, textAt));
    return this.#pieces.get(first).spans[line - first] ?? [];
  }

  async #bring() {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.#highlighter = (await this.#load()).default;
      this.#onReady();
    } catch {
      // code without colours can be read, too
    }
  }

  #keep(first, piece) {
    if (this.#pieces.size >= MOST_KEPT) this.#pieces.delete(this.#pieces.keys().next().value);
    this.#pieces.set(first, piece);
  }

  #paint(language, first, textAt) {
    const texts = [];
    let characters = 0;
    for (let line = first; line < first + PIECE && characters < MOST_CHARACTERS; line += 1) {
      const text = textAt(line);
      if (text === null) break;
      texts.push(text);
      characters += text.length;
    }
    let spans = [];
    try {
      spans = spansOf(this.#highlighter.highlight(texts.join("\n"), { language, ignoreIllegals: true }).value);
    } catch {
      // a language that the library does not have
    }
    return { end: first + texts.length, spans };
  }
}

/** The answer of highlight.js, markup with nested spans, as flat spans for each line: [[[from, to, class]…]…]. */
export function spansOf(markup) {
  const lines = [[]];
  const open = [""];
  let at = 0;
  const say = (text) => {
    const name = open.at(-1);
    const last = lines.at(-1).at(-1);
    if (name && last?.[1] === at && last[2] === name) last[1] += text.length;
    else if (name && text) lines.at(-1).push([at, at + text.length, name]);
    at += text.length;
  };
  for (const [word, classes, sign] of markup.matchAll(WORD)) {
    if (classes !== undefined) open.push(nameOf(classes, open.at(-1)));
    else if (word === "</span>") open.pop();
    else if (sign) say(SIGNS[sign]);
    else
      word.split("\n").forEach((text, index) => {
        if (index) {
          lines.push([]);
          at = 0;
        }
        say(text);
      });
  }
  return lines;
}

// What stands inside a string as code looks like code again.
function nameOf(classes, outer) {
  const name = /\bhljs-[\w-]+/.exec(classes)?.[0] ?? outer;
  return name === "hljs-subst" ? "" : name;
}
