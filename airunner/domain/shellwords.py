"""Reads the words of POSIX and bash shell: which characters are quoted, and how.

Sources: POSIX.1-2024 XCU 2.2 and 2.3, and the bash manual for `$'…'`, arrays, extended patterns and process substitution.
What is wrong is noted, and reading goes on. Time is linear in the length.
"""

from __future__ import annotations

import re

from airunner.domain.shellbase import OPAQUE, VARIABLES, Segment, Use, Word
from airunner.domain.shellexpand import ExpansionReader

OURS_IN_QUOTES = re.compile(rf"(?<!\\)\$(?:({VARIABLES})(?![A-Za-z0-9_])|\{{({VARIABLES})\}})")
_PLAIN = re.compile(r"[^\s;&|()<>'\"\\$`]+")
_BEFORE_ARRAY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=\Z")
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}


class WordReader(ExpansionReader):
    """Reads words from `text`."""

    def word(self) -> Word:
        """Read one word; the reader stands on its first character."""
        word = Word(self.at, level=self.level)
        while self.at < self.limit:
            character = self.text[self.at]
            if character in " \t\n;&|":
                break
            if character in "<>()":
                if not self._group_in_word(word, character):
                    break
            else:
                self.piece(word.segments, character)
        word.end = self.at
        word.raw = self.text[word.start : word.end]
        return word

    # Pieces of words

    def piece(self, segments: list[Segment], character: str) -> None:
        """Read a quoted part, an expansion or a run of plain characters."""
        if character == "'":
            self._single(segments)
        elif character == '"':
            self.double(segments)
        elif character == "\\":
            self._escape(segments)
        elif character == "$":
            self.expansion(segments, "plain")
        elif character == "`":
            self.backquoted(segments, "plain")
        else:
            run = _PLAIN.match(self.text, self.at, self.limit)
            end = run.end() if run else self.at + 1
            segments.append(Segment(self.text[self.at : end], self.at, end, "plain"))
            self.at = end

    def _group_in_word(self, word: Word, character: str) -> bool:
        """`<(…)`, `>(…)`, `name=(…)` and `@(…)` belong to a word; any other operator ends it: False."""
        start = self.at
        following = self.text[start + 1 : start + 2]
        if character in "<>" and following == "(":
            self.at += 2
            fed, self.fed = self.fed, 0 if character == ">" else self.fed  # what stands before may write into >(…)
            self.substitution(start, "process substitution", "<(…)")
            self.fed = fed
        elif character == "(" and _BEFORE_ARRAY.match(self.text[word.start : start]):
            self._array(start)
        elif character == "(" and start > word.start and self.text[start - 1] in "@!?*+":
            self._pattern(start)
        else:
            return False
        word.segments.append(Segment(OPAQUE, start, self.at, "open"))
        return True

    def _array(self, start: int) -> None:
        self.at += 1
        if not self.enter():
            return
        while self.at < self.limit and self.text[self.at] != ")":
            if self.text[self.at] in " \t\n;&|<>":
                self.at += 1
            elif self.text[self.at] == "#":
                self.skip_line()
            else:
                self._element()
        self.close(start, "unclosed_parenthesis", "An array opened with ( is not closed; add ).")
        self.leave()

    def _element(self) -> None:
        """A word of an array; the subscript of `[…]=value` is arithmetic."""
        before, marks = self.at, self.marks()
        self.word()
        self.at = max(self.at, before + 1)
        end = self.text.find("]", before, self.at) if self.text.startswith("[", before) else -1
        for kept, mark in zip((self.uses, self.others), marks, strict=True):
            for use in kept[mark:]:
                use.context = "arithmetic" if use.start < end else use.context

    def _pattern(self, start: int) -> None:
        """An extended pattern, `@(a|b)`."""
        self.at += 1
        if not self.enter():
            return
        segments: list[Segment] = []
        while self.at < self.limit and self.text[self.at] != ")":
            if self.text[self.at] == "(":
                self._pattern(self.at)
            elif self.text[self.at] in " \t\n;&|<>":
                self.at += 1
            else:
                self.piece(segments, self.text[self.at])
        self.close(start, "unclosed_parenthesis", "A pattern opened with ( is not closed; add ).")
        self.leave()

    def _escape(self, segments: list[Segment]) -> None:
        escaped = self.text[self.at + 1 : min(self.at + 2, self.limit)]
        if escaped != "\n":
            segments.append(Segment(escaped or "\\", self.at, self.at + 1 + len(escaped), "plain"))
        self.at += 1 + len(escaped)

    def _single(self, segments: list[Segment]) -> None:
        start, begin = self.at, self.at + 1
        end = self.text.find("'", begin, self.limit)
        if end < 0:
            self.at = self.limit
            self.problem("unclosed_quote", "A single quote ' is not closed; add the other one.", start)
            return
        segments.append(Segment(self.text[begin:end], begin, end, "single"))
        self._uses_in_quotes(begin, end, "single")
        self.at = end + 1

    def _uses_in_quotes(self, begin: int, end: int, context: str) -> None:
        for match in OURS_IN_QUOTES.finditer(self.text, begin, end):
            self.note(Use(match[1] or match[2], match.start(), match.end(), context, self.level))

    def ansi(self, segments: list[Segment]) -> None:
        """`$'…'`, where a backslash escapes."""
        start, begin = self.at, self.at + 2
        self.at = begin
        while self.at < self.limit and self.text[self.at] != "'":
            size = 2 if self.text[self.at] == "\\" else 1
            piece = self.text[self.at : self.at + size]
            known = _ESCAPES.get(piece[1:], piece) if size == 2 else piece
            segments.append(Segment(known, self.at, self.at + size, "ansi"))
            self.at += size
        if self.at >= self.limit:
            self.at = self.limit
            self.problem("unclosed_quote", "A quote $' is not closed; add '.", start)
            return
        self._uses_in_quotes(begin, self.at, "ansi")
        self.at += 1

    def double(self, segments: list[Segment]) -> None:
        """`"…"`."""
        start = self.at
        self.at += 1
        if not self.enter():
            return
        segments.append(Segment("", start, self.at, "double"))
        if self.expanded(segments, "double", '"'):
            self.at += 1
        else:
            self.problem("unclosed_quote", 'A double quote " is not closed; add the other one.', start)
        self.leave()

    def expanded(self, segments: list[Segment], context: str, closer: str) -> bool:
        """Read text where only $, ` and \\ mean something, up to `closer` (not taken); False when the text ends before it."""
        odd = False
        escapable = '$`\\\n"' if closer else "$`\\\n"
        ends = re.compile(r'[$`\\"]' if closer else r"[$`\\]")
        while self.at < self.limit:
            special = ends.search(self.text, self.at, self.limit)
            end = special.start() if special else self.limit
            if end > self.at:
                segments.append(Segment(self.text[self.at : end], self.at, end, context))
                self.at = end
            elif self.text[end] == closer:
                return True
            elif self.text[end] == "\\":
                odd = odd != (self.text[end + 1 : end + 2] == '"')
                self._escape_in_quotes(segments, context, escapable)
            elif self.text[end] == "`":
                self.backquoted(segments, context)
            else:
                first = len(self.uses)
                self.expansion(segments, context)
                for use in self.uses[first:]:
                    use.in_escaped_quotes |= odd
        return not closer

    def _escape_in_quotes(self, segments: list[Segment], context: str, escapable: str) -> None:
        escaped = self.text[self.at + 1 : min(self.at + 2, self.limit)]
        if escaped and escaped in escapable:
            size, value = 2, "" if escaped == "\n" else escaped
        else:
            size, value = 1, "\\"
        if value:
            segments.append(Segment(value, self.at, self.at + size, context))
        self.at += size
