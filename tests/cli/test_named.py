"""Which prompt or schedule is meant, and how lists look, against a stand-in server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import Stub

FIRST, SECOND = "01k9z6bq4mfn3t8w2xya", "01k9z6bq4mfn3t8w2xyb"


def prompt(prompt_id: str, name: str) -> dict[str, Any]:
    return {"id": prompt_id, "name": name, "agentProfileId": "p1", "type": "inline", "tags": []}


@pytest.fixture
def two(stub: Stub) -> Stub:
    """A server with two prompts, one of them named like the beginning of an id."""
    known = [prompt(FIRST, "twin"), prompt(SECOND, FIRST[:-1])]
    stub.canned["GET", "prompts"] = 200, json.dumps(known).encode()
    return stub


@pytest.mark.parametrize(
    ("name", "meant"),
    [(FIRST, FIRST), (FIRST.upper(), FIRST), (SECOND, SECOND), ("twin", FIRST), (FIRST[:-1], SECOND)],
)
def test_name_when_it_is_of_one_then_that_one_is_meant(two: Stub, call: Call, name: str, meant: str) -> None:
    assert json.loads(call("prompts", "show", name).stdout)["id"] == meant


@pytest.mark.parametrize("name", ["Twin", "win", "", "../x", FIRST + "0"])
def test_name_when_it_is_of_none_then_a_sentence(two: Stub, call: Call, name: str) -> None:
    done = call("prompts", "run", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"airunner: There is no prompt {name!r}")
    assert two.asked("POST", "run") == []


def test_name_when_it_is_of_several_then_their_ids_are_said(stub: Stub, call: Call) -> None:
    stub.canned["GET", "prompts"] = 200, json.dumps([prompt(FIRST, "twin"), prompt(SECOND, "twin")]).encode()
    for name in ("twin", FIRST[:5]):
        done = call("prompts", "delete", name)
        assert done.returncode == 1
        assert FIRST in done.stderr and SECOND in done.stderr
    assert not [method for method, *_ in stub.seen if method != "GET"]


def test_names_when_two_are_of_one_then_it_is_asked_for_once(two: Stub, call: Call) -> None:
    two.canned["POST", "prompts/bulk"] = 200, b'{"success": true, "ids": []}'
    assert call("prompts", "tag", "twin", FIRST, SECOND, "--tag", "x").returncode == 0
    assert two.asked("POST", "prompts/bulk") == [{"action": "tag", "ids": [FIRST, SECOND], "tags": ["x"]}]


def test_prompt_when_its_variables_are_no_json_then_a_sentence_and_2(stub: Stub, call: Call) -> None:
    done = call("prompts", "create", "x", "--name", "n", "--profile", "p", "--variables", "{x")
    assert done.returncode == 2
    assert done.stderr.startswith("airunner: --variables must be a JSON list")
    assert stub.seen == []


def test_schedules_when_listed_then_each_time_has_the_zone_of_its_day(stub: Stub, call: Call) -> None:
    schedules = [
        {
            "id": FIRST, "name": "summer\x1b[2J", "promptName": None, "promptId": "gone", "description": "Noon",
            "nextRunTime": "2026-07-01T10:00:00.000Z", "lastRunStatus": "failed", "enabled": True, "problem": "No prompt.",
        },
        {
            "id": SECOND, "name": "winter", "promptName": "P", "promptId": "p", "description": "Noon",
            "nextRunTime": "2026-12-01T11:00:00.000Z", "lastRunStatus": None, "enabled": True, "problem": None,
        },
    ]  # fmt: skip
    stub.canned["GET", "schedules"] = 200, json.dumps(schedules).encode()
    stub.canned["GET", "settings"] = 200, b'{"schedulesPaused": false}'
    done = call("schedules", TZ="Europe/Paris")
    _, summer, winter = done.stdout.splitlines()
    assert "2026-07-01 12:00:00 CEST  failed    on     No prompt." in summer
    assert "2026-12-01 12:00:00 CET   -         on     -" in winter
    assert "gone" in summer and "\x1b" not in summer
    assert done.stderr == ""
    assert json.loads(call("schedules", "--json").stdout) == schedules
