"""Reads what begins with $ and what stands between backquotes (POSIX.1-2024 XCU 2.6), in every quoting it can stand in."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from airunner.domain.shellbase import OPAQUE, Backquotes, Reader, Segment, Use, is_ours

_TRANSFORMED = re.compile(r"@[A-Za-z]\}\Z")
_DEFAULT = re.compile(r"\$\{\w+(\[[^\]]*\])?:?=")
_HARMLESS = re.compile(r"\$\{\w+:?[-?]")
_POSITIONAL = re.compile(r"\$\{([0-9@*]+)")
_EXPANDED = re.compile(r"\$\{?([A-Za-z_]\w*|[0-9@*])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ExpansionReader(Reader, ABC):
    """Reads expansions; a subclass reads quotes, and the commands inside substitutions."""

    def __init__(self, text: str, depth: int = 0) -> None:
        super().__init__(text, depth)
        self._not_arithmetic: set[int] = set()

    @abstractmethod
    def commands(self, closer: str) -> bool:
        """Read commands up to `closer`, which is taken; False when the text ends before it."""

    @abstractmethod
    def piece(self, segments: list[Segment], character: str) -> None:
        """Read a piece of a word that begins with `character`."""

    @abstractmethod
    def ansi(self, segments: list[Segment]) -> None:
        """Read `$'…'`."""

    @abstractmethod
    def double(self, segments: list[Segment]) -> None:
        """Read `"…"`."""

    # Expansions

    def expansion(self, segments: list[Segment], context: str) -> None:
        """What begins with $."""
        start = self.at
        following = self.text[start + 1 : min(start + 2, self.limit)]
        name = _NAME.match(self.text, start + 1, self.limit)
        if following == "'" and context == "plain":
            self.ansi(segments)
        elif following == '"' and context == "plain":
            self.at += 1
            self.double(segments)
        elif name:
            self.at = name.end()
            self._variable(segments, name[0], start, context)
        elif following == "{":
            self._braces(segments, start, context)
        elif following == "(":
            self._parenthesised(start)
            segments.append(Segment(OPAQUE, start, self.at, "open"))
        elif following == "[":
            self._square(segments, start, context)
        elif following and following in "0123456789@*#?$!-":
            self.at += 2
            self.note(Use(following, start, self.at, context, self.level))
            segments.append(Segment(self.text[start : self.at], start, self.at, "variable"))
        else:
            self.at += 1
            segments.append(Segment("$", start, self.at, context))

    def _variable(self, segments: list[Segment], name: str, start: int, context: str) -> None:
        self.note(Use(name, start, self.at, context, self.level))
        if is_ours(name):
            segments.append(Segment(f"${{{name}}}", start, self.at, context, ours=True))
        else:
            segments.append(Segment(self.text[start : self.at], start, self.at, "variable"))

    def _braces(self, segments: list[Segment], start: int, context: str) -> None:
        """`${…}`: a bare name, or a name with a modifier whose words are read, too."""
        name = _NAME.match(self.text, start + 2, self.limit)
        if name and self.text[name.end() : name.end() + 1] == "}" and name.end() < self.limit:
            self.at = name.end() + 1
            self._variable(segments, name[0], start, context)
            return
        if positional := _POSITIONAL.match(self.text, start, self.limit):
            self.note(Use(positional[1], start, positional.end(), context, self.level))
        subject = (
            _NAME.match(self.text, start + 3, self.limit) if self.text[start + 2 : start + 3] in ("#", "!") else name
        )
        self.at = start + 2
        if self.enter():
            if subject:
                self.at = subject.end()
                self._subscript()
            closed = self._modifier(context)
            self.close(start, "unclosed_substitution", "An expansion opened with ${ is not closed; add }.")
            self.leave()
            if closed and subject:
                self._modified(subject[0], start, context)
        segments.append(Segment(OPAQUE, start, self.at, "open"))

    def _modified(self, name: str, start: int, context: str) -> None:
        """A variable that is expanded with a modifier: another one's name, its text as code, or a value assigned to it."""
        text = self.text[start : self.at]
        if text.startswith("${!") or _TRANSFORMED.search(text):
            context = "arithmetic"
        default = _DEFAULT.match(text)
        if default:
            self.assigned.append((name, start, self.at))
        kind = "length" if text.startswith("${#") else "default" if _HARMLESS.match(text) else "modified"
        self.note(Use(name, start, self.at, context, self.level, kind))

    def _subscript(self) -> None:
        """`[…]` after a name, and the offset in `${name:…}`: arithmetic both (bash manual, Arrays and Substring Expansion)."""
        if self.text.startswith("[", self.at):
            self._arithmetic_to("]")
            self.at = min(self.at + 1, self.limit)
        if self.text.startswith(":", self.at) and self.text[self.at + 1 : self.at + 2] not in list("-=?+"):
            self._arithmetic_to("}")

    def _square(self, segments: list[Segment], start: int, context: str) -> None:
        """`$[…]`: arithmetic, as bash and zsh still read it; a $ and no more where it is not closed."""
        kept = [len(each) for each in self.kept()]
        self.at = start + 1
        if self.enter():
            self._arithmetic_to("]")
            self.leave()
        if self.at < self.limit or self.stopped:
            self.at = min(self.at + 1, self.limit)
            segments.append(Segment(OPAQUE, start, self.at, "open"))
            return
        for each, mark in zip(self.kept(), kept, strict=True):
            del each[mark:]
        self.at = start + 1
        segments.append(Segment("$", start, self.at, context))

    def _arithmetic_to(self, closer: str) -> None:
        """Read arithmetic up to `closer`, which is not taken; the reader stands in front of it."""
        begin, marks, open_inside = self.at + 1, self.marks(), 0
        self.at = begin
        segments: list[Segment] = []
        while self.at < self.limit:
            character = self.text[self.at]
            if character == closer and not open_inside:
                break
            open_inside += (character == "[") - (character == "]" and open_inside > 0)
            if character in "$'\"\\`":
                self.piece(segments, character)
            else:
                self.at += 1
        self.arithmetic_since(marks, begin, self.at)

    def _modifier(self, context: str) -> bool:
        """Up to the } (not taken). Inside double quotes a single quote quotes nothing, but for bash it hides a }."""
        segments: list[Segment] = []
        hidden = False
        while self.at < self.limit:
            character = self.text[self.at]
            if character == "}" and not hidden:
                return True
            if character == "$":
                self.expansion(segments, context)
            elif character == "'" and context != "plain":
                hidden = not hidden
                self.at += 1
            elif character in "'\"\\`":
                self.piece(segments, character)
            else:
                self.at += 1
        return False

    def _parenthesised(self, start: int) -> None:
        """`$((…))` or `$(…)`; as in bash, what begins like the first and does not end like it is the second."""
        if self.text.startswith("$((", start) and self.arithmetic(start, start + 3):
            return
        self.at = start + 2
        self.substitution(start, "command substitution", "$(…)")

    def substitution(self, start: int, what: str, form: str) -> None:
        """The commands inside `form` and its closing parenthesis."""
        if not self.enter():
            return
        self.level += 1
        if not self.commands(")"):
            self.problem("unclosed_substitution", f"A {what} {form} is not closed; add ).", start)
        self.level -= 1
        self.leave()

    def arithmetic(self, start: int, begin: int) -> bool:
        """Read `((…))` whose inside begins at `begin`. When it is none, nothing is read and nothing noted: False."""
        if start in self._not_arithmetic or not self.enter():
            return self.stopped
        marks, uses = [len(kept) for kept in self.kept()], self.marks()
        self.at = begin
        found = self._to_double_parenthesis()
        self.leave()
        if found:
            self.arithmetic_since(uses, begin, self.at - 2)
        if not found and not self.stopped:
            self._not_arithmetic.add(start)
            for kept, mark in zip(self.kept(), marks, strict=True):
                del kept[mark:]
            self.at = start
        return found or self.stopped

    def _to_double_parenthesis(self) -> bool:
        open_inside = 0
        segments: list[Segment] = []
        while self.at < self.limit:
            character = self.text[self.at]
            if character == ")":
                if not open_inside:
                    ends = self.text.startswith("))", self.at) and self.at + 1 < self.limit
                    self.at += 2
                    return ends
                open_inside -= 1
            open_inside += character == "("
            if character in "$'\"\\`":
                self.piece(segments, character)
            else:
                self.at += 1
        return False

    def backquoted(self, segments: list[Segment], context: str) -> None:
        """`…`: taken as it stands, with the escapes of backquotes undone; it is read by itself later."""
        start = self.at
        self.at += 1
        escapable = "$`\\" + ('"' if context == "double" else "")
        inside: list[Segment] = []
        while self.at < self.limit and self.text[self.at] != "`":
            size = 2 if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in list(escapable) else 1
            inside.append(Segment(self.text[self.at + size - 1], self.at, self.at + size, "backquote"))
            self.at += size
        self.close(start, "unclosed_substitution", "A backquote ` is not closed; add the other one, or write $(…).")
        self.backquotes.append(Backquotes(inside, start, self.level + 1))
        text = "".join(segment.text for segment in inside)
        for name in _EXPANDED.findall(text):
            if not is_ours(name):
                self.note(Use(name, start, self.at, context, self.level + 1))
        segments.append(Segment(OPAQUE, start, self.at, "open"))
