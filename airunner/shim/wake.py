"""What wakes the shim's loop, and how soon it then gets to run: its children's ends, its clock, its precedence."""

from __future__ import annotations

import contextlib
import os
import signal
import time


def boottime() -> float:
    """Return CLOCK_BOOTTIME in seconds: it goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wake_on_child() -> int:
    """Return a descriptor that becomes readable at each SIGCHLD."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return read


def empty(descriptor: int) -> None:
    """Read a non-blocking descriptor until nothing is left."""
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        pass


def go_first() -> None:
    """Come before all ordinary processes, where that is allowed: a thousand that spin leave us no time (sched(7)).

    Children do not inherit it.
    """
    _schedule(os.SCHED_RR, 1)


def go_along() -> None:
    """Be an ordinary process again."""
    _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
