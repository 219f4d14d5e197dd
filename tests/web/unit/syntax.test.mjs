// What lines are: fences, diffs, JSON; the same however the lines came, and whatever was replaced.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, isKnown, spansOf } from "../../../web/js/output/code.js";
import { isJson, jsonWords } from "../../../web/js/output/json.js";
import * as kinds from "../../../web/js/output/kinds.js";
import { Syntax } from "../../../web/js/output/syntax.js";

const SIGNS = {
  [kinds.PLAIN]: ".",
  [kinds.FENCE]: "f",
  [kinds.CODE]: "c",
  [kinds.HEAD]: "h",
  [kinds.HUNK]: "@",
  [kinds.ADDED]: "+",
  [kinds.REMOVED]: "-",
  [kinds.CONTEXT]: "=",
  [kinds.JSON_PART]: "j",
};
const lined = (texts) => texts.map((t) => ({ t, s: [] }));
const said = (syntax, count) => Array.from({ length: count }, (_, line) => SIGNS[syntax.kind(line)]).join("");

function kindsOf(...texts) {
  const syntax = new Syntax();
  syntax.changed(lined(texts), 0);
  return said(syntax, texts.length);
}

const DIFF = [
  "diff --git a/x b/x",
  "index 12ab..34cd 100644",
  "--- a/x",
  "+++ b/x",
  "@@ -1,3 +1,4 @@ def",
  " one",
  "-two",
  "+2",
  "+3",
  "",
];

test("a fence holds what stands between its marks, indented or not", () => {
  assert.equal(kindsOf("a", "```python", "x = 1", "```", "b"), ".fcf.");
  assert.equal(kindsOf("  ~~~js", "  ```", "  ~~~~", "b"), "fcf.");
  assert.equal(kindsOf("```", "~~~", "a"), "fcc");
  assert.equal(kindsOf("````", "```", "````  ", "a"), "fcf.");
  assert.equal(kindsOf("```js", "```js", "```", "a"), "fcf.");
  assert.equal(kindsOf("use ```x``` here", "``` not ` a fence"), "..");
});

test("a mark whose beginning is lost does not turn all that follows inside out", () => {
  assert.equal(kindsOf("end of code", "```", "text", "```python", "x", "```", "text"), ".fcfcf.");
});

test("a deep fence ends with its indented text", () => {
  assert.equal(kindsOf("    ```js", "    x", "", "next"), "fcc.");
});

test("the language of a fence is its first word", () => {
  const language = (mark) => {
    const syntax = new Syntax();
    syntax.changed(lined([mark, "x"]), 0);
    return syntax.fence(1).language;
  };
  assert.equal(language("``` Python title=x"), "python");
  assert.equal(language("```{.c++}"), "c++");
  assert.equal(language("```"), "");
});

test("a bare diff is as long as its hunks say", () => {
  assert.equal(kindsOf(...DIFF, "+ not part"), "hhhh@=-++=.");
  assert.equal(kindsOf(...DIFF, "\\ No newline at end of file", ...DIFF, "a"), "hhhh@=-++==hhhh@=-++=.");
  assert.equal(kindsOf(...DIFF, "@@ -9 +9 @@", "-a", "+b", "-- "), "hhhh@=-++=@-+.");
  assert.equal(kindsOf(...DIFF.map((text) => `  ${text}`.trimEnd()), "a"), "hhhh@=-++=.");
});

test("a diff without its first line begins with both names and a hunk", () => {
  assert.equal(kindsOf(...DIFF.slice(2), "x"), "hh@=-++=.");
  assert.equal(kindsOf("--- a", "+++ b", "text"), "...");
  assert.equal(kindsOf("--- a", "--- a", "+++ b", "@@ -1 +1 @@", "-a", "+b"), ".hh@-+");
  assert.equal(kindsOf("--- a", "text"), "..");
});

test("a diff that is cut off ends where it is", () => {
  assert.equal(kindsOf(...DIFF.slice(0, 7), "text", "+more"), "hhhh@=-..");
});

test("a diff in a fence is one to its end, with figures or without", () => {
  assert.equal(kindsOf("```diff", "-a", "+b", " c", "```", "+d"), "f-+=f.");
  assert.equal(kindsOf("```diff", "--- a/x", "+++ b/x", "@@", "-a", "+b", "text", "```"), "fhh@-+=f");
});

test("the head of a hunk that is taken back takes its names along", () => {
  const syntax = new Syntax();
  const texts = DIFF.slice(2);
  assert.equal(syntax.changed(lined(texts.slice(0, 2)), 0), 0);
  assert.equal(said(syntax, 2), "..");
  assert.equal(syntax.changed(lined(texts), 2), 0);
  assert.equal(said(syntax, 3), "hh@");
  assert.equal(syntax.changed(lined([...texts.slice(0, 2), "text"]), 2), 0);
  assert.equal(said(syntax, 3), "...");
});

test("JSON over several lines ends with its last bracket, or with a line that is none", () => {
  assert.equal(kindsOf("{", '  "a": [', "    1, true", "  ],", '  "b": "x"', "}", "end"), "jjjjjj.");
  assert.equal(kindsOf("[", '  "a"', "but no", "]"), "jj..");
  assert.equal(kindsOf("{", `  "a": "${"x".repeat(5000)}",`, '  "b": 1', "}"), "j.jj");
});

test("words of JSON are told apart", () => {
  assert.deepEqual(jsonWords('{"a\\"": -1.5e3, "b":["c", null]}').spans, [
    [1, 6, "hljs-attr"],
    [8, 14, "hljs-number"],
    [16, 19, "hljs-attr"],
    [21, 24, "hljs-string"],
    [26, 30, "hljs-literal"],
  ]);
  assert.equal(jsonWords("{a: 1}"), null);
  assert.equal(jsonWords('"open'), null);
  assert.ok(isJson('  {"a": 1}'));
  assert.ok(!isJson("[INFO] done]"));
  assert.ok(!isJson("12"));
});

test("lines come one by one, in heaps, or anew: what they are is the same", () => {
  const all = ["text", "  deep", "", "```js", "```", "~~~", "```diff", "+a", "-b", "{", "}", '"k": 1,', "[", ...DIFF];
  let seed = 11;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (let round = 0; round < 200; round += 1) {
    const syntax = new Syntax();
    let lines = [];
    for (let step = 0; step < 12; step += 1) {
      const keep = random(3) ? lines.length : random(lines.length + 1);
      const from = random(all.length);
      const fresh = random(2) ? all.slice(from) : Array.from({ length: random(6) }, () => all[random(all.length)]);
      const before = said(syntax, keep);
      lines = [...lines.slice(0, keep), ...lined(fresh)];
      const first = syntax.changed(lines, keep);
      const whole = new Syntax();
      whole.changed(lines, 0);
      assert.equal(said(syntax, lines.length), said(whole, lines.length));
      assert.equal(said(syntax, first), before.slice(0, first), "lines above the answer look as before");
      assert.ok(first <= keep);
    }
  }
});

test("a line of any length takes no time worth a word", () => {
  const from = performance.now();
  const long = ["`".repeat(1e6), " ".repeat(1e6), `[${"[".repeat(1e6)}`, `{"${"\\".repeat(1e6)}`, "```".repeat(3e5)];
  kindsOf(...long, "```diff", ...long, "```", "{", ...long, "[", '"'.repeat(1999));
  assert.ok(performance.now() - from < 1000);
});

test("answers of the highlighter become flat spans of each line", () => {
  const markup =
    '<span class="hljs-title function_">f</span>(&lt;)\n<span class="hljs-string">&quot;a\n' +
    'b<span class="hljs-subst">${<span class="hljs-number">1</span>}</span>&quot;</span>';
  assert.deepEqual(spansOf(markup), [
    [[0, 1, "hljs-title"]],
    [[0, 2, "hljs-string"]],
    [
      [0, 1, "hljs-string"],
      [3, 4, "hljs-number"],
      [5, 6, "hljs-string"],
    ],
  ]);
});

test("the highlighter is loaded for the first language it knows, once, and sees a piece at a time", async () => {
  const texts = Array.from({ length: 1000 }, (_, nr) => `line ${nr}`);
  const seen = [];
  let [loads, ready] = [0, 0];
  const highlight = (code) => {
    seen.push(code.split("\n").length);
    return { value: code.replace(/\d+/g, '<span class="hljs-number">$&</span>') };
  };
  const load = async () => {
    loads += 1;
    return { default: { highlight } };
  };
  const code = new Code(load, () => (ready += 1));
  const textAt = (line) => texts[line] ?? null;
  const spans = (line, language = "python") => code.spans({ start: 0, language }, line, textAt);
  assert.deepEqual(spans(5, "text"), []);
  assert.equal(loads, 0);
  assert.deepEqual([spans(5), spans(6)], [[], []]);
  await new Promise(setImmediate);
  assert.deepEqual([loads, ready], [1, 1]);
  assert.deepEqual(spans(5), [[5, 6, "hljs-number"]]);
  spans(200);
  assert.deepEqual(seen, [200]);
  assert.deepEqual(spans(999), [[5, 8, "hljs-number"]]);
  assert.deepEqual(seen, [200, 199]);
  code.changed(900);
  spans(5);
  spans(950);
  assert.deepEqual(seen, [200, 199, 199]);
  assert.ok(isKnown("c++") && !isKnown("diff"));
});
