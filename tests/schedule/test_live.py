"""A real server and a real minute: it fires on it, once, though the server is killed right behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.helpers.runs import make_profile
from tests.helpers.server import House
from tests.helpers.wait import until


def test_minute_when_the_server_is_killed_just_behind_it_then_it_has_one_run_and_the_next_is_planned(
    house: House,
) -> None:
    make_profile(house)
    prompt = {"name": "P", "content": "echo $RUN_ID", "agentProfileId": "sh", "workingDirectory": str(house.folder)}
    prompt_id = house.api("POST", "prompts", prompt, expect=201)["id"]
    wish = {"name": "S", "promptId": prompt_id, "cronExpression": "* * * * *"}
    made = house.api("POST", "schedules", wish, expect=201)
    first = moment(made["nextRunTime"])

    def fired() -> Any:
        runs = house.api("GET", f"runs?scheduleId={made['id']}")["runs"]
        return runs[-1] if runs else None

    run = until(fired, within=75, every=0.05)
    assert moment(run["scheduledFor"]) == first
    assert timedelta() <= moment(run["queuedAt"]) - first < timedelta(seconds=20)
    house.kill9()
    house.start()
    ended = house.wait_for_run(run["runId"])
    assert (ended["status"], ended["stdout"]) == ("completed", f"{run['runId']}\n")
    shown = house.api("GET", f"schedules/{made['id']}")
    assert moment(shown["nextRunTime"]) > first
    runs = house.api("GET", f"runs?scheduleId={made['id']}")["runs"]
    assert [one["runId"] for one in runs if moment(one["scheduledFor"]) == first] == [run["runId"]]


def moment(iso: str) -> datetime:
    """Return a time of the API."""
    return datetime.fromisoformat(iso.replace("Z", "+00:00"))
