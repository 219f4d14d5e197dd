"""Which program a command runs: behind assignments, wrappers such as sudo or timeout, and their options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from airunner.domain.shellbase import Word
from airunner.domain.shellcode import (
    CONTAINERS,
    SHELLS,
    TRANSPARENT,
    WRAPPER_LONG_VALUES,
    WRAPPER_OPERANDS,
    WRAPPER_VALUES,
    WRAPPERS,
)
from airunner.domain.shellread import Command

_EXECUTING = ("-exec", "-execdir", "-ok", "-okdir")  # of find(1)
_GLOB = re.compile(r"[*?\[]")
_SHELL_VARIABLES = re.compile(r"\$\{?(SHELL|BASH|0)\}?\Z")
_PLAIN_VALUE = re.compile(r"[-+]?[\d.]+[smhd%]?\Z")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^\]]*\])?\+?=")


def program(word: Word) -> str:
    """The name of the program a word names, without its folder; for all we know, what is expanded in it is empty."""
    if word.program is None:
        word.program = _program(word)
    return word.program


def _program(word: Word) -> str:
    if _SHELL_VARIABLES.match(word.raw.strip('"')):
        return "sh"
    known = [segment for segment in word.segments if segment.style not in ("variable", "open") and not segment.ours]
    name = "".join(segment.text for segment in known).rpartition("/")[2]
    if any(segment.style == "plain" and _GLOB.search(segment.text) for segment in known):
        return next((shell for shell in sorted(SHELLS) if fnmatchcase(shell, name)), name)
    return name


def may_vanish(word: Word) -> bool:
    """Whether a word is nothing but an expansion that makes no word at all when it is empty (POSIX.1-2024 XCU 2.6.5)."""
    unknown = all(segment.style in ("variable", "open") or not segment.text for segment in word.segments)
    return unknown and ('"' not in word.raw or "@" in word.raw)


def program_words(command: Command) -> list[Word]:
    """The words of a command without the assignments in front of it; none for the head of a loop or a function's name."""
    if command.loop or command.defines:
        return []
    for place, word in enumerate(command.words):
        if not ASSIGNMENT.match(word.raw):
            return command.words[place:]
    return []


def assignments(command: Command) -> list[Word]:
    """The words of a command that are assignments in front of it."""
    return [] if command.loop else command.words[: len(command.words) - len(program_words(command))]


def simple_words(command: Command) -> list[Word]:
    """The words of a command from the program's name on, without assignments and wrappers such as sudo or timeout."""
    words = program_words(command)
    for place, name, may_lead in programs(words):
        if may_lead and name not in WRAPPERS and name not in CONTAINERS:
            return words[place:]
    return []


def programs(words: Sequence[Word]) -> Iterator[tuple[int, str, bool]]:
    """Every word that could name a program: its place, the name, and whether it may be the one that is run.

    That is the first, and behind a wrapper and its options the next.
    """
    wrapper, operands = "", 0
    leads, forever, is_value = True, False, False
    for place, word in enumerate(words):
        name, text = program(word), word.literal
        if wrapper and (is_value or _is_passed_over(word)):
            is_value = not is_value and _takes_value(wrapper, text)
            yield place, name, forever
            continue
        if operands:
            operands -= 1
            yield place, name, forever
            continue
        may_lead = leads or (place > 0 and words[place - 1].literal in _EXECUTING)
        yield place, name, may_lead or forever
        if may_lead and not may_vanish(word):
            leads = name in WRAPPERS or name in CONTAINERS
            wrapper, operands = name if leads else "", WRAPPER_OPERANDS.get(name, 0)
            forever |= name in CONTAINERS


def _is_passed_over(word: Word) -> bool:
    """Whether a word behind a wrapper is an option, an assignment or a number."""
    text = word.literal
    return text.startswith("-") or bool(_PLAIN_VALUE.match(text) or ASSIGNMENT.match(word.raw))


def _takes_value(wrapper: str, option: str) -> bool:
    """Whether the word after an option of a wrapper is its value."""
    if option.startswith("--"):
        return option in WRAPPER_LONG_VALUES
    return option.startswith("-") and option[-1:] in WRAPPER_VALUES.get(wrapper, "")


class Reach:
    """Whether all that stands in front of a shell is sure to hand the environment on."""

    def __init__(self) -> None:
        self.surely = True
        self._name = ""

    def go_on(self, word: Word) -> None:
        """Take in the next word of the command."""
        if program(word) in TRANSPARENT:
            self._name = program(word)
        elif word.literal.startswith("-"):
            self.surely &= self._name not in ("env", "exec", "")
        elif not self._name or not (_PLAIN_VALUE.match(word.literal) or ASSIGNMENT.match(word.raw)):
            self.surely = False
