// Where a pattern matches in lines.

/** Call `found(line, from, to)` for every match in `texts`, the first of which is line `first`, until it says false. */
export function scan(pattern, texts, first, found) {
  for (let at = 0; at < texts.length; at += 1) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(texts[at]); match; match = pattern.exec(texts[at])) {
      if (!match[0]) pattern.lastIndex += 1;
      else if (!found(first + at, match.index, match.index + match[0].length)) return;
    }
  }
}
