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
from airunner.base.errors import Busy, Conflict
from airunner.base.log import logger, pairs
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.domain.states import ACTIVE, Status
from airunner.engine import finish, room
from airunner.engine.dispatch import Dispatcher
from airunner.engine.finish import RETRY_SECONDS
from airunner.engine.live import USUAL, Live, Waits, Watcher, end_shim, facts, forget_pidfd, go_on
from airunner.engine.queue import Queue
from airunner.engine.recover import Found, has_command, inspect, open_keeper
from airunner.engine.resolve import Environment, launch_spec
from airunner.engine.screens import Screens
from airunner.engine.shims import Shims, open_pidfd, order_kill, wake
from airunner.engine.steps import Steps
from airunner.engine.sweep import Sweeper
from airunner.spool import bell as rings
from airunner.spool.layout import Folder
from airunner.spool.state import read_exit, read_state
from airunner.store.contract import Store

_KILL_WAIT = 5.0
_RECOVERY_TRIES = 5
_log = logger("engine")


class Conductor:
    """Starts queued runs first in, first out, up to the limit, and follows each to its end."""

    def __init__(
        self, store: Store, shims: Shims, environment: Environment, bus: Bus, clock: Clock, watcher: Watcher,
        bell: Path, queue: Queue, waits: Waits = USUAL,
    ) -> None:  # fmt: skip
        self._store = store
        self._shims = shims
        self._environment = environment
        self._bus = bus
        self._clock = clock
        self._watcher = watcher
        self._bell = bell
        self._steps = Steps(clock, "conductor")
        self._screens = Screens(store, bus, clock)
        self._closer = finish.Closer(store, bus, self._steps, self._screens)
        self._queue = queue
        self._live: dict[str, Live] = {}
        self._sweeper = Sweeper(clock, self._steps, waits, self._live, self._look, self._end)
        doors = (environment, self._launch, lambda run, why: self._close_unstarted(run, "skipped", why), clock)
        self._dispatch = Dispatcher(store, queue, bus, self._steps, self._live, *doors)
        self._open = True

    # What other threads may call

    def start(self) -> None:
        """Adopt, close or queue again what an earlier server left, then take events."""
        self._steps.put(self._recover)
        self._steps.start()
        self._screens.start()

    def stop(self) -> None:
        """End the thread; runs and their shims go on."""
        self._open = False
        self._steps.stop()
        self._screens.stop()

    def check_open(self) -> None:
        """Raise Busy when the server is stopping."""
        if not self._open:
            raise Busy("The server is stopping; ask again in a moment.")

    def enqueue(self, run: Doc) -> None:
        """Take a stored, queued run."""
        self._steps.put(self._dispatch.take, run)

    def find_out(self, run_id: str) -> None:
        """Take a run whose storing ended in Busy, if the store turns out to have it."""
        self._steps.put(self._dispatch.find_out, run_id)

    def rang(self, run_id: str, kind: str) -> None:
        """Hear of a ring at the server's bell; for the loop's thread, so it only notes it down."""
        if kind == rings.OUTPUT:
            self._bus.ring("output", run_id)
        else:
            self._steps.put(self._look, run_id)

    def reload(self) -> None:
        """Hear that the settings changed."""
        self._steps.put(self._dispatch.pump)

    def call_off(self, run_id: str, reason: str) -> None:
        """Skip a run if it is still queued."""
        self._steps.put(self._dispatch.call_off, run_id, reason)

    def why_queued(self, run_id: str) -> str | None:
        """Return what keeps a queued run from its start, None when it only waits for its turn."""
        return self._queue.why(run_id)

    def kill(self, run_id: str, by: str) -> None:
        """End a queued or running run; returns when that is ordered. Raises Conflict when it has ended, Busy, Broken."""
        done: Future[None] = Future()
        self._steps.put(self._kill, run_id, by, done)
        try:
            done.result(timeout=_KILL_WAIT)
        except TimeoutError as error:
            raise Busy("The order to end the run is given but not confirmed yet.") from error

    # Start

    def _launch(self, run: Doc, profile_doc: Doc | None, settings: Settings) -> None:
        run_id = run["runId"]
        try:
            profile = from_doc(Profile, profile_doc) if profile_doc else None
            if profile is None or not (profile.enabled or run["triggeredBy"] == "test"):
                fate = "switched off" if profile else "deleted"
                reason = f"The profile {run['agentProfileName']} was {fate} while the run waited."
                self._close_unstarted(run, "failed", reason)
                return
            spec = launch_spec(run, profile, settings, self._environment, self._bell)
            live = Live.of(run, self._sweeper.ends_by(spec.timeout_seconds, spec.grace_seconds))
            live.grace = spec.grace_seconds
            self._live[run_id] = live
            live.pidfd = self._shims.start(spec, facts(run))
            self._watch(live)
        except Exception as error:
            self._live.pop(run_id, None)
            if getattr(error, "errno", None) in room.FULL:
                self._queue.hold(run)  # nothing was started yet
            else:
                _log.warning("run not started%s", pairs(run=run_id, error=error), exc_info=error)
                self._close_unstarted(run, "failed", finish.why_not_started(error))

    def _close_unstarted(self, run: Doc, status: str, reason: str) -> None:
        """Close a run that has no shim of ours; a shim of an earlier server may come to it only now, or did before."""
        folder, run_id = Folder(Path(run["folder"])), run["runId"]
        try:
            folder.bury((status, reason))
            found = inspect(folder)
        except OSError:
            found = Found.NEVER_STARTED
        if found in (Found.NEVER_STARTED, Found.BURIED):
            changes = finish.unstarted_changes(status, reason, self._clock.now())
            if not self._closer.close(run_id, changes):
                with contextlib.suppress(OSError):
                    folder.bury((status, reason), make=True)  # where the next server finds it
            return
        self._take_over(run, found)
        if live := self._live.get(run_id):
            self._order_kill(live, (status, reason), "")

    # From start to end

    def _watch(self, live: Live) -> None:
        self._sweeper.arm()
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
        elif live.shim_is_gone() and not live.folder.is_locked():
            self._lose(live)
        elif live.shim_is_gone():
            self._follow(live)
        elif not live.started:
            self._note_start(live)

    def _follow(self, live: Live) -> None:
        """Watch the shim that has the folder: one of an earlier server, which may not have said yet who it is."""
        self._let_go(live)
        state = read_state(live.folder)
        live.pidfd = open_pidfd(state) if state else None
        self._watch(live)
        if live.pidfd is None:
            self._steps.later(RETRY_SECONDS, lambda: self._look(live.run_id))
        elif not live.started:
            self._note_start(live)

    def _note_start(self, live: Live) -> None:
        state = read_state(live.folder)
        if state is None or state.pid is None:
            return
        try:
            live.started = True
            self._store.change_run(live.run_id, finish.started_changes(state), only_if=ACTIVE)
        except Busy:
            live.started = False
            self._steps.later(RETRY_SECONDS, lambda: self._look(live.run_id))
            return
        self._bus.ring("runs", live.run_id)

    def _lose(self, live: Live) -> None:
        """The shim died without a record: end what is left, and say so."""
        if self._never_began(live) and room.lack(live.folder.path, 0):
            self._requeue(live)
            return
        try:
            if not live.folder.bury():
                self._sweeper.arm()
                return  # alive after all
        except OSError as error:
            _log.warning("folder not buried%s", pairs(run=live.run_id, error=error))
        if record := read_exit(live.folder):  # written before we had the lock
            self._end(live, finish.ended_changes(record))
            return
        _log.warning("shim lost%s", pairs(run=live.run_id))
        self._end(live, finish.lost_changes(live.folder, self._clock.now(), ended_as=live.ended_as))

    def _never_began(self, live: Live) -> bool:
        """Say whether a shim that is gone came to nothing, for want of room: without its state no command is started."""
        return live.ended_as is None and live.folder.path.is_dir() and not live.folder.state.exists()

    def _end(self, live: Live, changes: Doc) -> None:
        self._forget(live)
        self._closer.close(live.run_id, changes)
        self._dispatch.pump()

    def _requeue(self, live: Live) -> None:
        self._forget(live)
        self._dispatch.find_out(live.run_id)

    def _forget(self, live: Live) -> None:
        self._live.pop(live.run_id, None)
        self._let_go(live)

    def _let_go(self, live: Live) -> None:
        if live.pidfd is not None:
            forget_pidfd(self._watcher, live.pidfd)
            live.pidfd = None

    # Kill

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
            self._order_kill(live, ("killed", f"Killed by {by}."), by)
        elif run := self._queue.take(run_id):
            self._close_unstarted(run, "killed", f"Killed by {by} while it was queued.")
        elif (known := self._store.get_run(run_id)) and known["status"] in ACTIVE:
            raise Busy("What the run is doing is being found out; ask again in a moment.")
        else:
            raise Conflict("The run has already ended.", code="already_finished")

    def _order_kill(self, live: Live, ended_as: tuple[str, str], by: str) -> None:
        live.ended_as = live.ended_as or ended_as
        if not order_kill(live.folder, by):
            end_shim(live)
            return
        go_on(live)
        live.ends_by = min(live.ends_by, self._sweeper.ends_by(0, live.grace))

    # Recovery

    def _recover(self) -> None:
        try:
            active = self._store.active_runs()
        except Busy:
            self._steps.later(RETRY_SECONDS, self._recover)
            return
        for run in active:
            self._recover_patiently(run)
        self._dispatch.pump()

    def _recover_patiently(self, run: Doc, tries: int = _RECOVERY_TRIES) -> None:
        """Recover a run; one whose folder cannot be read is looked at again, for long while its command lives."""
        try:
            self._recover_one(run)
        except Exception as error:
            if tries == _RECOVERY_TRIES:
                _log.exception("run not recovered%s", pairs(run=run["runId"]))
            if live := self._live.get(run["runId"]):
                self._forget(live)
            if tries > 1 or has_command(run):
                self._steps.later(RETRY_SECONDS, lambda: self._recover_patiently(run, tries - 1))
                return
            reason = f"Its folder could not be read after a restart: {error}."
            self._closer.close(run["runId"], finish.unstarted_changes("failed", reason, self._clock.now()))

    def _recover_one(self, run: Doc) -> None:
        run_id, folder = run["runId"], Folder(Path(run["folder"]))
        if run_id in self._live or run_id in self._queue:
            return
        found = inspect(folder)
        _log.info("run found%s", pairs(run=run_id, was=run["status"], found=found))
        if found is Found.NEVER_STARTED and run["status"] == Status.QUEUED:
            self._queue.put(run)
        elif found is Found.BURIED:
            self._close_unstarted(run, *(folder.epitaph() or finish.NEVER_STARTED))
        else:
            self._take_over(run, found)

    def _take_over(self, run: Doc, found: Found) -> None:
        """Follow a run that an earlier server began, or close it."""
        live = Live.of(run, 0)
        live.ends_by = self._sweeper.ends_by(run["timeout"] * 60, live.grace)
        self._live[live.run_id] = live
        if found is Found.ALIVE:
            self._adopt(live)
        elif found is Found.ENDED:
            self._look(live.run_id)
        elif not live.folder.path.is_dir() and (pidfd := open_keeper(run)) is not None:
            live.pidfd, live.started = pidfd, True  # the folder may come back before the command ends
            self._watch(live)
        else:
            self._lose(live)

    def _adopt(self, live: Live) -> None:
        state = read_state(live.folder)
        if state is not None:
            left = state.deadline_boottime - time.clock_gettime(time.CLOCK_BOOTTIME)
            live.grace = state.grace_seconds
            live.ends_by = self._sweeper.ends_by(left, live.grace)
        wake(live.folder)
        self._look(live.run_id)
        self._bus.ring("output", live.run_id)
