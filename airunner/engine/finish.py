"""Closes a run: from its folder's records to the changes of its document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airunner.base.clock import from_epoch
from airunner.domain.record import Doc
from airunner.engine.shims import end_orphans
from airunner.spool.layout import Folder
from airunner.spool.prompts import remove_prompt
from airunner.spool.rawlog import RawReader
from airunner.spool.state import Exit, State, read_state

OVERDUE = ("timeout", "Stopped after its timeout, which its supervising process did not keep.")
_LOST = ("failed", "Its supervising process ended unexpectedly, so the exit code is not known.")


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
    status, reason = ended_as or _LOST
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


def _last_line(folder: Folder) -> str:
    try:
        return folder.shim_log.read_text("utf-8", "replace").strip().rpartition("\n")[2][:300]
    except OSError:
        return ""


def unstarted_changes(status: str, reason: str, now: datetime) -> Doc:
    """Return what ends a run whose command never ran; its reason is all there is to read of it."""
    return {"status": status, "reason": reason, "finishedAt": now, "complaint": reason, "env": None}
