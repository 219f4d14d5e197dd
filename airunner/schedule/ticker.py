"""The scheduler's thread: sleeps until something is due, has it run or recorded, and hears how runs end.

Plans are in the store and runs are made under the rule that a time to fire has one run at most; so whatever is done twice,
by a server that was killed in between or by two of them, is done once.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from airunner.base.bus import Bus, Change
from airunner.base.clock import Clock
from airunner.base.errors import Busy
from airunner.base.log import logger, pairs
from airunner.domain.record import from_doc, to_doc
from airunner.domain.schedule import Plan, Schedule
from airunner.schedule import planner
from airunner.schedule.agenda import Agenda
from airunner.schedule.alarm import Alarm
from airunner.schedule.firing import Firing
from airunner.schedule.outcome import Outcomes
from airunner.store.contract import Store

_RETRY = timedelta(seconds=2)
_BACKWARDS = timedelta(seconds=2)  # less is the clock being kept in step
_log = logger("schedule")


class Ticker:
    """Fires schedules. `changed` may be called by any thread; `tick` is the thread's body, and what tests call."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, firing: Firing, outcomes: Outcomes) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._firing = firing
        self._outcomes = outcomes
        self._alarm = Alarm()
        self._agenda = Agenda()
        self._owed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._watched: set[str] = set()
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._last = clock.now()
        self._is_loaded = False
        self._is_open = True
        self._thread = threading.Thread(target=self._loop, name="scheduler", daemon=True)
        bus.listen(self._hear)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after what it is at."""
        self._is_open = False
        if self._thread.ident is not None:
            self._alarm.wake()
            self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._alarm.close()

    @contextmanager
    def changing(self, *schedule_ids: str) -> Iterator[None]:
        """Stand around a write to schedules, and plan them behind it; raises what the write does, nothing of its own.

        A write that ends in Busy may be done all the same (store.contract), so then, too, they are looked at.
        """
        try:
            yield
        except Busy:
            for schedule_id in schedule_ids:
                self._owe(schedule_id)
            raise
        for schedule_id in schedule_ids:
            self.changed(schedule_id)

    def changed(self, schedule_id: str) -> None:
        """Plan a schedule that was made, changed or deleted, from now on; attempts to come of one that is off do not.

        While the store is away it is left to the thread.
        """
        try:
            self._see_to(schedule_id, self._clock.now())
        except Busy:
            self._owe(schedule_id)
        if self._is_open:
            self._alarm.wake()

    def is_alive(self) -> bool:
        """Say whether the thread works."""
        return self._thread.is_alive()

    def tick(self) -> datetime | None:
        """Do what is due now; return when to look again, None for not before somebody wakes."""
        now = self._clock.now()
        try:
            self._load(now)
            self._pay(now)
            if now < self._last - _BACKWARDS:
                self._plan_all_again(now)
        except Busy:
            return now + _RETRY
        self._last = now
        self._take_ended()
        while (schedule_id := self._agenda.take_due(now)) is not None:
            self._fire(schedule_id, now)
        self._take_ended()  # of what was fired just now, whose end may have come before anybody listened
        wake_at = self._agenda.next()
        if self._ended.empty():
            return wake_at
        return min(wake_at or now + _RETRY, now + _RETRY)

    def _loop(self) -> None:
        while self._is_open:
            wake_at = self._clock.now() + _RETRY
            try:
                wake_at_or_never = self.tick()
            except Exception:
                _log.exception("scheduler stumbled")
                wake_at_or_never = wake_at
            if self._is_open:
                self._alarm.wait(wake_at_or_never)

    # Plans

    def _owe(self, schedule_id: str) -> None:
        self._owed.put(schedule_id)
        if self._is_open:
            self._alarm.wake()

    def _pay(self, now: datetime) -> None:
        """Plan what could not be planned when it was changed."""
        if self._owed.empty():
            return
        self._store.touch()  # it comes after those of which nobody knew whether they were done
        while not self._owed.empty():
            schedule_id = self._owed.get()
            try:
                self._see_to(schedule_id, now)
            except Exception:
                self._owed.put(schedule_id)
                raise

    def _see_to(self, schedule_id: str, now: datetime) -> None:
        """Plan a schedule as it is stored now, and call off the attempts of one that is off or gone."""
        doc = self._store.get("schedules", schedule_id)
        if doc is None:
            self._agenda.forget(schedule_id)
            self._outcomes.call_off(schedule_id, "The schedule was deleted before this attempt.")
            return
        self._plan_again(schedule_id, now)
        if not doc.get("enabled"):
            self._outcomes.call_off(schedule_id, "The schedule was switched off before this attempt.")

    def _load(self, now: datetime) -> None:
        if self._is_loaded:
            return
        for schedule_id in self._store.stale_plans(now):
            self._plan_again(schedule_id, now)
        for schedule_id, due_at in self._store.due_plans():
            self._agenda.put(schedule_id, due_at, 0)
        for plan in self._store.open_plans():
            for run_id in plan["open"]:
                self._watch(run_id)
                self._ended.put(run_id)
        self._is_loaded = True

    def _plan_all_again(self, now: datetime) -> None:
        """Plan everything from now: what lies ahead was planned for another time, and what has run does not run twice."""
        _log.warning("clock set back%s", pairs(to=now, since=self._last))
        for doc in self._store.find("schedules", enabled=True):
            self._plan_again(doc["id"], now)

    def _plan_again(self, schedule_id: str, now: datetime) -> None:
        doc = self._store.get("schedules", schedule_id)
        if doc is None:
            return
        try:
            self._plan(from_doc(Schedule, doc), now)
        except Busy:
            raise
        except Exception as error:  # its zone is not known any more, say: it must not keep the others from their plans
            _log.warning("schedule not planned%s", pairs(schedule=schedule_id, error=error))
            problem = f"It cannot be planned: {error}"
            self._keep(Plan(id=schedule_id, revision=doc["revision"], planned_at=now, problem=problem))

    def _plan(self, schedule: Schedule, now: datetime) -> None:
        before = self._plan_of(schedule.id)
        self._keep(planner.plan(schedule, planner.dealt_with(schedule, before, now), now, before))

    def _plan_of(self, schedule_id: str) -> Plan | None:
        doc = self._store.plans([schedule_id]).get(schedule_id)
        return from_doc(Plan, doc) if doc else None

    def _keep(self, plan: Plan) -> None:
        self._agenda.put(plan.id, plan.due_at, plan.revision)
        self._store.save_plans([to_doc(plan)])
        self._bus.ring("schedules", plan.id)

    # Firing

    def _fire(self, schedule_id: str, now: datetime) -> None:
        try:
            self._fire_one(schedule_id, now)
        except Busy as error:
            _log.warning("schedule waits for the store%s", pairs(schedule=schedule_id, error=error))
            self._firing.store_was_away(now)
            self._agenda.put_again(schedule_id, now + _RETRY)
        except Exception as error:
            _log.exception("schedule not fired%s", pairs(schedule=schedule_id))
            self._set_aside(schedule_id, error, now)

    def _fire_one(self, schedule_id: str, now: datetime) -> None:
        doc, plan = self._store.get("schedules", schedule_id), self._plan_of(schedule_id)
        if doc is None:
            return
        schedule = from_doc(Schedule, doc)
        if plan is None or plan.revision != schedule.revision or plan.fire_at is None:
            self._plan(schedule, now)
            return
        if plan.due_at is not None and plan.due_at > now:
            self._agenda.put(schedule_id, plan.due_at, plan.revision)
            return
        fired = self._firing.fire(schedule, plan, now)
        for run_id in fired.open:
            self._watch(run_id)
        self._keep(fired)
        if fired.failures != plan.failures:
            self._outcomes.disable_if_hopeless(schedule, fired)

    def _set_aside(self, schedule_id: str, error: Exception, now: datetime) -> None:
        """Mark a schedule that raises, and go on with its next time; one that cannot be planned fires no more."""
        try:
            doc = self._store.get("schedules", schedule_id)
            if doc is None:
                return
            problem = f"It could not be run: {error}"
            try:
                plan = planner.plan(from_doc(Schedule, doc), now, now, self._plan_of(schedule_id))
            except Exception:
                plan = Plan(id=schedule_id, revision=doc["revision"], planned_at=now)
            self._keep(replace(plan, problem=problem))
        except Exception:
            _log.exception("schedule not marked%s", pairs(schedule=schedule_id))

    # Ends of runs

    def _hear(self, change: Change) -> None:
        if change.topic == "runs" and change.id in self._watched and self._is_open:
            self._ended.put(change.id)
            self._alarm.wake()

    def _watch(self, run_id: str) -> None:
        self._watched.add(run_id)
        self._ended.put(run_id)  # it may have ended already

    def _take_ended(self) -> None:
        again = []
        while not self._ended.empty():
            run_id = self._ended.get()
            if run_id not in self._watched:
                continue
            try:
                outcome = self._outcomes.of(run_id)
            except Busy:
                again.append(run_id)
                continue
            except Exception:
                _log.exception("end of run not dealt with%s", pairs(run=run_id))
                self._watched.discard(run_id)
                continue
            if outcome is not None:
                self._watched.discard(run_id)
                for other in outcome:
                    self._watch(other)
        for run_id in again:
            self._ended.put(run_id)
