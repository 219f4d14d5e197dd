"""The scheduler without its thread: a real store, the real desk, a clock that the test moves, and no agent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airunner.base.bus import Bus
from airunner.base.files import make_private_folder
from airunner.base.ids import Ids
from airunner.domain.profile import Profile
from airunner.domain.prompt import Prompt
from airunner.domain.query import RunQuery
from airunner.domain.record import from_doc, to_doc
from airunner.domain.schedule import Schedule
from airunner.domain.states import ACTIVE
from airunner.engine.accounts import LoginPaths
from airunner.engine.admission import Admission
from airunner.engine.resolve import Environment
from airunner.schedule.firing import Firing
from airunner.schedule.outcome import Outcomes
from airunner.schedule.ticker import Ticker
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock


class Clockwork:
    """A scheduler at a time; `until` moves the time as its own thread would sleep and wake."""

    def __init__(self, folder: Path, now: str, store: Store | None = None) -> None:
        self.folder = folder
        self.clock = FakeClock(at(now))
        make_private_folder(folder / "data")
        self.store = store or open_store("sqlite", data_folder=folder / "data", clock=self.clock)
        self.bus, self.ids = Bus(), Ids(self.clock)
        self.queued: list[str] = []
        self.called_off: list[tuple[str, str]] = []
        self.ticks = 0
        if not self.store.find("profiles"):
            self._furnish()
        self._build()

    def _furnish(self) -> None:
        fields = {"name": "sh", "slug": "sh", "invocationTemplate": 'sh -c "$PROMPT"'}
        self.store.insert("profiles", to_doc(Profile.from_input(fields, id="p1", now=self.clock.now())))
        self.prompt("prompt1")

    def _build(self) -> None:
        conductor: Any = SimpleNamespace(
            check_open=lambda: None,
            call_off=lambda *given: self.called_off.append(given),
            enqueue=lambda run: self.queued.append(run["runId"]),
            find_out=self.queued.append,
        )
        environment = Environment({}, LoginPaths(lambda account: "/bin"))
        self.admission = Admission(
            self.store, conductor, environment, self.bus, self.clock, self.ids, self.folder / "data", "here",
            lambda: self.folder / "p",
        )  # fmt: skip
        self.firing = Firing(self.store, self.admission, self.clock)
        outcomes = Outcomes(self.store, self.admission, self.firing, self.bus, self.clock)
        self.ticker = Ticker(self.store, self.bus, self.clock, self.firing, outcomes)

    def restart(self, now: str) -> None:
        """Begin anew at a later (or earlier) time, as a server does that was down until then."""
        self.ticker.stop()
        self.clock.set(at(now))
        self._build()

    def prompt(self, id: str, **fields: Any) -> None:
        """Save a prompt that runs `true` in the folder."""
        given = {"name": id, "content": "true", "agentProfileId": "p1", "workingDirectory": str(self.folder), **fields}
        self.store.insert("prompts", to_doc(Prompt.from_input(given, id=id, now=self.clock.now(), by="me")))

    def schedule(self, cron: str, id: str = "s1", **fields: Any) -> str:
        """Make a schedule of `prompt1`, in UTC."""
        given = {"name": id, "promptId": "prompt1", "cronExpression": cron, "timezone": "UTC", **fields}
        made = Schedule.from_input(given, id=id, now=self.clock.now(), by="me", timezone="UTC")
        with self.ticker.changing(id):
            self.store.insert("schedules", to_doc(made))
        return id

    def change(self, id: str, **fields: Any) -> None:
        """Change a schedule as its handler does."""
        new = self.now_is(id).merged(fields, self.clock.now(), "me")
        with self.ticker.changing(id):
            self.store.replace("schedules", to_doc(new), expect_revision=new.revision)

    def now_is(self, id: str) -> Schedule:
        """Return a schedule as it is stored."""
        doc = self.store.get("schedules", id)
        assert doc is not None
        return from_doc(Schedule, doc)

    def until(self, moment: str) -> None:
        """Let time pass until then: sleep as long as the scheduler says, wake, and look."""
        end = at(moment)
        wake = self.tick()
        while wake is not None and wake <= end:
            self.clock.set(max(wake, self.clock.now()))
            wake = self.tick()
        self.clock.set(end)
        self.tick()

    def tick(self) -> datetime | None:
        """Look once."""
        self.ticks += 1
        return self.ticker.tick()

    def plan(self, id: str = "s1") -> dict[str, Any]:
        """Return the stored plan of a schedule."""
        return self.store.plans([id])[id]

    def runs(self, id: str = "s1") -> list[dict[str, Any]]:
        """Return the runs of a schedule, by their times and attempts."""
        found = self.store.find_runs(RunQuery(schedule_id=id, limit=200)).runs
        return sorted(found, key=lambda run: (str(run["scheduledFor"]), run["attempt"]))

    def told(self, id: str = "s1") -> list[tuple[str, str]]:
        """Return time and status of each run."""
        return [(f"{run['scheduledFor']:%d %H:%M}", run["status"]) for run in self.runs(id)]

    def end(self, run: dict[str, Any], status: str = "completed") -> None:
        """End a run as the engine does, and let the scheduler hear of it."""
        changes = {"status": status, "finishedAt": self.clock.now(), "exitCode": 0 if status == "completed" else 1}
        assert self.store.change_run(run["runId"], changes, only_if=ACTIVE)
        self.bus.ring("runs", run["runId"])
        self.tick()

    def end_all(self, status: str = "completed") -> None:
        """End every active run."""
        for run in self.store.active_runs():
            self.end(run, status)

    def close(self) -> None:
        """Let go of the store."""
        self.ticker.stop()
        self.store.close()


def at(text: str) -> datetime:
    """Return a time in UTC: `2026-03-12 14:32`."""
    return datetime.fromisoformat(f"{text}+00:00")
