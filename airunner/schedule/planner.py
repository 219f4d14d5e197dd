"""Pure: from a schedule and a time to what is due, what was missed, and when the next time is."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from airunner.domain.schedule import Plan, Schedule

LATE = timedelta(seconds=60)
"""A run that begins later than this behind its time has missed it."""
MOST_MISSED = 1_000
"""Missed times that are told one by one; of a longer gap they are the newest."""
_MARGIN = timedelta(seconds=1)
_LONGEST_BACK_OFF = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Due:
    """What has come due of one schedule: the time to run for, if any, and the ones that get a record only.

    `missed` are ascending. Those from `unlisted_from` up to the first of them are too many to be told one by one.
    """

    run: datetime | None
    missed: tuple[datetime, ...]
    unlisted_from: datetime | None
    newest: datetime


def plan(schedule: Schedule, after: datetime, now: datetime, before: Plan | None = None) -> Plan:
    """Return the plan for the first time after `after`.

    What `before` knows of open runs is kept; failures and problem only of the same revision: a change starts afresh.
    """
    is_same = before is not None and before.revision == schedule.revision
    at = next(schedule.fires_after(after), None) if schedule.enabled else None
    return Plan(
        id=schedule.id,
        revision=schedule.revision,
        planned_at=now,
        fire_at=at,
        due_at=None if at is None else at + delay(schedule, at),
        open=before.open if before else (),
        failures=before.failures if before and is_same else 0,
        problem=before.problem if before and is_same else None,
    )


def dealt_with(schedule: Schedule, before: Plan | None, now: datetime) -> datetime:
    """Return the time up to which nothing of a schedule is left to do, when it is planned anew.

    A time that has come, and waits for its jitter or was not seen to yet, stays due if it is still one of the schedule's.
    """
    if before is None or before.fire_at is None or before.fire_at > now:
        return now
    just_before = before.fire_at - timedelta(milliseconds=1)
    return just_before if next(schedule.fires_after(just_before), None) == before.fire_at else now


def delay(schedule: Schedule, at: datetime) -> timedelta:
    """Return how long behind a time its run begins: up to the jitter, and always before the next time.

    It is made of the schedule's id and the time, so it is the same whenever and wherever it is asked for.
    """
    if not schedule.jitter_seconds:
        return timedelta()
    most = timedelta(seconds=schedule.jitter_seconds)
    following = next(schedule.fires_after(at), None)
    if following is not None:
        most = max(timedelta(), min(most, following - at - _MARGIN))
    share = zlib.crc32(f"{schedule.id} {at.timestamp():.0f}".encode()) / 2**32
    return timedelta(seconds=int(most.total_seconds() * share))


def what_is_due(schedule: Schedule, first: datetime, now: datetime) -> Due:
    """Return what became of the times from `first`, which is due, to `now`.

    The newest runs when it is on time, or when missed times run once; every other one was missed.
    """
    times = _times(schedule, first, now)
    unlisted = first if times[0] != first else None
    newest, rest = times[-1], tuple(times[:-1])
    is_late = now - newest - delay(schedule, newest) >= LATE
    if is_late and schedule.missed_runs != "runOnce":
        return Due(None, tuple(times), unlisted, newest)
    return Due(newest, rest, unlisted, newest)


def back_off(schedule: Schedule, attempt: int) -> timedelta:
    """Return how long to wait before an attempt: the delay before the second, twice as long before each further one.

    It doubles up to six hours; a delay that was set to more stays as it is.
    """
    first = timedelta(seconds=schedule.retry_delay_seconds)
    return min(first * 2.0 ** max(attempt - 2, 0), max(first, _LONGEST_BACK_OFF))


def _times(schedule: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """Return `first` and the times that have come since; the newest MOST_MISSED where they are more.

    Looked for in a window that ends now and is widened, so that years of minutes are not walked through.
    """
    width = timedelta(days=1)
    while True:
        start = max(first, now - width)
        since = takewhile(lambda at: at + delay(schedule, at) <= now, schedule.fires_after(start))
        if start == first:
            return [first, *since][-MOST_MISSED:]
        times = list(since)
        if len(times) >= MOST_MISSED:
            return times[-MOST_MISSED:]
        width *= 4
