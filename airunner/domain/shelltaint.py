"""Which variables of a script hold the prompt, because it is assigned to them, read into them or passed as `$1`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from airunner.domain.shellbase import Backquotes, Use
from airunner.domain.shelleval import Value, assigned, loops_over_positions, passed_words, read_names
from airunner.domain.shellread import ShellReader

POSITIONS = frozenset("0123456789@*")
_ALWAYS = frozenset({"BASH_REMATCH", "OPTARG", "_"})  # given a value where nobody sees it
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
    """The tainted `names` of one script. `known` are those of the script around it.

    `NAME!` among them says that the first word of the value is the prompt's, so that `$NAME` would name a program.
    `fed` says that the script's standard input is, or may be, the prompt.
    """

    def __init__(self, reader: ShellReader, uses: Span[Use], known: frozenset[str], fed: bool) -> None:
        self._uses = uses
        self._others = Span(reader.others)
        self.names = known
        inner = [each.words[0].start for each in reader.found if each.words and each.words[0].level]
        self._substituted = sorted(inner + [quoted.start for quoted in reader.backquotes])
        self.has_input = fed
        values = _values(reader)
        for _ in range(_MOST_ROUNDS):
            self._flow(reader, fed)
            found = {name for value in values for name in self._tainted_by(value)} - self.names
            if self.has_input:
                found |= {
                    mark for command in reader.found for name in read_names(command) for mark in (name, f"{name}!")
                }
            if uses.all or self.has_input:
                found |= _ALWAYS
            if found <= self.names:
                break
            self.names |= found
        else:  # a long chain, made by a machine
            self.names |= {mark for value in values for mark in (value.name, f"{value.name}!")}
        self.uses = Span(use for use in reader.others if use.name in self.names)

    def holds_prompt(self, start: int, end: int) -> bool:
        """Whether the prompt, or a substitution with its file, or a variable that holds it, is expanded there."""
        prompts = any(use.name in PROMPTS[: 1 + (use.level > 0)] for use in self._uses.within(start, end))
        return prompts or any(use.name in self.names for use in self._others.within(start, end))

    def leads(self, use: Use) -> bool:
        """Whether a variable at the place of a program would have it named by the prompt."""
        return f"{use.name}!" in self.names

    def _tainted_by(self, value: Value) -> set[str]:
        if value.start < 0:
            return {value.name, f"{value.name}!"} if "@" in self.names else set()
        if self.has_input and bisect_left(self._substituted, value.end) > bisect_left(self._substituted, value.start):
            return {value.name, f"{value.name}!"}  # it may be read from the input
        if not self.holds_prompt(value.start, value.end):
            return set()
        return {value.name, f"{value.name}!"} if self.holds_prompt(value.start, value.first) else {value.name}

    def _flow(self, reader: ShellReader, fed: bool) -> None:
        """Find where the prompt gets into the standard input of a command of this script."""
        spans = [
            (target.start, target.end) for each in reader.found for kind, target in each.redirections if kind[0] == "<"
        ]
        spans += [(document.begin, document.end) for document in reader.here_documents]
        spans += {(each.fed, each.words[0].start) for each in reader.found if each.fed >= 0 and each.words}
        self.flows = [
            use
            for start, end in spans
            for use in (*self._uses.within(start, end), *self._others.within(start, end))
            if use.name in PROMPTS or use.name in self.names
        ]
        self.has_input = fed or bool(self.flows)


def _values(reader: ShellReader) -> list[Value]:
    """Which names are given the values that stand from where to where."""
    functions = frozenset(command.defines for command in reader.found if command.defines)
    values = [value for command in reader.found for value in assigned(command)]
    values += [Value(name, start, end, end) for name, start, end in reader.assigned]
    for command in reader.found:
        if loops_over_positions(command):
            values.append(Value(command.words[0].raw, -1, -1, -1))
        passed = passed_words(command, functions)
        if passed:
            start, end = passed[0].start, passed[-1].end
            values += [Value(name, start, end, passed[0].end if name in "@*" else end) for name in sorted(POSITIONS)]
    return values
