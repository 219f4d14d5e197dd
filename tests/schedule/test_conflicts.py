"""Conflicts: which schedules will run at once in one directory, and which one will meet itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airunner.domain.schedule import Schedule
from airunner.schedule.conflicts import Habit, Meeting, meetings, meets_itself

NOW = datetime(2026, 3, 12, 10, 0, 30, tzinfo=UTC)  # a Thursday
HOUR = 3600.0


def habit(id: str, expression: str, seconds: float = 600, directory: str | None = "/srv/app", **fields: Any) -> Habit:
    given = {"name": id, "prompt_id": "p1", "timezone": "UTC", **fields}
    return Habit(Schedule(id=id, cron_expression=expression, **given), directory, seconds)


def met(one: Habit, *others: Habit) -> list[tuple[str, str]]:
    """The schedules that one meets: which, from when on, how often. It is the same for the other, apart from its name."""
    found = list(meetings(one, others, NOW))
    for meeting in found:
        other = next(other for other in others if other.schedule == meeting.other)
        assert list(meetings(other, [one], NOW)) == [Meeting(one.schedule, meeting.at)]
    return [(meeting.other.id, f"{meeting.at:%m-%d %H:%M}") for meeting in found]


def test_meetings_when_runs_are_long_enough_to_overlap_then_they_meet() -> None:
    nine = habit("a", "0 9 * * *", 1800)
    assert met(nine, habit("b", "0 9 * * *")) == [("b", "03-13 09:00")]
    assert met(nine, habit("b", "20 9 * * *")) == [("b", "03-13 09:20")]
    assert met(nine, habit("b", "29 9 * * *", 1)) == [("b", "03-13 09:29")]
    assert met(nine, habit("b", "30 9 * * *")) == []
    assert met(nine, habit("b", "50 8 * * *", 600)) == []
    assert met(nine, habit("b", "50 8 * * *", 601)) == [("b", "03-13 09:00")]


def test_meetings_when_runs_cross_midnight_then_they_meet() -> None:
    assert met(habit("a", "50 23 * * *", HOUR), habit("b", "10 0 * * 0")) == [("b", "03-15 00:10")]


@pytest.mark.parametrize(
    "other",
    [
        habit("b", "0 9 * * *", directory="/srv/other"),
        habit("b", "0 9 * * *", directory=None),
        habit("b", "0 9 * * *", enabled=False),
        habit("b", "0 9 * * *", end_date=NOW),
        habit("b", "0 9 * * *", timezone="Asia/Tokyo"),
        habit("a", "0 9 * * *"),
        habit("b", "0 10 * * *"),
    ],
    ids=["directory", "no directory", "off", "over", "zone", "itself", "hour"],
)
def test_meetings_when_they_are_apart_then_there_are_none(other: Habit) -> None:
    assert list(meetings(habit("a", "0 9 * * *"), [other], NOW)) == []


def test_meetings_when_ours_has_no_directory_or_no_times_then_there_are_none() -> None:
    assert met(habit("a", "0 9 * * *", directory=None), habit("b", "0 9 * * *", directory=None)) == []
    assert met(habit("a", "0 9 * * *", end_date=NOW), habit("b", "0 9 * * *")) == []


def test_meetings_when_zones_differ_then_instants_count() -> None:
    assert met(habit("a", "0 9 * * *"), habit("b", "0 18 * * *", timezone="Asia/Tokyo")) == [("b", "03-13 09:00")]


def test_meetings_when_one_is_rare_then_it_is_looked_for_beyond_the_week() -> None:
    daily, minutely = habit("a", "0 9 * * *"), habit("a", "* * * * *", 10)
    assert met(daily, habit("b", "0 9 1 * *")) == [("b", "04-01 09:00")]
    assert met(daily, habit("b", "5 9 24 12 *")) == [("b", "12-24 09:05")]
    assert met(habit("a", "0 9 * * 2"), habit("b", "0 9 1 9 *")) == [("b", "09-01 09:00")]
    assert met(habit("a", "0 9 1 * *"), habit("b", "0 9 15 * *")) == []
    assert met(minutely, habit("b", "0 9 * * 3")) == [("b", "03-18 09:00")]
    assert met(minutely, habit("b", "*/10 * 18 * *")) == [("b", "03-18 00:00")]


def test_meetings_when_there_are_many_then_each_is_told_and_it_is_fast() -> None:
    others = [habit(f"b{number}", "* * * * *", 300) for number in range(10)]
    began = time.process_time()
    found = list(meetings(habit("a", "* * * * *", 300), others, NOW))
    assert time.process_time() - began < 5
    assert [meeting.other.id for meeting in found] == [other.schedule.id for other in others]


@pytest.mark.parametrize(
    ("expression", "seconds", "expected"),
    [
        ("*/15 * * * *", 901, 900),
        ("*/15 * * * *", 900, None),
        ("* * * * *", 90, 60),
        ("0 9,10,14 * * *", 4000, 3600),
        ("0 9 * * *", HOUR * 25, 86_400),
        ("0 9 * * *", HOUR * 23, None),
        ("0 0 1 * *", HOUR * 24 * 7, None),
        ("0 0 1 * *", HOUR * 24 * 29, HOUR * 24 * 28),
        ("0 0 29 2 *", HOUR * 24 * 7, None),
    ],
)
def test_meets_itself_when_a_run_takes_longer_than_the_next_time_then_the_gap_is_told(
    expression: str, seconds: float, expected: float | None
) -> None:
    gap = meets_itself(habit("a", expression, seconds), NOW)
    assert gap == (None if expected is None else timedelta(seconds=expected))


def test_meets_itself_when_the_clock_is_changed_then_the_short_day_counts() -> None:
    daily = habit("a", "0 9 * * *", HOUR * 23.5, timezone="Europe/Berlin")
    assert meets_itself(daily, NOW) is None
    assert meets_itself(daily, datetime(2026, 3, 27, tzinfo=UTC)) == timedelta(hours=23)
