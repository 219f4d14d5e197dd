"""When a cron expression fires, in a time zone; the only importer of croniter, which has the last word on its values.

Daylight saving time as cron(8) has it. An expression with `*` in minute or hour follows the clock on the wall: a time
that is skipped does not come, one that repeats comes twice. Any other is a time of the day: it runs once where it
repeats, and where it is skipped it runs once at the end of the gap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from airunner.base.errors import Invalid
from airunner.domain import cronwords
from airunner.domain.cronfields import CronFields, read_fields
from airunner.domain.fields import said

_DAY = 24 * 60
_WEEK = 7 * _DAY
_EPOCH_MINUTE = date(1970, 1, 1).toordinal() * _DAY
_FIRST_MINUTE = 3 * _DAY  # in every zone it is the year 1 then
_LAST_DAY = date(9990, 1, 1).toordinal()
_LONGEST_SEARCH_DAYS = 366 * 41  # a leap day that must be a certain weekday may be 40 years away
_ZONE_NAME = 100


class Cron:
    """One expression. Compare by `expression`, which is as it was given."""

    def __init__(self, expression: str, fields: CronFields) -> None:
        self.expression = expression
        self._fields = fields
        # Lists of numbers are what croniter and crontab(5) read alike: not so `*,5`, and `5-5/15`, which fires once an hour.
        lists = [",".join(map(str, sorted(values))) for values in fields.sets]
        expanded, _ = croniter.expand(" ".join(lists))
        minutes, hours, days, months, weekdays = (
            values if given == ["*"] else frozenset(map(int, given))
            for given, values in zip(expanded, fields.sets, strict=True)
        )
        self._minutes = sorted(hour * 60 + minute for hour in hours for minute in minutes)
        self._days, self._months, self._weekdays = days, months, weekdays
        self._is_either = not fields.has_star(2) and not fields.has_star(4)
        self._follows_wall = fields.has_star(0) or fields.has_star(1)

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(expression: str) -> Cron:
        """Read an expression; raise Invalid that says what is wrong with which field."""
        return Cron(expression, read_fields(expression))

    def describe(self) -> str:
        """Return the expression in words: `At 09:00, Monday to Friday`."""
        return cronwords.describe(self._fields)

    def matches(self, wall: datetime) -> bool:
        """Say whether a time on the wall, its minute, is one of the expression's; DST is not looked at."""
        minute = wall.hour * 60 + wall.minute
        return self._has_day(wall.toordinal()) and minute in self._minutes

    def after(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Yield the times to fire that come after an aware time, in UTC, ascending and each once."""
        at = max(int(moment.timestamp() // 60) + _EPOCH_MINUTE, _FIRST_MINUTE)
        if at >= _LAST_DAY * _DAY:
            return
        offset = _offset(zone, at)
        while (wall := self._next_wall(at + offset + 1)) is not None:
            found = wall - offset
            change = _change(zone, at, found, offset)
            if change is None:
                at = found
                if self._follows_wall or not _is_repeated(zone, wall, offset):
                    yield _moment(found)
                continue
            before, offset = offset, _offset(zone, change)
            at = change - 1
            if not self._follows_wall and self._is_between(change + before, change + offset):
                at = change
                yield _moment(change)

    def first(self, count: int, moment: datetime, zone: tzinfo) -> list[datetime]:
        """Return the next `count` times to fire after an aware time, in UTC."""
        return list(islice(self.after(moment, zone), count))

    def per_day(self, today: date) -> float:
        """Return how often it fires a day, on the average of the year that begins `today`."""
        first = today.toordinal()
        return len(self._minutes) * sum(map(self._has_day, range(first, first + 365))) / 365

    def _is_between(self, start: int, end: int) -> bool:
        found = self._next_wall(start) if start < end else None
        return found is not None and found < end

    def _next_wall(self, start: int) -> int | None:
        """Return the first matching minute on the wall from `start` on; None where none is in sight."""
        day, minute = divmod(start, _DAY)
        if day >= _LAST_DAY:
            return None
        if self._has_day(day):
            place = bisect_left(self._minutes, minute)
            if place < len(self._minutes):
                return day * _DAY + self._minutes[place]
        end = min(day + _LONGEST_SEARCH_DAYS, _LAST_DAY)
        day += 1
        while day < end:
            on = date.fromordinal(day)
            if on.month not in self._months:
                day = (on.replace(day=28) + timedelta(days=4)).replace(day=1).toordinal()
            elif self._has_day(day):
                return day * _DAY + self._minutes[0]
            else:
                day += 1
        return None

    def _has_day(self, ordinal: int) -> bool:
        on = date.fromordinal(ordinal)
        if on.month not in self._months:
            return False
        in_month, in_week = on.day in self._days, ordinal % 7 in self._weekdays  # ordinal 0 would be a Sunday
        return in_month or in_week if self._is_either else in_month and in_week


def zone_of(name: str, field: str = "timezone") -> tzinfo:
    """Return a time zone of the IANA database; raise Invalid where this machine does not know it."""
    if name in ("UTC", "Etc/UTC"):
        return UTC  # known without any database, too
    try:
        if len(name) > _ZONE_NAME or not name.isascii() or not name.isprintable():
            raise ValueError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        why = f"{field} must be a time zone such as Europe/Berlin or UTC; this machine does not know {said(name)}."
        if not _knows_zones():
            why = f"This machine has no time zone data, so {field} can only be UTC; install the package tzdata."
        raise Invalid(why, fields={field: why}) from error


def _knows_zones() -> bool:
    try:
        return ZoneInfo("Europe/Berlin") is not None
    except (ZoneInfoNotFoundError, OSError):
        return False


# Minutes are counted from the first day of year 1, in UTC or on the wall; an offset is minutes east of UTC.


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp((minute - _EPOCH_MINUTE) * 60, UTC)


def _offset(zone: tzinfo, minute: int) -> int:
    return _minutes_east(datetime.fromtimestamp((minute - _EPOCH_MINUTE) * 60, zone))


def _minutes_east(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds()) // 60


def _change(zone: tzinfo, start: int, end: int, offset: int) -> int | None:
    """Return the first minute in (start, end] whose offset is another one; None when there is none.

    It is looked for week by week: no zone changes twice within one.
    """
    low = start
    while low < end:
        high = min(low + _WEEK, end)
        if _offset(zone, high) != offset:
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            return high
        low = high
    return None


def _is_repeated(zone: tzinfo, wall: int, offset: int) -> bool:
    """Say whether a time on the wall has been there before, with another offset (PEP 495)."""
    day, minute = divmod(wall, _DAY)
    first = datetime.combine(date.fromordinal(day), datetime.min.time(), zone) + timedelta(minutes=minute)
    return _minutes_east(first) != offset
