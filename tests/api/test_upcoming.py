"""What is planned: times of every schedule in a window, and who meets whom in a directory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.helpers.runs import make_profile
from tests.helpers.server import House


@pytest.fixture
def plan(house: House) -> Any:
    """Make a schedule of a prompt of its own, whose runs may take an hour."""
    make_profile(house)

    def make(name: str, cron: str, **prompt: Any) -> Any:
        body = {"name": name, "content": "true", "agentProfileId": "sh", "workingDirectory": str(house.folder)}
        saved = house.api("POST", "prompts", {**body, **prompt}, expect=201)
        plan = {"name": name, "promptId": saved["id"], "cronExpression": cron, "timezone": "UTC"}
        return house.api("POST", "schedules", plan, expect=201)

    return make


def lanes(house: House, query: str = "") -> dict[str, Any]:
    """Return the answer's schedules by name."""
    return {one["name"]: one for one in house.api("GET", f"schedules/upcoming{query}")["schedules"]}


def moments(times: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in times]


def test_upcoming_when_one_fires_seldom_and_one_all_the_time_then_times_and_one_stretch(
    house: House, plan: Any
) -> None:
    plan("Hourly", "0 * * * *")
    plan("Minute", "* * * * *", workingDirectory=str(house.data))
    off = plan("Off", "5 * * * *")
    house.api("POST", f"schedules/{off['id']}/toggle", {"enabled": False})
    found = lanes(house)
    assert set(found) == {"Hourly", "Minute"}
    times = moments(found["Hourly"]["times"])
    assert len(times) == 24 and {b - a for a, b in zip(times, times[1:], strict=False)} == {timedelta(hours=1)}
    (often,) = found["Minute"]["often"]
    assert found["Minute"]["times"] == []
    first, last = moments([often["from"], often["to"]])
    assert last - first == timedelta(minutes=24 * 60 - 1)  # the window begins before its first time
    assert found["Hourly"]["clashes"] == found["Minute"]["clashes"] == []
    assert len(lanes(house, "?hours=168")["Hourly"]["times"]) == 168


def test_upcoming_when_runs_meet_in_a_directory_then_both_name_the_other(house: House, plan: Any) -> None:
    first, second = plan("First", "0 2 * * *", timeout=60), plan("Second", "30 2 * * *", timeout=60)
    plan("Elsewhere", "30 2 * * *", timeout=60, workingDirectory=str(house.data))
    plan("Later", "0 12 * * *", timeout=1)
    found = lanes(house)
    assert found["First"]["clashes"] == found["First"]["times"]
    assert [one["name"] for one in found["First"]["meets"]] == ["Second"]
    assert [one["scheduleId"] for one in found["Second"]["meets"]] == [first["id"]]
    assert found["Second"]["meets"][0]["at"] == found["Second"]["times"][0]
    assert found["Elsewhere"]["meets"] == found["Later"]["meets"] == []
    house.api("PATCH", f"schedules/{second['id']}", {"cronExpression": "30 4 * * *"})
    assert lanes(house)["First"]["meets"] == []


def test_upcoming_when_they_meet_only_later_in_the_week_then_that_is_named(house: House, plan: Any) -> None:
    now = datetime.fromisoformat(house.api("GET", "schedules/upcoming")["from"])
    day = (now + timedelta(days=3)).isoweekday() % 7
    plan("Daily", "0 2 * * *", timeout=10)
    plan("Weekly", f"5 2 * * {day}", timeout=10)
    found = lanes(house)
    assert found["Daily"]["clashes"] == []
    assert [one["name"] for one in found["Daily"]["meets"]] == ["Weekly"]
    assert len(lanes(house, "?hours=168")["Daily"]["clashes"]) == 1


def test_upcoming_when_many_times_are_told_together_then_only_those_that_meet_do(house: House, plan: Any) -> None:
    plan("Often", "*/5 * * * *", timeout=1)
    plan("Between", "3 * * * *", timeout=1)
    plan("Beside", "59 4 * * *", timeout=3, workingDirectory=str(house.folder))
    found = lanes(house)
    assert found["Between"]["meets"] == []
    assert [one["name"] for one in found["Beside"]["meets"]] == ["Often"]


@pytest.mark.parametrize("hours", ["0", "25", "169", "x", "1.5"])
def test_upcoming_when_the_window_is_none_then_400_says_what_it_may_be(house: House, hours: str) -> None:
    refused = house.api("GET", f"schedules/upcoming?hours={hours}", expect=400)
    assert "24" in refused["fields"]["hours"] and "168" in refused["fields"]["hours"]
