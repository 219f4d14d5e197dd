"""What follows from the end of a schedule's run: another attempt, a count of failures, the end of the schedule."""

from __future__ import annotations

from dataclasses import replace

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import AirunnerError, Busy, NotFound, PreconditionFailed
from airunner.base.log import logger, pairs
from airunner.domain.query import MOST, RunQuery
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.domain.schedule import Plan, Schedule
from airunner.domain.states import ACTIVE, Status
from airunner.engine.admission import Admission, Origin
from airunner.schedule import planner
from airunner.schedule.firing import Firing, run_of, wish_of
from airunner.store.contract import Store

_FAILED = (Status.FAILED, Status.TIMEOUT)
_log = logger("schedule")


class Outcomes:
    """Deals with ended runs."""

    def __init__(self, store: Store, admission: Admission, firing: Firing, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._admission = admission
        self._firing = firing
        self._bus = bus
        self._clock = clock

    def of(self, run_id: str) -> tuple[str, ...] | None:
        """Deal with a run's end; return the runs to watch in its place, None while it is active. Raises Busy."""
        run = self._store.get_run(run_id)
        if run is not None and run["status"] in ACTIVE:
            return None
        schedule_id = run["scheduleId"] if run else self._owner(run_id)
        schedule = self._schedule(schedule_id)
        if schedule is None:
            return ()
        retry = self._retry(schedule, run) if run and run["status"] in _FAILED else None
        self._note(schedule, run_id, run, retry)
        return (retry,) if retry else ()

    def call_off(self, schedule_id: str, reason: str) -> None:
        """Skip the attempts that were to come of a schedule that is off or gone. Raises Busy."""
        coming = RunQuery(schedule_id=schedule_id, status=(Status.QUEUED,), triggered_by=("retry",), limit=MOST)
        while runs := self._store.find_runs(coming).runs:
            for run in runs:
                self._admission.call_off(run["runId"], reason)
            coming = replace(coming, offset=coming.offset + MOST)

    def disable_if_hopeless(self, schedule: Schedule, plan: Plan) -> None:
        """Switch a schedule off that has failed as often in a row as it may. Raises Busy."""
        most = schedule.disable_after_failures
        if not (most and plan.failures >= most):
            return
        times = "once" if plan.failures == 1 else f"{plan.failures} times in a row"
        now = self._clock.now()
        off = schedule.switched(False, now, "airunner", f"Switched off after it failed {times}.")
        try:
            new = from_doc(Schedule, self._store.replace("schedules", to_doc(off), expect_revision=schedule.revision))
        except (NotFound, PreconditionFailed):
            return  # somebody has just deleted or changed it: he knows better
        done = replace(planner.plan(new, now, now, plan), failures=plan.failures, problem=plan.problem)
        self._store.save_plans([to_doc(done)])
        _log.warning("schedule switched off%s", pairs(schedule=schedule.id, reason=new.disabled_reason))
        self._bus.ring("schedules", schedule.id)

    def _owner(self, run_id: str) -> str | None:
        """Return the schedule of a run whose record is gone."""
        return next((plan["id"] for plan in self._store.open_plans() if run_id in plan["open"]), None)

    def _schedule(self, schedule_id: str | None) -> Schedule | None:
        doc = self._store.get("schedules", schedule_id) if schedule_id else None
        return from_doc(Schedule, doc) if doc else None

    def _retry(self, schedule: Schedule, run: Doc) -> str | None:
        """Queue the next attempt of a time that failed; return its run, None when there is none."""
        attempt = run["attempt"] + 1
        if attempt > schedule.retries + 1 or not schedule.enabled:
            return None
        origin = Origin(
            schedule.name,
            "retry",
            schedule_id=schedule.id,
            scheduled_for=run["scheduledFor"],
            attempt=attempt,
            not_before=self._clock.now() + planner.back_off(schedule, attempt),
            overlap=None if schedule.overlap == "parallel" else "queue",
        )
        try:
            return str(self._admission.admit(wish_of(schedule), origin)["runId"])
        except Busy:
            raise
        except AirunnerError as error:
            if error.code == "already_fired":
                return run_of(self._store, schedule.id, run["scheduledFor"], attempt)
            _log.warning("no further attempt%s", pairs(schedule=schedule.id, error=error))
            self._firing.record(schedule, replace(origin, not_before=None), Status.FAILED, error.message)
            return None

    def _note(self, schedule: Schedule, run_id: str, run: Doc | None, retry: str | None) -> None:
        doc = self._store.plans([schedule.id]).get(schedule.id)
        if doc is None:
            return
        plan = from_doc(Plan, doc)
        still_open = (*(other for other in plan.open if other != run_id), *((retry,) if retry else ()))
        failures, problem = plan.failures, plan.problem
        if run and run["status"] == Status.COMPLETED:
            failures, problem = 0, None
        elif run and run["status"] in _FAILED and not retry:
            failures += 1
        new = replace(plan, open=still_open, failures=failures, problem=problem)
        self._store.save_plans([to_doc(new)])
        self._bus.ring("schedules", schedule.id)
        if failures > plan.failures:
            self.disable_if_hopeless(schedule, new)
