"""The house bell: what changed, numbered, so that whoever asks later can be told what was missed.

A ring is a hint. The truth is in the store and in the run folders; a reader that was told "reset" reads it all again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

_KEPT = 20_000


class Change(NamedTuple):
    """One thing that changed: a topic (`runs`, `profiles`, `output` …) and the id of the record."""

    topic: str
    id: str = ""


class Bus:
    """Remembers the number of the last ring of each change; thread-safe.

    Listeners are called in the thread that rings, after the change can be seen, and must not block.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._lock = threading.Lock()
        self._last: OrderedDict[Change, int] = OrderedDict()
        self._number = 0
        self._floor = 0
        self._kept = kept
        self._listeners: list[Callable[[Change], None]] = []

    @property
    def number(self) -> int:
        """The number of the newest ring; take it before you look, ask with it afterwards."""
        return self._number

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call `listener` for every ring from now on."""
        self._listeners.append(listener)

    def ring(self, topic: str, id: str = "") -> None:
        """Say that the record `id` of `topic` changed."""
        change = Change(topic, id)
        with self._lock:
            self._number += 1
            self._last[change] = self._number
            self._last.move_to_end(change)
            while len(self._last) > self._kept:
                self._floor = self._last.popitem(last=False)[1]
        for listener in self._listeners:
            listener(change)

    def rang_since(self, changes: Iterable[Change], number: int) -> bool:
        """Say whether any of `changes` rang after `number` (True when that is no longer known)."""
        with self._lock:
            return number < self._floor or any(self._last.get(change, 0) > number for change in changes)

    def since(self, number: int, wanted: Callable[[Change], bool]) -> list[Change] | None:
        """Return the wanted changes after `number`, oldest first, each once; None when too much was forgotten."""
        with self._lock:
            if number < self._floor or number > self._number:
                return None
            found = []
            for change in reversed(self._last):
                if self._last[change] <= number:
                    break
                if wanted(change):
                    found.append(change)
        found.reverse()
        return found
