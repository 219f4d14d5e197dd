"""Closes a run: from its folder's records to the changes of its document."""

from __future__ import annotations

import errno
from datetime import datetime
from typing import Any

from airunner.base.bus import Bus
from airunner.base.clock import from_epoch
from airunner.base.errors import AirunnerError, Busy
from airunner.base.log import logger, pairs
from airunner.domain.record import Doc
from airunner.domain.states import ACTIVE
from airunner.engine.orphans import end_orphans
from airunner.engine.screens import Screens
from airunner.engine.steps import Steps
from airunner.spool.layout import Folder
from airunner.spool.prompts import remove_prompt
from airunner.spool.rawlog import RawReader
from airunner.spool.state import Exit, State, read_state
from airunner.store.contract import Store

OVERDUE = ("timeout", "Stopped after its timeout, which its supervising process did not keep.")
_LOST = ("failed", "Its supervising process ended unexpectedly, so the exit code is not known.")
NEVER_STARTED = ("failed", "The run could not be started: its supervising process ended at once.")
_DAMAGED = ("failed", "The records in its folder are damaged, so the exit code is not known.")
_GONE = ("failed", "Its folder was removed or cannot be reached, so the exit code is not known.")
_SHORT_OF = {
    errno.EMFILE: "the server has as many files open as it may; raise that limit (ulimit -n)",
    errno.ENFILE: "this machine has as many files open as it may",
    errno.EAGAIN: "no further process can be made; the limit of processes is reached (ulimit -u, pids.max)",
    errno.ENOMEM: "there is not enough memory for another process",
    errno.EPIPE: "its supervising process ended at once",
    errno.ECONNRESET: "the process that starts runs (the nursery) ended again and again",
}
RETRY_SECONDS = 1.0
_log = logger("engine")


class Closer:
    """Writes the ends of runs. Used by the conductor's thread."""

    def __init__(self, store: Store, bus: Bus, steps: Steps, screens: Screens) -> None:
        self._store = store
        self._bus = bus
        self._steps = steps
        self._screens = screens

    def close(self, run_id: str, changes: Doc, *, again: bool = False) -> bool:
        """Write a run's end; say whether it is written. While the store is away, try until it takes it (`again`)."""
        try:
            run = self._store.change_run(run_id, changes, only_if=ACTIVE)
            if run is None and again:
                run = self._store.get_run(run_id)  # it had been written after all
        except Busy:
            self._steps.later(RETRY_SECONDS, lambda: self.close(run_id, changes, again=True))
            return False
        if run is not None:
            _log.info("run ended%s", pairs(run=run_id, status=changes["status"], exit=changes.get("exitCode")))
            self._screens.look(run)
        self._bus.ring("runs", run_id)
        self._bus.ring("output", run_id)
        return True


def started_changes(state: State) -> Doc:
    """Return what a started command changes in its run."""
    return {"status": "running", "pid": state.pid, "startedAt": from_epoch(state.started_at)}


def ended_changes(record: Exit) -> Doc:
    """Return what an exit record changes in its run."""
    changes: dict[str, Any] = {
        "status": record.status,
        "exitCode": record.exit_code,
        "signal": record.signal,
        "reason": record.reason,
        "finishedAt": from_epoch(record.finished_at),
        "durationSeconds": record.duration_seconds,
        "outputBytes": record.output_bytes,
        "resourceUsage": dict(record.usage) if record.usage else None,
        "complaint": record.complaint,
        "env": None,
    }
    if record.started_at is not None:
        changes["startedAt"] = from_epoch(record.started_at)
    if record.pid is not None:
        changes["pid"] = record.pid
    return changes


def lost_changes(folder: Folder, now: datetime, *, ended_as: tuple[str, str] | None) -> Doc:
    """End what is left of a run whose shim died without an exit record; return what that changes in the run.

    `ended_as` is status and reason when the server itself ended the shim.
    """
    left = end_orphans(folder)
    state = read_state(folder)
    remove_prompt(state.prompt_file if state else None)
    status, reason = ended_as or _how_lost(folder, state)
    if left:
        reason += f" These processes could not be ended: {', '.join(map(str, left))}."
    last_words = _last_line(folder)
    if last_words:
        reason += f" It said: {last_words}"
    changes = unstarted_changes(status, reason, now)
    changes["outputBytes"] = RawReader(folder.path).size()
    if state:
        # When it ended is not known either, so no duration is made up.
        changes.update(pid=state.pid, startedAt=from_epoch(state.started_at))
    return changes


def _how_lost(folder: Folder, state: State | None) -> tuple[str, str]:
    if not folder.path.is_dir():
        return _GONE
    if folder.exit.exists() or folder.state.exists():
        return _DAMAGED if folder.exit.exists() or not state else _LOST
    return NEVER_STARTED


def _last_line(folder: Folder) -> str:
    try:
        return folder.shim_log.read_text("utf-8", "replace").strip().rpartition("\n")[2][:300]
    except OSError:
        return ""


def why_not_started(error: Exception) -> str:
    """Return the reason of a run whose shim could not be started."""
    if isinstance(error, AirunnerError):
        text = error.message
    elif isinstance(error, OSError):
        text = _SHORT_OF.get(error.errno or 0) or error.strerror or str(error)
    else:
        text = str(error) or type(error).__name__
    return f"The run could not be started: {text.rstrip('.')}."


def unstarted_changes(status: str, reason: str, now: datetime) -> Doc:
    """Return what ends a run whose command never ran; its reason is all there is to read of it."""
    return {"status": status, "reason": reason, "finishedAt": now, "complaint": reason, "env": None}
