"""The field kit: reads a JSON object field by field and collects every problem before it complains.

Whatever comes in, the only error that leaves is Invalid.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, time, tzinfo
from typing import TypeVar

from airunner.base.clock import cut_to_ms, from_iso
from airunner.base.errors import Invalid

READ_ONLY = frozenset({"id", "createdAt", "updatedAt", "revision", "createdBy", "updatedBy"})
MASK = "••••••••"
WEEK_MINUTES = 10_080
PATH_BYTES = 4_095  # PATH_MAX is 4096 with its final NUL (limits.h)
ENV_BYTES = 131_071  # one `NAME=value` string, with its NUL at most MAX_ARG_STRLEN (execve(2))
ENV_NAMES = 500
CARRY = "AIRUNNER_CARRY"
"""The variable with the text that sets our variables in a shell that does not get the environment."""
SET_BY_US = ("RUN_ID", "WORKING_DIR", "PROMPT", "PROMPT_FILE", CARRY)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?\Z", re.ASCII)
# Those of ASCII, and those that turn the direction of what follows in the page (UAX #9, 2.1 to 2.4).
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHOWN = 40
_HUGE = 10**15

T = TypeVar("T")
V = TypeVar("V")


class Checker:
    """Reads the fields of one object: each method returns the checked value, or `default` when the field is left out.

    A refused value returns `default`, too, and is remembered; `done` then raises Invalid with all of it.
    `null` counts as empty where `default` may be None, as left out when `nulls_left_out`, and is refused elsewhere.
    """

    def __init__(
        self, data: object, *, read_only: Collection[str] = READ_ONLY, what: str = "body", nulls_left_out: bool = False
    ) -> None:
        if not isinstance(data, Mapping):
            raise Invalid(f"The {what} must be a JSON object; it is {said(data)}.")
        given = {str(key): value for key, value in data.items()}
        self._data = {key: value for key, value in given.items() if value is not None or not nulls_left_out}
        self._unread = set(given) - set(read_only)
        self.problems: dict[str, str] = {}

    def claim(self, name: str) -> bool:
        """Make the field a known one, and say whether it is there (`null` counts, unless nulls are left out)."""
        self._unread.discard(name)
        return name in self._data

    def refuse(self, name: str, why: str) -> None:
        """Remember a problem, a sentence; the first of a field is kept."""
        self.problems.setdefault(name, why)

    def done(self) -> None:
        """Raise Invalid with every problem, unknown fields included; return when there is none."""
        for name in sorted(self._unread):
            self.refuse(clip(name, 80), "unknown field")
        raise_problems(self.problems)

    def text(
        self, name: str, default: T, *, most: int = 200, least: int = 1, lines: bool = False, trim: bool = True
    ) -> str | T:
        """Read text of `least` to `most` characters, on one line unless `lines`; blanks around it are dropped."""

        def check(value: object) -> str:
            return check_text(name, value, most=most, least=least, lines=lines, trim=trim)

        return self._read(name, default, check)

    def number(
        self, name: str, default: T, *, above: float | None = None, least: float = -_HUGE, most: float = _HUGE
    ) -> float | T:
        """Read a finite number from `least` (or more than `above`) to `most`; true and false are no numbers."""
        return self._read(name, default, lambda value: check_number(name, value, above=above, least=least, most=most))

    def minutes(self, name: str, default: T) -> float | T:
        """Read a timeout in minutes: fractions allowed, more than 0, at most a week."""
        return self.number(name, default, above=0, most=WEEK_MINUTES)

    def whole(self, name: str, default: T, *, least: int = 0, most: int = _HUGE) -> int | T:
        """Read a whole number; `5.0` is one."""
        return self._read(name, default, lambda value: check_whole(name, value, least=least, most=most))

    def flag(self, name: str, default: T) -> bool | T:
        """Read true or false."""
        return self._read(name, default, lambda value: check_flag(name, value))

    def choice(self, name: str, default: T, options: Collection[str]) -> str | T:
        """Read one of `options`."""
        return self._read(name, default, lambda value: check_choice(name, value, options))

    def path(self, name: str, default: T, example: str = "/srv/app") -> str | T:
        """Read an absolute path; whether it exists is not asked here."""
        return self._read(name, default, lambda value: check_path(name, value, example))

    def list_of(
        self, name: str, default: T, check: Callable[[str, object], str], *, least: int = 0, most: int = 100
    ) -> tuple[str, ...] | T:
        """Read a list of `least` to `most` items, each through `check(label, item)`; doubles are dropped."""

        def check_all(value: object) -> tuple[str, ...]:
            if not isinstance(value, (list, tuple)):
                raise Invalid(f"{name} must be a list; it is {said(value)}.")
            if not least <= len(value) <= most:
                raise Invalid(f"{name} must have {least} to {most} items; it has {len(value)}.")
            return tuple(dict.fromkeys(check(f"{name}[{place}]", item) for place, item in enumerate(value)))

        return self._read(name, default, check_all)

    def mapping(
        self,
        name: str,
        current: Mapping[str, T],
        check: Callable[[str, object], T],
        *,
        keys: Collection[str] | None = None,
        most: int = ENV_NAMES,
    ) -> dict[str, T]:
        """Merge an object into `current`: null removes a key, the mask leaves it, others pass `check(label, value)`.

        Keys are `keys`, or else names like those of variables. Each problem is filed under `name.key`.
        """
        given = self._take(name)
        merged = dict(current)
        if given is _MISSING:
            return merged
        if not isinstance(given, Mapping):
            self.refuse(name, f"{name} must be an object; it is {said(given)}.")
            return merged
        for key, value in given.items():
            self._merge(name, str(key), value, merged, check, keys)
        if len(merged) > most:
            self.refuse(name, f"{name} must have at most {most} entries; it has {len(merged)}.")
        return merged

    def env(self, name: str, current: Mapping[str, str]) -> dict[str, str]:
        """Merge environment variables into `current`; names as POSIX wants them (XBD 8.1), each under 128 KiB."""
        merged, given = self.mapping(name, current, check_variable), self._take(name)
        for taken in SET_BY_US:
            if isinstance(given, Mapping) and given.get(taken) is not None:
                self.refuse(f"{name}.{taken}", f"{taken} is set by airunner for every run; choose another name.")
        return merged

    def _merge(
        self,
        name: str,
        key: str,
        value: object,
        merged: dict[str, T],
        check: Callable[[str, object], T],
        keys: Collection[str] | None,
    ) -> None:
        label = f"{name}.{clip(key, 80)}"
        if keys is not None and key not in keys:
            self.refuse(label, f"unknown field; {name} has {listed(keys)}.")
        elif keys is None and not _NAME.match(key):
            self.refuse(label, f"a name in {name} must be letters, digits and _ and not begin with a digit.")
        elif value is None:
            merged.pop(key, None)
        elif value != MASK:
            try:
                merged[key] = check(label, value)
            except Invalid as problem:
                self.refuse(label, problem.message)
        elif key not in merged:
            self.refuse(label, f"{label} is masked, but no value is stored for it; give the value.")

    def _read(self, name: str, default: T, check: Callable[[object], V]) -> V | T:
        value = self._take(name)
        if value is _MISSING or (value is None and default is None):
            return default
        try:
            return check(value)
        except Invalid as problem:
            self.refuse(name, problem.message)
            return default

    def take(self, name: str) -> object:
        """Return a field as it was given, None when it was left out: for what no other method reads."""
        self._unread.discard(name)
        return self._data.get(name)

    def moment(self, name: str, default: T, zone: tzinfo = UTC, *, end: bool = False) -> datetime | T:
        """Read a time as `check_moment` does."""
        return self._read(name, default, lambda value: check_moment(name, value, zone, end=end))

    def _take(self, name: str) -> object:
        self._unread.discard(name)
        return self._data.get(name, _MISSING)


_MISSING = object()


def check_text(
    name: str, value: object, *, most: int = 200, least: int = 1, lines: bool = False, trim: bool = True
) -> str:
    """Return `value` when it is text of the right length without NUL and lone surrogates; raise Invalid."""
    if not isinstance(value, str):
        raise Invalid(f"{name} must be text; it is {said(value)}.")
    value = value.strip() if trim else value
    if len(value) < least:
        raise Invalid(f"{name} must not be empty." if least == 1 else f"{name} must have at least {least} characters.")
    if len(value) > most:
        raise Invalid(f"{name} must have at most {most:,} characters; it has {len(value):,}.")
    if "\0" in value:
        raise Invalid(f"{name} must not contain a NUL character.")
    if _SURROGATE.search(value):
        raise Invalid(f"{name} must not contain half of a surrogate pair: it is no text that UTF-8 can carry.")
    if not lines and _CONTROL.search(value):
        raise Invalid(f"{name} must be one line without control characters; it is {said(value)}.")
    return value


def check_number(
    name: str, value: object, *, above: float | None = None, least: float = -_HUGE, most: float = _HUGE
) -> float:
    """Return `value` when it is a finite number within the bounds; raise Invalid."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(f"{name} must be a number; it is {said(value)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid(f"{name} must be a finite number.")
    if above is not None and value <= above:
        raise Invalid(f"{name} must be more than {above:g}; it is {said(value)}.")
    if value < least:
        raise Invalid(f"{name} must be at least {shown_number(least)}; it is {said(value)}.")
    if value > most:
        raise Invalid(f"{name} must be at most {shown_number(most)}; it is {said(value)}.")
    return value


def check_whole(name: str, value: object, *, least: int = 0, most: int = _HUGE) -> int:
    """Return `value` when it is a whole number within the bounds; raise Invalid."""
    number = check_number(name, value, least=least, most=most)
    if number != int(number):
        raise Invalid(f"{name} must be a whole number; it is {said(value)}.")
    return int(number)


def check_flag(name: str, value: object) -> bool:
    """Return `value` when it is true or false; raise Invalid."""
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false; it is {said(value)}.")
    return value


def check_choice(name: str, value: object, options: Collection[str]) -> str:
    """Return `value` when it is one of `options`; raise Invalid."""
    if not isinstance(value, str) or value not in options:
        raise Invalid(f"{name} must be one of {listed(options)}; it is {said(value)}.")
    return value


def check_moment(name: str, value: object, zone: tzinfo = UTC, *, end: bool = False) -> datetime:
    """Return a time in UTC; one without a zone is meant in `zone`; a date alone is its first instant, or with `end` its
    last. Raises Invalid.
    """
    text = check_text(name, value, most=60)
    try:
        if not _LOCAL.match(text):
            return from_iso(text)
        moment = datetime.fromisoformat(text)
        if end and _DATE.match(text):
            moment = datetime.combine(moment.date(), time.max)
        return cut_to_ms(moment.replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        example = "such as 2026-03-12 or 2026-03-12T14:32:10Z"
        raise Invalid(f"{name} must be a date or a time in ISO 8601, {example}; it is {said(value)}.") from None


def check_path(name: str, value: object, example: str = "/srv/app") -> str:
    """Return an absolute path without slashes at its end; raise Invalid."""
    path = check_text(name, value, most=PATH_BYTES, lines=True, trim=False)
    if not path.startswith("/"):
        raise Invalid(f"{name} must be an absolute path, such as {example}; it is {said(path)}.")
    if len(path.encode()) > PATH_BYTES:
        raise Invalid(f"{name} must have at most {PATH_BYTES:,} bytes; it has {len(path.encode()):,}.")
    return path.rstrip("/") or "/"


def check_name(name: str, value: object) -> str:
    """Return `value` when it can be the name of a variable; raise Invalid."""
    if not isinstance(value, str) or not _NAME.match(value) or len(value) > _SHOWN * 3:
        raise Invalid(f"{name} must be a variable's name: letters, digits and _, no digit first; it is {said(value)}.")
    return value


def check_variable(label: str, value: object) -> str:
    """Return `value` when it can be a variable's value; `label` ends with the variable's name; raise Invalid."""
    text = check_text(label, value, most=ENV_BYTES, least=0, lines=True, trim=False)
    size = len(label.rpartition(".")[2]) + 1 + len(text.encode())
    if size > ENV_BYTES:
        raise Invalid(f"{label} must stay under 128 KiB with its name; it has {size:,} bytes.")
    return text


def raise_problems(problems: Mapping[str, str]) -> None:
    """Raise Invalid that names every field of `problems`; return when there is none."""
    if not problems:
        return
    first, why = next(iter(problems.items()))
    if len(problems) == 1:
        sentence = why if why.startswith(first) else f"{first}: {why}"
    else:
        sentence = f"{len(problems)} fields need another value: {', '.join(problems)}."
    raise Invalid(clip(sentence, 500), fields=problems)


def said(value: object) -> str:
    """Return a short form of any value for a sentence, safe to print and to send."""
    if isinstance(value, str):
        return json.dumps(clip(value, _SHOWN), ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return shown_number(value)
    return "a list" if isinstance(value, (list, tuple)) else "an object"


def shown_number(value: float) -> str:
    """Return a number as people write it; a very long one is only called so."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    return str(int(value)) if math.isfinite(value) and value == int(value) and abs(value) < _HUGE else repr(value)


def listed(words: Iterable[str]) -> str:
    """Return words as a list for a sentence."""
    return ", ".join(words)


def clip(text: str, most: int) -> str:
    """Return `text`, cut to `most` characters with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"
