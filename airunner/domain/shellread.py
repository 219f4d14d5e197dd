"""Reads shell commands: pipelines, groups, loops, `case`, functions, redirections and here-documents.

Only as much grammar as it takes to know what is quoted, what is run, and what is left open (POSIX.1-2024 XCU 2.9 and 2.10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from airunner.domain.shellbase import Word
from airunner.domain.shelldocuments import DocumentReader, HereDocument

_REDIRECTION = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|<|>>|>&|>\||>)(?!\()")
_OPERATOR = re.compile(r";;&|;;|;&|;|&&|&|\|\||\|&|\|")
_FUNCTION = re.compile(r"\([ \t]*\)")
_ESAC = re.compile(r"esac(?![^\s;&|()<>])")
_BLOCKS = {"if": "fi", "while": "done", "until": "done", "for": "done", "select": "done", "{": "}"}
_ENDS = frozenset(_BLOCKS.values())
_GO_ON = frozenset({"then", "do", "else", "elif", "!", "time", "coproc"})
_START, _AFTER, _ARGUMENTS = range(3)


@dataclass(slots=True)
class Command:
    """A simple command. `pipe` is the place, in the list of commands, of the one whose output it reads, or -1."""

    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    here_documents: list[HereDocument] = field(default_factory=list)
    pipe: int = -1
    defines: str = ""  # the function's name, in a definition


@dataclass(slots=True)
class _Frame:
    """The reading of one list of commands."""

    closer: str
    state: int = _START
    command: Command = field(default_factory=Command)
    pipe: int = -1
    blocks: list[tuple[str, str, int]] = field(default_factory=list)  # closing word, opening word, where


class ShellReader(DocumentReader):
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
        for end, word, start in frame.blocks:
            self.problem("unclosed_block", f"`{word}` is not closed; add `{end}`.", start, start + len(word))
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
            self._finish(frame)
            self.newline()
        elif character == ")":
            return self._closing_parenthesis(frame)
        elif redirection := _REDIRECTION.match(self.text, self.at, self.limit):
            self._redirection(frame, redirection)
        elif operator := _OPERATOR.match(self.text, self.at, self.limit):
            return self._operator(frame, operator[0])
        elif character == "(":
            self._opening_parenthesis(frame)
        else:
            return self._word(frame)
        return False

    # Ends of commands

    def _finish(self, frame: _Frame) -> None:
        command = frame.command
        if command.words or command.redirections or command.here_documents:
            command.pipe = frame.pipe
            self.found.append(command)
        frame.command, frame.state, frame.pipe = Command(), _START, -1

    def _operator(self, frame: _Frame, operator: str) -> bool:
        if operator in (";;", ";&", ";;&"):
            if frame.closer == ";;":
                return True
            self.problem(
                "unexpected_token", f"`{operator}` stands outside of a `case`.", self.at, self.at + len(operator)
            )
        self._finish(frame)
        self.at += len(operator)
        if operator in ("|", "|&"):
            frame.pipe = len(self.found) - 1
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
            if not self.commands(")"):
                self.problem("unclosed_parenthesis", "A group opened with ( is not closed; add ).", start)
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
        elif frame.state == _AFTER:
            return False
        elif name == "case":
            self._case(word)
            frame.state = _AFTER
        elif name == "[[":
            self._test(word)
            frame.state = _AFTER
        elif name == "function":
            self._skip_blanks()
            self.word()
            brackets = _FUNCTION.match(self.text, self._after_blanks(), self.limit)
            self.at = brackets.end() if brackets else self.at
        elif name in _BLOCKS:
            frame.blocks.append((_BLOCKS[name], name, word.start))
            self._loop_head(frame, name)
        else:
            return False
        return True

    def _loop_head(self, frame: _Frame, name: str) -> None:
        """After `for` and `select` come words (or `((…))`), after the others commands."""
        if name not in ("for", "select"):
            frame.state = _START
            return
        place = self._after_blanks()
        if self.text.startswith("((", place) and self.arithmetic(place, place + 2):
            frame.state = _AFTER
            return
        frame.state = _ARGUMENTS

    def _end_block(self, frame: _Frame, word: Word) -> None:
        if frame.blocks and frame.blocks[-1][0] == word.raw:
            frame.blocks.pop()
        else:
            self.problem("unexpected_token", f"`{word.raw}` closes nothing; remove it, or quote it.", word.start)
        frame.state = _AFTER

    def _case(self, opening: Word) -> None:
        """`case WORD in PATTERN) … ;; esac`, all of it."""
        if not self.enter():
            return
        self._skip_blanks()
        self.word()
        self._skip_space()
        if self.at < self.limit and self.word().raw != "in":
            self.problem("unexpected_token", "After `case` and its word comes `in`.", opening.start)
        closed = False
        while self.at < self.limit and not closed:
            self._skip_space()
            closed = self._esac() or (self._patterns() and self.commands(";;") and self._item_end())
        if not closed:
            self.problem("unclosed_block", "`case` is not closed; add `esac`.", opening.start, opening.end)
        self.leave()

    def _esac(self) -> bool:
        if _ESAC.match(self.text, self.at, self.limit):
            self.at += 4
            return True
        return False

    def _patterns(self) -> bool:
        """`(a | b)` or `a | b)`; False when the text ends in them."""
        if self.text.startswith("(", self.at):
            self.at += 1
        while self.at < self.limit:
            character = self.text[self.at]
            if character == ")":
                self.at += 1
                return True
            before = self.at
            if character not in " \t\n|":
                self.word()
            self.at = max(self.at, before + 1)
        return False

    def _item_end(self) -> bool:
        """Take what ended the commands of an item; True when that was `esac`."""
        operator = _OPERATOR.match(self.text, self.at, self.limit)
        if operator and operator[0] in (";;", ";&", ";;&"):
            self.at = operator.end()
            return False
        return self._esac()

    def _test(self, opening: Word) -> None:
        """`[[ … ]]`: words and operators up to the closing word."""
        while self.at < self.limit:
            self._skip_space()
            before = self.at
            if self.at < self.limit and self.word().raw == "]]":
                return
            self.at = max(self.at, before + 1)
        self.problem("unclosed_block", "`[[` is not closed; add `]]`.", opening.start, opening.end)

    def _after_blanks(self) -> int:
        place = self.at
        while place < self.limit and self.text[place] in " \t":
            place += 1
        return place

    def _skip_blanks(self) -> None:
        self.at = self._after_blanks()

    def _skip_space(self) -> None:
        """Blanks, newlines and comments."""
        while self.at < self.limit and self.text[self.at] in " \t\n#":
            if self.text[self.at] == "#":
                self.skip_line()
            elif self.text[self.at] == "\n":
                self.newline()
            else:
                self.at += 1

    # Redirections

    def _redirection(self, frame: _Frame, match: re.Match[str]) -> None:
        start, operator = self.at, match[1]
        self.at = match.end()
        self._skip_blanks()
        first = len(self.found)
        target = self.word()
        target.inner = (first, len(self.found))
        if target.start == target.end:
            self.problem("unexpected_token", f"A redirection `{operator}` has no target.", start)
        elif operator in ("<<", "<<-"):
            frame.command.here_documents.append(self.begin_document(operator, target, start))
        else:
            frame.command.redirections.append((operator, target))
