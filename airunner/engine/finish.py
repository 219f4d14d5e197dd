"""Closes a run: from its folder's records to the changes of its document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airunner.base.clock import from_epoch
from airunner.domain.record import Doc
from airunner.engine.shims import end_orphans
from airunner.spool.layout import Folder
from airunner.spool.rawlog import RawReader
from airunner.spool.state import Exit, State, read_state


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


def lost_changes(folder: Folder, now: datetime) -> Doc:
    """End what is left of a run whose shim died without an exit record; return what that changes in the run."""
    left = end_orphans(folder)
    state = read_state(folder)
    reason = "Its supervising process was ended from outside, so the exit code is not known."
    if left:
        reason += f" These processes could not be ended: {', '.join(map(str, left))}."
    changes = unstarted_changes("failed", reason, now)
    changes["outputBytes"] = RawReader(folder.path).size()
    if state:
        started = from_epoch(state.started_at)
        changes.update(pid=state.pid, startedAt=started)
        changes["durationSeconds"] = round((now - started).total_seconds(), 3)
    return changes


def unstarted_changes(status: str, reason: str, now: datetime) -> Doc:
    """Return what ends a run whose command never ran; its reason is all there is to read of it."""
    return {"status": status, "reason": reason, "finishedAt": now, "complaint": reason, "env": None}
