"""The dashboard: what runs, the last five, what comes next, and the prompt that is used most."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House


@pytest.fixture
def prompt(house: House) -> Any:
    """A saved prompt of the profile sh."""
    make_profile(house)
    body = {"name": "Often", "content": "true", "agentProfileId": "sh", "workingDirectory": str(house.folder)}
    return house.api("POST", "prompts", body, expect=201)


def test_dashboard_when_nothing_was_done_then_it_is_empty(house: House) -> None:
    assert house.api("GET", "dashboard") == {
        "active": [],
        "recent": [],
        "next": None,
        "upcoming": [],
        "mostUsed": None,
        "schedulesPaused": False,
    }


def test_dashboard_when_there_is_work_then_it_says_what_runs_ran_and_will_run(house: House, prompt: Any) -> None:
    for _ in range(2):
        house.wait_for_run(house.api("POST", "run", {"promptId": prompt["id"]}, expect=201)["runId"])
    others = [house.wait_for_run(start_run(house, f"exit {n}")["runId"]) for n in range(4)]
    live = start_run(house, "sleep 60")["runId"]
    wait_running(house, live)
    plan = {"promptId": prompt["id"], "timezone": "UTC"}
    hourly = house.api("POST", "schedules", {"name": "Hourly", "cronExpression": "0 * * * *", **plan}, expect=201)
    house.api("POST", "schedules", {"name": "Rare", "cronExpression": "0 0 1 1 *", **plan}, expect=201)
    off = {"name": "Off", "cronExpression": "* * * * *", "enabled": False, **plan}
    house.api("POST", "schedules", off, expect=201)
    found = house.api("GET", "dashboard")
    assert [run["runId"] for run in found["active"]] == [live]
    assert [run["runId"] for run in found["recent"]][:4] == [run["runId"] for run in reversed(others)]
    assert len(found["recent"]) == 5
    assert (found["mostUsed"]["name"], found["mostUsed"]["asks"]) == ("Often", False)
    assert (found["next"]["scheduleId"], found["next"]["promptName"]) == (hourly["id"], "Often")
    assert len(found["upcoming"]) == 6 and {one["name"] for one in found["upcoming"]} == {"Hourly"}
    times = [datetime.fromisoformat(one["at"]) for one in found["upcoming"]]
    assert [after - before for before, after in zip(times, times[1:], strict=False)] == [timedelta(hours=1)] * 5
    assert not any(one["goesOn"] for one in found["upcoming"])
    house.api("POST", "schedules", {"name": "Often", "cronExpression": "*/2 * * * *", **plan}, expect=201)
    often = [one for one in house.api("GET", "dashboard")["upcoming"] if one["name"] == "Often"]
    assert [one["goesOn"] for one in often] == [False] * 23 + [True]
    house.api("PATCH", "settings", {"schedulesPaused": True})
    paused = house.api("GET", "dashboard")
    assert (paused["next"], paused["upcoming"], paused["schedulesPaused"]) == (None, [], True)


def test_dashboard_when_the_prompt_asks_for_something_then_that_is_said(house: House, prompt: Any) -> None:
    variables = [{"name": "WHO", "required": True}]
    house.api("PATCH", f"prompts/{prompt['id']}", {"content": "echo {{WHO}}", "variables": variables})
    body = {"promptId": prompt["id"], "variables": {"WHO": "Ana"}}
    house.wait_for_run(house.api("POST", "run", body, expect=201)["runId"])
    assert house.api("GET", "dashboard")["mostUsed"]["asks"] is True
