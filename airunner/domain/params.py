"""Query parameters: reads the values of a URL one by one and collects every problem, as `fields` does for bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from airunner.base.clock import from_iso
from airunner.base.errors import Invalid
from airunner.domain.fields import PATH_BYTES, check_choice, check_text, clip, listed, raise_problems, said

T = TypeVar("T")

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DIGITS = re.compile(r"\d{1,9}\Z", re.ASCII)
_ALMOST_A_DAY = timedelta(days=1) - timedelta(milliseconds=1)


class Params:
    """Each method reads one parameter and returns its value, or `default` when it is left out or refused.

    `done` raises Invalid with every problem, unknown parameters included.
    """

    def __init__(self, query: Mapping[str, list[str]]) -> None:
        self._query = query
        self._unread = {name for name, values in query.items() if values}
        self.problems: dict[str, str] = {}

    def done(self) -> None:
        """Raise Invalid with every problem; return when there is none."""
        for name in sorted(self._unread):
            self.refuse(clip(name, 80), "unknown parameter")
        raise_problems(self.problems)

    def refuse(self, name: str, why: str) -> None:
        """Remember a problem, a sentence; the first of a parameter is kept."""
        self.problems.setdefault(name, why)

    def text(self, name: str, *, most: int, least: int = 1) -> str | None:
        """Read text of at most `most` characters; blanks around it are dropped."""
        return self.read(name, None, lambda text: check_text(name, text, most=most, least=least, lines=True))

    def directory(self, name: str) -> str | None:
        """Read a path as it is written in records: without slashes at its end."""

        def check(text: str) -> str:
            return check_text(name, text, most=PATH_BYTES, lines=True, trim=False).rstrip("/") or "/"

        return self.read(name, None, check)

    def several(self, name: str, options: Collection[str]) -> tuple[str, ...]:
        """Read any number of `options`, repeated or separated by commas."""
        self._unread.discard(name)
        words = [word.strip() for values in self._query.get(name, []) for word in values.split(",")]
        try:
            return tuple(dict.fromkeys(str(check_choice(name, word, options)) for word in words))
        except Invalid as problem:
            self.refuse(name, problem.message)
            return ()

    def words(self, name: str, *, most: int) -> tuple[str, ...]:
        """Read any number of words, repeated or separated by commas."""
        self._unread.discard(name)
        words = [word.strip() for values in self._query.get(name, []) for word in values.split(",")]
        found = tuple(dict.fromkeys(word for word in words if word))
        if len(found) > most:
            self.refuse(name, f"{name} must be at most {most} words; it is {len(found)}.")
        return found

    def whole(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """Read a whole number of at most nine digits within the bounds."""

        def check(text: str) -> int:
            if not _DIGITS.match(text) or int(text) < least or (most is not None and int(text) > most):
                bounds = f"from {least}" + ("" if most is None else f" to {most}")
                raise Invalid(f"{name} must be a whole number {bounds}; it is {said(text)}.")
            return int(text)

        return self.read(name, default, check)

    def flag(self, name: str) -> bool | None:
        """Read `true` or `false`."""

        def check(text: str) -> bool:
            if text not in ("true", "false"):
                raise Invalid(f"{name} must be true or false; it is {said(text)}.")
            return text == "true"

        return self.read(name, None, check)

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """Read a time in ISO 8601; a date alone is its first instant, or with `end` its last."""

        def check(text: str) -> datetime:
            try:
                found = from_iso(text)
            except (ValueError, OverflowError):
                example = "such as 2026-03-12T14:32:10Z"
                raise Invalid(f"{name} must be a time in ISO 8601, {example}; it is {said(text)}.") from None
            return found + _ALMOST_A_DAY if end and _DATE.match(text.strip()) else found

        return self.read(name, None, check)

    def order(self, name: str, default: str, fields: Collection[str]) -> tuple[str, bool]:
        """Read a field to sort by; return it and whether a `-` in front asked for descending order."""

        def check(text: str) -> str:
            if text.removeprefix("-") not in fields:
                raise Invalid(f"{name} must be one of {listed(fields)}, or one with - in front; it is {said(text)}.")
            return text

        given = self.read(name, default, check)
        return given.removeprefix("-"), given.startswith("-")

    def read(self, name: str, default: T, check: Callable[[str], T]) -> T:
        """Read a parameter that may stand once, through `check`, which raises Invalid."""
        self._unread.discard(name)
        values = self._query.get(name, [])
        if not values:
            return default
        if len(values) > 1:
            self.refuse(name, f"{name} must be given once; it is there {len(values)} times.")
            return default
        try:
            return check(values[0])
        except Invalid as problem:
            self.refuse(name, problem.message)
            return default
