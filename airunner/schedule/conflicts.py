"""Pure: which schedules will meet in one directory, and which one will meet itself."""

from __future__ import annotations

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
    """A schedule with what its runs are like: where they are, and how long one takes.

    `is_guess` says that none has ended yet, so that `seconds` is the timeout.
    """

    schedule: Schedule
    directory: str | None
    seconds: float
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two schedules run at once, and when they do so first."""

    other: Schedule
    at: datetime


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
        if not ours or not theirs:
            continue
        if _rarity(ours, after) >= _rarity(theirs, after):
            at = first_overlap(ours, one.seconds, other, after)
        else:
            at = first_overlap(theirs, other.seconds, one, after)
        if at is not None:
            yield Meeting(other.schedule, at)


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


def _rarity(times: list[datetime], after: datetime) -> tuple[bool, int]:
    """Return what is greater for the times of the rarer schedule, which reach further than those of the other."""
    return times[-1] > after + HORIZON, -len(times)


def first_overlap(times: list[datetime], seconds: float, other: Habit, after: datetime) -> datetime | None:
    """Return when a run of one of the times is first active beside one of the other schedule's."""
    before, behind = timedelta(seconds=other.seconds), timedelta(seconds=seconds)
    for at in times:
        met = next(other.schedule.fires_after(max(at - before, after)), None)
        if met is not None and met < at + behind:
            return max(at, met)
    return None
