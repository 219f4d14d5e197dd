"""The text that a word gives to another shell, with a map of where each of its characters stands in the outer text.

What is found in the inner text can so be shown, and changed, outside. Where the outer shell would expand one of our
variables, the inner text has the variable itself: it is for the inner shell to expand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from airunner.domain.shellbase import Problem, Segment, Word

Edit = tuple[int, int, str]  # what to write from where to where; an insertion where both are the same

Lifted = tuple[int, int, str | None]  # None where the quoting changes in between, so that it cannot be made

_ESCAPED = {"double": '\\"$`', "heredoc": "\\$`", "backquote": "\\`", "verbatim": ""}


@dataclass(frozen=True, slots=True)
class Inner:
    """Text for an inner shell; character i of it stands in the outer text from `starts[i]` to `ends[i]`, quoted as `styles[i]`.

    `handed` says from where to where the variables stand that the outer shell must leave alone.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    styles: Sequence[str]
    handed: Sequence[tuple[int, int]]
    unknown: bool  # whether values stand in it that are not known yet

    def outer(self, start: int, end: int) -> tuple[int, int]:
        """Where `start` to `end` of the inner text stands outside."""
        if not self.starts:
            return 0, 0
        last = len(self.starts) - 1
        low = self.starts[min(start, last)]
        return low, max(low, self.ends[min(max(end - 1, start), last)])

    def lifted(self, edits: Iterable[Edit]) -> Iterator[Lifted]:
        """The edits as they are made outside, those that leave `handed` variables alone included."""
        covered: set[int] = set()
        for start, end, text in edits:
            covered.update(low for low, high in self.handed if start <= low and high <= end)
            yield self.placed(start, end, text)
        for low, high in self.handed:
            if low not in covered:
                yield self.placed(low, high, self.text[low:high])

    def placed(self, start: int, end: int, text: str) -> Lifted:
        """One edit as it is made outside."""
        low, high = self.outer(start, end)
        if start == end:
            high = low
            end = start + 1
        styles = set(self.styles[start:end])
        pairs = range(start, end - 1)
        joined = all(self.ends[i] == self.starts[i + 1] or self.ends[i] == self.ends[i + 1] for i in pairs)
        if len(styles) != 1 or not joined or "ansi" in styles:
            return low, high, None
        return low, high, encoded(text, styles.pop())


def inner_of(words: Iterable[Word], skip: int = 0) -> Inner:
    """The text `words` give to the shell that reads them, joined by blanks."""
    segments: list[Segment] = []
    for word in words:
        if segments:
            segments.append(Segment(" ", word.start, word.start, "between"))
        segments += word.segments
    return mapped(segments, skip)


def mapped(segments: Iterable[Segment], skip: int = 0) -> Inner:
    """The text of `segments` with its map."""
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    styles: list[str] = []
    handed: list[tuple[int, int]] = []
    unknown = False
    for segment in segments:
        piece = segment.text
        if segment.style == "variable" and not piece.startswith("${"):
            piece = f"${{{piece[1:]}}}"  # what follows is no part of the name
        size = len(piece)
        unknown |= segment.style in ("open", "variable")
        if segment.ours:
            handed.append((len(starts) - skip, len(starts) - skip + size))
        texts.append(piece)
        one_to_one = size == segment.end - segment.start and not segment.ours
        starts += range(segment.start, segment.end) if one_to_one else [segment.start] * size
        ends += range(segment.start + 1, segment.end + 1) if one_to_one else [segment.end] * size
        styles += [segment.style] * size
    text = "".join(texts)
    return Inner(text[skip:], starts[skip:], ends[skip:], styles[skip:], handed, unknown)


def encoded(text: str, style: str) -> str:
    """`text` as it must be written inside quotes of `style` to mean itself."""
    if style == "single":
        return text.replace("'", "'\\''")
    if style not in _ESCAPED:
        return re.sub(r"([^A-Za-z0-9_])", r"\\\1", text)
    return "".join("\\" + character if character in _ESCAPED[style] else character for character in text)


def moved(inner: Inner, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of an inner text where they stand outside."""
    found = []
    for problem in problems:
        start, end = inner.outer(problem.start, problem.end)
        found.append(replace(problem, start=start, end=end))
    return found
