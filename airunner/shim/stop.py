"""The stop ladder: the profile's signals, a grace period, then SIGKILL, each to every descendant."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

from airunner.spool.procs import Process, send

_KILL_SECONDS = 10.0
_KILL_EVERY = 0.05


class Ladder:
    """One stop in progress. `step` does what is due and says when to come back; it never waits itself.

    The grace period is shared by the signals of the profile; SIGKILL is repeated until nothing is left, or ten
    seconds have passed and what remains cannot be ended (uninterruptible, another user's).
    """

    def __init__(
        self,
        signals: Sequence[str],
        grace_seconds: float,
        tree: Callable[[], list[Process]],
        is_alone: Callable[[], bool],
        now: float,
    ) -> None:
        self._tree = tree
        self._is_alone = is_alone
        share = grace_seconds / max(1, len(signals))
        self._rungs = [(now + index * share, number_of(name)) for index, name in enumerate(signals)]
        self._kill_from = now + grace_seconds
        self._give_up = self._kill_from + _KILL_SECONDS
        self._next_kill = self._kill_from
        self.survivors: list[Process] = []
        self.finished = False

    def step(self, now: float) -> float:
        """Send what is due at monotonic time `now`; return when to call again. Sets `finished` at the end."""
        left = self._tree()
        # A walk can miss a process that forks and ends while it is read (proc(5), children); no child left cannot.
        if (not left and self._is_alone()) or now >= self._give_up:
            self.survivors, self.finished = left, True
            return now
        while self._rungs and now >= self._rungs[0][0]:
            number = self._rungs.pop(0)[1]
            for process in left:
                send(process, number)
        if now >= self._next_kill:
            for process in left:
                send(process, signal.SIGKILL)
            self._next_kill = now + _KILL_EVERY
        due = self._rungs[0][0] if self._rungs else self._next_kill
        return min(due, now + _KILL_EVERY)


def number_of(name: str) -> int:
    """Return a signal's number for `TERM` or `SIGTERM`; SIGTERM for a name that this system does not know."""
    full = name if name.startswith("SIG") else f"SIG{name}"
    return int(getattr(signal, full, signal.SIGTERM))


def name_of(number: int) -> str:
    """Return `SIGTERM` for 15, and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
