"""Picks which queued run starts next, and looks again when that cannot be told yet. Used by the conductor's thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import Busy
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.domain.states import Status
from airunner.engine.finish import RETRY_SECONDS
from airunner.engine.gates import Gates
from airunner.engine.live import Live
from airunner.engine.queue import Queue
from airunner.engine.resolve import Environment
from airunner.engine.steps import Steps
from airunner.store.contract import Store

_ROOM_SECONDS = 3.0
_LEAST_SECONDS, _LONGEST_SECONDS = 0.05, 60.0
Launch = Callable[[Doc, Doc | None, Settings], None]


class Dispatcher:
    """First in, first out, up to the limit of runs at once, as far as the disk has room."""

    def __init__(
        self,
        store: Store,
        queue: Queue,
        bus: Bus,
        steps: Steps,
        live: Mapping[str, Live],
        environment: Environment,
        launch: Launch,
        skip: Callable[[Doc, str], None],
        clock: Clock,
    ) -> None:
        """`live` are the runs that have a shim; `launch` gets one more with its profile, if there is one, and never raises.

        `skip` closes a run that is not to run, with the reason.
        """
        self._store = store
        self._queue = queue
        self._bus = bus
        self._steps = steps
        self._live = live
        self._environment = environment
        self._launch = launch
        self._skip = skip
        self._clock = clock
        self._next_look = math.inf

    def take(self, run: Doc) -> None:
        """Take a queued run, and start what may start."""
        self._queue.put(run)
        self.pump()

    def pump(self) -> None:
        """Start what may start now; what is held by the store, the disk or until a time is looked at again."""
        if not self._queue:
            return
        try:
            settings, now = from_doc(Settings, self._store.settings()), self._clock.now()
            gates = Gates(settings, self._store.find("profiles"), self._live, now)
            self._start_next(settings, gates)
        except Busy:
            self._later(RETRY_SECONDS)
            return
        news = self._queue.news(gates)
        for run_id in news.changed:
            self._bus.ring("runs", run_id)
        if news.needs_room:
            self._later(_ROOM_SECONDS)
        elif news.next_end is not None:
            # The wall clock may be set while it waits.
            self._later(min(max((news.next_end - now).total_seconds(), _LEAST_SECONDS), _LONGEST_SECONDS))

    def call_off(self, run_id: str, reason: str) -> None:
        """Close a run that still waits; one that has left the queue goes on."""
        if run := self._queue.take(run_id):
            self._skip(run, reason)

    def find_out(self, run_id: str) -> None:
        """Take a run of which only the store knows whether it is queued."""
        try:
            # A write that says nothing new: unlike a reading it comes after one that is still on its way (store.contract).
            run = self._store.change_run(run_id, {}, only_if={Status.QUEUED})
        except Busy:
            self._steps.later(RETRY_SECONDS, lambda: self.find_out(run_id))
            return
        if run and run_id not in self._live and run_id not in self._queue:
            self._bus.ring("runs", run_id)
            self.take(run)

    def _start_next(self, settings: Settings, gates: Gates) -> None:
        for skipped, why in self._queue.skipped(gates):
            self._skip(skipped, why)
        self._queue.look(settings.min_free_disk_mb)
        while len(self._live) < settings.max_concurrent_runs and (run := self._queue.first(gates)):
            if not self._environment.is_ready(run.get("runAsUser"), lambda: self._steps.put(self.pump)):
                return  # its login shell is still being asked; nothing else must wait for that
            self._queue.take(run["runId"])
            self._launch(run, gates.profile_of(run), settings)

    def _later(self, seconds: float) -> None:
        at = self._clock.monotonic() + seconds
        if at < self._next_look:
            self._next_look = at
            self._steps.later(seconds, self._again)

    def _again(self) -> None:
        self._next_look = math.inf
        self.pump()
