// JSON by its words, one line at a time: what is a key, a string, a number, a literal.

const WORD =
  /[ \t]+|("(?:[^"\\]|\\.)*")([ \t]*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{[])|([}\]])|[,:]/y;
const WHOLE = /^[ \t]*[{[].*[}\]][ \t]*$/;

/** The words of `text` as { spans, depth }, where `depth` is how many brackets stay open; null when it is not JSON. */
export function jsonWords(text) {
  const spans = [];
  let depth = 0;
  WORD.lastIndex = 0;
  for (let from = 0; from < text.length; from = WORD.lastIndex) {
    const match = WORD.exec(text);
    if (!match) return null;
    const [, string, colon, figure, literal, opens, closes] = match;
    if (string) spans.push([from, from + string.length, colon ? "hljs-attr" : "hljs-string"]);
    else if (figure) spans.push([from, WORD.lastIndex, "hljs-number"]);
    else if (literal) spans.push([from, WORD.lastIndex, "hljs-literal"]);
    depth += (opens ? 1 : 0) - (closes ? 1 : 0);
  }
  return { spans, depth };
}

/** Whether a line is a whole object or list by itself. */
export function isJson(text) {
  if (!WHOLE.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
