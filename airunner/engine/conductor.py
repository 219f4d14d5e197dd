"""The engine's one thread: queue → shim → started → ended. It alone decides what starts, and when.

Others hand it events; they share none of its state. What a shim says is a hint: the run's folder is the truth.
"""

from __future__ import annotations

import os
import select
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import AirunnerError, Busy, Conflict, Invalid
from airunner.base.log import logger, pairs
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine import finish
from airunner.engine.live import Live, Watcher
from airunner.engine.recover import Found, inspect
from airunner.engine.resolve import Environment, launch_spec
from airunner.engine.shims import Shims, end_orphans, open_pidfd, order_kill, wake
from airunner.engine.steps import Steps
from airunner.spool import bell as rings
from airunner.spool.layout import Folder
from airunner.spool.procs import send_pidfd_kill
from airunner.spool.state import read_exit, read_state
from airunner.store.contract import Store

_ACTIVE = ("queued", "running")
_KILL_WAIT = 5.0
_SWEEP_SECONDS = 15.0
_RETRY_SECONDS = 1.0
_OVERDUE_SECONDS = 20.0  # the shim's own SIGKILL phase is 10 s; what outlives that is ours to end
_log = logger("engine")


class Conductor:
    """Starts queued runs first in, first out, up to the limit, and follows each to its end."""

    def __init__(
        self, store: Store, shims: Shims, environment: Environment, bus: Bus, clock: Clock, watcher: Watcher,
        bell: Path,
    ) -> None:  # fmt: skip
        self._store = store
        self._shims = shims
        self._environment = environment
        self._bus = bus
        self._clock = clock
        self._watcher = watcher
        self._bell = bell
        self._steps = Steps(clock, "conductor")
        self._pending: dict[str, Doc] = {}
        self._live: dict[str, Live] = {}
        self._limit = 1
        self._open = True
        self._sweeping = False

    # What other threads may call

    def start(self) -> None:
        """Adopt, close or queue again what an earlier server left, then take events."""
        self._steps.put(self._recover)
        self._steps.start()

    def stop(self) -> None:
        """End the thread; runs and their shims go on."""
        self._open = False
        self._steps.stop()

    def check_open(self) -> None:
        """Raise Busy when the server is stopping."""
        if not self._open:
            raise Busy("The server is stopping; ask again in a moment.")

    def enqueue(self, run: Doc) -> None:
        """Take a stored, queued run."""
        self._steps.put(self._take, run)

    def rang(self, run_id: str, kind: str) -> None:
        """Hear of a ring at the server's bell; for the loop's thread, so it only notes it down."""
        if kind == rings.OUTPUT:
            self._bus.ring("output", run_id)
        else:
            self._steps.put(self._look, run_id)

    def reload(self) -> None:
        """Hear that the settings changed."""
        self._steps.put(self._pump)

    def kill(self, run_id: str, by: str) -> None:
        """End a queued or running run; returns when that is ordered. Raises Conflict when it has ended, Busy, Broken."""
        done: Future[None] = Future()
        self._steps.put(self._kill, run_id, by, done)
        try:
            done.result(timeout=_KILL_WAIT)
        except TimeoutError as error:
            raise Busy("The order to end the run has been given but is not confirmed yet.") from error

    # Queue

    def _take(self, run: Doc) -> None:
        self._pending[run["runId"]] = run
        self._pump()

    def _pump(self) -> None:
        """Start what may start now."""
        if not self._pending:
            return
        try:
            settings = from_doc(Settings, self._store.settings())
        except Busy:
            self._steps.later(_RETRY_SECONDS, self._pump)
            return
        self._limit = settings.max_concurrent_runs
        while self._pending and len(self._live) < self._limit:
            run = next(iter(self._pending.values()))
            try:
                profile = self._store.get("profiles", run["agentProfileId"])
            except Busy:
                self._steps.later(_RETRY_SECONDS, self._pump)
                return
            del self._pending[run["runId"]]
            self._launch(run, from_doc(Profile, profile) if profile else None, settings)

    def _launch(self, run: Doc, profile: Profile | None, settings: Settings) -> None:
        run_id, folder = run["runId"], Folder(Path(run["folder"]))
        if profile is None or not profile.enabled:
            fate = "switched off" if profile else "deleted"
            reason = f"The profile {run['agentProfileName']} was {fate} while the run waited."
            self._close(run_id, finish.unstarted_changes("failed", reason, self._clock.now()))
            return
        try:
            spec = launch_spec(run, profile, settings, self._environment, self._bell)
            live = Live(run_id, folder, self._overdue(spec.timeout_seconds, spec.grace_seconds))
            self._live[run_id] = live
            live.pidfd = self._shims.start(spec, _facts(run))
            self._watch(live)
        except (OSError, Invalid) as error:
            self._live.pop(run_id, None)
            self._not_started(run_id, folder, error)

    def _not_started(self, run_id: str, folder: Folder, error: Exception) -> None:
        text = error.message if isinstance(error, AirunnerError) else getattr(error, "strerror", None) or str(error)
        _log.warning("run not started%s", pairs(run=run_id, error=text))
        if folder.path.exists():
            folder.bury()
        reason = f"The run could not be started: {text}."
        self._close(run_id, finish.unstarted_changes("failed", reason, self._clock.now()))

    def _overdue(self, timeout: float, grace: float) -> float:
        return self._clock.monotonic() + timeout + grace + _OVERDUE_SECONDS

    # From start to end

    def _watch(self, live: Live) -> None:
        self._arm_sweep()
        pidfd, run_id = live.pidfd, live.run_id
        if pidfd is None:
            return

        def gone() -> None:
            self._watcher.unwatch(pidfd)
            self._steps.put(self._look, run_id)

        self._watcher.call_soon(lambda: self._watcher.watch(pidfd, gone))

    def _look(self, run_id: str) -> None:
        """Read a live run's folder and act on what it says."""
        live = self._live.get(run_id)
        if live is None:
            return
        record = read_exit(live.folder)
        if record is not None:
            self._end(live, finish.ended_changes(record))
        elif not live.folder.is_locked() and self._shim_is_gone(live):
            self._lose(live)
        elif not live.started:
            self._note_start(live)

    def _shim_is_gone(self, live: Live) -> bool:
        if live.pidfd is None:
            return True
        poller = select.poll()
        poller.register(live.pidfd, select.POLLIN)
        return bool(poller.poll(0))

    def _note_start(self, live: Live) -> None:
        state = read_state(live.folder)
        if state is None or state.pid is None:
            return
        try:
            live.started = True
            self._store.change_run(live.run_id, finish.started_changes(state), only_if=_ACTIVE)
        except Busy:
            live.started = False
            self._steps.later(_RETRY_SECONDS, lambda: self._look(live.run_id))
        self._bus.ring("runs", live.run_id)

    def _lose(self, live: Live) -> None:
        """The shim died without a record: end what is left, and say so."""
        record = read_exit(live.folder)  # written between the first look and the check of the lock
        if record is not None:
            self._end(live, finish.ended_changes(record))
            return
        live.folder.bury()
        _log.warning("shim lost%s", pairs(run=live.run_id))
        if read_state(live.folder) is None:
            reason = "The run could not be started: its supervising process ended at once."
            self._end(live, finish.unstarted_changes("failed", reason, self._clock.now()))
        else:
            self._end(live, finish.lost_changes(live.folder, self._clock.now()))

    def _end(self, live: Live, changes: Doc) -> None:
        self._live.pop(live.run_id, None)
        if live.pidfd is not None:
            self._forget(live.pidfd)
        self._close(live.run_id, changes)
        self._pump()

    def _forget(self, pidfd: int) -> None:
        def forget() -> None:
            self._watcher.unwatch(pidfd)
            os.close(pidfd)

        self._watcher.call_soon(forget)

    def _close(self, run_id: str, changes: Doc) -> None:
        """Write a run's end; while the store is away, try until it takes it."""
        try:
            self._store.change_run(run_id, changes, only_if=_ACTIVE)
        except Busy:
            self._steps.later(_RETRY_SECONDS, lambda: self._close(run_id, changes))
            return
        _log.info("run ended%s", pairs(run=run_id, status=changes["status"], exit=changes.get("exitCode")))
        self._bus.ring("runs", run_id)
        self._bus.ring("output", run_id)

    # Kill and watch

    def _kill(self, run_id: str, by: str, done: Future[None]) -> None:
        try:
            self._kill_now(run_id, by)
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _kill_now(self, run_id: str, by: str) -> None:
        live = self._live.get(run_id)
        if live is not None:
            order_kill(live.folder, by)
        elif run_id in self._pending:
            changes = finish.unstarted_changes("killed", f"Killed by {by} while it was queued.", self._clock.now())
            if self._store.change_run(run_id, changes, only_if=("queued",)):
                self._bus.ring("runs", run_id)
                self._bus.ring("output", run_id)
            del self._pending[run_id]
        else:
            raise Conflict("The run has already ended.", code="already_finished")

    def _arm_sweep(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self._steps.later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Look at every live run, for rings that were lost and for shims that outlived their deadline."""
        self._sweeping = False
        for live in list(self._live.values()):
            self._look(live.run_id)
            if live.run_id in self._live and self._clock.monotonic() > live.ends_by:
                self._end_overdue(live)
        if self._live:
            self._arm_sweep()

    def _end_overdue(self, live: Live) -> None:
        _log.warning("run outlived its deadline%s", pairs(run=live.run_id))
        if live.pidfd is not None:
            send_pidfd_kill(live.pidfd)
        end_orphans(live.folder)

    # Recovery

    def _recover(self) -> None:
        try:
            active = self._store.active_runs()
        except Busy:
            self._steps.later(_RETRY_SECONDS, self._recover)
            return
        for run in active:
            try:
                self._recover_one(run)
            except Exception:
                _log.exception("run not recovered%s", pairs(run=run["runId"]))
        self._pump()

    def _recover_one(self, run: Doc) -> None:
        run_id, folder = run["runId"], Folder(Path(run["folder"]))
        if run_id in self._live or run_id in self._pending:
            return
        found = inspect(folder)
        _log.info("run found%s", pairs(run=run_id, was=run["status"], found=found))
        live = Live(run_id, folder, self._overdue(run["timeout"] * 60, 0))
        if found is Found.NEVER_STARTED and run["status"] == "queued":
            self._pending[run_id] = run
        elif found is Found.ALIVE:
            self._adopt(live)
        elif found is Found.ENDED:
            self._live[run_id] = live
            self._look(run_id)
        else:
            self._lose(live)

    def _adopt(self, live: Live) -> None:
        self._live[live.run_id] = live
        state = read_state(live.folder)
        if state is not None:
            live.pidfd = open_pidfd(state)
        wake(live.folder)
        self._watch(live)
        self._look(live.run_id)
        self._bus.ring("output", live.run_id)


def _facts(run: Doc) -> dict[str, Any]:
    """What `run.json` says: nothing secret, and no prompt."""
    names = ("runId", "agentProfileName", "workingDirectory", "timeout", "cols", "rows", "requiresTTY", "node")
    return {name: run.get(name) for name in names}
