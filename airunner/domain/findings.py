"""What an examination of shell text finds: records only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airunner.domain import fields
from airunner.domain.shellbase import Problem
from airunner.domain.shellinner import Edit

CARRY = fields.CARRY


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`name` is expanded from `start` to `end`, in the quoting `context`: plain, double, single, heredoc or nested."""

    name: str
    start: int
    end: int
    context: str


@dataclass(frozen=True, slots=True)
class Load:
    """A word that becomes an argument: `size` bytes at most, and the values of `names`."""

    size: int
    names: tuple[str, ...]

    def bytes(self, values: Mapping[str, str]) -> int:
        """How long the argument is with these values."""
        return self.size + sum(len(values.get(name, "").encode()) for name in self.names)


@dataclass(slots=True)
class Findings:
    """What is in a script. `edits` says what to write instead, from where to where."""

    placeholders: list[Placeholder] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    dangers: list[Problem] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    carried: int = 0  # how many shells inside each other do not get the environment
    elsewhere: bool = False  # whether something may run as another user
    reads_input: bool = False  # whether a shell in it runs the standard input
    echoes: list[Edit] = field(default_factory=list)  # what puts `echo` in front of the commands that hold the prompt
    unclear: str = ""  # why that cannot be done


class Budget:
    """How many characters may still be read: text within text within text could take for ever."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, size: int) -> bool:
        """Take `size` characters; False when there are not so many left."""
        self._left -= size
        return self._left >= 0
