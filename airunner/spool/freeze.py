"""Ends process trees that may fork as fast as they can: first nobody moves any more, then all die at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable

from airunner.spool.procs import Process, send

_PAUSE = 0.001


def end_all(find: Callable[[], Iterable[Process]], seconds: float) -> None:
    """SIGKILL every living process that `find` yields, with all that they fork meanwhile.

    A dead process makes room for another one below a limit, a stopped one does not: so all are stopped first, each
    as soon as it is seen, until a look finds nobody who moves. SIGKILL goes out after `seconds` whatever still moves.
    """
    until = time.monotonic() + seconds
    told: set[tuple[int, int]] = set()
    deaf: set[tuple[int, int]] = set()
    while True:
        found = []
        moving = False
        for process in find():
            found.append(process)
            if process.key not in told:
                told.add(process.key)
                moving = True
                if not send(process, signal.SIGSTOP):
                    deaf.add(process.key)
            # A signal does not keep a fork from ending that has begun (fork(2)): only who stands still is done.
            elif process.state in "RS" and process.key not in deaf:
                moving = True
        if not moving or time.monotonic() >= until:
            break
        time.sleep(_PAUSE)
    for process in found:
        send(process, signal.SIGKILL)
