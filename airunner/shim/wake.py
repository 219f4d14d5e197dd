"""What wakes the shim's loop: its children's ends and its clock."""

from __future__ import annotations

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
