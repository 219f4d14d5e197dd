// The reader of shell text for the eye: what is painted as what, and that nothing upsets it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { quotedAt, shellTokens } from "../../../web/js/kit/shell-text.js";

const painted = (text) => shellTokens(text).map(({ start, end, kind }) => [kind, text.slice(start, end)]);
const of = (kind, text) => painted(text).flatMap(([name, part]) => (name === kind ? [part] : []));

test("an ordinary template has its command, its strings and our placeholders", () => {
  assert.deepEqual(painted('claude -p "$PROMPT" > out # fast'), [
    ["word", "claude"],
    ["string", '"'],
    ["ph", "$PROMPT"],
    ["string", '"'],
    ["op", ">"],
    ["comment", "# fast"],
  ]);
});

test("our placeholders are seen in every quoting, and not in comments or longer names", () => {
  assert.deepEqual(of("ph", "a ${PROMPT} $PROMPT_FILE '$WORKING_DIR' $'$RUN_ID' \"\\$PROMPT\""), [
    "${PROMPT}",
    "$PROMPT_FILE",
    "$WORKING_DIR",
    "$RUN_ID",
    "$PROMPT",
  ]);
  assert.deepEqual(of("ph", "a $PROMPTS \\$PROMPT ${PROMPT:-x} # $PROMPT"), []);
  assert.deepEqual(of("ph", "cat <<E\nhi $PROMPT\nE"), ["$PROMPT"]);
});

test("a command is the first word of each command, also after an assignment, a keyword or a redirection", () => {
  assert.deepEqual(of("word", 'A=1 B="x y" run b; if ! test; then go; fi >log; last | "$SHELL" arg && (cd x)'), [
    "run",
    "if",
    "!",
    "test",
    "then",
    "go",
    "fi",
    "last",
    "cd",
  ]);
  assert.deepEqual(of("word", "do_it > out arg 2>&1; > log run"), ["do_it", "run"]);
  assert.deepEqual(of("word", "case $x in\na) one;;\n(b|c) two;; esac; three"), [
    "case",
    "one",
    "two",
    "esac",
    "three",
  ]);
});

test("what is inside of substitutions is code, also in strings", () => {
  assert.deepEqual(of("word", 'echo "$(date +"%s" | wc)" `pwd` <(ls)'), ["echo", "date", "wc", "pwd", "ls"]);
  assert.deepEqual(of("exp", 'echo "$(a)" ${B:-c} $((1 + (2))) `d`'), ["$(", ")", "${", "}", "$((", "))", "`", "`"]);
  assert.deepEqual(of("var", "$A ${B:-$C} $? $1 $$"), ["$A", "B", "$C", "$?", "$1", "$$"]);
});

test("a hash begins a comment only where a word begins", () => {
  assert.deepEqual(of("comment", "a#b $# ${#x} 'c # d' # e"), ["# e"]);
});

test("a here-document is text up to its delimiter, and code goes on behind it", () => {
  const text = "cat <<-'E F' | sh\n# no comment $HOME\n\tE F\necho done";
  assert.deepEqual(of("comment", text), []);
  assert.deepEqual(of("var", text), []);
  assert.deepEqual(of("word", text), ["cat", "sh", "echo"]);
});

test("quotes at the caret are known", () => {
  const text = "a \"b $(c 'd') e\" f";
  const at = (part) => quotedAt(text, text.indexOf(part));
  assert.deepEqual(["a", "b", "c", "d", "e", "f"].map(at), ["", "double", "", "single", "double", ""]);
});

test("nothing upsets it, and pieces come in order without overlap", () => {
  const parts = [
    "'",
    '"',
    "`",
    "$(",
    "$((",
    "${",
    "}",
    ")",
    "(",
    "\\",
    "\n",
    " ",
    "#",
    "<<A",
    "A",
    "case x in",
    "esac",
  ];
  parts.push(";;", "|", "$PROMPT", "=", "$'", "\u{1f600}", ">", "[[", "x");
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: random(24) }, () => parts[random(parts.length)]).join("");
    let before = 0;
    for (const { start, end } of shellTokens(text)) {
      assert.ok(before <= start && start < end && end <= text.length, JSON.stringify(text));
      before = end;
    }
  }
});

test("the longest template is read in a blink, whatever it repeats", () => {
  for (const part of ["$(", '"', "`", "${", "((", "<<A\n", "$", "x ", "'", "case x in "]) {
    const from = performance.now();
    shellTokens(part.repeat(16_384 / part.length));
    assert.ok(performance.now() - from < 200, part);
  }
});
