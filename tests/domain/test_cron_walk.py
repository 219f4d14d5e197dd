"""Random expressions in random zones: the times to fire are those of a walk through every minute of a year.

The walk knows crontab(5) and cron(8), and nothing of the engine: fields are made together with the values they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airunner.base.errors import Invalid
from airunner.domain.cron import Cron, zone_of

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# zone, a year in which its clocks do something
PLACES = [
    ("UTC", 2026),
    ("Asia/Kolkata", 2028),  # no change, half an hour off
    ("Europe/Berlin", 2027),
    ("America/New_York", 2024),
    ("America/St_Johns", 2010),  # at one minute past midnight
    ("America/Havana", 2026),  # forward at midnight, back from one to midnight
    ("America/Santiago", 2026),  # back from midnight into the day before
    ("Australia/Lord_Howe", 2026),  # by half an hour
    ("Pacific/Chatham", 2025),  # at a quarter to
    ("Pacific/Apia", 2011),  # a whole day left out
    ("Africa/Casablanca", 2026),  # back for Ramadan
    ("Antarctica/Troll", 2026),  # by two hours
    ("America/Caracas", 2016),  # forward for good
    ("Asia/Pyongyang", 2015),  # back for good
    ("Africa/Cairo", 2014),  # four changes
]


@dataclass(frozen=True)
class Field:
    """One field: as it is written, and the values that it means."""

    text: str
    values: frozenset[int]

    @property
    def has_star(self) -> bool:
        return self.text[0] == "*"


@dataclass(frozen=True)
class Year:
    """Every minute of a year: what the clock on the wall says, in days since `first` and minutes of the day.

    `again` are the minutes whose reading has been on the wall before; `gaps` maps the first minute after a change to
    the readings that were left out. `changing` are the hours in which either happens, and those after them.
    """

    start: datetime
    first: date
    days: list[int]
    minutes: list[int]
    again: frozenset[int]
    gaps: dict[int, list[tuple[int, int]]]
    changing: list[int]


@cache
def year_of(zone: str, year: int) -> Year:
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    count, first = int((end - start) / timedelta(minutes=1)), date(year - 1, 12, 31)
    epoch, where, origin = int(start.timestamp()), ZoneInfo(zone), first.toordinal() * 1440
    readings = []
    for at in range(count):
        wall = datetime.fromtimestamp(epoch + at * 60, where)
        readings.append(wall.toordinal() * 1440 + wall.hour * 60 + wall.minute - origin)
    seen, again, gaps = set[int](), set[int](), dict[int, list[tuple[int, int]]]()
    for at, reading in enumerate(readings):
        if reading in seen:
            again.add(at)
        seen.add(reading)
        if at and reading > readings[at - 1] + 1:
            gaps[at] = [divmod(left_out, 1440) for left_out in range(readings[at - 1] + 1, reading)]
    days, minutes = [reading // 1440 for reading in readings], [reading % 1440 for reading in readings]
    changed = [minutes[at] for at in again | set(gaps)] + [minute for gap in gaps.values() for _, minute in gap]
    return Year(start, first, days, minutes, frozenset(again), gaps, sorted({minute // 60 for minute in changed}))


def walked(fields: list[Field], year: Year) -> list[datetime]:
    """The minutes of a year at which cron would start something."""
    minute, hour, *day_fields = fields
    is_day = [has_day(year.first + timedelta(days=day), *day_fields) for day in range(year.days[-1] + 1)]
    is_minute = [at % 60 in minute.values and at // 60 in hour.values for at in range(1440)]
    fires = {
        at
        for at, (day, of_day) in enumerate(zip(year.days, year.minutes, strict=True))
        if is_minute[of_day] and is_day[day]
    }
    if not minute.has_star and not hour.has_star:
        fires -= year.again
        fires |= {at for at, gap in year.gaps.items() if any(is_day[day] and is_minute[of_day] for day, of_day in gap)}
    return [year.start + timedelta(minutes=at) for at in sorted(fires)]


def has_day(on: date, day: Field, month: Field, weekday: Field) -> bool:
    in_month, in_week = on.day in day.values, on.isoweekday() % 7 in weekday.values
    both = in_month and in_week if day.has_star or weekday.has_star else in_month or in_week
    return both and on.month in month.values


def forms(least: int, most: int, names: list[str] | None = None) -> st.SearchStrategy[Field]:
    """A field in every form that it may have: one item, or a list of them."""
    is_week = names is WEEKDAYS
    all_values = frozenset(range(least, 7 if is_week else most + 1))

    def shown(draw: st.DrawFn, value: int, *, by_name: bool = True) -> str:
        if names and by_name and draw(st.booleans()):
            name = names[value % 7 if is_week else value - 1]
            return draw(st.sampled_from([name, name.upper(), name.title()]))
        return draw(st.sampled_from(["", "0"])) + str(value)

    @st.composite
    def item(draw: st.DrawFn) -> Field:
        kind = draw(st.sampled_from(["value", "value", "range", "steps", "star", "stars"]))
        low, high = sorted((draw(st.integers(least, most)), draw(st.integers(least, most))))
        step = draw(st.integers(1, most))
        if kind == "star":
            return Field("*", all_values)
        if kind == "stars":
            return Field(f"*/{step}", frozenset(range(least, max(all_values) + 1, step)))
        if kind == "value":
            return Field(shown(draw, low), frozenset([low]))
        # From Sunday to Sunday is a week only where the latter is 7: its name is 0, too.
        span = f"{shown(draw, low)}-{shown(draw, high, by_name=low > 0)}"
        if kind == "range":
            return Field(span, frozenset(range(low, high + 1)))
        return Field(f"{span}/{step}", frozenset(range(low, high + 1, step)))

    def joined(items: list[Field]) -> Field:
        values = frozenset[int]().union(*(one.values for one in items))
        return Field(
            ",".join(one.text for one in items), frozenset(value % 7 for value in values) if is_week else values
        )

    few = st.lists(st.integers(least, most), min_size=1, max_size=3).map(
        lambda values: joined([Field(str(value), frozenset([value])) for value in values])
    )
    return few | st.lists(item(), min_size=1, max_size=3 if most > 12 else 4).map(joined)


def just(text: str, *values: int) -> st.SearchStrategy[Field]:
    return st.just(Field(text, frozenset(values)))


STARS = just("*", *range(1, 32)), just("*", *range(1, 13)), just("*", *range(7))
FORMS = forms(1, 31), forms(1, 12, MONTHS), forms(0, 7, WEEKDAYS)
DAYS = st.tuples(*(star | form for star, form in zip(STARS, FORMS, strict=True)))
BEATS = just("*/15", 0, 15, 30, 45) | just("0", 0) | just("30", 30) | just("*/5", *range(0, 60, 5)) | forms(0, 59)
HOURS = just("*/3", *range(0, 24, 3)) | just("0-4", *range(5)) | just("*", *range(24))


@st.composite
def expressions(draw: st.DrawFn, year: Year) -> list[Field]:
    """Anything one time in three; else times of the hours at which the clock is changed, which chance rarely meets."""
    if draw(st.integers(0, 2)) == 0:
        return [draw(forms(0, 59)), draw(forms(0, 23)), *draw(DAYS)]
    changing = st.sampled_from(year.changing or [0]).map(lambda hour: Field(str(hour), frozenset([hour])))
    return [draw(BEATS), draw(changing | HOURS), *draw(st.tuples(*STARS) | DAYS)]


# A failure is shown as it was found: to make it smaller would take minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=50, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(data=st.data(), place=st.sampled_from(PLACES))
def test_fires_when_a_year_is_walked_minute_by_minute_then_they_are_the_same(
    data: st.DataObject, place: tuple[str, int]
) -> None:
    year = year_of(*place)
    expression = data.draw(expressions(year))
    expected = walked(expression, year)
    try:
        cron = Cron.parse(" ".join(field.text for field in expression))
    except Invalid as refused:
        assert "this would never run" in refused.message and expected == []
        return
    end = year.start + timedelta(minutes=len(year.days))
    fires = list(takewhile(lambda at: at < end, cron.after(year.start - timedelta(seconds=1), zone_of(place[0]))))
    assert fires == expected
