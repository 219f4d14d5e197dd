"""Schedules: what is read, kept and refused, and the times between start and end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airunner.base.errors import Invalid
from airunner.domain.record import Doc, encode, from_doc, to_doc
from airunner.domain.schedule import READ_ONLY, Plan, Schedule, describe

NOW = datetime(2026, 3, 12, 10, 0, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LEAST: Doc = {"name": "Nightly", "promptId": "p1", "cronExpression": "0 9 * * *"}
FULL: Doc = {
    **LEAST,
    "timezone": "America/New_York",
    "enabled": False,
    "missedRuns": "runOnce",
    "overlap": "queue",
    "retries": 3,
    "retryDelaySeconds": 120,
    "jitterSeconds": 30,
    "startDate": "2026-04-01",
    "endDate": "2026-04-30",
    "disableAfterFailures": 5,
    "variables": {"A": "a", "N": 7, "B": True},
    "workingDirectory": "/srv/app/",
    "timeout": 12.5,
}


def made(**fields: Any) -> Schedule:
    return Schedule.from_input({**LEAST, **fields}, id="s1", now=NOW, by="ann", timezone="Europe/Berlin")


def full() -> Schedule:
    return Schedule.from_input(FULL, id="s1", now=NOW, by="ann", timezone="Europe/Berlin")


def problems_of(**fields: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        made(**fields)
    return dict(refused.value.fields or {})


def test_new_when_only_what_is_needed_is_given_then_the_rest_has_defaults() -> None:
    assert made() == Schedule(
        id="s1", name="Nightly", prompt_id="p1", cron_expression="0 9 * * *", timezone="Europe/Berlin",
        created_at=NOW, updated_at=NOW, created_by="ann", updated_by="ann",
    )  # fmt: skip
    assert (made().missed_runs, made().overlap, made().retries, made().enabled) == ("skip", "skip", 0, True)


def test_new_when_all_is_given_then_all_is_kept() -> None:
    schedule = full()
    assert (schedule.timezone, schedule.enabled, schedule.missed_runs) == ("America/New_York", False, "runOnce")
    assert (schedule.overlap, schedule.retries, schedule.retry_delay_seconds) == ("queue", 3, 120)
    assert (schedule.jitter_seconds, schedule.disable_after_failures, schedule.timeout) == (30, 5, 12.5)
    assert schedule.variables == {"A": "a", "N": "7", "B": "true"}
    assert schedule.working_directory == "/srv/app"
    assert from_doc(Schedule, to_doc(schedule)) == schedule


def test_new_when_null_is_given_then_it_is_left_out() -> None:
    nulls = {name: None for name in FULL if name not in LEAST}
    assert made(**nulls) == made()


def test_new_when_needed_fields_are_missing_then_each_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        Schedule.from_input({"name": None}, id="s", now=NOW, by="", timezone="UTC")
    assert refused.value.fields == {
        "name": "name is needed.",
        "promptId": "promptId is needed.",
        "cronExpression": "cronExpression is needed.",
    }


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", "", "must not be empty"),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "a\nb", "one line"),
        ("cronExpression", "0 9 * *", "five fields"),
        ("cronExpression", "0 0 30 2 *", "never run"),
        ("cronExpression", "1," * 600, "at most 1,000 characters"),
        ("cronExpression", 5, "must be text"),
        ("timezone", "Mars/Olympus", "does not know"),
        ("timezone", 5, "must be text"),
        ("enabled", "yes", "true or false"),
        ("missedRuns", "runAll", "one of skip, runOnce"),
        ("overlap", "Skip", "one of skip, queue, parallel"),
        ("retries", 11, "at most 10"),
        ("retries", -1, "at least 0"),
        ("retries", 1.5, "whole number"),
        ("retries", True, "must be a number"),
        ("retryDelaySeconds", 86_401, "at most 86400"),
        ("jitterSeconds", 3_601, "at most 3600"),
        ("disableAfterFailures", 1_001, "at most 1000"),
        ("variables", ["A"], "must be an object"),
        ("startDate", "tomorrow", "ISO 8601"),
        ("endDate", "2026-02-30", "ISO 8601"),
        ("workingDirectory", "srv", "absolute path"),
        ("timeout", 0, "more than 0"),
        ("timeout", 10_081, "at most 10080"),
        ("colour", "red", "unknown field"),
    ],
)
def test_new_when_a_value_is_wrong_then_its_field_says_why(field: str, value: object, why: str) -> None:
    problems = problems_of(**{field: value})
    assert list(problems) == [field]
    assert why in problems[field]


def test_new_when_several_values_are_wrong_then_each_has_its_sentence() -> None:
    wrong = {"cronExpression": "x", "timezone": "x", "retries": 99, "variables": {"A": [], "1": "x"}, "timeout": "x"}
    assert set(problems_of(**wrong)) == {
        "cronExpression", "timezone", "retries", "variables.A", "variables.1", "timeout"
    }  # fmt: skip


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_new_when_it_is_no_object_then_it_is_refused(data: object) -> None:
    with pytest.raises(Invalid, match="schedule must be a JSON object"):
        Schedule.from_input(data, id="s", now=NOW, by="", timezone="UTC")


def test_read_only_fields_when_given_then_they_are_ignored() -> None:
    given = {name: "made up" for name in READ_ONLY}
    assert made(**given) == made()
    assert made().merged(given, NOW, "ann") == made()
    sent_back = json.loads(encode(full().public()))
    assert full().merged(sent_back, NOW, "ann") == full()


def test_merge_when_fields_are_left_out_then_they_stay() -> None:
    before = full()
    assert before.merged({}, LATER, "bob") == replace(before, updated_at=LATER, updated_by="bob")
    after = before.merged({"cronExpression": "@hourly"}, LATER, "bob")
    assert after == replace(before, cron_expression="@hourly", updated_at=LATER, updated_by="bob")


def test_merge_when_null_is_given_then_what_can_be_empty_is_emptied() -> None:
    nulls = {"startDate": None, "endDate": None, "workingDirectory": None, "timeout": None}
    after = full().merged(nulls, LATER, "bob")
    assert (after.start_date, after.end_date, after.working_directory, after.timeout) == (None, None, None, None)
    for name in ("name", "promptId", "cronExpression", "timezone", "enabled", "overlap", "retries", "variables"):
        with pytest.raises(Invalid) as refused:
            full().merged({name: None}, LATER, "bob")
        assert list(refused.value.fields or {}) == [name]


def test_merge_when_variables_are_given_then_each_is_set_or_taken_out() -> None:
    after = full().merged({"variables": {"A": None, "C": "c\nd", "N": ""}}, LATER, "bob")
    assert after.variables == {"B": "true", "C": "c\nd", "N": ""}
    assert full().variables == {"A": "a", "N": "7", "B": "true"}


def test_dates_when_given_alone_then_they_are_whole_days_of_the_zone() -> None:
    schedule = full()
    assert schedule.start_date == datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert schedule.end_date == datetime(2026, 5, 1, 4, tzinfo=UTC) - timedelta(milliseconds=1)
    berlin = made(startDate="2026-03-29", endDate="2026-03-29")  # the day of 23 hours
    assert (berlin.start_date, berlin.end_date) == (
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC) - timedelta(milliseconds=1),
    )


def test_dates_when_the_zone_changes_with_them_then_it_is_the_new_one() -> None:
    after = full().merged({"timezone": "Asia/Tokyo", "startDate": "2026-04-01"}, LATER, "bob")
    assert after.start_date == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert after.end_date == full().end_date


def test_dates_when_they_have_a_time_then_it_counts_with_its_offset() -> None:
    schedule = made(startDate="2026-04-01T09:00:00+02:00", endDate="2026-04-01T07:00:01Z")
    assert schedule.start_date == datetime(2026, 4, 1, 7, tzinfo=UTC)
    assert schedule.end_date == datetime(2026, 4, 1, 7, 0, 1, tzinfo=UTC)


def test_dates_when_the_end_is_not_behind_the_start_then_they_are_refused() -> None:
    same = "2026-04-01T07:00:00Z"
    assert problems_of(startDate=same, endDate=same) == {"endDate": "endDate must be later than startDate."}
    assert list(problems_of(startDate="2026-04-02", endDate="2026-04-01")) == ["endDate"]
    with pytest.raises(Invalid) as refused:
        full().merged({"endDate": "2026-03-31"}, LATER, "bob")
    assert list(refused.value.fields or {}) == ["endDate"]
    with pytest.raises(Invalid):
        full().merged({"startDate": "2026-05-01"}, LATER, "bob")
    assert full().merged({"startDate": "2026-05-01", "endDate": None}, LATER, "bob").end_date is None


def test_fires_when_there_is_a_start_and_an_end_then_both_are_among_them() -> None:
    schedule = made(timezone="UTC", startDate="2026-04-01T09:00:00Z", endDate="2026-04-03T09:00:00Z")
    nine = [datetime(2026, 4, day, 9, tzinfo=UTC) for day in (1, 2, 3)]
    assert list(schedule.fires_after(NOW)) == nine
    assert list(schedule.fires_after(nine[0])) == nine[1:]
    assert list(schedule.fires_after(nine[2])) == []
    inside = made(timezone="UTC", startDate="2026-04-01T09:00:00.001Z", endDate="2026-04-03T08:59:59.999Z")
    assert list(inside.fires_after(NOW)) == [nine[1]]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue"])
def test_fires_when_the_start_is_at_the_end_of_time_then_there_are_none(zone: str) -> None:
    assert list(made(timezone=zone, startDate="9999-12-30").fires_after(NOW)) == []
    assert next(made(timezone=zone, startDate="0001-01-03").fires_after(NOW)) > NOW


def test_fires_when_the_zone_is_not_known_any_more_then_invalid_says_so() -> None:
    with pytest.raises(Invalid, match="does not know"):
        next(replace(made(), timezone="Mars/Olympus").fires_after(NOW))


def test_switched_when_by_the_house_then_a_reason_stays_until_somebody_switches_it_on() -> None:
    off = made().switched(False, LATER, "airunner", "Switched off after it failed once.")
    assert (off.enabled, off.disabled_reason) == (False, "Switched off after it failed once.")
    assert (off.updated_at, off.updated_by) == (LATER, "airunner")
    assert off.merged({"name": "Other"}, LATER, "bob").disabled_reason == off.disabled_reason
    assert off.merged({"enabled": True}, LATER, "bob").disabled_reason is None
    on = off.switched(True, LATER, "bob", "made up")
    assert (on.enabled, on.disabled_reason) == (True, None)


def test_public_when_shown_then_it_is_said_in_words() -> None:
    assert made().public()["description"] == "At 09:00 every day"
    assert made().public()["cronExpression"] == "0 9 * * *"
    assert describe("of an older version") == "of an older version"


def test_plan_when_it_comes_from_the_store_then_its_runs_are_a_tuple() -> None:
    plan = Plan(id="s1", revision=1, planned_at=NOW, open=("r1",))
    assert from_doc(Plan, to_doc(plan)) == plan
