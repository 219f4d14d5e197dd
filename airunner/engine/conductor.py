"""The engine's one thread: queue → shim → started → ended. It alone decides what starts, and when.

Others hand it events; they share none of its state. What a shim says is a hint: the run's folder is the truth.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future
from pathlib import Path

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import AirunnerError, Busy, Conflict
from airunner.base.log import logger, pairs
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.domain.states import ACTIVE, Status
from airunner.engine import finish
from airunner.engine.live import Live, Watcher, facts, forget_pidfd
from airunner.engine.recover import Found, inspect
from airunner.engine.resolve import Environment, launch_spec
from airunner.engine.shims import Shims, end_orphans, open_pidfd, order_kill, wake
from airunner.engine.steps import Steps
from airunner.spool import bell as rings
from airunner.spool.layout import Folder
from airunner.spool.procs import send_pidfd_kill
from airunner.spool.state import read_exit, read_state
from airunner.store.contract import Store

_KILL_WAIT = 5.0
_SWEEP_SECONDS = 15.0
_RETRY_SECONDS = 1.0
_LONGEST_GRACE = 600.0  # until a run's own is known
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

    def find_out(self, run_id: str) -> None:
        """Take a run whose storing ended in Busy, if the store turns out to have it."""
        self._steps.put(self._find_out, run_id)

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
            raise Busy("The order to end the run is given but not confirmed yet.") from error

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
        while self._pending and len(self._live) < settings.max_concurrent_runs:
            run = next(iter(self._pending.values()))
            try:
                profile = self._store.get("profiles", run["agentProfileId"])
            except Busy:
                self._steps.later(_RETRY_SECONDS, self._pump)
                return
            del self._pending[run["runId"]]
            self._launch(run, from_doc(Profile, profile) if profile else None, settings)

    def _find_out(self, run_id: str) -> None:
        try:
            run = self._store.get_run(run_id)
        except Busy:
            self._steps.later(_RETRY_SECONDS, lambda: self._find_out(run_id))
            return
        if run and run["status"] == Status.QUEUED and run_id not in self._live:
            self._bus.ring("runs", run_id)
            self._take(run)

    def _launch(self, run: Doc, profile: Profile | None, settings: Settings) -> None:
        run_id, folder = run["runId"], Folder(Path(run["folder"]))
        if profile is None or not (profile.enabled or run["triggeredBy"] == "test"):
            fate = "switched off" if profile else "deleted"
            reason = f"The profile {run['agentProfileName']} was {fate} while the run waited."
            self._close(run_id, finish.unstarted_changes("failed", reason, self._clock.now()))
            return
        try:
            spec = launch_spec(run, profile, settings, self._environment, self._bell)
            live = Live(run_id, folder, self._overdue(spec.timeout_seconds, spec.grace_seconds))
            self._live[run_id] = live
            live.pidfd = self._shims.start(spec, facts(run))
            self._watch(live)
        except Exception as error:
            self._live.pop(run_id, None)
            self._not_started(run_id, folder, error)

    def _not_started(self, run_id: str, folder: Folder, error: Exception) -> None:
        text = error.message if isinstance(error, AirunnerError) else getattr(error, "strerror", None) or str(error)
        _log.warning("run not started%s", pairs(run=run_id, error=text), exc_info=error)
        with contextlib.suppress(OSError):
            folder.bury()
        reason = f"The run could not be started: {text.rstrip('.')}."
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
        elif not live.folder.is_locked() and live.shim_is_gone():
            self._lose(live)
        elif not live.started:
            self._note_start(live)

    def _note_start(self, live: Live) -> None:
        state = read_state(live.folder)
        if state is None or state.pid is None:
            return
        if live.pidfd is None:
            live.pidfd = open_pidfd(state)
            self._watch(live)
        try:
            live.started = True
            self._store.change_run(live.run_id, finish.started_changes(state), only_if=ACTIVE)
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
        try:
            if not live.folder.bury():
                return  # alive after all
        except OSError as error:
            _log.warning("folder not buried%s", pairs(run=live.run_id, error=error))
        _log.warning("shim lost%s", pairs(run=live.run_id))
        if read_state(live.folder) is None and live.folder.path.is_dir():
            reason = "The run could not be started: its supervising process ended at once."
            self._end(live, finish.unstarted_changes("failed", reason, self._clock.now()))
        else:
            self._end(live, finish.lost_changes(live.folder, self._clock.now(), ended_as=live.ended_as))

    def _end(self, live: Live, changes: Doc) -> None:
        self._live.pop(live.run_id, None)
        if live.pidfd is not None:
            forget_pidfd(self._watcher, live.pidfd)
        self._close(live.run_id, changes)
        self._pump()

    def _close(self, run_id: str, changes: Doc) -> None:
        """Write a run's end; while the store is away, try until it takes it."""
        try:
            self._store.change_run(run_id, changes, only_if=ACTIVE)
        except Busy:  # not written, or written and not known to be: asking again does no harm
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
            if not order_kill(live.folder, by):
                live.ended_as = ("killed", f"Killed by {by}.")
                self._end_shim(live)
        elif self._pending.pop(run_id, None):
            changes = finish.unstarted_changes("killed", f"Killed by {by} while it was queued.", self._clock.now())
            self._close(run_id, changes)
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
            try:
                self._sweep_one(live)
            except Exception:
                _log.exception("run not looked at%s", pairs(run=live.run_id))
        if self._live:
            self._arm_sweep()

    def _sweep_one(self, live: Live) -> None:
        overdue = self._clock.monotonic() > live.ends_by
        try:
            self._look(live.run_id)
        finally:
            if overdue and live.run_id in self._live:
                _log.warning("run outlived its deadline%s", pairs(run=live.run_id))
                live.ended_as = finish.OVERDUE
                self._end_shim(live)

    def _end_shim(self, live: Live) -> None:
        """End a shim that cannot be asked, and its tree; that it is gone is then seen as for any other."""
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
            except Exception as error:
                _log.exception("run not recovered%s", pairs(run=run["runId"]))
                reason = f"Its folder could not be read after a restart: {error}."
                self._close(run["runId"], finish.unstarted_changes("failed", reason, self._clock.now()))
        self._pump()

    def _recover_one(self, run: Doc) -> None:
        run_id, folder = run["runId"], Folder(Path(run["folder"]))
        if run_id in self._live or run_id in self._pending:
            return
        found = inspect(folder)
        _log.info("run found%s", pairs(run=run_id, was=run["status"], found=found))
        live = Live(run_id, folder, self._overdue(run["timeout"] * 60, _LONGEST_GRACE))
        if found is Found.NEVER_STARTED and run["status"] == Status.QUEUED:
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
            left = state.deadline_boottime - time.clock_gettime(time.CLOCK_BOOTTIME)
            live.ends_by = self._overdue(left, state.grace_seconds)
        wake(live.folder)
        self._watch(live)
        self._look(live.run_id)
        self._bus.ring("output", live.run_id)
