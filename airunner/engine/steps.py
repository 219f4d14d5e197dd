"""One thread that takes steps: handed in by others, or due by time. A step that raises is logged and survived."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
from collections.abc import Callable
from typing import Any

from airunner.base.clock import Clock
from airunner.base.log import logger, pairs

Step = Callable[..., object]
_log = logger("engine")


class Steps:
    """The engine's thread. `put` may be called by any thread, `later` only by a step."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._waiting: queue.SimpleQueue[tuple[Step, tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Step]] = []
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin with the steps that wait already."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End the thread after the step it is at."""
        self._waiting.put(None)
        self._thread.join(timeout=seconds)

    def put(self, step: Step, *arguments: Any) -> None:
        """Have a step taken as soon as its turn comes."""
        self._waiting.put((step, arguments))

    def later(self, seconds: float, step: Step) -> None:
        """Have a step taken after `seconds`."""
        heapq.heappush(self._timers, (self._clock.monotonic() + seconds, next(self._order), step))

    def _loop(self) -> None:
        while True:
            try:
                task = self._waiting.get(timeout=self._patience())
            except queue.Empty:
                self._take_due()
                continue
            if task is None:
                return
            self._take(task[0], *task[1])
            self._take_due()

    def _patience(self) -> float | None:
        return max(0.0, self._timers[0][0] - self._clock.monotonic()) if self._timers else None

    def _take_due(self) -> None:
        while self._timers and self._timers[0][0] <= self._clock.monotonic():
            self._take(heapq.heappop(self._timers)[2])

    def _take(self, step: Step, *arguments: Any) -> None:
        try:
            step(*arguments)
        except Exception:
            _log.exception("engine step failed%s", pairs(step=getattr(step, "__name__", step)))
