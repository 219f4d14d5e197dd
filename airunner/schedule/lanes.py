"""Pure: when schedules fire in a stretch of time, and where their runs meet; it costs no more however often one fires."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile

from airunner.domain.schedule import Schedule
from airunner.schedule.conflicts import Habit, first_overlap

_MOST_BESIDE = 10
_MOST_NAMED = 5
_MOST_TRIED = 24
_MOST_TRIES, _FEWEST_TRIES = 1_000, 20  # of those that are told together: in all directories, in one


@dataclass(frozen=True, slots=True)
class Times:
    """One time, or from `first` to `last` so many that they are told together."""

    first: datetime
    last: datetime

    @property
    def are_many(self) -> bool:
        """Whether it is more than one time."""
        return self.first != self.last


@dataclass(slots=True)
class Lane:
    """A schedule with its times; when it meets other schedules, and when each of these first."""

    habit: Habit
    times: tuple[Times, ...]
    clashes: set[datetime] = field(default_factory=set)
    meeting: set[Times] = field(default_factory=set)
    met: dict[str, datetime] = field(default_factory=dict)


def times_of(schedule: Schedule, start: datetime, end: datetime, step: timedelta) -> tuple[Times, ...]:
    """Return the times after `start`, up to `end`; those that are less than `step` apart are told together."""
    found, first = [], next(schedule.fires_after(start), None)
    while first is not None and first <= end:
        last, later = first, next(schedule.fires_after(first), None)
        while later is not None and later <= end and later - last < step:
            # As far ahead as it can without missing a pause.
            leap = next(schedule.fires_after(last + step / 2), None)
            last = leap if leap is not None and leap <= end and leap - last < step else later
            later = next(schedule.fires_after(last), None)
        found.append(Times(first, last))
        first = later
    return tuple(found)


def meet(lanes: Sequence[Lane]) -> None:
    """Find where runs of different schedules are active at once in one directory, and note it in both lanes."""
    shared: dict[str, list[Lane]] = {}
    for lane in lanes:
        if lane.habit.directory is not None:
            shared.setdefault(lane.habit.directory, []).append(lane)
    groups = [group for group in shared.values() if len(group) > 1]
    for group in groups:
        _sweep(group, max(_FEWEST_TRIES, _MOST_TRIES // len(groups)))


def _sweep(group: Sequence[Lane], tries: int) -> None:
    """Walk through the times of one directory; what is active then is met, unless all is known of it already."""
    coming = sorted((times.first, at, times) for at, lane in enumerate(group) for times in lane.times)
    active: list[tuple[datetime, int, int, Times]] = []
    for nr, (first, at, times) in enumerate(coming):
        lane = group[at]
        while active and active[0][0] <= first:
            heapq.heappop(active)
        for _, _, other_at, others in active[:_MOST_BESIDE]:
            other = group[other_at]
            if other is lane or _is_known(lane, times, other, others):
                continue
            if times.are_many or others.are_many:
                tries -= 1
            begin = _begin(lane.habit, times, other.habit, others) if tries > 0 else None
            if begin is not None:
                _note(lane, times, other, begin)
                _note(other, others, lane, begin)
        heapq.heappush(active, (times.last + timedelta(seconds=lane.habit.seconds), nr, at, times))


def _is_known(lane: Lane, times: Times, other: Lane, others: Times) -> bool:
    if times not in lane.meeting or others not in other.meeting:
        return False
    return all(
        len(one.met) >= _MOST_NAMED or two.habit.schedule.id in one.met for one, two in ((lane, other), (other, lane))
    )


def _note(lane: Lane, times: Times, other: Lane, begin: datetime) -> None:
    lane.meeting.add(times)
    lane.clashes.add(begin if times.are_many else times.first)
    if len(lane.met) < _MOST_NAMED:
        lane.met.setdefault(other.habit.schedule.id, begin)


def _begin(one: Habit, ours: Times, other: Habit, theirs: Times) -> datetime | None:
    """Return when runs of two schedules are active at once; None where those that are told together do not meet."""
    if not ours.are_many and not theirs.are_many:
        return max(ours.first, theirs.first)
    if ours.are_many and not theirs.are_many:
        one, ours, other, theirs = other, theirs, one, ours
    begin = max(ours.first, theirs.first - timedelta(seconds=one.seconds)) - timedelta(milliseconds=1)
    tried = list(islice(takewhile(lambda at: at <= ours.last, one.schedule.fires_after(begin)), _MOST_TRIED))
    return first_overlap(tried, one.seconds, other, begin)
