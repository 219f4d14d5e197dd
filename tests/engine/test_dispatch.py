"""What starts next, and when it is looked again: by a store in memory, a clock that stands still, and no shim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airunner.base.bus import Bus
from airunner.base.errors import Busy
from airunner.domain.profile import Profile
from airunner.domain.record import to_doc
from airunner.domain.run import new_run
from airunner.engine import room
from airunner.engine.dispatch import Dispatcher
from airunner.engine.live import Live
from airunner.engine.queue import Queue
from airunner.spool.layout import folder_for
from tests.helpers.clock import START, FakeClock

FULL = "No run starts while the disk of {} is full; make room there."


@dataclass
class Yard:
    """A dispatcher, and what it would have done."""

    data: Path
    settings: dict[str, Any] = field(default_factory=lambda: {"maxConcurrentRuns": 3})
    away: bool = False
    live: dict[str, Live] = field(default_factory=dict)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    timers: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    full_at_start: bool = False
    path_is_known: bool = True
    told: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bus = Bus()
        self.queue = Queue(self.data)
        steps = SimpleNamespace(
            later=lambda seconds, step: self.timers.append((seconds, step)), put=lambda step: step()
        )
        self.clock = FakeClock()
        store = SimpleNamespace(settings=self._settings, find=lambda kind: self.profiles, get_run=lambda id: None)
        logins = SimpleNamespace(is_ready=self._is_ready)
        doors: Any = (store, self.queue, self.bus, steps, self.live, logins)
        self.dispatch = Dispatcher(*doors, self._launch, self._skip, self.clock)

    def take(self, run_id: str, root: Path | None = None, **fields: Any) -> None:
        folder = folder_for(root or self.data, run_id, START)
        run = new_run(**{"runId": run_id, "queuedAt": START, "folder": str(folder), "agentProfileId": "p", **fields})
        self.dispatch.take(run)

    def end(self, run_id: str) -> None:
        del self.live[run_id]
        self.dispatch.pump()

    def wait(self) -> None:
        """Take what is due by time."""
        due, self.timers[:] = list(self.timers), []
        for _, step in due:
            step()

    def _is_ready(self, user: str | None, then: Callable[[], None]) -> bool:
        if not self.path_is_known:
            self.told.append(then)
        return self.path_is_known

    def _settings(self) -> dict[str, Any]:
        if self.away:
            raise Busy("away")
        return self.settings

    def _launch(self, run: Any, profile: Any, settings: Any) -> None:
        if self.full_at_start:
            self.queue.hold(run)
        else:
            self.live[run["runId"]] = Live.of(run, 0)

    def _skip(self, run: Any, reason: str) -> None:
        self.skipped.append((run["runId"], reason))


class Disks(dict[Path, str]):
    """Which folders have no room."""

    def lack(self, folder: Path, floor: int, name: Path | None = None) -> str | None:
        return next((sentence for path, sentence in self.items() if folder.is_relative_to(path)), None)


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> Disks:
    made = Disks()
    monkeypatch.setattr(room, "lack", made.lack)
    return made


@pytest.fixture
def yard(tmp_path: Path, disks: Disks) -> Yard:
    return Yard(tmp_path / "data")


def test_pump_when_there_is_room_then_no_timer_is_set(yard: Yard) -> None:
    for name in "abcd":
        yard.take(name)
    assert list(yard.live) == ["a", "b", "c"]
    assert yard.timers == []
    assert yard.queue.why("d") is None


def test_pump_when_the_disk_is_full_then_runs_keep_their_place_and_it_is_looked_again_as_long_as_one_waits(
    yard: Yard, disks: Disks
) -> None:
    disks[yard.data] = "full"
    for name in "abc":
        yard.take(name)
    assert list(yard.live) == []
    assert [yard.queue.why(name) for name in "abc"] == ["full"] * 3
    assert len(yard.timers) == 1
    number = yard.bus.number
    yard.wait()
    assert len(yard.timers) == 1
    assert yard.bus.number == number, "nothing changed, so nobody is told"
    yard.queue.take("b")
    disks.clear()
    yard.wait()
    assert list(yard.live) == ["a", "c"]
    assert yard.timers == []
    assert yard.queue.why("a") is None


def test_pump_when_all_held_runs_are_killed_then_nothing_polls_any_more(yard: Yard, disks: Disks) -> None:
    disks[yard.data] = "full"
    yard.take("a")
    yard.queue.take("a")
    yard.wait()
    assert yard.timers == []


def test_pump_when_one_disk_is_full_then_runs_for_another_pass(yard: Yard, disks: Disks, tmp_path: Path) -> None:
    disks[tmp_path / "logs"] = "full"
    yard.take("a", tmp_path / "logs")
    yard.take("b", tmp_path / "logs")
    yard.take("c")
    assert list(yard.live) == ["c"]
    assert (yard.queue.why("a"), yard.queue.why("b")) == ("full", "full")
    disks.clear()
    yard.wait()
    assert list(yard.live) == ["c", "a", "b"]


def test_pump_when_the_disk_fills_at_the_start_itself_then_the_run_is_held_and_tried_again(yard: Yard) -> None:
    yard.full_at_start = True
    yard.take("a")
    yard.take("b")
    assert list(yard.live) == []
    assert yard.queue.why("b") == yard.queue.why("a") == FULL.format(yard.data)
    number = yard.bus.number
    yard.wait()
    assert yard.bus.number == number
    yard.full_at_start = False
    yard.wait()
    assert list(yard.live) == ["a", "b"]


def test_pump_when_the_store_is_away_then_one_timer_asks_again(yard: Yard) -> None:
    yard.away = True
    for name in "abc":
        yard.take(name)
    assert len(yard.timers) == 1
    yard.away = False
    yard.wait()
    assert list(yard.live) == ["a", "b", "c"]
    assert yard.timers == []


def test_pump_when_a_login_shell_has_not_told_its_path_then_runs_wait_in_the_queue_until_it_has(yard: Yard) -> None:
    yard.path_is_known = False
    yard.take("a")
    yard.take("b")
    assert (yard.live, yard.timers) == ({}, [])
    assert "a" in yard.queue
    yard.path_is_known = True
    for then in yard.told:
        then()
    assert list(yard.live) == ["a", "b"]


def test_queue_when_a_run_comes_back_then_it_has_its_old_place(tmp_path: Path, disks: Disks) -> None:
    yard = Yard(tmp_path, {"maxConcurrentRuns": 1})
    for name in "xabc":
        yard.take(name)
    assert [run for name in "abc" if (run := yard.queue.take(name))]
    for name in "cab":
        yard.take(name)
    yard.live.clear()
    yard.settings["maxConcurrentRuns"] = 9
    yard.dispatch.pump()
    assert list(yard.live) == ["a", "b", "c"]


# Gates


def profile(**fields: Any) -> dict[str, Any]:
    made = Profile.from_input({"name": "p", "invocationTemplate": 'x "$PROMPT"'}, id="p", now=START)
    return {**to_doc(made), **fields}


def lock(minutes: int | None) -> dict[str, Any]:
    until = None if minutes is None else START + timedelta(minutes=minutes)
    return {"since": START, "until": until, "reason": "quota", "by": "me"}


def test_pump_when_the_profile_is_locked_then_runs_wait_and_start_when_it_ends(yard: Yard) -> None:
    yard.profiles = [profile(lock=lock(30))]
    yard.take("a")
    yard.take("b", triggeredBy="test")
    assert list(yard.live) == ["b"]  # a quick test passes every gate
    assert yard.queue.why("a") == "The profile p is locked until 2026-03-12 15:02 UTC: quota."
    for _ in range(30):
        ((seconds, _),) = yard.timers
        assert seconds == 60
        yard.clock.pass_(seconds)
        yard.wait()
    assert list(yard.live) == ["b", "a"]


def test_pump_when_the_profile_is_locked_for_good_then_nothing_polls_and_unlocking_starts_it(yard: Yard) -> None:
    yard.profiles = [profile(lock=lock(None))]
    yard.take("a")
    assert (list(yard.live), yard.timers) == ([], [])
    assert yard.queue.why("a") == "The profile p is locked until somebody unlocks it: quota."
    yard.profiles = [profile()]
    yard.dispatch.pump()
    assert list(yard.live) == ["a"]


def test_pump_when_the_profile_was_locked_meanwhile_and_skips_then_waiting_runs_are_skipped(yard: Yard) -> None:
    yard.settings["maxConcurrentRuns"] = 1
    yard.profiles = [profile()]
    yard.take("a")
    yard.take("b")
    yard.profiles = [profile(lock=lock(30), whileLocked="skip")]
    yard.end("a")
    assert yard.skipped == [("b", "The profile p is locked until 2026-03-12 15:02 UTC: quota.")]
    assert "b" not in yard.queue


def test_pump_when_directories_are_queued_then_runs_in_one_wait_and_others_pass(yard: Yard) -> None:
    yard.settings["directoryPolicy"] = "queue"
    yard.take("a", workingDirectory="/srv/x")
    yard.take("b", workingDirectory="/srv/x")
    yard.take("c", workingDirectory="/srv/y")
    assert list(yard.live) == ["a", "c"]
    assert yard.queue.why("b") == "Waits for the end of another run in /srv/x."
    assert yard.timers == []
    yard.end("a")
    assert list(yard.live) == ["c", "b"]


def test_pump_when_a_schedule_queues_then_its_runs_are_one_after_the_other(yard: Yard) -> None:
    for name in "ab":
        yard.take(name, workingDirectory="/srv", scheduleId="s", overlap="queue")
    yard.take("c", workingDirectory="/srv", scheduleId="t", overlap="queue")
    assert list(yard.live) == ["a", "c"]
    yard.end("a")
    assert list(yard.live) == ["c", "b"]


def test_pump_when_an_attempt_is_for_later_then_it_waits_until_then(yard: Yard) -> None:
    yard.take("a", attempt=2, notBefore=START + timedelta(seconds=90))
    assert yard.queue.why("a") == "Attempt 2, not before 2026-03-12 14:33 UTC."
    for seconds in (60, 30):
        assert yard.live == {}
        assert yard.timers[0][0] == seconds
        yard.clock.pass_(seconds)
        yard.wait()
    assert list(yard.live) == ["a"]


def test_pump_when_a_later_hold_ends_sooner_then_it_is_looked_at_sooner(yard: Yard) -> None:
    yard.take("a", attempt=2, notBefore=START + timedelta(seconds=50))
    yard.take("b", attempt=2, notBefore=START + timedelta(seconds=5))
    assert sorted(seconds for seconds, _ in yard.timers) == [5, 50]


def test_call_off_when_a_run_still_waits_then_it_is_skipped_and_one_that_runs_goes_on(yard: Yard) -> None:
    yard.settings["maxConcurrentRuns"] = 1
    yard.take("a")
    yard.take("b")
    for name in ("a", "b", "c"):
        yard.dispatch.call_off(name, "off")
    assert yard.skipped == [("b", "off")]
    assert list(yard.live) == ["a"]


def test_pump_when_schedules_are_paused_then_further_attempts_wait_and_other_runs_start(yard: Yard) -> None:
    yard.settings["schedulesPaused"] = True
    yard.take("a", triggeredBy="retry", attempt=2)
    yard.take("b", triggeredBy="manual")
    assert list(yard.live) == ["b"]
    assert yard.queue.why("a") == "All schedules are paused, and so are their further attempts."
    yard.settings["schedulesPaused"] = False
    yard.dispatch.pump()
    assert list(yard.live) == ["b", "a"]
