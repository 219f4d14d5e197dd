"""The bare event loop: one selector, one bell to wake it, timers, and things others ask it to do.

Everything here runs in the loop thread, except `call_soon`, `call_later` and `Timer.cancel`.
"""

from __future__ import annotations

import logging
import os
import selectors
import threading
import traceback
from collections import deque
from collections.abc import Callable

from airunner.base.clock import Clock
from airunner.base.log import logger
from airunner.server.timers import Timer, Timers

_log = logger("server")
Action = Callable[[], object]


class Reactor:
    """Waits for descriptors, timers and calls from other threads; survives what they raise."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock.monotonic
        self.selector: selectors.BaseSelector = selectors.DefaultSelector()
        self.fence = Fence(clock)
        self._timers = Timers()
        self._inbox: deque[Action] = deque()
        self._watched: dict[int, Action] = {}
        self._bell = _Bell()
        self._asleep = False
        self._thread: int | None = None
        self.selector.register(self._bell.descriptor, selectors.EVENT_READ, self._answer_bell)

    def call_soon(self, action: Action) -> None:
        """Run `action` in the loop thread, after those asked for before it. Any thread may call."""
        self._inbox.append(action)
        # The loop says that it falls asleep before it looks into the inbox a last time, so one of the two sees the other.
        if self._asleep:
            self._asleep = False
            self._bell.ring()

    def call_later(self, seconds: float, action: Action) -> Timer:
        """Run `action` in the loop thread in so many seconds; the answer can be cancelled. Any thread may call."""
        timer = Timer(self.now() + seconds, action)
        if self._thread in (None, threading.get_ident()):
            self._timers.add(timer)
        else:
            self.call_soon(lambda: self._timers.add(timer))
        return timer

    def watch(self, descriptor: int, callback: Action) -> None:
        """Call `callback`, which must be quick, whenever `descriptor` can be read (again and again until it was).

        In the loop thread, or before it runs. Raises ValueError or OSError for what cannot be watched.
        """
        self.selector.register(descriptor, selectors.EVENT_READ, lambda mask: self._call_watcher(descriptor, callback))
        self._watched[descriptor] = callback

    def unwatch(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed; fine when it is not watched. In the loop thread."""
        if self._watched.pop(descriptor, None) is not None:
            self.selector.unregister(descriptor)

    def take_thread(self) -> None:
        """Make the calling thread the loop thread."""
        self._thread = threading.get_ident()

    def close(self) -> None:
        """Watch nothing any more; descriptors that others own stay open."""
        self._watched.clear()
        self.selector.close()

    def turn(self) -> None:
        """Wait for the next thing to happen and do all that is due."""
        self._asleep = True
        events = self.selector.select(self._patience())
        self._asleep = False
        for key, mask in events:
            try:
                key.data(mask)
            except Exception as fault:
                self.fence.caught(fault)
        self._run_inbox()
        now = self.now()
        while (action := self._timers.take_due(now)) is not None:
            self.fenced(action)

    def _patience(self) -> float | None:
        if self._inbox:
            return 0.0
        when = self._timers.next()
        return None if when is None else max(0.0, when - self.now())

    def _run_inbox(self) -> None:
        inbox = self._inbox
        for _ in range(len(inbox)):  # what they ask for in turn comes after the descriptors
            self.fenced(inbox.popleft())

    def fenced(self, action: Action) -> None:
        """Run `action`; what it raises is logged and goes no further."""
        try:
            action()
        except Exception as fault:
            self.fence.caught(fault)

    def _call_watcher(self, descriptor: int, callback: Action) -> None:
        if self._watched.get(descriptor) is callback:  # it may have been unwatched by one before it
            callback()

    def _answer_bell(self, mask: int) -> None:
        self._bell.silence()


class Fence:
    """Logs what a callback raised; the same fault at the same place once a minute."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._logged: dict[tuple[str, str, int], float] = {}

    def caught(self, fault: Exception) -> None:
        """Log `fault`, unless it was logged within the last minute."""
        frame = traceback.extract_tb(fault.__traceback__)[-1]
        place = (type(fault).__name__, frame.filename, frame.lineno or 0)
        now = self._now()
        if now - self._logged.get(place, -60.0) >= 60.0:
            self._logged[place] = now
            _log.log(logging.ERROR, "callback failed", exc_info=fault)


class _Bell:
    """An eventfd(2); it lives as long as anybody may ring it, so that a late ring cannot hit another's descriptor."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def ring(self) -> None:
        os.eventfd_write(self.descriptor, 1)

    def silence(self) -> None:
        os.eventfd_read(self.descriptor)

    def __del__(self) -> None:
        os.close(self.descriptor)
