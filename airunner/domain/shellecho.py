"""Puts `echo` in front of the commands that hold the prompt, so that a template can be tried without its agent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from airunner.domain.findings import Findings
from airunner.domain.shellcode import BUILTINS, VIEWERS
from airunner.domain.shellprograms import program, program_words, simple_words
from airunner.domain.shellread import ShellReader

_WRITES = re.compile(r"&?>")
_SHOWN = re.compile(r"/dev/(null|std(out|err)|tty|fd/[12])\Z|[0-9-]\Z")


def put_echoes(reader: ShellReader, places: Iterable[int], found: Findings) -> None:
    """Add to `found` where `echo` goes for the prompt at `places` of the script itself, or why that is unclear."""
    left = set(places)
    if not left:
        return
    readers = {command.pipe: number for number, command in enumerate(reader.found) if command.pipe >= 0}
    for number, command in enumerate(reader.found):
        words = program_words(command)
        if not words or words[0].level:
            continue
        own = [(words[0].start, words[-1].end), *((target.start, target.end) for _, target in command.redirections)]
        held = {place for place in left if any(start <= place < end for start, end in own)}
        if not held:
            continue
        if command.fed >= 0 or not _only_shown(reader, number, readers):
            found.unclear = "the command that has it is one of several in a pipe"
        elif any(program(word) in BUILTINS for word in simple_words(command)[:1]):
            found.unclear = "it is not given to a program"
        elif any(_WRITES.match(operator) and not _SHOWN.match(to.literal) for operator, to in command.redirections):
            found.unclear = "the output of the command that has it goes into a file"
        # What is nested in its words is only shown now.
        found.echoes = [edit for edit in found.echoes if not words[0].start <= edit[0] < words[-1].end]
        found.echoes.append((words[0].start, words[0].start, "echo "))
        left -= held
    if left:
        found.unclear = found.unclear or "it is not the argument of a simple command"


def _only_shown(reader: ShellReader, number: int, readers: Mapping[int, int]) -> bool:
    """Whether what a command prints is at most looked at, not fed to an agent. `readers`: who reads whose output."""
    while number in readers:
        number = readers[number]
        words = simple_words(reader.found[number])
        if not words or program(words[0]) not in VIEWERS:
            return False
    return True
