"""Reads shell commands: pipelines, groups, loops, `case`, functions, redirections and here-documents.

Only as much grammar as it takes to know what is quoted, what is run, and what is left open (POSIX.1-2024 XCU 2.9 and 2.10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from airunner.domain.shellbase import Word
from airunner.domain.shellcompound import OPERATOR, CompoundReader
from airunner.domain.shelldocuments import HereDocument

_REDIRECTION = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|<|>>|>&|>\||>)(?!\()")
_INPUTS = frozenset({"<", "<<<", "<&", "<>"})
_FUNCTION = re.compile(r"\([ \t]*\)")
_TIME_P = re.compile(r"[ \t]+-p(?=[\s;&|])")
_BLOCKS = {"if": "fi", "while": "done", "until": "done", "for": "done", "select": "done", "{": "}"}
_ENDS = frozenset(_BLOCKS.values())
_GO_ON = frozenset({"then", "do", "else", "elif", "!", "time", "coproc"})
_START, _AFTER, _ARGUMENTS = range(3)


@dataclass(slots=True)
class Command:
    """A simple command. `pipe` is the place, in the list of commands, of the one whose output it reads, or -1.

    `fed` is where the text begins of all that may write its input, or -1; `loop` tells the words of `for` and `select`.
    """

    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    here_documents: list[HereDocument] = field(default_factory=list)
    pipe: int = -1
    fed: int = -1
    loop: bool = False

    @property
    def has_input(self) -> bool:
        """Whether it is said where its standard input comes from."""
        return bool(self.here_documents) or any(operator in _INPUTS for operator, _ in self.redirections)

    defines: str = ""  # the function's name, in a definition


class _Block(NamedTuple):
    """A block begun: which word closes it, which opened it and where, and how things stood in front of it."""

    closer: str
    opener: str
    at: int
    start: int
    fed: int


@dataclass(slots=True)
class _Frame:
    """The reading of one list of commands."""

    closer: str
    state: int = _START
    command: Command = field(default_factory=Command)
    pipe: int = -1
    start: int = -1  # of the pipeline
    fed: int = -1
    blocks: list[_Block] = field(default_factory=list)


class ShellReader(CompoundReader):
    """Reads a whole script; the results are in its attributes."""

    def __init__(self, text: str, depth: int = 0) -> None:
        super().__init__(text, depth)
        self.found: list[Command] = []

    def read(self) -> None:
        """Read all of it."""
        self.commands("")
        self.end_documents()

    def kept(self) -> list[list[Any]]:
        """The lists a reading adds to."""
        return [*super().kept(), self.found]

    def commands(self, closer: str) -> bool:
        """Read commands up to `closer` (")", taken; ";;", not taken, or `esac`; "" for the end of the text)."""
        frame = _Frame(closer)
        closed = False
        while self.at < self.limit and not closed:
            closed = self._step(frame)
        self._finish(frame)
        for block in frame.blocks:
            text = f"`{block.opener}` is not closed; add `{block.closer}`."
            self.problem("unclosed_block", text, block.at, block.at + len(block.opener))
            self.fed = block.fed
        return closed or not closer

    def _step(self, frame: _Frame) -> bool:
        """Read one thing; True when it was the closer."""
        character = self.text[self.at]
        if character in " \t":
            self.at += 1
        elif self.text.startswith("\\\n", self.at):
            self.at += 2
        elif character == "#":
            self.skip_line()
        elif character == "\n":
            if frame.state != _START or frame.fed < 0:  # a pipeline goes on after "|" and the end of the line
                self._finish(frame)
            self.newline()
        else:
            frame.start = self.at if frame.start < 0 else frame.start
            return self._token(frame, character)
        return False

    def _token(self, frame: _Frame, character: str) -> bool:
        if character == ")":
            return self._closing_parenthesis(frame)
        if redirection := _REDIRECTION.match(self.text, self.at, self.limit):
            self._redirection(frame, redirection)
        elif operator := OPERATOR.match(self.text, self.at, self.limit):
            return self._operator(frame, operator[0])
        elif character == "(":
            self._opening_parenthesis(frame)
        else:
            return self._word(frame)
        return False

    def _fed_in(self, frame: _Frame) -> int:
        """Where the text begins of all that may write the input of the command being read; what is outermost began first."""
        return self.fed if self.fed >= 0 else frame.fed

    # Ends of commands

    def _finish(self, frame: _Frame) -> None:
        command = frame.command
        if command.words or command.redirections or command.here_documents:
            command.pipe = frame.pipe
            command.fed = self._fed_in(frame)
            self.found.append(command)
        frame.command, frame.state, frame.pipe = Command(), _START, -1
        frame.start = frame.fed = -1

    def _operator(self, frame: _Frame, operator: str) -> bool:
        if operator in (";;", ";&", ";;&"):
            if frame.closer == ";;":
                return True
            self.problem(
                "unexpected_token", f"`{operator}` stands outside of a `case`.", self.at, self.at + len(operator)
            )
        start = frame.start
        self._finish(frame)
        self.at += len(operator)
        if operator in ("|", "|&"):
            frame.pipe = len(self.found) - 1
            frame.start = frame.fed = start
        return False

    def _closing_parenthesis(self, frame: _Frame) -> bool:
        self.at += 1
        if frame.closer == ")":
            return True
        self.problem("unexpected_token", "A ) closes nothing; remove it, or quote it.", self.at - 1)
        self._finish(frame)
        frame.state = _AFTER
        return False

    def _opening_parenthesis(self, frame: _Frame) -> None:
        start = self.at
        if frame.state == _ARGUMENTS and self._function(frame):
            return
        if frame.state != _START:
            self.problem("unexpected_token", "A ( stands where a word is expected; quote it.", start, start + 1)
        if frame.state == _START and self.text.startswith("((", start) and self.arithmetic(start, start + 2):
            frame.state = _AFTER
            return
        self.at = start + 1
        if self.enter():
            fed, self.fed = self.fed, self._fed_in(frame)
            if not self.commands(")"):
                self.problem("unclosed_parenthesis", "A group opened with ( is not closed; add ).", start)
            self.fed = fed
            self.leave()
        frame.state = _AFTER

    def _function(self, frame: _Frame) -> bool:
        """`name()` defines a function; what follows is its body."""
        brackets = _FUNCTION.match(self.text, self.at, self.limit)
        if not brackets or len(frame.command.words) != 1:
            return False
        frame.command.defines = frame.command.words[0].raw
        self.at = brackets.end()
        self._finish(frame)
        return True

    # Words

    def _word(self, frame: _Frame) -> bool:
        start, first = self.at, len(self.found)
        word = self.word()
        self.at = max(self.at, start + 1)
        word.inner = (first, len(self.found))
        if frame.state != _ARGUMENTS and not word.quoted:
            if word.raw == "esac" and frame.closer == ";;":
                self.at = start
                return True
            if self._keyword(frame, word):
                return False
        frame.state = _ARGUMENTS
        frame.command.words.append(word)
        return False

    def _keyword(self, frame: _Frame, word: Word) -> bool:
        name = word.raw
        if name in _ENDS:
            self._end_block(frame, word)
        elif name in _GO_ON:
            frame.state = _START
            if name == "time":
                portable = _TIME_P.match(self.text, self.at, self.limit)
                self.at = portable.end() if portable else self.at
        elif frame.state == _AFTER:
            return False
        elif name == "case":
            self.case(word)
            frame.state = _AFTER
        elif name == "[[":
            self.test(word)
            frame.state = _AFTER
        elif name == "function":
            self.skip_blanks()
            named = self.word()
            self.found.append(Command(words=[named], defines=named.raw))
            brackets = _FUNCTION.match(self.text, self.after_blanks(), self.limit)
            self.at = brackets.end() if brackets else self.at
        elif name in _BLOCKS:
            frame.blocks.append(_Block(_BLOCKS[name], name, word.start, frame.start, self.fed))
            self.fed = self._fed_in(frame)
            frame.start = frame.fed = -1
            self._loop_head(frame, name)
        else:
            return False
        return True

    def _loop_head(self, frame: _Frame, name: str) -> None:
        """After `for` and `select` come words (or `((…))`), after the others commands."""
        if name not in ("for", "select"):
            frame.state = _START
            return
        place = self.after_blanks()
        if self.text.startswith("((", place) and self.arithmetic(place, place + 2):
            frame.state = _AFTER
            return
        frame.state = _ARGUMENTS
        frame.command.loop = True

    def _end_block(self, frame: _Frame, word: Word) -> None:
        if frame.blocks and frame.blocks[-1].closer == word.raw:
            block = frame.blocks.pop()
            frame.start, self.fed = block.start, block.fed
        else:
            self.problem("unexpected_token", f"`{word.raw}` closes nothing; remove it, or quote it.", word.start)
        frame.state = _AFTER

    # Redirections

    def _redirection(self, frame: _Frame, match: re.Match[str]) -> None:
        start, operator = self.at, match[1]
        self.at = match.end()
        self.skip_blanks()
        first = len(self.found)
        target = self.word()
        target.inner = (first, len(self.found))
        if target.start == target.end:
            self.problem("unexpected_token", f"A redirection `{operator}` has no target.", start)
        elif operator in ("<<", "<<-"):
            frame.command.here_documents.append(self.begin_document(operator, target, start))
        else:
            frame.command.redirections.append((operator, target))
