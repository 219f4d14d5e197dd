"""What the numbers of runs say: rates, averages, and the buckets of a range in somebody's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from airunner.domain.cron import zone_of
from airunner.domain.params import Params
from airunner.domain.record import Doc
from airunner.domain.states import ACTIVE, Status

DEFAULT_DAYS = 30
_MOST_HOURS, _MOST_DAYS, _MOST_WEEKS = 3, 92, 2 * 366  # in days
_LONGEST = timedelta(days=366 * 20)
_FIRST_YEAR = 1970
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_JUDGED = (Status.COMPLETED, Status.FAILED, Status.TIMEOUT)
_ENDED = (*_JUDGED, Status.KILLED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, cut into hours, days, weeks that begin on Monday, or months of a zone.

    `edges` are its beginning, the full hours or midnights between, and its end.
    """

    edges: tuple[datetime, ...]
    step: str
    timezone: str

    @staticmethod
    def from_params(query: Mapping[str, list[str]], now: datetime, timezone: str) -> Span:
        """Return the range of a URL's parameters `from` or `days`, `to` and `timezone`.

        Without `from` it is the last `days` of the zone, 30 if they are left out, today included; one day is 24 hours.
        Raises Invalid.
        """
        params = Params(query)
        name = params.text("timezone", most=100) or timezone
        zone = params.read("timezone", zone_of(timezone), zone_of)
        end = min(params.moment("to", end=True) or now, now)
        if end.year <= _FIRST_YEAR:
            params.refuse("to", f"to must lie after {_FIRST_YEAR}.")
            params.done()
        days = params.whole("days", DEFAULT_DAYS, least=1, most=_LONGEST.days)
        first_day = end.astimezone(zone).date() - _DAY * (days - 1)
        begin = params.moment("from") or (end - _DAY if days == 1 else _midnight(first_day, zone))
        if begin.year <= _FIRST_YEAR:
            params.refuse("from", f"from must lie after {_FIRST_YEAR}.")
        elif begin >= end:
            params.refuse("from", "from must lie before to, and in the past.")
        elif end - begin > _LONGEST:
            params.refuse("from", "from must lie at most 20 years before to.")
        params.done()
        steps = (("hour", _MOST_HOURS), ("day", _MOST_DAYS), ("week", _MOST_WEEKS))
        step = next((step for step, most in steps if end - begin <= most * _DAY), "month")
        return Span((begin, *_inner(begin, end, step, zone), end), step, name)

    def before(self) -> tuple[datetime, datetime]:
        """Return the range of the same length that ends where this one begins."""
        begin, end = self.edges[0], self.edges[-1]
        return begin - (end - begin), begin


def _inner(begin: datetime, end: datetime, step: str, zone: tzinfo) -> Iterator[datetime]:
    local = begin.astimezone(zone)
    if step == "hour":
        edge = begin - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        while (edge := edge + _HOUR) < end:
            yield edge
        return
    day = local.date()
    while (edge := _midnight(day := _next(day, step), zone)) < end:
        yield edge


def _next(day: date, step: str) -> date:
    if step == "day":
        return day + _DAY
    if step == "week":
        return day + _DAY * (7 - day.weekday())
    return (day.replace(day=1) + _DAY * 32).replace(day=1)


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return a day's first moment, where the clocks skip midnight the one after it."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def figures(rows: Iterable[Doc]) -> Doc:
    """Return what some rows of `Store.tally` say together.

    `successRate` is the share of completed runs among those that completed, failed or timed out: killed and skipped ones
    say nothing of the agent. `averageSeconds` is of all runs that have a duration. Either is None where there is none.
    """
    statuses = dict.fromkeys(Status, 0)
    seconds, timed = 0.0, 0
    for row in rows:
        for status, count in row["statuses"].items():
            statuses[Status(status)] += count
        seconds += row["seconds"]
        timed += row["timed"]
    judged = sum(statuses[status] for status in _JUDGED)
    return {
        "runs": sum(statuses.values()),
        **{str(status): statuses[status] for status in _ENDED},
        "active": sum(statuses[status] for status in ACTIVE),
        "successRate": round(statuses[Status.COMPLETED] / judged, 4) if judged else None,
        "averageSeconds": round(seconds / timed, 3) if timed else None,
        "totalSeconds": round(seconds, 3),
    }
