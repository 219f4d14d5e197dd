"""Reads a cron expression strictly: five fields as crontab(5) has them, or a nickname. What is wrong is said in words.

Values, ranges `a-b`, steps `*/n` and `a-b/n`, lists of them; names of months and weekdays; 0 and 7 are Sunday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from airunner.base.errors import Invalid
from airunner.domain.fields import said

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_MOST_CHARACTERS = 1_000
_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_ELSEWHERE = re.compile(r"[LW#?HRC]")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Kind(NamedTuple):
    """What a field may hold."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


KINDS = (
    Kind("minute", 0, 59),
    Kind("hour", 0, 23),
    Kind("day of month", 1, 31),
    Kind("month", 1, 12, MONTHS),
    Kind("day of week", 0, 7, WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class CronFields:
    """An expression that was read: `texts` are its five fields in numbers, `sets` the values of each."""

    texts: tuple[str, ...]
    sets: tuple[frozenset[int], ...]

    def has_star(self, place: int) -> bool:
        """Say whether a field begins with `*`, which is how cron tells a field that restricts nothing."""
        return self.texts[place].startswith("*")


def read_fields(expression: str) -> CronFields:
    """Return the fields of an expression. Raises Invalid, its sentence says which field is wrong, how, and what to write."""
    try:
        return _read(expression)
    except Invalid as error:
        raise Invalid(error.message, code="invalid_cron", fields={"cronExpression": error.message}) from error


def _read(expression: str) -> CronFields:
    text = expression.strip()
    if not text:
        raise Invalid("The cron expression is empty; write five fields, such as 0 9 * * 1-5.")
    if len(text) > _MOST_CHARACTERS:
        raise Invalid(f"The cron expression has more than {_MOST_CHARACTERS:,} characters.")
    if text.startswith("@"):
        text = _nickname(text)
    words = text.split()
    if len(words) != len(KINDS):
        raise Invalid(_wrong_count(words))
    read = [_field(kind, word) for kind, word in zip(KINDS, words, strict=True)]
    found = CronFields(tuple(canonical for canonical, _ in read), tuple(values for _, values in read))
    _check_possible(found)
    return found


def _nickname(text: str) -> str:
    if text.lower() == "@reboot":
        raise Invalid("@reboot is no time; a schedule needs one, such as @daily or 0 9 * * *.")
    expression = NICKNAMES.get(text.lower())
    if expression is None:
        raise Invalid(f"There is no {said(text)}; there are {', '.join(NICKNAMES)}.")
    return expression


def _wrong_count(words: list[str]) -> str:
    fields = "minute, hour, day of month, month, day of week"
    count = f"A cron expression has five fields ({fields}); this one has {len(words)}"
    if len(words) == 6:
        return f"{count}. Seconds and years are not known here; leave that field out."
    return f"{count}."


def _field(kind: Kind, word: str) -> tuple[str, frozenset[int]]:
    items = word.split(",")
    if "" in items:
        where = "at its end" if not items[-1] else "at its beginning" if not items[0] else "too many in the middle"
        raise Invalid(f"The {kind.name} {said(word)} has a comma {where}; take it out.")
    texts, values = [], set[int]()
    for item in items:
        text, some = _item(kind, item)
        texts.append(text)
        values |= some
    return ",".join(texts), frozenset(values)


def _item(kind: Kind, item: str) -> tuple[str, set[int]]:
    span, slash, step = item.partition("/")
    if span == "*":
        first, last, text = kind.least, min(kind.most, 6) if kind.words == WEEKDAYS else kind.most, "*"
    elif "-" in span:
        first, last = _range(kind, span)
        text = f"{first}-{last}"
    else:
        first = last = _value(kind, span, item)
        text = str(first)
        if slash:
            raise Invalid(
                f"A step needs a range: for {said(item)} in the {kind.name} write {first}-{kind.most}/{step}."
            )
    width = _step(kind, item, step) if slash else 1
    return text + (f"/{width}" if slash else ""), {_plain(kind, number) for number in range(first, last + 1, width)}


def _range(kind: Kind, span: str) -> tuple[int, int]:
    start, _, end = span.partition("-")
    first, last = _value(kind, start, span), _value(kind, end, span)
    if kind.words == WEEKDAYS and last == 0 and first > 0:
        last = 7  # friday to sunday
    if first > last:
        low, high = kind.least, min(kind.most, 6) if kind.words == WEEKDAYS else kind.most
        raise Invalid(
            f"The range {span} of the {kind.name} runs backwards; write it as {first}-{high},{low}-{last} "
            "to go over the end."
        )
    return first, last


def _step(kind: Kind, item: str, step: str) -> int:
    if not _NUMBER.match(step) or not int(step):
        raise Invalid(f"The step in {said(item)} of the {kind.name} must be a whole number from 1.")
    if int(step) > kind.most:
        raise Invalid(f"The step in {said(item)} of the {kind.name} must be at most {kind.most}.")
    return int(step)


def _value(kind: Kind, text: str, item: str) -> int:
    if _NUMBER.match(text):
        number = int(text)
        if not kind.least <= number <= kind.most:
            raise Invalid(f"{kind.name.capitalize()} must be {kind.least} to {kind.most}; it is {number}.")
        return number
    if text.lower() in kind.words:
        return kind.words.index(text.lower()) + kind.least
    if _ELSEWHERE.search(text) and not text.isalpha() or text in ("L", "W", "?", "H"):
        raise Invalid(
            f"{said(item)} in the {kind.name} is of another scheduler's language; cron has *, lists, ranges and steps."
        )
    names = f" or a name such as {kind.words[1]}" if kind.words else ""
    raise Invalid(
        f"{kind.name.capitalize()} must be a number from {kind.least} to {kind.most}{names}; it is {said(text or item)}."
    )


def _plain(kind: Kind, number: int) -> int:
    return 0 if kind.words == WEEKDAYS and number == 7 else number


def _check_possible(fields: CronFields) -> None:
    """Raise Invalid for days that no year has; with weekdays beside them they are days among others (crontab(5))."""
    _, _, days, months, _ = fields.sets
    if not fields.has_star(4) and not fields.has_star(2):
        return
    if any(day <= _DAYS_IN_MONTH[month - 1] for month in months for day in days):
        return
    named = " or ".join(MONTHS[month - 1].capitalize() for month in sorted(months))
    raise Invalid(f"There is no day {min(days)} in {named}: this would never run.")
