"""Which variables of a script hold the prompt, because it is assigned to them, read into them or passed as `$1`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from airunner.domain.shellbase import Backquotes, Use
from airunner.domain.shelleval import assigned, passes_positions, read_names
from airunner.domain.shellread import ShellReader

POSITIONS = frozenset("123456789@*")
PROMPTS = ("PROMPT", "PROMPT_FILE")
_MOST_ROUNDS = 50
Placed = TypeVar("Placed", Use, Backquotes)


class Span(Generic[Placed]):
    """Things in the order of their starts."""

    def __init__(self, things: Iterable[Placed]) -> None:
        self.all: list[Placed] = sorted(things, key=lambda thing: thing.start)
        self._starts: list[int] = [thing.start for thing in self.all]

    def within(self, start: int, end: int) -> Sequence[Placed]:
        """Those that start from `start` on and before `end`."""
        return self.all[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


class Taint:
    """The tainted `names` of one script. `known` are those of the script around it."""

    def __init__(self, reader: ShellReader, uses: Span[Use], known: frozenset[str]) -> None:
        self._uses = uses
        self._others = Span(reader.others)
        self.names = known
        values = _values(reader)
        if any(use.name in PROMPTS for use in uses.all):
            self.names |= {name for command in reader.found for name in read_names(command)}
        for _ in range(_MOST_ROUNDS):
            found = {name for name, start, end in values if name not in self.names and self.holds_prompt(start, end)}
            if not found:
                break
            self.names |= found
        else:  # a long chain, made by a machine
            self.names |= {name for name, _, _ in values}
        self.uses = Span(use for use in reader.others if use.name in self.names)

    def holds_prompt(self, start: int, end: int) -> bool:
        """Whether the prompt, or a substitution with its file, or a variable that holds it, is expanded there."""
        prompts = any(use.name in PROMPTS[: 1 + (use.level > 0)] for use in self._uses.within(start, end))
        return prompts or any(use.name in self.names for use in self._others.within(start, end))


def _values(reader: ShellReader) -> list[tuple[str, int, int]]:
    """Which names are given the values that stand from where to where."""
    functions = frozenset(command.defines for command in reader.found if command.defines)
    values = [value for command in reader.found for value in assigned(command)]
    for command in reader.found:
        if command.words and passes_positions(command, functions):
            values += [(name, command.words[0].start, command.words[-1].end) for name in sorted(POSITIONS)]
    return values
