"""The nursery's children: living shims, what they left on purpose, and what dead ones left, which is ended."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from airunner.spool.freeze import end_all
from airunner.spool.procs import Process, children, family, look_at

_SECONDS = 2.0
_FREEZE_SECONDS = 0.5


class Brood:
    """Tells the three apart. As their sub-reaper the nursery has a shim's orphans before it hears of its end."""

    def __init__(self) -> None:
        self.shims: set[int] = set()
        self._kept: set[int] = set()

    def reap(self) -> None:
        """Collect all that ended. Where a shim did not end by itself, end what it left, for two seconds at most."""
        is_lost = self._collect()
        while True:
            if is_lost:
                self._end_strays()
            kept = self._strangers()
            is_lost = self._collect()
            if not is_lost:  # a shim's orphans come to us before we hear of its end (exit(2)): these are of no lost one
                self._kept.update(kept)
                return

    def _end_strays(self) -> None:
        until = time.monotonic() + _SECONDS
        while self._strangers() and time.monotonic() < until:
            end_all(self._strays, _FREEZE_SECONDS)
            self._collect()

    def _collect(self) -> bool:
        """Reap; say whether a shim was among them that came to a bad end."""
        is_lost = False
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                is_lost = is_lost or (pid in self.shims and status != 0)
                self.shims.discard(pid)
                self._kept.discard(pid)
        return is_lost

    def _strangers(self) -> list[int]:
        """Return our children that are neither shims nor left on purpose."""
        return [pid for pid in children(os.getpid()) if pid not in self.shims and pid not in self._kept]

    def _strays(self) -> Iterator[Process]:
        for pid in self._strangers():
            if process := look_at(pid):
                yield process
                yield from family(pid)
