"""When to look at which schedule: the wake times of the scheduler, safe to be changed by any thread."""

from __future__ import annotations

import heapq
import threading
from datetime import datetime


class Agenda:
    """One time for each schedule. What comes from an older revision of a schedule than what is noted is passed by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heap: list[tuple[datetime, str]] = []
        self._due: dict[str, datetime] = {}
        self._revisions: dict[str, int] = {}

    def put(self, schedule_id: str, due_at: datetime | None, revision: int) -> None:
        """Note when to look at a schedule; None for never."""
        with self._lock:
            if revision < self._revisions.get(schedule_id, 0):
                return
            self._revisions[schedule_id] = revision
            if due_at is None:
                self._due.pop(schedule_id, None)
            else:
                self._note(schedule_id, due_at)

    def put_again(self, schedule_id: str, at: datetime) -> None:
        """Look at a schedule once more, unless it has got another time meanwhile."""
        with self._lock:
            if schedule_id not in self._due:
                self._note(schedule_id, at)

    def forget(self, schedule_id: str) -> None:
        """Look at a schedule no more: it is gone."""
        with self._lock:
            self._due.pop(schedule_id, None)
            self._revisions.pop(schedule_id, None)

    def take_due(self, now: datetime) -> str | None:
        """Return the schedule that is due first and let go of its time; None when none is due."""
        with self._lock:
            first = self._first()
            if first is None or first[0] > now:
                return None
            heapq.heappop(self._heap)
            del self._due[first[1]]
            return first[1]

    def next(self) -> datetime | None:
        """Return the earliest time, None when there is none."""
        with self._lock:
            first = self._first()
            return first[0] if first else None

    def _note(self, schedule_id: str, at: datetime) -> None:
        self._due[schedule_id] = at
        heapq.heappush(self._heap, (at, schedule_id))

    def _first(self) -> tuple[datetime, str] | None:
        while self._heap:
            at, schedule_id = self._heap[0]
            if self._due.get(schedule_id) == at:
                return self._heap[0]
            heapq.heappop(self._heap)  # another time has taken its place
        return None
