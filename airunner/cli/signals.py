"""Ctrl-C while a run is followed: the first is counted and breaks into a wait only, the second leaves."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # a hang-up ends the watching, not the run


class Interrupted(Exception):
    """A signal came while a window was open, or before it was."""


class Signals:
    """Handles SIGINT and SIGTERM while it is entered, unless they are ignored (nohup, a shell's `&`). Main thread only.

    Outside a window the first signal is noted and raises at the next one; the second raises KeyboardInterrupt anywhere.
    """

    def __init__(self) -> None:
        self.count = 0
        self._told = 0
        self._open = False

    def __enter__(self) -> Self:
        wanted = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._handle) for number in wanted}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def window(self) -> Iterator[None]:
        """Let a signal raise Interrupted inside; one that was not told of yet raises at once."""
        self._open = True
        try:
            self._tell()
            yield
        finally:
            self._open = False

    def pause(self, seconds: float) -> None:
        """Wait, unless a signal comes; raise Interrupted then."""
        with self.window():
            time.sleep(seconds)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt
        if self._open:
            self._tell()

    def _tell(self) -> None:
        if self.count > self._told:
            self._told = self.count
            raise Interrupted
