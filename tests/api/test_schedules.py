"""Schedules over HTTP: kept, previewed, switched, run; what they need is not deleted under them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.api.test_prompts import save
from tests.helpers.runs import make_profile, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until

YEARLY = "0 0 29 2 *"  # nothing comes due while the tests run


def make(house: House, prompt: Any, name: str = "S", cron: str = YEARLY, **fields: Any) -> Any:
    given = {"name": name, "promptId": prompt["id"], "cronExpression": cron, **fields}
    return house.api("POST", "schedules", given, expect=201)


@pytest.fixture(scope="module")
def prompt(shell: House) -> Any:
    return save(shell, "Scheduled", "echo scheduled")


def test_schedule_when_made_then_it_says_when_it_runs_next(shell: House, prompt: Any) -> None:
    made = make(shell, prompt, cron="0 12 1 1 *", timezone="Europe/Berlin")
    assert made["nextRunTime"].endswith("-01-01T11:00:00.000Z")
    assert (made["description"], made["promptName"]) == ("At 12:00, on 1 January", "Scheduled")
    defaults = {
        "enabled": True, "missedRuns": "skip", "overlap": "skip", "retries": 0, "jitterSeconds": 0, "startDate": None,
        "endDate": None, "disableAfterFailures": 0, "variables": {}, "workingDirectory": None, "timeout": None,
        "lastRunId": None, "lastRunStatus": None, "problem": None, "disabledReason": None,
    }  # fmt: skip
    assert {key: made[key] for key in defaults} == defaults
    assert made in shell.api("GET", f"schedules?promptId={prompt['id']}")
    session = shell.request("GET", "/api/session").json
    assert make(shell, prompt)["timezone"] == session["timezone"]


def test_change_when_some_fields_are_given_then_the_others_stay(shell: House, prompt: Any) -> None:
    full = {"enabled": False, "retries": 2, "variables": {}, "endDate": "2040-01-01", "timeout": 5, "overlap": "queue"}
    made = make(shell, prompt, **full)
    assert made["endDate"] == "2040-01-01T23:59:59.999Z"
    changed = shell.api("PUT", f"schedules/{made['id']}", {"name": "Renamed", "timeout": None})
    assert (changed["enabled"], changed["retries"], changed["endDate"]) == (False, 2, made["endDate"])
    assert (changed["name"], changed["timeout"], changed["nextRunTime"]) == ("Renamed", None, None)
    shell.api("DELETE", f"schedules/{made['id']}")
    shell.api("GET", f"schedules/{made['id']}", expect=404)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"cronExpression": "5abc * * * *"}, "cronExpression"),
        ({"cronExpression": "0 0 31 2 *"}, "cronExpression"),
        ({"promptId": "nothing"}, "promptId"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"overlap": "maybe"}, "overlap"),
        ({"retries": 11}, "retries"),
        ({"startDate": "2030-01-01", "endDate": "2029-01-01"}, "endDate"),
        ({"variables": {"NOBODY": "x"}}, "variables.NOBODY"),
        ({"timeout": 500}, "timeout"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_schedule_when_a_field_is_wrong_then_it_is_named(shell: House, prompt: Any, fields: Any, wrong: str) -> None:
    given = {"name": "x", "promptId": prompt["id"], "cronExpression": YEARLY, **fields}
    refused = shell.api("POST", "schedules", given, expect=400)
    assert wrong in refused["fields"], refused


def test_schedule_when_its_prompt_needs_a_value_then_it_must_have_one(shell: House) -> None:
    asks = save(shell, "Asks", "echo {{NAME}}")
    given = {"name": "x", "promptId": asks["id"], "cronExpression": YEARLY}
    refused = shell.api("POST", "schedules", given, expect=400)
    assert refused["fields"] == {"variables.NAME": "The prompt needs a value for {{NAME}}."}
    made = shell.api("POST", "schedules", {**given, "variables": {"NAME": "you"}}, expect=201)
    ran = shell.api("POST", f"schedules/{made['id']}/run", expect=201)
    assert shell.wait_for_run(ran["runId"])["stdout"] == "you\n"


def test_toggle_when_asked_then_it_is_what_it_was_not_or_what_is_said(shell: House, prompt: Any) -> None:
    made = make(shell, prompt)
    url = f"schedules/{made['id']}/toggle"
    assert [shell.api("POST", url)["enabled"] for _ in range(3)] == [False, True, False]
    assert shell.api("POST", url, {"enabled": False})["nextRunTime"] is None
    assert shell.api("POST", url, {"enabled": True})["nextRunTime"] is not None


def test_duplicate_when_asked_then_the_copy_is_off(shell: House, prompt: Any) -> None:
    made = make(shell, prompt, "Original", retries=1)
    shell.api("POST", f"schedules/{made['id']}/duplicate", {"name": "Other"}, expect=400)
    copy = shell.api("POST", f"schedules/{made['id']}/duplicate", {}, expect=201)
    assert (copy["name"], copy["enabled"], copy["retries"]) == ("Original (copy)", False, 1)


# Run now


def test_run_now_when_asked_then_the_next_time_stays_and_the_last_run_is_it(shell: House, prompt: Any) -> None:
    made = make(shell, prompt, enabled=True)
    dry = shell.api("POST", f"schedules/{made['id']}/run", {"dryRun": True})
    assert dry["dryRun"]
    assert "echo scheduled" in dry["command"]
    ran = shell.api("POST", f"schedules/{made['id']}/run", expect=201)
    assert (ran["scheduleId"], ran["scheduledFor"], ran["triggeredBy"]) == (made["id"], None, "manual")
    assert shell.wait_for_run(ran["runId"])["stdout"] == "scheduled\n"
    shown = shell.api("GET", f"schedules/{made['id']}")
    assert (shown["lastRunId"], shown["lastRunStatus"]) == (ran["runId"], "completed")
    assert shown["nextRunTime"] == made["nextRunTime"]


def test_run_now_when_it_runs_already_then_it_is_refused_or_waits_or_runs_as_the_schedule_says(shell: House) -> None:
    slow = save(shell, "Slow", "sleep 60")
    made = make(shell, slow)
    url = f"schedules/{made['id']}/run"
    first = shell.api("POST", url, expect=201)["runId"]
    wait_running(shell, first)
    assert shell.api("POST", url, expect=409)["code"] == "still_running"
    shell.api("PATCH", f"schedules/{made['id']}", {"overlap": "queue"})
    second = shell.api("POST", url, expect=201)["runId"]
    until(lambda: "same schedule" in (shell.api("GET", f"runs/{second}")["reason"] or ""))
    assert shell.api("POST", url, expect=409)["code"] == "still_waiting"
    shell.api("PATCH", f"schedules/{made['id']}", {"overlap": "parallel"})
    third = shell.api("POST", url, expect=201)["runId"]
    wait_running(shell, third)
    for id in (second, first, third):
        shell.api("POST", f"runs/{id}/kill")
        shell.wait_for_run(id)


def test_run_now_when_the_key_is_the_same_then_it_runs_once(shell: House, prompt: Any) -> None:
    made = make(shell, prompt)
    key = {"Idempotency-Key": "run-now"}
    answers = [shell.request("POST", f"{API}/schedules/{made['id']}/run", {}, headers=key).json for _ in range(2)]
    assert answers[0]["runId"] == answers[1]["runId"]
    shell.wait_for_run(answers[0]["runId"])


# Many at once


def test_bulk_when_updating_then_all_change_or_none_with_the_problems_by_row(shell: House, prompt: Any) -> None:
    one, two = make(shell, prompt, "One"), make(shell, prompt, "Two")
    updates = [{"id": one["id"], "retries": 3}, {"id": two["id"], "retries": 99}, {"id": "x"}]
    refused = shell.api("POST", "schedules/bulk", {"updates": updates}, expect=400)
    assert set(refused["fields"]) == {"updates[1].retries", "updates[2].id"}
    assert shell.api("GET", f"schedules/{one['id']}") == one
    done = shell.api("POST", "schedules/bulk", {"updates": [{"id": made["id"], "retries": 3} for made in (one, two)]})
    assert [made["retries"] for made in done["schedules"]] == [3, 3]


def test_bulk_when_switching_or_deleting_then_all_are_off_or_gone(shell: House, prompt: Any) -> None:
    ids = [make(shell, prompt, f"B{number}")["id"] for number in range(3)]
    off = shell.api("POST", "schedules/bulk", {"action": "disable", "ids": ids})
    assert {(made["enabled"], made["nextRunTime"]) for made in off["schedules"]} == {(False, None)}
    shell.api("POST", "schedules/bulk", {"action": "delete", "ids": [*ids, "x"]}, expect=400)
    shell.api("GET", f"schedules/{ids[0]}")
    shell.api("POST", "schedules/bulk", {"action": "delete", "ids": ids})
    shell.api("GET", f"schedules/{ids[0]}", expect=404)


# What they need


def test_delete_when_a_schedule_needs_it_then_refused_or_forced_and_the_schedule_is_off(shell: House) -> None:
    make_profile(shell, "needed")
    needed = save(shell, "Needed", agentProfileId="needed")
    made = make(shell, needed, "Needs")
    for path in (f"prompts/{needed['id']}", "profiles/needed"):
        refused = shell.api("DELETE", path, expect=409)
        assert refused["code"] == "in_use"
        assert "Needs" in refused["error"]
    shell.api("POST", "prompts/bulk", {"action": "delete", "ids": [needed["id"]]}, expect=409)
    shell.api("DELETE", "profiles/needed?force=1")
    off = shell.api("GET", f"schedules/{made['id']}")
    assert (off["enabled"], off["nextRunTime"]) == (False, None)
    assert off["disabledReason"] == "Switched off when the profile needed was deleted."
    assert off["problem"] == "The agent profile of its prompt was deleted."
    refused = shell.api("POST", f"schedules/{made['id']}/toggle", expect=400)
    assert "There is no agent profile" in refused["error"]
    refused = shell.api("POST", "schedules/bulk", {"action": "enable", "ids": [made["id"]]}, expect=400)
    assert "Needs: There is no agent profile" in refused["fields"]["ids[0]"]
    shell.api("DELETE", f"prompts/{needed['id']}?force=maybe", expect=400)
    shell.api("DELETE", f"prompts/{needed['id']}?force=1")
    assert shell.api("GET", f"schedules/{made['id']}")["promptName"] is None


# Preview


def test_preview_when_asked_then_words_times_and_conflicts_are_told(shell: House) -> None:
    place = save(shell, "Place", workingDirectory="/srv/preview")
    other = make(shell, place, "Nightly", cron="0 3 * * *", timezone="UTC")
    asked = {
        "cronExpression": "55 2 * * 1-5", "timezone": "UTC", "workingDirectory": "/srv/preview/", "timeout": 30,
        "from": "2026-03-12T00:00:00Z", "count": 3,
    }  # fmt: skip
    told = shell.api("POST", "schedules/preview", asked)
    assert told["description"] == "At 02:55, Monday to Friday"
    assert told["nextRuns"] == [f"2026-03-{day}T02:55:00.000Z" for day in (12, 13, 16)]
    assert (told["timezone"], told["selfOverlap"]) == ("UTC", None)
    assert [conflict["scheduleId"] for conflict in told["conflicts"]] == [other["id"]]
    assert "Nightly" in told["conflicts"][0]["sentence"]
    later = {**asked, "from": None, "startDate": "2040-01-02"}
    assert shell.api("POST", "schedules/preview", later)["conflicts"][0]["at"] == "2040-01-02T03:00:00.000Z"
    assert shell.api("POST", "schedules/preview", {**asked, "timeout": 4})["conflicts"] == []
    assert shell.api("POST", "schedules/preview", {**asked, "scheduleId": other["id"]})["conflicts"] == []


def test_preview_when_a_run_takes_longer_than_the_gap_then_it_says_so(shell: House) -> None:
    told = shell.api("POST", "schedules/preview", {"cronExpression": "*/5 * * * *", "timeout": 30})
    assert told["selfOverlap"].startswith("A run may take its timeout of 30 min, and the next one is due after 5 min")
    assert told["runsPerDay"] == 288


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"cronExpression": "* * * *"}, "cronExpression"),
        ({"cronExpression": "61 * * * *"}, "cronExpression"),
        ({}, "cronExpression"),
        ({"cronExpression": "* * * * *", "count": 0}, "count"),
        ({"cronExpression": "* * * * *", "promptId": "nothing"}, "promptId"),
        ({"cronExpression": "* * * * *", "from": "soon"}, "from"),
        ({"cronExpression": "* * * * *", "timezone": "Nowhere"}, "timezone"),
    ],
)
def test_preview_when_it_cannot_be_read_then_the_field_is_named(shell: House, body: Any, wrong: str) -> None:
    refused = shell.api("POST", "schedules/preview", body, expect=400)
    assert wrong in refused["fields"], refused


# Locks, pins, roles


def test_lock_when_set_then_runs_wait_and_unlocking_starts_them(shell: House) -> None:
    make_profile(shell, "quota")
    locked = shell.api("POST", "profiles/quota/lock", {"minutes": 60, "reason": "quota"})
    assert (locked["lock"]["reason"], locked["lock"]["by"]) == ("quota", "environment")
    body = {"content": "echo on", "agentProfileId": "quota", "workingDirectory": str(shell.folder)}
    waiting = shell.api("POST", "run", body, expect=201)
    assert waiting["status"] == "queued"
    until(lambda: "locked until" in (shell.api("GET", f"runs/{waiting['runId']}")["reason"] or ""))
    assert shell.api("DELETE", "profiles/quota/lock")["lock"] is None
    assert shell.wait_for_run(waiting["runId"])["stdout"] == "on\n"


def test_lock_when_the_profile_is_deleted_then_what_waits_for_it_ends_at_once(shell: House) -> None:
    make_profile(shell, "doomed")
    shell.api("POST", "profiles/doomed/lock")
    body = {"content": "true", "agentProfileId": "doomed", "workingDirectory": str(shell.folder)}
    waiting = shell.api("POST", "run", body, expect=201)
    shell.api("DELETE", "profiles/doomed")
    ended = shell.wait_for_run(waiting["runId"])
    assert (ended["status"], "was deleted while the run waited" in ended["reason"]) == ("failed", True)


def test_lock_when_runs_are_to_be_skipped_then_each_has_a_record(shell: House) -> None:
    make_profile(shell, "skips", whileLocked="skip")
    shell.api("POST", "profiles/skips/lock")
    body = {"content": "echo on", "agentProfileId": "skips", "workingDirectory": str(shell.folder)}
    skipped = shell.api("POST", "run", body, expect=201)
    assert (skipped["status"], skipped["reason"]) == (
        "skipped",
        "The profile skips is locked until somebody unlocks it.",
    )
    kept = shell.api("GET", f"runs/{skipped['runId']}")
    assert kept["finishedAt"] is not None
    changed = shell.api("PATCH", "profiles/skips", {"name": "Skips"})
    assert changed["lock"] is not None


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"until": "2020-01-01"}, "until"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 5, "until": "2099-01-01"}, "minutes"),
    ],
)
def test_lock_when_it_makes_no_sense_then_refused(shell: House, body: Any, wrong: str) -> None:
    assert wrong in shell.api("POST", "profiles/sh/lock", body, expect=400)["fields"]


def test_pin_when_set_then_the_run_says_so(shell: House, prompt: Any) -> None:
    ran = shell.api("POST", "run", {"promptId": prompt["id"]}, expect=201)
    shell.wait_for_run(ran["runId"])
    assert shell.api("PATCH", f"runs/{ran['runId']}", {"pinned": True})["pinned"] is True
    assert shell.api("GET", f"runs/{ran['runId']}?output=none")["pinned"] is True
    assert [run["pinned"] for run in shell.api("GET", "runs", pinned="true")["runs"]] == [True]
    others = shell.api("GET", "runs", pinned="false")["runs"]
    assert ran["runId"] not in [run["runId"] for run in others]
    assert shell.api("GET", "runs", pinned="1", expect=400)["fields"].keys() == {"pinned"}
    assert shell.api("PATCH", f"runs/{ran['runId']}", {"pinned": False})["pinned"] is False
    assert shell.api("GET", "runs", pinned="true")["total"] == 0
    shell.api("PATCH", f"runs/{ran['runId']}", {}, expect=400)
    shell.api("PATCH", "runs/nothing", {"pinned": True}, expect=404)


def test_directory_policy_when_it_is_queue_then_runs_in_one_place_are_one_after_the_other(shell: House) -> None:
    shell.api("PATCH", "settings", {"directoryPolicy": "queue"})
    try:
        body = {"content": "sleep 60", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
        first = shell.api("POST", "run", body, expect=201)["runId"]
        wait_running(shell, first)
        second = shell.api("POST", "run", {**body, "content": "echo after"}, expect=201)["runId"]
        until(lambda: "another run in" in (shell.api("GET", f"runs/{second}")["reason"] or ""))
        shell.api("POST", f"runs/{first}/kill")
        assert shell.wait_for_run(second)["stdout"] == "after\n"
    finally:
        shell.api("PATCH", "settings", {"directoryPolicy": "parallel"})


def test_rerun_and_trial_when_dry_then_nothing_starts(shell: House, prompt: Any) -> None:
    ran = shell.api("POST", "run", {"promptId": prompt["id"]}, expect=201)["runId"]
    shell.wait_for_run(ran)
    before = shell.api("GET", "runs")["total"]
    assert shell.api("POST", f"runs/{ran}/rerun", {"dryRun": True})["promptContent"] == "echo scheduled"
    assert "echo" in shell.api("POST", "profiles/sh/test", {"dryRun": True})["command"]
    assert shell.api("GET", "runs")["total"] == before


def test_run_now_when_many_ask_at_once_then_one_of_a_schedule_that_skips_runs(shell: House) -> None:
    made = make(shell, save(shell, "Slow", "sleep 30"))
    answers: list[int] = []
    target = f"{API}/schedules/{made['id']}/run"
    threads = [threading.Thread(target=lambda: answers.append(shell.request("POST", target).status)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [409] * 5
    (run,) = [run for run in shell.api("GET", "runs/active") if run["scheduleId"] == made["id"]]
    shell.api("POST", f"runs/{run['runId']}/kill")


def test_preview_when_its_times_are_rare_then_it_names_those_of_a_century(shell: House, prompt: Any) -> None:
    body = {"cronExpression": YEARLY, "count": 200, "timezone": "America/New_York"}
    assert 20 <= len(shell.api("POST", "schedules/preview", body)["nextRuns"]) <= 25
    assert shell.api("POST", "schedules/preview", {**body, "from": "9985-01-01"})["nextRuns"] != []
