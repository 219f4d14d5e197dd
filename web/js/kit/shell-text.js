// Cuts shell text into pieces to paint: comments, strings, words, operators, variables, our placeholders.
//
// A reader for the eye, not a judge: it takes anything, never throws, and needs one pass.

const OURS = /\$(?:\{(?:PROMPT|PROMPT_FILE|WORKING_DIR|RUN_ID)\}|(?:PROMPT_FILE|PROMPT|WORKING_DIR|RUN_ID)(?!\w))/y;
const VARIABLE = /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/y;
const BRACED_NAME = /[!#]?(?:[A-Za-z_]\w*|[0-9]+|[@*#?$!-])/y;
const IN_DOCUMENT = /\$(?:\{[^}\n]*\}|[A-Za-z_]\w*|[0-9@*#?$!-])/y;
const REDIRECTION = /\d*(?:<<<|<<-?|<>|<&|>&|>\||>>|&>>|&>|[<>])/y;
const OPERATOR = /&&|\|\||\|&|;;&|;;|;&|[;&|]/y;
const ASSIGNMENT = /[A-Za-z_]\w*\+?=/y;
const DELIMITER = /[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|()<>'"\\])+)/y;
const WORD = /(?:[^\s;&|()<>"'`$\\#]|(?<=[^\s;&|()<>`])#)+/y;
const BLANK = /[^\S\n]+/y;
const BEFORE_COMMANDS = new Set("if then else elif while until do time ! {".split(" "));
const PLAIN = "";

/** The painted pieces of `text` as [{ start, end, kind }], in order; what stands between them is plain. */
export function shellTokens(text) {
  return new Reader(text).read().tokens;
}

/** The quotes that are open at `at`: "single", "double" or "". */
export function quotedAt(text, at) {
  const { open, top } = new Reader(text.slice(0, at)).read();
  return open || (top.kind === "double" ? "double" : "");
}

class Reader {
  #text;
  #at = 0;
  #frames = [code("")];
  #documents = [];
  tokens = [];
  open = "";

  constructor(text) {
    this.#text = text;
  }

  get top() {
    return this.#frames.at(-1);
  }

  read() {
    const steps = {
      code: () => this.#code(),
      double: () => this.#double(),
      brace: () => this.#brace(),
      sum: () => this.#sum(),
    };
    while (this.#at < this.#text.length) steps[this.top.kind]();
    return this;
  }

  // ---- small steps

  #take(length, kind) {
    const [start, end] = [this.#at, Math.min(this.#text.length, this.#at + length)];
    this.#at = end;
    if (kind === PLAIN || end === start) return;
    const last = this.tokens.at(-1);
    if (last && last.end === start && last.kind === kind && kind !== "ph") last.end = end;
    else this.tokens.push({ start, end, kind });
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  /** Take what `pattern` finds here; say whether it did. */
  #found(pattern, kind) {
    const match = this.#match(pattern);
    if (match) this.#take(match[0].length, kind);
    return Boolean(match);
  }

  #begins(word) {
    return this.#text.startsWith(word, this.#at);
  }

  #push(frame, length, kind) {
    this.#take(length, kind);
    this.#frames.push(frame);
  }

  #pop(length, kind) {
    this.#take(length, kind);
    if (this.#frames.length > 1) this.#frames.pop();
  }

  // ---- what stands where

  #code() {
    const { top } = this;
    const next = this.#text[this.#at];
    if (next === "\n") return this.#newline();
    if (this.#found(BLANK, PLAIN)) return;
    if (next === "#" && this.#wordBegins()) return this.#comment();
    if (next === ")" && (top.cases || top.closer !== ")")) return this.#operator(1);
    if (next === top.closer) return this.#pop(1, top.paint);
    if (next === "(") return this.#openParenthesis();
    if (this.#begins("<(") || this.#begins(">(")) return this.#push(code(")", "exp"), 2, "exp");
    const redirection = this.#match(REDIRECTION);
    if (redirection && (this.#wordBegins() || !/^\d/.test(redirection[0]))) return this.#redirect(redirection[0]);
    const operator = this.#match(OPERATOR);
    if (operator) return this.#operator(operator[0].length, isBeforePattern(operator[0], top));
    if (this.#found(ASSIGNMENT, top.command && this.#wordBegins() ? "var" : PLAIN)) return;
    const word = this.#match(WORD);
    if (word) return this.#word(word[0]);
    this.#beginWord(); // a quoted or computed one
    this.#quoted();
  }

  #wordBegins() {
    return this.#at === 0 || /[\s;&|()<>`]/.test(this.#text[this.#at - 1]);
  }

  #comment() {
    const end = this.#text.indexOf("\n", this.#at);
    this.#take((end < 0 ? this.#text.length : end) - this.#at, "comment");
  }

  #operator(length, pattern = false) {
    Object.assign(this.top, { command: true, pattern });
    this.#take(length, "op");
  }

  #openParenthesis() {
    const { top } = this;
    if (top.pattern) return this.#operator(1, true);
    const isSum = top.command && this.#begins("((");
    top.command = false;
    if (isSum) return this.#push({ kind: "sum", depth: 0 }, 2, "op");
    this.#push(code(")", "op"), 1, "op");
  }

  #redirect(sign) {
    this.#take(sign.length, "op");
    if (!/<<-?$/.test(sign) || sign.endsWith("<<<")) return void (this.top.target = true);
    const delimiter = this.#match(DELIMITER);
    if (!delimiter) return;
    this.#take(delimiter[0].length, "op");
    const word = delimiter[1].replace(/['"\\]/g, "");
    this.#documents.push({ word, isQuoted: word !== delimiter[1], strips: sign.endsWith("-") });
  }

  #word(word) {
    const { top } = this;
    const isCommand = this.#beginWord(word === "esac" && top.cases > 0);
    if (isCommand && word === "case") top.cases += 1;
    if (isCommand && word === "esac") Object.assign(top, { cases: top.cases - 1, pattern: false });
    if (isCommand && BEFORE_COMMANDS.has(word)) top.command = true;
    if (word === "in" && top.cases) top.pattern = true;
    this.#take(word.length, isCommand ? "word" : PLAIN);
  }

  /** Note that a word begins here, if one does; say whether it is a command or a keyword. */
  #beginWord(surely = false) {
    const { top } = this;
    if (!this.#wordBegins()) return false;
    const isCommand = surely || (top.command && !top.target && !top.pattern);
    if (!top.target) top.command = false;
    top.target = false;
    return isCommand;
  }

  /** Quotes and expansions, which may stand in a word of code; anything else is one plain character. */
  #quoted() {
    const next = this.#text[this.#at];
    if (next === "\\") return this.#take(2, PLAIN);
    if (next === "'") return this.#single(this.#text.indexOf("'", this.#at + 1), 1);
    if (next === '"') return this.#push({ kind: "double" }, 1, "string");
    if (this.#begins("$'")) return this.#single(endOfAnsi(this.#text, this.#at + 2), 2);
    if (!this.#expansion(PLAIN)) this.#take(1, PLAIN);
  }

  /** From single quotes to single quotes; the server finds our placeholders in there, too. */
  #single(closing, opening) {
    const end = closing < 0 ? this.#text.length : closing + 1;
    this.open = closing < 0 ? "single" : this.open;
    this.#take(opening, "string");
    while (this.#at < end) {
      const dollar = this.#text.indexOf("$", this.#at);
      this.#take((dollar < 0 || dollar > end ? end : dollar) - this.#at, "string");
      if (this.#at < end && !this.#found(OURS, "ph")) this.#take(1, "string");
    }
  }

  /** What begins with $ or a backquote; says whether something did. `ground` paints a lone $. */
  #expansion(ground) {
    if (this.#begins("`")) return (this.#push(code("`", "exp"), 1, "exp"), true);
    if (!this.#begins("$")) return false;
    if (this.#found(OURS, "ph")) return true;
    if (this.#begins("$((")) this.#push({ kind: "sum", depth: 0 }, 3, "exp");
    else if (this.#begins("$(")) this.#push(code(")", "exp"), 2, "exp");
    else if (this.#begins("${")) {
      this.#push({ kind: "brace" }, 2, "exp");
      this.#found(BRACED_NAME, "var");
    } else if (!this.#found(VARIABLE, "var")) this.#take(1, ground);
    return true;
  }

  #double() {
    const next = this.#text[this.#at];
    if (next === '"') return this.#pop(1, "string");
    if (next === "\\") {
      this.#take(1, "string");
      return this.#found(OURS, "ph") || this.#take(1, "string"); // \$PROMPT is for an inner shell to expand
    }
    if (this.#expansion("string")) return;
    this.#found(/[^"\\$`]+/y, "string");
  }

  #brace() {
    if (this.#begins("}")) return this.#pop(1, "exp");
    if (!this.#found(/[^}"'\\$`]+/y, PLAIN)) this.#quoted();
  }

  #sum() {
    const { top } = this;
    if (this.#begins("(")) top.depth += 1;
    if (!this.#begins(")")) return void (this.#found(/[^()"'\\$`]+/y, PLAIN) || this.#quoted());
    if (top.depth) return void ((top.depth -= 1), this.#take(1, PLAIN));
    this.#pop(this.#begins("))") ? 2 : 1, "exp");
  }

  #newline() {
    this.#take(1, PLAIN);
    Object.assign(this.top, { command: true, target: false });
    for (const document of this.#documents.splice(0)) this.#document(document);
  }

  #document({ word, isQuoted, strips }) {
    while (this.#at < this.#text.length) {
      const stop = this.#text.indexOf("\n", this.#at);
      const end = stop < 0 ? this.#text.length : stop;
      const line = this.#text.slice(this.#at, end);
      if ((strips ? line.replace(/^\t+/, "") : line) === word) return this.#take(line.length, "op");
      this.#documentLine(end, isQuoted);
      this.#take(1, "string");
    }
  }

  #documentLine(end, isQuoted) {
    while (this.#at < end) {
      const dollar = this.#text.indexOf("$", this.#at);
      this.#take((dollar < 0 || dollar > end ? end : dollar) - this.#at, "string");
      if (this.#at >= end || this.#found(OURS, "ph")) continue;
      if (isQuoted || !this.#found(IN_DOCUMENT, "var")) this.#take(1, "string");
    }
  }
}

const isBeforePattern = (sign, { cases, pattern }) => (sign.startsWith(";;") && cases > 0) || (sign === "|" && pattern);

// `command`: the next word is one; `target`: it is where output goes; `cases`: how many `case` are open, `pattern`: the
// next word is one of theirs.
function code(closer, paint = PLAIN) {
  return { kind: "code", closer, paint, command: true, target: false, cases: 0, pattern: false };
}

function endOfAnsi(text, from) {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "'") return at;
    if (text[at] === "\\") at += 1;
  }
  return -1;
}
