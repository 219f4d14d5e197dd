"""A cron expression in words, short enough for a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from airunner.domain.cronfields import CronFields

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MOST_TIMES = 6  # more of them are told by field


def describe(fields: CronFields) -> str:
    """Return when an expression fires: `Every 15 minutes`, `At 09:00, Monday to Friday`."""
    time, is_of_day = _time(fields)
    days = _days(fields)
    if not days:
        return f"{time} every day" if is_of_day else time
    return f"{time}, {days}"


def _time(fields: CronFields) -> tuple[str, bool]:
    """Return the words for minute and hour, and whether they name times of the day."""
    minutes, hours = sorted(fields.sets[0]), sorted(fields.sets[1])
    if len(hours) < 24 and len(minutes) * len(hours) <= _MOST_TIMES:
        return "At " + _joined(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes), True
    beat = _beat(minutes)
    if len(hours) == 24:
        return beat, False
    width = _width(hours, 24)
    if len(minutes) == 1 and width and hours[0]:
        return f"Every {width} hours from {hours[0]:02}:{minutes[0]:02}", False
    if len(minutes) == 1 and width:
        return f"Every {width} hours" + (f" at minute {minutes[0]}" if minutes[0] else ""), False
    if _is_run(hours):
        return f"{beat} from {hours[0]:02}:00 to {hours[-1]:02}:59", False
    return f"{beat} in the hours {_joined(f'{hour:02}' for hour in hours)}", False


def _beat(minutes: list[int]) -> str:
    if len(minutes) == 60:
        return "Every minute"
    width = _width(minutes, 60)
    if width and minutes[0] == 0:
        return f"Every {width} minutes"
    if minutes == [0]:
        return "Every hour"
    if len(minutes) == 1:
        return f"Every hour at minute {minutes[0]}"
    return f"Every hour at the minutes {_spanned(minutes, 0, [str(minute) for minute in range(60)])}"


def _days(fields: CronFields) -> str:
    days, months, weekdays = sorted(fields.sets[2]), sorted(fields.sets[3]), sorted(fields.sets[4])
    is_either = not fields.has_star(2) and not fields.has_star(4)  # a star in one of the two makes both count
    if is_either and (len(days) == 31 or len(weekdays) == 7):
        days, weekdays = [*range(1, 32)], [*range(7)]  # one of them is true every day, so the other does not matter
    in_months = "" if len(months) == 12 else _spanned(months, 1, _MONTHS)
    of_week = "" if len(weekdays) == 7 else _of_week(weekdays)
    if len(days) == 31:
        return ", ".join(part for part in (of_week, f"in {in_months}" if in_months else "") if part)
    if not of_week:
        return _of_month(days, in_months)
    if is_either:
        return f"{_of_month(days, '')} or {of_week}" + (f", in {in_months}" if in_months else "")
    return f"{_of_month(days, in_months)} and only {of_week}"


def _of_month(days: list[int], in_months: str) -> str:
    if in_months and len(days) == 1 and " " not in in_months:
        return f"on {days[0]} {in_months}"
    named = _spanned(days, 0, [str(day) for day in range(32)])
    return f"on day{'s' if len(days) > 1 else ''} {named} of {in_months or 'the month'}"


def _of_week(weekdays: list[int]) -> str:
    if weekdays == [0, 6]:
        return "Saturday and Sunday"
    if 0 in weekdays and len(weekdays) > 1:
        weekdays = [*weekdays[1:], 7]  # the week of people ends with it
    return _spanned(weekdays, 0, [*_WEEKDAYS, "Sunday"])


def _spanned(values: list[int], least: int, names: Collection[str]) -> str:
    """Return names, three and more in a row as a span."""
    words = list(names)
    parts, start = [], 0
    for place in range(1, len(values) + 1):
        if place < len(values) and values[place] == values[place - 1] + 1:
            continue
        run = [words[value - least] for value in values[start:place]]
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
        start = place
    return _joined(parts)


def _joined(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def _is_run(values: list[int]) -> bool:
    return values[-1] - values[0] == len(values) - 1


def _width(values: list[int], turn: int) -> int:
    """Return the distance of values that are evenly spread over a turn; 0 for others."""
    if len(values) < 2 or turn % len(values):
        return 0
    width = turn // len(values)
    return width if all(later - earlier == width for earlier, later in zip(values, values[1:], strict=False)) else 0
