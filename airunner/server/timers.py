"""Timers of the loop: a heap, so that the loop can sleep exactly until the next one."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable

_SWEEP_FROM = 64


class Timer:
    """Something to do at a time."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], object]) -> None:
        self.when = when
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """Forget it; fine when it has run. Any thread may."""
        self.action = None


class Timers:
    """The waiting timers; times are those of one monotonic clock, in seconds. Loop thread only."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._sweep_at = _SWEEP_FROM

    def add(self, timer: Timer) -> None:
        """Wait for `timer`."""
        heapq.heappush(self._heap, (timer.when, next(self._numbers), timer))
        if len(self._heap) >= self._sweep_at:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)
            self._sweep_at = max(_SWEEP_FROM, 2 * len(self._heap))

    def next(self) -> float | None:
        """Return when the next timer is due, None without one."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> Callable[[], object] | None:
        """Take out the action of the earliest timer that is due at `now`."""
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            action, timer.action = timer.action, None
            if action is not None:
                return action
        return None


class Deadline:
    """A time that is moved much more often than it is reached.

    Moving it back costs nothing: the timer that is set rings too early, and is set again for what is left.
    """

    __slots__ = ("_action", "_call_later", "_now", "_timer", "when")

    def __init__(
        self,
        action: Callable[[], object],
        call_later: Callable[[float, Callable[[], object]], Timer],
        now: Callable[[], float],
    ) -> None:
        self._action = action
        self._call_later = call_later
        self._now = now
        self._timer: Timer | None = None
        self.when = math.inf

    def set(self, when: float) -> None:
        """Run the action at `when` instead of any earlier wish."""
        self.when = when
        if self._timer is None or when < self._timer.when:
            self.cancel()
            self._timer = self._call_later(when - self._now(), self._ring)

    def clear(self) -> None:
        """Have no deadline for now."""
        self.when = math.inf

    def cancel(self) -> None:
        """Let go of the timer, for good."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self.when <= self._now():
            self.when = math.inf
            self._action()
        elif self.when < math.inf:
            self.set(self.when)
