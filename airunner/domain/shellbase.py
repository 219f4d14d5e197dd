"""What all readers of shell text share: the place, the limits, the notes they make, and the records those are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DEEPEST = 40  # substitutions, quotes and groups inside each other; nobody writes that many by hand
OPAQUE = "\ufffc"  # stands for the value of an expansion, which nobody knows before the run
VARIABLES = "PROMPT_FILE|PROMPT|WORKING_DIR|RUN_ID"
_BARE_NAME = re.compile(r"(?<![\w$#.])[A-Za-z_]\w*")
_OURS = re.compile(rf"({VARIABLES})\Z")


def is_ours(name: str) -> bool:
    """Whether a variable is one that every run has from us."""
    return bool(_OURS.match(name))


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (or dangerous) from `start` to `end`: a stable `code`, and a sentence with the remedy."""

    code: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Use:
    """A variable where a shell expands it. `level` counts the substitutions around it."""

    name: str
    start: int
    end: int
    context: str  # plain, double, single, ansi, heredoc, arithmetic
    level: int
    modifier: str = ""  # "length" for ${#x}, "default" for ${x:-y} and ${x:?y}, "modified" for any other
    in_escaped_quotes: bool = False  # after an odd number of \" in its double quotes


class Segment(NamedTuple):
    """A piece of a word as the shell will see it; `style` says how it was quoted, "open" that its value is unknown.

    One of our variables is a piece of its own, written `${NAME}`, `ours` being true.
    """

    text: str
    start: int
    end: int
    style: str
    ours: bool = False


@dataclass(slots=True)
class Word:
    """One word. `inner` is the range, in the list of commands, of those its substitutions run."""

    start: int
    end: int = 0
    raw: str = ""
    level: int = 0
    segments: list[Segment] = field(default_factory=list)
    inner: tuple[int, int] = (0, 0)
    program: str | None = None  # the name of the program it names, once somebody has asked
    _literal: str | None = None

    @property
    def literal(self) -> str:
        """The word after quote removal, with OPAQUE for what is expanded. Ask for it when the word has been read."""
        if self._literal is None:
            parts = (OPAQUE if part.ours or part.style == "open" else part.text for part in self.segments)
            self._literal = "".join(parts)
        return self._literal

    @property
    def known_bytes(self) -> int:
        """How many bytes of it are known before anything is expanded."""
        known = (segment.text for segment in self.segments if segment.style != "open" and not segment.ours)
        return len("".join(known).encode("utf-8", "replace"))

    @property
    def quoted(self) -> bool:
        """Whether any part of it is quoted or expanded."""
        return self.literal != self.raw


class Backquotes(NamedTuple):
    """The text between backquotes, to be read by itself: each character with where it stands."""

    segments: list[Segment]
    start: int
    level: int


class Reader:
    """A place in `text`, and what was found on the way there. Nothing raises; depth is bounded."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.limit = len(text)
        self.depth = depth
        self.level = 0
        self.fed = -1  # where the pipeline begins whose output the commands being read have as input
        self.stopped = False
        self.problems: list[Problem] = []
        self.uses: list[Use] = []  # of our variables
        self.others: list[Use] = []  # of all others
        self.backquotes: list[Backquotes] = []
        self.assigned: list[tuple[str, int, int]] = []  # names given a value by ${name:=value}, and where

    def problem(self, code: str, text: str, start: int, end: int | None = None) -> None:
        """Note what is wrong; after the one that stopped the reading nothing else is."""
        if not self.stopped:
            self.problems.append(Problem(code, text, start, min(self.at, self.limit) if end is None else end))

    def enter(self) -> bool:
        """One level deeper. At the deepest, note it and stop reading: False."""
        self.depth += 1
        if self.depth <= DEEPEST:
            return True
        self.problem(
            "too_deep",
            f"Quotes and substitutions are nested deeper than {DEEPEST}; write it simpler.",
            self.at,
            self.at,
        )
        self.stopped = True
        self.at = self.limit
        return False

    def leave(self) -> None:
        """Back from where `enter` went."""
        self.depth -= 1

    def note(self, use: Use) -> None:
        """Keep the use of a variable."""
        (self.uses if is_ours(use.name) else self.others).append(use)

    def arithmetic_since(self, marks: tuple[int, int], begin: int, end: int) -> None:
        """What was read from `begin` to `end` is arithmetic, where a shell evaluates the values of names and variables."""
        for kept, mark in zip((self.uses, self.others), marks, strict=True):
            for use in kept[mark:]:
                if use.level == self.level:
                    use.context = "arithmetic"
        for name in _BARE_NAME.finditer(self.text, begin, min(end, self.limit)):
            if self.text[name.start() - 1 : name.start()] != "{":
                self.note(Use(name[0], name.start(), name.end(), "arithmetic", self.level))

    def marks(self) -> tuple[int, int]:
        """How much is kept of uses, to be given to `arithmetic_since`."""
        return len(self.uses), len(self.others)

    def close(self, start: int, code: str, text: str) -> None:
        if self.at < self.limit:
            self.at += 1
        else:
            self.problem(code, text, start)

    def skip_line(self) -> None:
        """To the end of the line, where a comment ends."""
        end = self.text.find("\n", self.at, self.limit)
        self.at = self.limit if end < 0 else end

    def kept(self) -> list[list[Any]]:
        """The lists a reading adds to."""
        return [self.problems, self.uses, self.others, self.backquotes, self.assigned]
