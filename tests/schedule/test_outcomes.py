"""What follows from a run: overlap, attempts, failures that count; and schedules that cannot run harm no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airunner.base.errors import Busy
from airunner.domain.record import to_doc
from airunner.domain.schedule import Schedule
from airunner.engine.admission import Origin
from airunner.schedule.firing import wish_of
from tests.helpers.clockwork import Clockwork, at

# Overlap


def test_overlap_when_it_is_skip_then_a_time_beside_an_active_run_is_recorded(works: Clockwork) -> None:
    works.schedule("* * * * *")
    works.until("2026-03-12 10:02:10")
    assert works.told() == [("12 10:01", "queued"), ("12 10:02", "skipped")]
    active = works.runs()[0]["runId"]
    assert works.runs()[1]["reason"] == f"The run before it, {active}, was still active at this time."
    works.end_all()
    works.until("2026-03-12 10:03:10")
    assert works.told()[-1] == ("12 10:03", "queued")


def test_overlap_when_it_is_queue_then_one_waits_and_no_backlog_grows(works: Clockwork) -> None:
    works.schedule("* * * * *", overlap="queue")
    works.until("2026-03-12 10:01:10")
    works.store.change_run(works.runs()[0]["runId"], {"status": "running"}, only_if=["queued"])
    works.until("2026-03-12 10:05:10")
    assert [status for _, status in works.told()] == ["running", "queued", "skipped", "skipped", "skipped"]
    waiting = works.runs()[1]
    assert works.runs()[2]["reason"] == f"Run {waiting['runId']} of this schedule was still waiting for its turn."
    stored = works.store.get_run(waiting["runId"])
    assert stored is not None
    assert stored["overlap"] == "queue"


def test_overlap_when_it_is_parallel_then_all_run(works: Clockwork) -> None:
    works.schedule("* * * * *", overlap="parallel")
    works.until("2026-03-12 10:03:10")
    assert [status for _, status in works.told()] == ["queued"] * 3


# Attempts


def test_failed_when_no_retries_are_set_then_it_is_not_run_again(works: Clockwork) -> None:
    works.schedule("0 11 * * *")
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    works.until("2026-03-12 23:00")
    assert works.told() == [("12 11:00", "failed")]


def test_failed_when_retries_are_set_then_each_attempt_is_a_run_of_its_own_later_and_later(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=2, retryDelaySeconds=30)
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    works.end_all("timeout")
    works.end_all("failed")
    runs = works.runs()
    assert [(run["attempt"], run["triggeredBy"]) for run in runs] == [(1, "schedule"), (2, "retry"), (3, "retry")]
    assert {run["scheduledFor"] for run in runs} == {at("2026-03-12 11:00")}
    stored: list[Any] = [works.store.get_run(run["runId"]) for run in runs]
    assert len({run["folder"] for run in stored}) == 3
    now = works.clock.now()
    assert [run["notBefore"] for run in stored] == [None, now + timedelta(seconds=30), now + timedelta(seconds=60)]
    assert works.plan()["failures"] == 1
    assert works.plan()["open"] == []


@pytest.mark.parametrize("status", ["completed", "killed"])
def test_ended_when_it_did_not_fail_then_there_is_no_further_attempt(works: Clockwork, status: str) -> None:
    works.schedule("0 11 * * *", retries=2)
    works.until("2026-03-12 11:00:10")
    works.end_all(status)
    assert works.told() == [("12 11:00", status)]
    assert works.plan()["failures"] == 0


def test_retry_when_it_succeeds_then_the_time_did_not_fail(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=1, disableAfterFailures=1)
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    works.end_all("completed")
    assert works.plan()["failures"] == 0
    assert works.now_is("s1").enabled


def test_retry_when_the_server_was_away_at_the_end_then_it_is_made_at_its_start_and_once(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=1)
    works.until("2026-03-12 11:00:10")
    (run,) = works.runs()
    works.store.change_run(run["runId"], {"status": "failed"}, only_if=["queued"])  # nobody heard of it
    for minute in (10, 11):
        works.restart(f"2026-03-12 11:{minute}")
        works.tick()
    assert [run["attempt"] for run in works.runs()] == [1, 2]
    assert works.plan()["open"] == [works.runs()[1]["runId"]]


def test_retry_when_it_cannot_be_made_then_it_has_a_record_that_says_why(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=1)
    works.until("2026-03-12 11:00:10")
    works.store.delete("prompts", "prompt1")
    works.end_all("failed")
    assert [(run["attempt"], run["status"], run["reason"]) for run in works.runs()] == [
        (1, "failed", None), (2, "failed", "There is no saved prompt 'prompt1'."),
    ]  # fmt: skip
    assert works.plan()["failures"] == 1


def test_failures_when_the_clock_is_set_back_then_they_are_kept(works: Clockwork) -> None:
    works.schedule("0 * * * *")
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    works.clock.set(at("2026-03-12 10:30"))
    works.tick()
    assert works.plan()["failures"] == 1


def test_retry_when_it_waits_then_the_next_time_does_not_run_beside_it(works: Clockwork) -> None:
    works.schedule("* * * * *", retries=1, retryDelaySeconds=3600)
    works.until("2026-03-12 10:01:10")
    works.end_all("failed")
    works.until("2026-03-12 10:02:10")
    assert [(run["attempt"], run["status"]) for run in works.runs()] == [(1, "failed"), (2, "queued"), (1, "skipped")]


def test_retry_when_the_schedule_is_switched_off_before_it_then_it_is_called_off(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=1)
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    works.change("s1", enabled=False)
    retry = works.runs()[1]["runId"]
    assert works.called_off == [(retry, "The schedule was switched off before this attempt.")]
    with works.ticker.changing("s1"):
        works.store.delete("schedules", "s1")
    assert works.called_off[1] == (retry, "The schedule was deleted before this attempt.")


def test_retry_when_very_many_wait_and_the_schedule_is_switched_off_then_all_are_called_off(works: Clockwork) -> None:
    works.schedule("0 11 * * *", retries=1)
    schedule = works.now_is("s1")
    for second in range(201):
        origin = Origin(
            "s1", "retry", schedule_id="s1", scheduled_for=at("2026-03-12 09:00") + timedelta(seconds=second)
        )
        works.admission.admit(wish_of(schedule), origin)
    works.change("s1", enabled=False)
    assert len({run_id for run_id, _ in works.called_off}) == 201


# Failures that count


def test_failures_when_they_are_as_many_as_allowed_then_the_schedule_is_off_and_says_why(works: Clockwork) -> None:
    works.schedule("0 * * * *", disableAfterFailures=2)
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    assert works.now_is("s1").enabled
    works.until("2026-03-12 12:00:10")
    works.end_all("timeout")
    off = works.now_is("s1")
    assert (off.enabled, off.disabled_reason) == (False, "Switched off after it failed 2 times in a row.")
    works.until("2026-03-12 18:00")
    assert len(works.told()) == 2
    works.change("s1", enabled=True)
    assert works.now_is("s1").disabled_reason is None
    assert works.plan()["failures"] == 0


def test_failures_when_one_succeeds_between_then_they_are_counted_anew(works: Clockwork) -> None:
    works.schedule("0 * * * *", disableAfterFailures=2)
    for hour, status in ((11, "failed"), (12, "completed"), (13, "failed")):
        works.until(f"2026-03-12 {hour}:00:10")
        works.end_all(status)
    assert works.now_is("s1").enabled
    assert works.plan()["failures"] == 1


# What cannot run


def test_prompt_when_it_is_gone_then_the_schedule_says_so_and_the_others_run(works: Clockwork) -> None:
    works.prompt("lost")
    works.schedule("* * * * *", id="bad", promptId="lost")
    works.schedule("* * * * *", id="good", overlap="parallel")
    works.store.delete("prompts", "lost")
    works.until("2026-03-12 10:03:10")
    assert [status for _, status in works.told("good")] == ["queued"] * 3
    assert [status for _, status in works.told("bad")] == ["failed"] * 3
    assert works.runs("bad")[0]["reason"] == "There is no saved prompt 'lost'."
    assert works.plan("bad")["problem"] == "There is no saved prompt 'lost'."
    assert works.plan("good")["problem"] is None


def test_directory_when_it_is_gone_and_comes_back_then_the_mark_goes(works: Clockwork) -> None:
    place = works.folder / "repo"
    place.mkdir()
    works.schedule("0 * * * *", workingDirectory=str(place))
    place.rmdir()
    works.until("2026-03-12 11:00:10")
    (run,) = works.runs()
    assert (run["status"], run["workingDirectory"]) == ("failed", str(place))
    assert "does not exist" in works.plan()["problem"]
    place.mkdir()
    works.until("2026-03-12 12:00:10")
    assert works.plan()["problem"] is None
    assert works.told()[-1] == ("12 12:00", "queued")


def test_profile_when_it_is_switched_off_then_times_are_skipped_and_it_is_said(works: Clockwork) -> None:
    works.schedule("0 * * * *")
    profile: Any = works.store.get("profiles", "p1")
    works.store.replace("profiles", {**profile, "enabled": False}, expect_revision=None)
    works.until("2026-03-12 11:00:10")
    (run,) = works.runs()
    assert run["status"] == "skipped"
    assert "switched off" in run["reason"]
    assert "switched off" in works.plan()["problem"]


def test_profile_when_it_is_locked_then_times_are_skipped_or_wait_as_it_says(works: Clockwork) -> None:
    works.schedule("0 * * * *", overlap="parallel")
    profile: Any = works.store.get("profiles", "p1")
    lock = {"since": works.clock.now(), "until": at("2026-03-12 11:30"), "reason": "quota", "by": "me"}
    works.store.replace("profiles", {**profile, "lock": lock, "whileLocked": "skip"}, expect_revision=None)
    works.until("2026-03-12 12:00:10")
    assert works.told() == [("12 11:00", "skipped"), ("12 12:00", "queued")]
    assert works.runs()[0]["reason"] == "The profile sh is locked until 2026-03-12 11:30 UTC: quota."


def test_variables_when_one_is_missing_then_nothing_starts_and_it_is_named(works: Clockwork) -> None:
    works.prompt("asks", content="echo {{NAME}} {{COUNT}}")
    works.schedule("0 11 * * *", promptId="asks", variables={"NAME": "x"})
    works.until("2026-03-12 11:00:10")
    assert works.runs()[0]["reason"].endswith("The prompt needs a value for {{COUNT}}.")
    works.change("s1", variables={"COUNT": "5"}, cronExpression="5 11 * * *")
    works.until("2026-03-12 11:05:10")
    stored: Any = works.store.get_run(works.runs()[-1]["runId"])
    assert stored["promptContent"] == "echo x 5"


def test_schedule_when_it_raises_what_nobody_expected_then_it_is_marked_and_the_others_run(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("* * * * *", id="bad")
    works.schedule("* * * * *", id="good", overlap="parallel")
    fire = works.firing.fire

    def poisoned(schedule: Schedule, *rest: Any) -> Any:
        if schedule.id == "bad":
            raise RuntimeError("poison")
        return fire(schedule, *rest)

    monkeypatch.setattr(works.firing, "fire", poisoned)
    works.until("2026-03-12 10:03:10")
    assert len(works.told("good")) == 3
    assert works.plan("bad")["problem"] == "It could not be run: poison"
    monkeypatch.undo()
    works.until("2026-03-12 10:04:10")
    assert works.told("bad") == [("12 10:04", "queued")]


def test_schedule_when_its_zone_is_not_known_any_more_then_it_is_marked_and_the_others_run(works: Clockwork) -> None:
    works.schedule("* * * * *", id="bad")
    works.schedule("* * * * *", id="good")
    doc = to_doc(works.now_is("bad"))
    works.store.replace("schedules", {**doc, "timezone": "Mars/Base"}, expect_revision=None)
    works.restart("2026-03-12 10:00:40")
    works.until("2026-03-12 10:01:10")
    assert works.told("good") == [("12 10:01", "queued")]
    assert "Mars/Base" in works.plan("bad")["problem"]


# Ends that come at a bad moment


def end_at_once(works: Clockwork, monkeypatch: pytest.MonkeyPatch, attempt: int) -> None:
    """Have runs of an attempt fail before whoever asked for them goes on."""
    admit = works.admission.admit

    def admit_and_fail(request: Any, origin: Any) -> Any:
        run = admit(request, origin)
        if origin.attempt == attempt:
            works.store.change_run(run["runId"], {"status": "failed"}, only_if=["queued"])
            works.bus.ring("runs", run["runId"])
        return run

    monkeypatch.setattr(works.admission, "admit", admit_and_fail)


def test_failed_when_it_ends_before_it_is_watched_then_the_next_attempt_is_not_late(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("0 11 * * *", retries=1)
    end_at_once(works, monkeypatch, attempt=1)
    works.until("2026-03-12 10:59")
    works.clock.set(at("2026-03-12 11:00"))
    works.tick()
    assert [(run["attempt"], run["status"]) for run in works.runs()] == [(1, "failed"), (2, "queued")]


def test_failed_when_an_attempt_ends_before_it_is_watched_then_the_next_one_comes(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("0 11 * * *", retries=2, retryDelaySeconds=0)
    end_at_once(works, monkeypatch, attempt=2)
    works.until("2026-03-12 11:00:10")
    works.end_all("failed")
    assert [run["attempt"] for run in works.runs()] == [1, 2, 3]


def test_failed_when_the_store_is_away_then_its_end_is_looked_at_again_soon(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("0 11 * * *", retries=1)
    works.until("2026-03-12 11:00:10")
    run = works.runs()[0]
    works.store.change_run(run["runId"], {"status": "failed"}, only_if=["queued"])
    works.bus.ring("runs", run["runId"])
    with monkeypatch.context() as patch:
        patch.setattr(works.store, "get_run", lambda run_id: _busy())
        assert works.tick() == works.clock.now() + timedelta(seconds=2)
    works.tick()
    assert [run["attempt"] for run in works.runs()] == [1, 2]


def _busy() -> None:
    raise Busy("The store is away.")
