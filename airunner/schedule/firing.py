"""A schedule's time has come: run its prompt, or leave a record that says why not."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from airunner.base.clock import Clock, to_iso
from airunner.base.errors import AirunnerError, Busy, Conflict, NotFound
from airunner.base.log import logger, pairs
from airunner.domain.prompt import Prompt
from airunner.domain.query import RunQuery
from airunner.domain.record import from_doc
from airunner.domain.run import StartRequest
from airunner.domain.schedule import Plan, Schedule
from airunner.domain.settings import Settings
from airunner.domain.states import ACTIVE, Status
from airunner.engine.admission import Admission, Origin
from airunner.schedule import planner
from airunner.store.contract import Store

_RECENT = 50
_MISSED_CHARACTERS = 8 * 1024**2  # of prompt text that the records of one gap may hold: each has its own
_LOCKS = 64
_log = logger("schedule")


class Fired(NamedTuple):
    """What became of one time: the run that was made, and why it could not run if it could not."""

    run_id: str | None = None
    problem: str | None = None


class Firing:
    """Makes the runs and the records of due times."""

    def __init__(self, store: Store, admission: Admission, clock: Clock) -> None:
        self._store = store
        self._admission = admission
        self._started_at = clock.now()
        self._away: tuple[datetime, datetime] | None = None
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def alone(self, schedule_id: str) -> threading.Lock:
        """Return what to hold from the look whether a run of a schedule is active until the next one is stored."""
        return self._locks[zlib.crc32(schedule_id.encode()) % _LOCKS]

    def store_was_away(self, at: datetime) -> None:
        """Remember that the store did not answer: times that are missed by it say so."""
        first = self._away[0] if self._away and at - self._away[1] < planner.LATE else at
        self._away = (first, at)

    def fire(self, schedule: Schedule, plan: Plan, now: datetime) -> Plan:
        """Deal with every time of a schedule that has come; return its next plan. Raises Busy."""
        due = planner.what_is_due(schedule, plan.fire_at or now, now)
        fired, begun = Fired(), plan.open
        if due.missed:
            begun = (*begun, *self._begun(schedule, due.missed, begun))
            self._record_missed(schedule, due, now)
        if due.run is not None:
            with self.alone(schedule.id):
                fired = self._run(schedule, due.run)
        new = planner.plan(schedule, due.newest, now, plan)
        failures = plan.failures + 1 if fired.problem else plan.failures
        kept = (*begun, fired.run_id) if fired.run_id and fired.run_id not in begun else begun
        problem = fired.problem if due.run is not None else plan.problem
        return replace(new, open=kept, failures=failures, problem=problem)

    def run_now(self, schedule: Schedule, request: StartRequest) -> StartRequest:
        """Return what a run of the schedule outside of its times is; raise Conflict when it must not be beside another."""
        if not request.dry_run:
            self._check_free(schedule)
        return wish_of(schedule, request)

    def _check_free(self, schedule: Schedule) -> None:
        active = self._active(schedule.id) if schedule.overlap == "skip" else None
        if active:
            raise Conflict(
                f"A run of the schedule {schedule.name} still waits or runs ({active}). Wait for its end, kill it, "
                "or set the overlap to queue or parallel.",
                code="still_running",
            )
        waiting = self._active(schedule.id, (Status.QUEUED,)) if schedule.overlap == "queue" else None
        if waiting:
            raise Conflict(
                f"A run of the schedule {schedule.name} waits already ({waiting}), and one is the most.",
                code="still_waiting",
            )

    def _run(self, schedule: Schedule, at: datetime) -> Fired:
        overlap = "queue" if schedule.overlap == "queue" else None
        origin = Origin(schedule.name, "schedule", schedule_id=schedule.id, scheduled_for=at, overlap=overlap)
        why = self._why_not(schedule)
        if why:
            return Fired(self.record(schedule, origin, Status.SKIPPED, why))
        try:
            run = self._admission.admit(wish_of(schedule), origin)
        except Busy:
            raise
        except AirunnerError as error:
            return self._not_admitted(schedule, origin, error)
        _log.info(
            "schedule fired%s", pairs(schedule=schedule.id, at=to_iso(at), run=run["runId"], status=run["status"])
        )
        return Fired(run["runId"])

    def _why_not(self, schedule: Schedule) -> str | None:
        if from_doc(Settings, self._store.settings()).schedules_paused:
            return "All schedules were paused at this time."
        if schedule.overlap == "parallel":
            return None
        active = self._active(schedule.id)
        if active and schedule.overlap == "skip":
            _log.warning("schedule still runs%s", pairs(schedule=schedule.id, run=active))
            return f"The run before it, {active}, was still active at this time."
        waiting = self._active(schedule.id, (Status.QUEUED,))
        return f"Run {waiting} of this schedule was still waiting for its turn." if waiting else None

    def _active(self, schedule_id: str, statuses: tuple[str, ...] = tuple(ACTIVE)) -> str | None:
        found = self._store.find_runs(RunQuery(schedule_id=schedule_id, status=statuses, limit=1)).runs
        return found[0]["runId"] if found else None

    def _not_admitted(self, schedule: Schedule, origin: Origin, error: AirunnerError) -> Fired:
        if error.code == "already_fired":  # by a server before us, which had no time to note it
            return Fired(run_of(self._store, schedule.id, origin.scheduled_for))
        status = Status.SKIPPED if error.code == "profile_disabled" else Status.FAILED
        earlier = self.record(schedule, origin, status, error.message)
        _log.warning("schedule cannot run%s", pairs(schedule=schedule.id, error=error))
        return Fired(earlier, None if earlier else error.message)

    def record(self, schedule: Schedule, origin: Origin, status: str, reason: str) -> str | None:
        """Leave a record of a time that does not run; return the run that it has already, by a server before us."""
        run = self._admission.unstarted(self._prompt(schedule), origin, status, reason, schedule.working_directory)
        try:
            self._admission.queue(run)
        except Conflict:
            return run_of(self._store, schedule.id, origin.scheduled_for)
        return None

    def _begun(self, schedule: Schedule, missed: tuple[datetime, ...], known: tuple[str, ...]) -> list[str]:
        """Return the runs that a server before us began for such times and had no time to note: their ends count."""
        found = self._store.find_runs(RunQuery(schedule_id=schedule.id, triggered_by=("schedule",), limit=_RECENT)).runs
        return [
            run["runId"]
            for run in found
            if run["scheduledFor"] in missed and run["status"] != Status.SKIPPED and run["runId"] not in known
        ]

    def _record_missed(self, schedule: Schedule, due: planner.Due, now: datetime) -> None:
        prompt, runs = self._prompt(schedule), []
        most = _MISSED_CHARACTERS // max(1, len(prompt.content) if prompt else 1)
        if len(due.missed) > max(1, most):
            due = replace(due, missed=due.missed[-max(1, most) :], unlisted_from=due.unlisted_from or due.missed[0])
        for at in due.missed:
            origin = Origin(schedule.name, "schedule", schedule_id=schedule.id, scheduled_for=at)
            reason = self._why_missed(at, now)
            if due.unlisted_from is not None and at == due.missed[0]:
                reason += f" So were all times from {to_iso(due.unlisted_from)} on, too many to be listed one by one."
            runs.append(self._admission.unstarted(prompt, origin, Status.SKIPPED, reason, schedule.working_directory))
        self._store.insert_skipped(runs)
        _log.warning("times missed%s", pairs(schedule=schedule.id, count=len(runs), first=due.missed[0]))

    def _why_missed(self, at: datetime, now: datetime) -> str:
        if at < self._started_at:
            return "Missed: the server was not running at this time."
        if self._away and self._away[0] - planner.LATE <= at <= self._away[1] + timedelta(seconds=5):
            return "Missed: the store did not answer at this time."
        return "Missed: the machine was asleep at this time, or its clock was set forward over it."

    def _prompt(self, schedule: Schedule) -> Prompt | None:
        try:
            return self._admission.find_prompt(schedule.prompt_id)
        except NotFound:
            return None


def wish_of(schedule: Schedule, request: StartRequest | None = None) -> StartRequest:
    """Return what a schedule asks for; `request` may give other values for one run."""
    asked = request or StartRequest()
    return replace(
        asked,
        prompt_id=schedule.prompt_id,
        working_directory=asked.working_directory or schedule.working_directory,
        timeout=asked.timeout or schedule.timeout,
        variables={**schedule.variables, **asked.variables},
    )


def run_of(store: Store, schedule_id: str, at: datetime | None, attempt: int = 1) -> str | None:
    """Return the run that a time of a schedule has, by a server before us or another one."""
    runs = store.find_runs(RunQuery(schedule_id=schedule_id, limit=_RECENT)).runs
    return next((run["runId"] for run in runs if (run["scheduledFor"], run["attempt"]) == (at, attempt)), None)
