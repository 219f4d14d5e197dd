"""The life of a run as a table: which status may follow which. The store's conditional writes hold it."""

from __future__ import annotations

from enum import StrEnum

from airunner.base.errors import Conflict


class Status(StrEnum):
    """What a run's `status` can be."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    KILLED = "killed"
    SKIPPED = "skipped"


class Event(StrEnum):
    """What can happen to a run."""

    START = "start"
    REQUEUE = "requeue"  # its shim never started the command, so it may be tried again
    COMPLETE = "complete"
    FAIL = "fail"
    TIME_OUT = "time_out"
    KILL = "kill"
    SKIP = "skip"


ACTIVE = frozenset({Status.QUEUED, Status.RUNNING})
FINISHED = frozenset(Status) - ACTIVE

_NEXT: dict[Status, dict[Event, Status]] = {
    Status.QUEUED: {
        Event.START: Status.RUNNING,
        Event.FAIL: Status.FAILED,
        Event.KILL: Status.KILLED,
        Event.SKIP: Status.SKIPPED,
    },
    Status.RUNNING: {
        Event.REQUEUE: Status.QUEUED,
        Event.COMPLETE: Status.COMPLETED,
        Event.FAIL: Status.FAILED,
        Event.TIME_OUT: Status.TIMEOUT,
        Event.KILL: Status.KILLED,
    },
}


def advance(state: str, event: str) -> Status:
    """Return the status after `event`; raise Conflict if the table has no such arrow.

    Raises ValueError for a word that is no status or no event: that is a fault of the caller.
    """
    now, happened = Status(state), Event(event)
    after = _NEXT.get(now, {}).get(happened)
    if after is not None:
        return after
    if now in FINISHED:
        raise Conflict(f"The run has already finished ({now}).", code="already_finished")
    raise Conflict(f"A run that is {now} cannot {happened.replace('_', ' ')}.", code="wrong_status")


def before(event: str) -> frozenset[Status]:
    """Return the statuses that `event` may come upon: the `only_if` of a conditional write."""
    return frozenset(state for state, arrows in _NEXT.items() if Event(event) in arrows)
