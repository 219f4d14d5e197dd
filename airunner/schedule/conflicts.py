"""Pure: which schedules will meet in one directory, and which one will meet itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from airunner.domain.schedule import Schedule

HORIZON = timedelta(days=7)
_MOST_TIMES = 2_000
_FAR = timedelta(days=400)  # a yearly schedule has one time at least


@dataclass(frozen=True, slots=True)
class Habit:
    """A schedule with what its runs are like: where they are, and how long one takes, usually."""

    schedule: Schedule
    directory: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two schedules run at once: from when on, and how often within the week before it and after."""

    other: Schedule
    at: datetime
    times: int


def meetings(one: Habit, others: Sequence[Habit], after: datetime) -> Iterator[Meeting]:
    """Yield the enabled schedules on the same directory whose usual runs overlap with those of `one`."""
    if one.directory is None:
        return
    rivals = [
        other
        for other in others
        if other.schedule.id != one.schedule.id and other.schedule.enabled and other.directory == one.directory
    ]
    if not rivals:
        return
    ours = _times(one.schedule, after)
    for other in rivals:
        theirs = _times(other.schedule, after)
        found = _overlaps(ours, one.seconds, theirs, other.seconds)
        if found:
            yield Meeting(other.schedule, found[0], len(found))


def meets_itself(one: Habit, after: datetime) -> timedelta | None:
    """Return the shortest time between two runs if a usual run takes longer than that, else None."""
    times = _times(one.schedule, after)
    shortest = min((later - earlier for earlier, later in zip(times, times[1:], strict=False)), default=None)
    return shortest if shortest is not None and shortest.total_seconds() < one.seconds else None


def _times(schedule: Schedule, after: datetime) -> list[datetime]:
    """Return the times of the coming week, or where there are few of them the next ones of the year."""
    end = after + HORIZON
    near = list(islice(takewhile(lambda at: at <= end, schedule.fires_after(after)), _MOST_TIMES))
    if len(near) > 1:
        return near
    last = after + _FAR
    return list(islice(takewhile(lambda at: at <= last, schedule.fires_after(after)), 60))


def _overlaps(ours: list[datetime], our_seconds: float, theirs: list[datetime], their_seconds: float) -> list[datetime]:
    """Return when both run, once for each run of ours that meets one of theirs."""
    found = []
    before, behind = timedelta(seconds=their_seconds), timedelta(seconds=our_seconds)
    for at in ours:
        first, last = bisect_right(theirs, at - before), bisect_left(theirs, at + behind)
        if first < last:
            found.append(max(at, theirs[first]))
    return found
