"""When cron expressions fire: days, leap years, and clocks that are changed (cron(8) of Debian)."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from airunner.domain.cron import Cron, zone_of

# zone, expression, the wall to begin behind, what the wall says then (with its offset where it says that twice)
CHANGES = [
    # Forward, 02:00 to 03:00 on 29 March.
    ("Europe/Berlin", "30 2 * * *", "2026-03-28 12:00", ["29 03:00", "30 02:30", "31 02:30"]),
    ("Europe/Berlin", "0,15,30 2 * * *", "2026-03-28 12:00", ["29 03:00", "30 02:00", "30 02:15"]),
    ("Europe/Berlin", "0 2 * * *", "2026-03-28 12:00", ["29 03:00", "30 02:00"]),
    ("Europe/Berlin", "0 2,3 * * *", "2026-03-28 12:00", ["29 03:00", "30 02:00", "30 03:00"]),
    ("Europe/Berlin", "59 1,2 * * *", "2026-03-28 12:00", ["29 01:59", "29 03:00", "30 01:59"]),
    ("Europe/Berlin", "0 3 * * *", "2026-03-28 12:00", ["29 03:00", "30 03:00"]),
    ("Europe/Berlin", "30 2 29 3 *", "2026-03-28 12:00", ["29 03:00"]),
    ("Europe/Berlin", "30 2 * * 1", "2026-03-28 12:00", ["30 02:30"]),
    ("Europe/Berlin", "*/30 * * * *", "2026-03-29 01:29", ["29 01:30", "29 03:00", "29 03:30"]),
    ("Europe/Berlin", "30 * * * *", "2026-03-29 00:31", ["29 01:30", "29 03:30"]),
    ("Europe/Berlin", "*/20 2 * * *", "2026-03-28 12:00", ["30 02:00", "30 02:20"]),
    ("America/New_York", "30 2 * * *", "2026-03-07 12:00", ["08 03:00", "09 02:30"]),
    ("America/New_York", "0 * * * *", "2026-03-08 00:30", ["08 01:00", "08 03:00"]),
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 12:00", ["04 02:30", "05 02:15"]),
    ("Australia/Lord_Howe", "30 2 * * *", "2026-10-03 12:00", ["04 02:30", "05 02:30"]),
    ("Australia/Lord_Howe", "*/15 * * * *", "2026-10-04 01:40", ["04 01:45", "04 02:30", "04 02:45"]),
    ("America/Havana", "0 0 * * *", "2026-03-07 12:00", ["08 01:00", "09 00:00"]),
    ("America/St_Johns", "0 0 * * *", "2010-03-13 12:00", ["14 00:00", "15 00:00"]),
    ("Pacific/Apia", "0 9 30 12 *", "2011-12-29 12:00", ["31 00:00"]),
    ("Pacific/Apia", "0 9 * * *", "2011-12-28 12:00", ["29 09:00", "31 00:00", "31 09:00"]),
    # Back, 03:00 to 02:00 on 25 October.
    ("Europe/Berlin", "30 2 * * *", "2026-10-24 12:00", ["25 02:30 +0200", "26 02:30"]),
    ("Europe/Berlin", "0 2,3 * * *", "2026-10-24 12:00", ["25 02:00 +0200", "25 03:00", "26 02:00"]),
    ("Europe/Berlin", "30 * * * *", "2026-10-25 01:31", ["25 02:30 +0200", "25 02:30 +0100", "25 03:30"]),
    ("Europe/Berlin", "*/30 2 * * *", "2026-10-24 12:00",
     ["25 02:00 +0200", "25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "26 02:00"]),
    ("America/New_York", "30 1 * * *", "2026-10-31 12:00", ["01 01:30 -0400", "02 01:30"]),
    ("America/New_York", "0 * * * *", "2026-11-01 00:30", ["01 01:00 -0400", "01 01:00 -0500", "01 02:00"]),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 12:00", ["05 01:45 +1100", "06 01:45"]),
    ("Australia/Lord_Howe", "*/15 1 * * *", "2026-04-05 01:20",
     ["05 01:30 +1100", "05 01:45 +1100", "05 01:30 +1030", "05 01:45 +1030", "06 01:00"]),
    ("America/Santiago", "30 23 * * *", "2026-04-04 12:00", ["04 23:30 -0300", "05 23:30"]),
]  # fmt: skip


def aware(wall: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)


def walls(expression: str, after: datetime, zone: str, like: list[str]) -> list[str]:
    """The next times on the wall, in as many words as `like` has."""
    times = [at.astimezone(ZoneInfo(zone)) for at in Cron.parse(expression).first(len(like), after, zone_of(zone))]
    forms = ["%d %H:%M %z" if len(text) > 8 else "%d %H:%M" for text in like]
    return [at.strftime(form) for at, form in zip(times, forms, strict=True)]


@pytest.mark.parametrize(
    ("zone", "expression", "after", "expected"), CHANGES, ids=[f"{row[0]} {row[1]} {row[2][:7]}" for row in CHANGES]
)
def test_fires_when_the_clock_is_changed_then_as_cron_does(
    zone: str, expression: str, after: str, expected: list[str]
) -> None:
    assert walls(expression, aware(after, zone), zone, expected) == expected


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("30 2 * * *", "2026-03-29T00:59:59+00:00", "2026-03-29T01:00:00+00:00"),  # the last second before the gap
        ("30 2 * * *", "2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"),  # its end has fired
        ("30 2 * * *", "2026-03-29T01:00:30+00:00", "2026-03-30T00:30:00+00:00"),
        ("0 3 * * *", "2026-03-29T01:00:00+00:00", "2026-03-30T01:00:00+00:00"),
        ("30 3 * * *", "2026-03-29T01:10:00+00:00", "2026-03-29T01:30:00+00:00"),
        ("30 2 * * *", "2026-10-25T00:10:00+00:00", "2026-10-25T00:30:00+00:00"),  # within the first pass
        ("30 2 * * *", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
        ("30 2 * * *", "2026-10-25T01:10:00+00:00", "2026-10-26T01:30:00+00:00"),  # within the second pass
        ("30 * * * *", "2026-10-25T01:10:00+00:00", "2026-10-25T01:30:00+00:00"),
        ("30 * * * *", "2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"),
        ("0 3 * * *", "2026-10-25T01:59:59.999+00:00", "2026-10-25T02:00:00+00:00"),
    ],
)  # fmt: skip
def test_fires_when_it_begins_in_the_midst_of_a_change_then_nothing_is_lost_or_doubled(
    expression: str, after: str, expected: str
) -> None:
    times = Cron.parse(expression).first(1, datetime.fromisoformat(after), zone_of("Europe/Berlin"))
    assert times == [datetime.fromisoformat(expected)]


def test_fires_when_a_moment_is_given_then_they_are_later_in_utc_and_on_the_minute() -> None:
    cron = Cron.parse("0 9 * * *")
    nine = datetime(2026, 3, 12, 9, tzinfo=UTC)
    assert cron.first(1, nine - timedelta(microseconds=1), UTC) == [nine]
    assert cron.first(1, nine, UTC) == [nine + timedelta(days=1)]
    assert cron.first(1, nine + timedelta(seconds=1), UTC) == [nine + timedelta(days=1)]
    berlin = cron.first(2, nine.astimezone(ZoneInfo("Asia/Tokyo")), zone_of("Europe/Berlin"))
    assert berlin == [datetime(2026, 3, day, 8, tzinfo=UTC) for day in (13, 14)]
    assert all(at.tzinfo is UTC for at in berlin)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Pacific/Kiritimati", "2026-03-11T19:00"),
        ("Pacific/Niue", "2026-03-12T20:00"),
        ("Asia/Kathmandu", "2026-03-12T03:15"),
        ("Pacific/Marquesas", "2026-03-12T18:30"),
        ("Pacific/Chatham", "2026-03-11T19:15"),
    ],
)
def test_fires_when_the_zone_is_far_away_then_the_day_is_the_one_there(zone: str, expected: str) -> None:
    times = Cron.parse("0 9 12 3 *").first(1, datetime(2026, 3, 1, tzinfo=UTC), zone_of(zone))
    assert times == [datetime.fromisoformat(expected).replace(tzinfo=UTC)]


def days_of(expression: str, count: int, year: int = 2026, month: int = 3) -> list[str]:
    times = Cron.parse(expression).first(count, datetime(year, month, 1, tzinfo=UTC) - timedelta(seconds=1), UTC)
    return [at.strftime("%a %d %b") for at in times]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 13 * 5", ["Fri 06 Mar", "Fri 13 Mar", "Fri 20 Mar", "Fri 27 Mar", "Fri 03 Apr", "Fri 10 Apr", "Mon 13 Apr"]),
        ("0 0 */10 * 0", ["Sun 01 Mar", "Sun 31 May", "Sun 21 Jun", "Sun 11 Oct"]),
        ("0 0 13 * */5", ["Fri 13 Mar", "Sun 13 Sep", "Fri 13 Nov"]),
        ("0 0 1,*/10 * 0", ["Sun 01 Mar", "Sun 08 Mar", "Wed 11 Mar"]),
        ("0 0 *,1 * 0", ["Sun 01 Mar", "Sun 08 Mar", "Sun 15 Mar"]),
        ("0 0 1-31 * 0", ["Sun 01 Mar", "Mon 02 Mar", "Tue 03 Mar"]),
        ("0 0 31 * *", ["Tue 31 Mar", "Sun 31 May", "Fri 31 Jul"]),
    ],
)  # fmt: skip
def test_days_when_both_fields_are_given_then_either_counts_unless_one_begins_with_a_star(
    expression: str, expected: list[str]
) -> None:
    assert days_of(expression, len(expected)) == expected


def test_leap_day_when_a_century_has_none_then_the_next_is_eight_years_on() -> None:
    times = Cron.parse("0 0 29 2 *").first(4, datetime(2090, 1, 1, tzinfo=UTC), UTC)
    assert [at.year for at in times] == [2092, 2096, 2104, 2108]
    assert [at.year for at in Cron.parse("0 0 29 2 *").first(2, datetime(2026, 1, 1, tzinfo=UTC), UTC)] == [2028, 2032]


def test_leap_day_when_it_must_be_a_sunday_then_it_is_found_over_a_century_too() -> None:
    times = Cron.parse("0 0 29 2 */7").first(4, datetime(2050, 1, 1, tzinfo=UTC), UTC)
    sundays = [year for year in range(2052, 2180, 4) if year != 2100 and date(year, 2, 29).isoweekday() == 7]
    assert [at.year for at in times] == sundays == [2060, 2088, 2128, 2156]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"])
def test_fires_when_time_ends_then_they_end_too(zone: str) -> None:
    for moment in (datetime(9989, 12, 31, 23, 50, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        for expression in ("0 0 1 1 *", "* * * * *", "0 0 29 2 */7", "59 23 31 12 *"):
            assert len(list(Cron.parse(expression).after(moment, zone_of(zone)))) <= 24 * 60
    assert list(Cron.parse("* * * * *").after(datetime.max.replace(tzinfo=UTC), zone_of(zone))) == []


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"])
def test_fires_when_time_has_just_begun_then_there_are_some(zone: str) -> None:
    assert Cron.parse("0 0 1 1 *").first(2, datetime.min.replace(tzinfo=UTC), zone_of(zone))[1].year < 4


def test_fires_when_they_are_rare_or_many_then_they_are_found_fast() -> None:
    began = time.process_time()
    Cron.parse("0 0 29 2 */7").first(5, datetime(2026, 1, 1, tzinfo=UTC), zone_of("Europe/Berlin"))
    Cron.parse("* * * * *").first(5_000, datetime(2026, 3, 27, tzinfo=UTC), zone_of("Europe/Berlin"))
    assert time.process_time() - began < 1
