"""Reads `case` and `[[`, which have a grammar of their own (POSIX.1-2024 XCU 2.9.4.3; bash manual, Conditional Constructs)."""

from __future__ import annotations

import re

from airunner.domain.shellbase import Word
from airunner.domain.shelldocuments import DocumentReader

OPERATOR = re.compile(r";;&|;;|;&|;|&&|&|\|\||\|&|\|")
_ESAC = re.compile(r"esac(?![^\s;&|()<>])")
_EVALUATING_TEST = re.compile(r"-(eq|ne|lt|le|gt|ge|v|R)\Z")


class CompoundReader(DocumentReader):
    """Reads words, documents, and these commands."""

    def case(self, opening: Word) -> None:
        """`case WORD in PATTERN) … ;; esac`, all of it."""
        if not self.enter():
            return
        self.skip_blanks()
        self.word()
        self.skip_space()
        if self.at < self.limit and self.word().raw != "in":
            self.problem("unexpected_token", "After `case` and its word comes `in`.", opening.start)
        closed = False
        while self.at < self.limit and not closed:
            self.skip_space()
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
        operator = OPERATOR.match(self.text, self.at, self.limit)
        if operator and operator[0] in (";;", ";&", ";;&"):
            self.at = operator.end()
            return False
        return self._esac()

    def test(self, opening: Word) -> None:
        """`[[ … ]]`: words and operators up to the closing word."""
        begin, marks, arithmetic = self.at, self.marks(), False
        while self.at < self.limit:
            self.skip_space()
            before = self.at
            raw = self.word().raw if self.at < self.limit else ""
            arithmetic |= bool(_EVALUATING_TEST.match(raw))
            if raw == "]]":
                if arithmetic:
                    self.arithmetic_since(marks, begin, before)
                return
            self.at = max(self.at, before + 1)
        self.problem("unclosed_block", "`[[` is not closed; add `]]`.", opening.start, opening.end)

    def after_blanks(self) -> int:
        """Where the next thing stands that is no blank."""
        place = self.at
        while place < self.limit and self.text[place] in " \t":
            place += 1
        return place

    def skip_blanks(self) -> None:
        """Go there."""
        self.at = self.after_blanks()

    def skip_space(self) -> None:
        """Blanks, newlines and comments."""
        while self.at < self.limit and self.text[self.at] in " \t\n#":
            if self.text[self.at] == "#":
                self.skip_line()
            elif self.text[self.at] == "\n":
                self.newline()
            else:
                self.at += 1
