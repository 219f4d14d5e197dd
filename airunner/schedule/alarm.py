"""Waits for a time on the wall clock, or for somebody to wake it; costs nothing meanwhile.

A timer of the kernel on CLOCK_REALTIME (timerfd_create(2)): it also rings when the time passed while the machine slept,
and at once when somebody sets the clock (TFD_TIMER_CANCEL_ON_SET).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
from datetime import datetime

_CLOCK_REALTIME = 0
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC  # TFD_NONBLOCK and TFD_CLOEXEC have these values
_ABSOLUTE_AND_CANCEL = 1 | 2  # TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET
_FAR = 4_102_444_800  # the year 2100: a timer that only hears of the clock being set


class _Setting(ctypes.Structure):
    """struct itimerspec: interval and value, each in seconds and nanoseconds."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns")]


class Alarm:
    """One waits, any thread may wake."""

    def __init__(self) -> None:
        """Take a timer; raise OSError where the system has none left."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._set_time = libc.timerfd_settime
        self._timer = libc.timerfd_create(_CLOCK_REALTIME, _NONBLOCK_CLOEXEC)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poller = select.poll()
        for descriptor in (self._timer, self._bell):
            self._poller.register(descriptor, select.POLLIN)

    def wait(self, until: datetime | None) -> None:
        """Return at that time, when woken, or when the clock was set; without a time only then."""
        at = until.timestamp() if until else _FAR
        setting = _Setting(0, 0, max(int(at), 0), max(int(at % 1 * 1e9), 1))  # zero would stop it
        if self._set_time(self._timer, _ABSOLUTE_AND_CANCEL, ctypes.byref(setting), None) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._poller.poll()
        for descriptor in (self._timer, self._bell):
            with contextlib.suppress(OSError):  # EAGAIN: it was the other one; ECANCELED: the clock was set
                os.read(descriptor, 8)

    def wake(self) -> None:
        """End the waiting, or the next one if nobody waits."""
        with contextlib.suppress(OSError):  # closed: the server stops
            os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Let go of both."""
        os.close(self._timer)
        os.close(self._bell)
