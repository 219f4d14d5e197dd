"""The planner: what is due and what was missed, how far a run is put off, and when the next time is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.domain.schedule import Plan, Schedule
from airunner.schedule.planner import LATE, MOST_MISSED, Due, back_off, delay, plan, what_is_due

NOW = datetime(2026, 3, 12, 10, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def made(expression: str, **fields: Any) -> Schedule:
    given = {"id": "s1", "name": "S", "prompt_id": "p1", "timezone": "UTC", **fields}
    return Schedule(cron_expression=expression, **given)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due_after(schedule: Schedule, first: str, now: str) -> Due:
    return what_is_due(schedule, at(first), at(now))


# What is due


@pytest.mark.parametrize("missed", ["skip", "runOnce"])
def test_due_when_one_time_has_just_come_then_it_runs_under_either_policy(missed: str) -> None:
    schedule, nine = made("0 9 * * *", missed_runs=missed), at("2026-03-12 09:00")
    for behind in (timedelta(), timedelta(milliseconds=3), LATE - timedelta(milliseconds=1)):
        assert what_is_due(schedule, nine, nine + behind) == Due(nine, (), None, nine)


def test_due_when_a_time_is_late_then_it_is_missed_or_runs_once() -> None:
    nine = at("2026-03-12 09:00")
    assert what_is_due(made("0 9 * * *"), nine, nine + LATE) == Due(None, (nine,), None, nine)
    assert what_is_due(made("0 9 * * *", missed_runs="runOnce"), nine, nine + LATE) == Due(nine, (), None, nine)


@pytest.mark.parametrize("windows", [1, 2, 3, 7, 40])
def test_due_when_down_over_windows_then_each_is_missed_and_with_run_once_the_newest_runs(windows: int) -> None:
    first = at("2026-03-12 09:00")
    times = tuple(first + DAY * number for number in range(windows))
    now = times[-1] + 5 * HOUR
    assert what_is_due(made("0 9 * * *"), first, now) == Due(None, times, None, times[-1])
    assert what_is_due(made("0 9 * * *", missed_runs="runOnce"), first, now) == Due(
        times[-1], times[:-1], None, times[-1]
    )


def test_due_when_down_for_eight_hours_of_quarters_then_32_were_missed() -> None:
    skipped = due_after(made("*/15 * * * *"), "2026-03-12 00:00", "2026-03-12 07:52")
    assert (skipped.run, len(skipped.missed), skipped.unlisted_from) == (None, 32, None)
    assert skipped.missed == tuple(at("2026-03-12 00:00") + 15 * MINUTE * number for number in range(32))
    once = due_after(made("*/15 * * * *", missed_runs="runOnce"), "2026-03-12 00:00", "2026-03-12 07:52")
    assert (once.run, once.missed) == (at("2026-03-12 07:45"), skipped.missed[:-1])


@pytest.mark.parametrize("missed", ["skip", "runOnce"])
def test_due_when_the_newest_is_on_time_then_it_runs_and_the_others_were_missed(missed: str) -> None:
    due = due_after(made("*/15 * * * *", missed_runs=missed), "2026-03-12 09:00", "2026-03-12 09:45:10")
    assert due.run == due.newest == at("2026-03-12 09:45")
    assert due.missed == (at("2026-03-12 09:00"), at("2026-03-12 09:15"), at("2026-03-12 09:30"))


@pytest.mark.parametrize("missed", ["skip", "runOnce"])
@pytest.mark.parametrize("jitter", [0, 30])
def test_due_when_a_year_of_minutes_has_passed_then_the_newest_are_told_and_the_rest_named(
    missed: str, jitter: int
) -> None:
    schedule = made("* * * * *", missed_runs=missed, jitter_seconds=jitter)
    first, now = at("2025-03-12 10:01"), at("2026-03-12 10:00:59.9")
    began = time.process_time()
    due = what_is_due(schedule, first, now)
    assert time.process_time() - began < 1
    assert due.run == due.newest == at("2026-03-12 10:00")
    assert due.missed == tuple(due.newest - MINUTE * number for number in range(MOST_MISSED - 1, 0, -1))
    assert due.unlisted_from == first


def test_due_when_years_hold_few_bursts_then_they_are_found_fast() -> None:
    began = time.process_time()
    due = due_after(made("* * * 1 *"), "2023-01-01 00:00", "2026-12-30 00:00")
    assert time.process_time() - began < 5
    assert (due.newest, len(due.missed)) == (at("2026-01-31 23:59"), MOST_MISSED)
    assert due.unlisted_from == at("2023-01-01 00:00")


@pytest.mark.parametrize(
    ("minutes", "unlisted"), [(MOST_MISSED, False), (MOST_MISSED + 1, True), (1440, True), (1441, True)]
)
def test_due_when_there_are_about_a_thousand_then_only_what_is_left_out_is_named(minutes: int, unlisted: bool) -> None:
    newest = at("2026-03-12 10:00")
    first = newest - MINUTE * (minutes - 1)
    due = what_is_due(made("* * * * *"), first, newest + LATE - timedelta(seconds=1))
    assert (due.run, len(due.missed)) == (newest, MOST_MISSED - 1)
    assert due.unlisted_from == (first if unlisted else None)


def test_due_when_the_schedule_has_ended_meanwhile_then_the_last_time_is_the_newest() -> None:
    ended = made("0 9 * * *", end_date=at("2026-03-14 09:00"))
    due = due_after(ended, "2026-03-12 09:00", "2026-03-20 12:00")
    assert due.missed == tuple(at(f"2026-03-{day} 09:00") for day in (12, 13, 14))
    assert plan(ended, due.newest, NOW).fire_at is None


def test_due_when_the_clock_was_changed_meanwhile_then_times_are_those_of_the_zone() -> None:
    schedule = made("30 2 * * *", timezone="Europe/Berlin")
    due = due_after(schedule, "2026-03-28 01:30", "2026-03-30 12:00")
    assert due.missed == (at("2026-03-28 01:30"), at("2026-03-29 01:00"), at("2026-03-30 00:30"))


def test_due_when_there_is_jitter_then_lateness_counts_from_the_put_off_time() -> None:
    schedule = made("0 9 * * *", jitter_seconds=3600)
    nine = at("2026-03-12 09:00")
    put_off = delay(schedule, nine)
    assert put_off > MINUTE
    assert what_is_due(schedule, nine, nine + put_off + timedelta(seconds=59)).run == nine
    assert what_is_due(schedule, nine, nine + put_off + timedelta(seconds=60)).run is None


# Jitter


@given(
    expression=st.sampled_from(["* * * * *", "*/5 * * * *", "0 9 * * *", "59 23 * * *", "0,1 9 * * *", "30 2 * * 0"]),
    jitter=st.integers(0, 3600),
    name=st.text(min_size=1, max_size=20),
    days=st.integers(0, 700),
)
def test_delay_when_asked_again_then_it_is_the_same_within_bounds_and_before_the_next(
    expression: str, jitter: int, name: str, days: int
) -> None:
    schedule = made(expression, jitter_seconds=jitter, id=name, timezone="Europe/Berlin")
    same = made(expression, jitter_seconds=jitter, id=name, timezone="Europe/Berlin", name="Other", revision=7)
    times = list(islice(schedule.fires_after(NOW + DAY * days), 4))
    for earlier, later in pairwise(times):
        put_off = delay(schedule, earlier)
        assert put_off == delay(same, earlier)
        assert timedelta() <= put_off <= timedelta(seconds=jitter)
        assert earlier + put_off < later


def test_delay_when_there_are_many_schedules_then_they_are_spread() -> None:
    nine = at("2026-03-12 09:00")
    delays = [delay(made("0 9 * * *", jitter_seconds=600, id=f"s{number}"), nine) for number in range(300)]
    tenths = {int(put_off.total_seconds() // 60) for put_off in delays}
    assert tenths == set(range(10))
    days = {delay(made("0 9 * * *", jitter_seconds=600), nine + DAY * number) for number in range(20)}
    assert len(days) > 10


def test_delay_when_there_is_no_jitter_or_no_next_time_then_it_is_none_or_up_to_the_jitter() -> None:
    last = made("0 9 * * *", jitter_seconds=3600, end_date=at("2026-03-12 09:00"))
    assert delay(made("* * * * *"), NOW) == timedelta()
    assert timedelta() < delay(last, at("2026-03-12 09:00")) <= HOUR


# Plans


def test_plan_when_made_then_it_is_for_the_next_time_and_this_revision() -> None:
    schedule = made("0 9 * * *", revision=4, jitter_seconds=600)
    nine = at("2026-03-13 09:00")
    before = Plan(id="s1", revision=3, planned_at=NOW - DAY, open=("r1", "r2"), failures=2, problem="x", fire_at=NOW)
    expected = Plan(
        id="s1", revision=4, planned_at=NOW, fire_at=nine, due_at=nine + delay(schedule, nine), open=("r1", "r2")
    )
    assert plan(schedule, NOW, NOW, before) == expected
    assert plan(schedule, NOW, NOW).open == ()


def test_plan_when_the_schedule_is_off_or_over_then_there_is_no_next_time() -> None:
    for schedule in (made("0 9 * * *", enabled=False), made("0 9 * * *", end_date=NOW)):
        assert (plan(schedule, NOW, NOW).fire_at, plan(schedule, NOW, NOW).due_at) == (None, None)


def test_plan_when_there_is_a_start_then_nothing_fires_before_it() -> None:
    begins = made("0 9 * * *", start_date=at("2026-06-01 09:00"), end_date=at("2026-06-02 08:59"))
    assert plan(begins, NOW, NOW).fire_at == at("2026-06-01 09:00")
    assert plan(begins, at("2026-06-01 09:00"), NOW).fire_at is None


# Attempts


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (60, [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600]),
        (0, [0] * 10),
        (1, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
        (21_600, [21_600] * 10),
        (43_200, [43_200] * 10),
        (86_400, [86_400] * 10),
    ],
)
def test_back_off_when_attempts_follow_then_it_doubles_up_to_six_hours_or_the_delay(
    seconds: int, expected: list[int]
) -> None:
    schedule = made("0 9 * * *", retry_delay_seconds=seconds)
    assert [back_off(schedule, attempt).total_seconds() for attempt in range(2, 12)] == expected
