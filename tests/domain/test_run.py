"""Runs: their document, its public and listed forms, and requests to start one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from airunner.base.errors import Invalid
from airunner.domain.fields import SET_BY_US
from airunner.domain.run import INTERNAL, RUN_FIELDS, StartRequest, listed, new_run, public
from tests.domain.test_fields import ANYTHING

NOW = datetime(2026, 3, 12, 14, 32, 10, tzinfo=UTC)


def test_new_run_when_little_is_given_then_every_field_is_there() -> None:
    run = new_run(runId="r1", queuedAt=NOW, env={"A": "b"})
    assert set(run) == set(RUN_FIELDS) | set(INTERNAL)
    assert (run["status"], run["attempt"], run["pinned"], run["env"]) == ("queued", 1, False, {"A": "b"})
    assert type(run["status"]) is str


def test_new_run_when_a_name_is_wrong_or_missing_then_it_is_a_fault() -> None:
    with pytest.raises(TypeError, match="a run has no colour"):
        new_run(runId="r1", queuedAt=NOW, colour="red")
    with pytest.raises(TypeError, match="needs runId and queuedAt"):
        new_run(runId="r1")


def test_public_when_a_run_has_internals_then_none_is_left_and_nothing_is_added() -> None:
    run = {**new_run(runId="r1", queuedAt=NOW, env={"A": "secret"}, folder="/x"), "another": 1}
    assert set(public(run)) == set(RUN_FIELDS)
    assert public({"runId": "r1", "env": {}}) == {"runId": "r1"}


def test_listed_when_texts_are_short_then_they_are_there_with_a_preview() -> None:
    short = listed(new_run(runId="r1", queuedAt=NOW, promptContent="x" * 500, command="claude", lastScreen="screen"))
    assert short["promptContent"] == short["promptPreview"] == "x" * 500
    assert short["command"] == "claude"
    assert not {"lastScreen", *INTERNAL} & set(short)


def test_listed_when_texts_are_long_then_only_the_preview_is_left() -> None:
    run = new_run(runId="r1", queuedAt=NOW, promptContent="x" * 501, command="y" * 501)
    short = listed(run)
    assert short["promptPreview"] == "x" * 500
    assert not {"promptContent", "command"} & set(short)
    assert listed(short) == short
    assert len(run["promptContent"]) == 501


def test_request_when_everything_is_given_then_it_is_read() -> None:
    request = StartRequest.from_input(
        {
            "content": "  do it\n", "type": "inline", "promptId": "p", "agentProfileId": "claude", "timeout": 0.05,
            "workingDirectory": "/srv/", "variables": {"NAME": "x"}, "env": {"A": ""}, "dryRun": True,
        }
    )  # fmt: skip
    assert request == StartRequest(
        content="  do it\n", type="inline", prompt_id="p", agent_profile_id="claude", timeout=0.05,
        working_directory="/srv", variables={"NAME": "x"}, env={"A": ""}, dry_run=True,
    )  # fmt: skip


def test_request_when_little_is_given_then_the_rest_is_left_out() -> None:
    assert StartRequest.from_input({"promptId": "p", "timeout": None, "env": None}) == StartRequest(prompt_id="p")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": None}, "content"),
        ({"content": "a\0b"}, "content"),
        ({"content": "x", "type": "stdin"}, "type"),
        ({"content": "x", "timeout": 0}, "timeout"),
        ({"content": "x", "timeout": True}, "timeout"),
        ({"content": "x", "timeout": "5"}, "timeout"),
        ({"content": "x", "workingDirectory": "src"}, "workingDirectory"),
        ({"content": "x", "env": {"A B": "x"}}, "env.A B"),
        ({"content": "x", "variables": {"A": [5]}}, "variables.A"),
        ({"content": "x", "dryRun": 1}, "dryRun"),
        ({"content": "x", "id": "mine"}, "id"),
    ],
)
def test_request_when_a_field_is_wrong_then_it_is_named(data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        StartRequest.from_input(data)
    assert set(caught.value.fields) == {field}


@given(ANYTHING)
def test_request_when_given_anything_then_only_invalid_is_raised(value: Any) -> None:
    for data in (value, {"content": value}, {"content": "x", "env": value, "variables": value, "timeout": value}):
        try:
            StartRequest.from_input(data)
        except Invalid as error:
            assert error.message


def test_trial_when_nothing_is_said_then_its_prompt_is_test() -> None:
    assert StartRequest.for_trial({}) == StartRequest(content="test")
    assert StartRequest.for_trial({"content": None}) == StartRequest(content="test")
    given = {"content": "x {{A}}", "workingDirectory": "/srv", "variables": {"A": "b"}}
    assert StartRequest.for_trial(given) == StartRequest(
        content="x {{A}}", working_directory="/srv", variables={"A": "b"}
    )


@pytest.mark.parametrize("field", ["promptId", "agentProfileId", "timeout", "env", "attachments", "type"])
def test_trial_when_it_asks_for_what_only_a_run_has_then_refused(field: str) -> None:
    with pytest.raises(Invalid, match=f"{field}: unknown field"):
        StartRequest.for_trial({field: "x"})


@pytest.mark.parametrize("name", SET_BY_US)
def test_request_when_it_sets_a_variable_of_ours_then_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        StartRequest.from_input({"content": "x", "env": {name: "x"}})
    assert list(caught.value.fields) == [f"env.{name}"]
