"""When schedules fire: on time, once, after restarts, jumps of the clock and changes; and nothing that was due is lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airunner.base.errors import Busy
from airunner.domain.query import RunQuery
from airunner.domain.record import to_doc
from airunner.domain.settings import Settings
from airunner.schedule.planner import MOST_MISSED
from airunner.store.contract import Store
from tests.helpers.clockwork import Clockwork, at


def test_tick_when_nothing_is_due_then_it_sleeps_until_the_next_time(works: Clockwork) -> None:
    assert works.tick() is None
    works.schedule("15 * * * *")
    assert works.tick() == at("2026-03-12 10:15")
    assert works.told() == []


def test_every_minute_when_time_passes_then_each_minute_has_one_run(works: Clockwork) -> None:
    works.schedule("* * * * *", overlap="parallel")
    works.until("2026-03-12 10:10:59")
    assert works.told() == [(f"12 10:{minute:02}", "queued") for minute in range(1, 11)]
    assert len(works.queued) == 10
    assert works.ticks <= 12
    run = works.runs()[0]
    assert (run["triggeredBy"], run["startedBy"], run["attempt"]) == ("schedule", "s1", 1)
    assert run["queuedAt"] == at("2026-03-12 10:01")


def test_a_day_when_it_has_25_hours_then_every_hour_runs_and_a_time_of_the_day_once(tmp_path: Path) -> None:
    works = Clockwork(tmp_path, "2026-10-24 23:30")
    works.schedule("0 * * * *", id="hourly", timezone="Europe/Berlin", overlap="parallel")
    works.schedule("30 2 * * *", id="nightly", timezone="Europe/Berlin", overlap="parallel")
    works.until("2026-10-25 03:15")
    assert [time for time, _ in works.told("hourly")] == ["25 00:00", "25 01:00", "25 02:00", "25 03:00"]
    assert [time for time, _ in works.told("nightly")] == ["25 00:30"]
    works.close()


def test_a_day_when_it_has_23_hours_then_what_is_skipped_runs_once(tmp_path: Path) -> None:
    works = Clockwork(tmp_path, "2026-03-29 00:15")
    works.schedule("30 2 * * *", timezone="Europe/Berlin")
    works.until("2026-03-29 03:00")
    assert works.told() == [("29 01:00", "queued")]
    works.close()


# Down, asleep, a clock that is set


def test_down_over_windows_when_missed_runs_are_skipped_then_each_has_a_record_that_says_why(works: Clockwork) -> None:
    works.schedule("*/15 * * * *")
    works.restart("2026-03-12 18:07")
    works.tick()
    assert len(works.told()) == 32
    assert {status for _, status in works.told()} == {"skipped"}
    assert {run["reason"] for run in works.runs()} == {"Missed: the server was not running at this time."}
    assert works.queued == []
    assert works.plan()["fireAt"] == at("2026-03-12 18:15")


def test_down_over_windows_when_missed_runs_run_once_then_the_newest_runs_and_the_others_are_recorded(
    works: Clockwork,
) -> None:
    works.schedule("*/15 * * * *", missedRuns="runOnce")
    works.restart("2026-03-12 18:07")
    works.tick()
    assert works.told()[-1] == ("12 18:00", "queued")
    assert [status for _, status in works.told()[:-1]] == ["skipped"] * 31
    assert len(works.queued) == 1


@pytest.mark.parametrize("missed", ["skip", "runOnce"])
def test_down_for_seconds_when_a_time_falls_into_them_then_it_runs_late_and_once(works: Clockwork, missed: str) -> None:
    works.schedule("5 10 * * *", missedRuns=missed)
    works.restart("2026-03-12 10:05:40")
    works.until("2026-03-12 10:20")
    assert works.told() == [("12 10:05", "queued")]


def test_down_until_a_time_is_due_when_others_were_missed_then_one_runs_under_either_policy(works: Clockwork) -> None:
    works.schedule("*/5 * * * *", missedRuns="runOnce")
    works.restart("2026-03-12 10:20:10")
    works.tick()
    assert works.told() == [
        ("12 10:05", "skipped"),
        ("12 10:10", "skipped"),
        ("12 10:15", "skipped"),
        ("12 10:20", "queued"),
    ]


def test_down_for_a_year_when_it_was_every_minute_then_the_newest_are_listed_and_the_rest_named(
    works: Clockwork,
) -> None:
    works.schedule("* * * * *")
    works.restart("2027-03-12 10:00:30")
    works.tick()
    runs = sorted(every_run(works), key=lambda run: run["scheduledFor"])
    assert len(runs) == MOST_MISSED
    assert "too many" in runs[0]["reason"]
    assert "2026-03-12T10:01:00.000Z" in runs[0]["reason"]
    assert (runs[-1]["scheduledFor"], runs[-1]["status"]) == (at("2027-03-12 10:00"), "queued")


def test_clock_set_forward_when_it_jumps_over_times_then_they_are_missed_and_said_so(works: Clockwork) -> None:
    works.schedule("0 * * * *")
    works.tick()
    works.clock.set(at("2026-03-12 13:30"))
    works.tick()
    assert works.told() == [("12 11:00", "skipped"), ("12 12:00", "skipped"), ("12 13:00", "skipped")]
    assert "asleep" in works.runs()[0]["reason"]


def test_clock_set_back_when_times_come_again_then_none_is_doubled_and_none_lost(works: Clockwork) -> None:
    works.schedule("* * * * *", overlap="parallel")
    works.until("2026-03-12 10:05:30")
    works.clock.set(at("2026-03-12 10:02:30"))
    works.until("2026-03-12 10:07:30")
    assert works.told() == [(f"12 10:{minute:02}", "queued") for minute in range(1, 8)]
    assert len(works.queued) == 7


def test_clock_far_ahead_when_it_is_corrected_then_the_schedule_goes_on_at_once(works: Clockwork) -> None:
    works.schedule("0 * * * *")
    works.clock.set(at("2031-01-01 00:30"))
    works.tick()
    works.restart("2026-03-12 10:30")
    assert works.tick() == at("2026-03-12 11:00")


# Restarts and crashes


def test_restart_when_the_plan_was_not_saved_after_a_fire_then_the_time_still_has_one_run(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("* * * * *")
    with monkeypatch.context() as patch:
        patch.setattr(works.store, "save_plans", lambda plans: None)
        works.until("2026-03-12 10:01:10")
    (run,) = works.runs()
    works.restart("2026-03-12 10:01:20")
    works.tick()
    assert [run["runId"] for run in works.runs()] == [run["runId"]]
    assert works.plan()["open"] == [run["runId"]]
    assert works.plan()["fireAt"] == at("2026-03-12 10:02")


def test_restart_when_a_schedule_was_stored_and_not_planned_then_it_is_planned(works: Clockwork) -> None:
    works.schedule("0 12 * * *")
    changed = works.now_is("s1").merged({"cronExpression": "0 11 * * *"}, works.clock.now(), "me")
    works.store.replace("schedules", to_doc(changed), expect_revision=None)
    works.restart("2026-03-12 10:02")
    assert works.tick() == at("2026-03-12 11:00")


def test_two_schedulers_when_both_see_a_time_then_it_has_one_run(works: Clockwork, tmp_path: Path) -> None:
    works.schedule("* * * * *")
    other = Clockwork(tmp_path / "other", "2026-03-12 10:00:30", works.store)
    works.tick(), other.tick()
    for one in (works, other):
        one.clock.set(at("2026-03-12 10:01"))
        one.tick()
    assert works.told() == [("12 10:01", "queued")]
    assert len(works.queued) + len(other.queued) == 1
    other.ticker.stop()


# Changes


def test_change_when_it_is_made_then_the_new_time_counts_at_once(works: Clockwork) -> None:
    works.schedule("0 12 * * *")
    works.tick()
    works.change("s1", cronExpression="2 10 * * *")
    assert works.tick() == at("2026-03-12 10:02")
    works.until("2026-03-12 12:30")
    assert works.told() == [("12 10:02", "queued")]


def test_change_when_a_time_has_just_come_then_it_is_not_swallowed(works: Clockwork) -> None:
    works.schedule("1 10 * * *")
    works.clock.set(at("2026-03-12 10:01:01"))
    works.change("s1", name="Renamed")
    works.tick()
    assert works.told() == [("12 10:01", "queued")]


def test_off_when_switched_then_nothing_fires_and_on_again_it_begins_from_then(works: Clockwork) -> None:
    works.schedule("* * * * *")
    works.change("s1", enabled=False)
    works.until("2026-03-12 10:30:30")
    assert works.told() == []
    assert works.plan()["dueAt"] is None
    works.change("s1", enabled=True)
    works.until("2026-03-12 10:31:30")
    assert works.told() == [("12 10:31", "queued")]


def test_deleted_when_it_was_planned_then_it_fires_no_more(works: Clockwork) -> None:
    works.schedule("* * * * *")
    works.store.delete("schedules", "s1")
    works.until("2026-03-12 10:05")
    assert works.told() == []
    assert works.store.plans() == {}


def test_start_and_end_when_given_then_only_times_between_them_fire(works: Clockwork) -> None:
    works.schedule("0 * * * *", startDate="2026-03-12T12:00:00Z", endDate="2026-03-12T14:00:00Z", overlap="parallel")
    works.until("2026-03-12 20:00")
    assert [time for time, _ in works.told()] == ["12 12:00", "12 13:00", "12 14:00"]
    assert works.plan()["dueAt"] is None


def test_jitter_when_set_then_the_run_begins_later_and_keeps_its_time(works: Clockwork) -> None:
    works.schedule("0 * * * *", jitterSeconds=600)
    due = works.plan()["dueAt"]
    assert at("2026-03-12 11:00") <= due <= at("2026-03-12 11:10")
    works.until("2026-03-12 11:30")
    (run,) = works.runs()
    assert (run["scheduledFor"], run["queuedAt"]) == (at("2026-03-12 11:00"), due)


def test_paused_when_a_time_comes_then_it_is_recorded_and_the_next_after_the_pause_runs(works: Clockwork) -> None:
    works.schedule("* * * * *")
    works.store.save_settings(to_doc(Settings(schedules_paused=True)))
    works.until("2026-03-12 10:01:30")
    works.store.save_settings(to_doc(Settings()))
    works.until("2026-03-12 10:02:30")
    assert works.told() == [("12 10:01", "skipped"), ("12 10:02", "queued")]
    assert works.runs()[0]["reason"] == "All schedules were paused at this time."


# The store


class Away:
    """A store whose calls of some names find nobody."""

    def __init__(self, store: Store, *names: str) -> None:
        self._store, self.names = store, set(names)

    def __getattr__(self, name: str) -> Any:
        def away(*arguments: Any, **named: Any) -> None:
            raise Busy("away")

        return away if name in self.names else getattr(self._store, name)


def test_store_away_when_a_time_comes_then_it_fires_as_soon_as_it_is_back(works: Clockwork) -> None:
    works.schedule("* * * * *")
    away: Any = Away(works.store, "insert_run")
    works.store = away
    works.restart("2026-03-12 10:00:40")
    works.until("2026-03-12 10:01:10")
    assert works.told() == []
    away.names.clear()
    works.until("2026-03-12 10:01:20")
    assert works.told() == [("12 10:01", "queued")]


def test_store_away_when_it_lasts_then_the_missed_times_say_so(works: Clockwork) -> None:
    works.schedule("* * * * *")
    away: Any = Away(works.store, "insert_run", "insert_skipped")
    works.store = away
    works.restart("2026-03-12 10:00:40")
    works.until("2026-03-12 10:04:40")
    away.names.clear()
    works.until("2026-03-12 10:05:10")
    assert works.told()[:3] == [(f"12 10:0{minute}", "skipped") for minute in (1, 2, 3)]
    assert {run["reason"] for run in works.runs()[:3]} == {"Missed: the store did not answer at this time."}


def test_store_away_at_the_start_then_it_is_asked_again(works: Clockwork) -> None:
    works.schedule("* * * * *")
    away: Any = Away(works.store, "due_plans")
    works.store = away
    works.restart("2026-03-12 10:00:40")
    assert works.tick() == works.clock.now() + timedelta(seconds=2)
    away.names.clear()
    works.until("2026-03-12 10:01:10")
    assert works.told() == [("12 10:01", "queued")]


def every_run(works: Clockwork) -> list[dict[str, Any]]:
    """Return all runs, page by page."""
    query, found = RunQuery(schedule_id="s1", limit=200), []
    while True:
        page = works.store.find_runs(query)
        found += page.runs
        if page.next_cursor is None:
            return found
        query = replace(query, cursor=RunQuery.from_params({"cursor": [page.next_cursor]}).cursor)


# Changed while something is due


def test_change_when_a_time_waits_for_its_jitter_then_it_runs_all_the_same(works: Clockwork) -> None:
    works.schedule("0 11 * * *", jitterSeconds=3600)
    due_at = works.plan()["dueAt"]
    works.until("2026-03-12 11:00:05")
    assert works.clock.now() < due_at
    works.change("s1", name="another name")
    assert works.plan()["dueAt"] == due_at
    works.until("2026-03-12 12:00")
    assert works.told() == [("12 11:00", "queued")]


def test_restart_when_a_change_was_not_planned_any_more_then_the_times_missed_are_not_lost(works: Clockwork) -> None:
    works.schedule("0 11 * * *", missedRuns="runOnce")
    new = works.now_is("s1").merged({"name": "another name"}, works.clock.now(), "me")
    works.store.replace("schedules", to_doc(new), expect_revision=new.revision)
    works.restart("2026-03-12 15:00")
    works.until("2026-03-12 15:01")
    assert works.told() == [("12 11:00", "queued")]


def test_change_of_the_expression_when_a_time_waits_for_its_jitter_then_the_new_times_count(works: Clockwork) -> None:
    works.schedule("0 11 * * *", jitterSeconds=3600)
    works.until("2026-03-12 11:00:05")
    works.change("s1", cronExpression="30 11 * * *", jitterSeconds=0)
    works.until("2026-03-12 12:00")
    assert works.told() == [("12 11:30", "queued")]


def change_amid_firing(works: Clockwork, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """Have another thread change the schedule just when the next run of it has been stored."""
    admit = works.admission.admit

    def admit_and_change(request: Any, origin: Any) -> Any:
        run = admit(request, origin)
        monkeypatch.undo()
        other = threading.Thread(target=lambda: works.change("s1", **fields))
        other.start()
        other.join()
        return run

    monkeypatch.setattr(works.admission, "admit", admit_and_change)


def test_change_amid_firing_when_it_comes_sooner_then_its_times_are_kept(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("0 11 * * *", overlap="parallel")
    change_amid_firing(works, monkeypatch, cronExpression="*/15 * * * *")
    works.until("2026-03-12 11:31")
    assert works.told() == [("12 11:00", "queued"), ("12 11:15", "queued"), ("12 11:30", "queued")]


def _away(*_: object) -> Any:
    raise Busy("The store is away.")


@pytest.mark.parametrize("call", ["get", "plans", "save_plans"])
def test_new_schedule_when_the_store_goes_before_it_is_planned_then_it_fires_all_the_same(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    works.tick()
    with monkeypatch.context() as patch:
        patch.setattr(works.store, call, _away)
        works.schedule("0 11 * * *")
        assert works.tick() == works.clock.now() + timedelta(seconds=2)
    works.until("2026-03-12 11:00:10")
    assert works.told() == [("12 11:00", "queued")]


def test_new_schedule_when_nobody_knows_whether_it_was_stored_then_it_fires_if_it_was(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.tick()
    insert = works.store.insert
    monkeypatch.setattr(works.store, "insert", lambda kind, doc: (insert(kind, doc), _away()))
    with pytest.raises(Busy):
        works.schedule("0 11 * * *")
    works.until("2026-03-12 11:00:10")
    assert works.told() == [("12 11:00", "queued")]


def test_many_changed_when_one_cannot_be_planned_then_the_others_are(works: Clockwork) -> None:
    works.schedule("0 11 * * *", id="bad")
    works.schedule("0 11 * * *", id="good", enabled=False)
    bad, good = works.now_is("bad"), works.now_is("good")
    changed = [replace(bad, timezone="Mars/Base"), replace(good, enabled=True)]
    with works.ticker.changing("bad", "good"):
        works.store.change_many("schedules", [to_doc(schedule) for schedule in changed])
    works.until("2026-03-12 11:00:10")
    assert works.told("good") == [("12 11:00", "queued")]
    assert "Mars/Base" in works.plan("bad")["problem"]


def test_killed_between_a_run_and_its_plan_when_it_is_back_late_then_the_run_still_counts(
    works: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.schedule("0 11 * * *", retries=1)
    works.until("2026-03-12 10:59")

    def killed(plans: object) -> None:
        raise KeyboardInterrupt

    works.clock.set(at("2026-03-12 11:00"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(works.store, "save_plans", killed)
        works.tick()
    works.restart("2026-03-12 11:05")
    works.tick()
    works.end_all("failed")
    assert [(run["attempt"], run["status"]) for run in works.runs()] == [(1, "failed"), (2, "queued")]


def test_missed_when_the_prompt_is_huge_then_few_records_hold_it_and_the_rest_is_told(works: Clockwork) -> None:
    works.prompt("huge", content="x" * 2**21)
    works.schedule("* * * * *", promptId="huge")
    works.restart("2026-03-12 20:00:30")
    works.tick()
    runs = works.runs()
    times = ("19:56", "19:57", "19:58", "19:59", "20:00")
    assert [run["scheduledFor"] for run in runs] == [at(f"2026-03-12 {time}") for time in times]
    assert "So were all times from 2026-03-12T10:01:00.000Z on" in runs[0]["reason"]
