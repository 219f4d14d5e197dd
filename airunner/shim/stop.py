"""The stop ladder: the profile's signals, a grace period, then a freeze and SIGKILL, each to every descendant."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence

from airunner.spool.freeze import end_all
from airunner.spool.procs import Process, send

_KILL_SECONDS = 10.0
_LOOK_EVERY = 0.05
_FREEZE_SECONDS = 0.5


class Ladder:
    """One stop in progress. `step` does what is due and says when to come back; it waits half a second at most.

    The grace period is shared by the signals of the profile; it is over for a tree that `outgrows` what it may use.
    SIGKILL is repeated until nothing is left, or ten seconds have passed and what remains cannot be ended
    (uninterruptible, another user's).
    """

    def __init__(
        self,
        signals: Sequence[str],
        grace_seconds: float,
        tree: Callable[[], Iterable[Process]],
        is_alone: Callable[[], bool],
        outgrows: Callable[[list[Process]], bool],
        now: float,
    ) -> None:
        self._tree = tree
        self._is_alone = is_alone
        self._outgrows = outgrows
        share = grace_seconds / max(1, len(signals))
        self._rungs = [(now + index * share, number_of(name)) for index, name in enumerate(signals)]
        self._kill_at = now + grace_seconds
        self._give_up = float("inf")  # until there was a first try
        self.survivors: list[Process] = []
        self.finished = False

    def step(self, now: float) -> float:
        """Send what is due at monotonic time `now`; return when to call again. Sets `finished` at the end."""
        if now >= self._kill_at:
            self._give_up = min(self._give_up, now + _KILL_SECONDS)
            end_all(self._tree, _FREEZE_SECONDS)
        left = list(self._tree())
        # A walk can miss a process that forks and ends while it is read (proc(5), children); no child left cannot.
        if (not left and self._is_alone()) or now >= self._give_up:
            self.survivors, self.finished = left, True
            return now
        if now < self._kill_at and self._outgrows(left):
            self._rungs, self._kill_at = [], now
            return now
        while self._rungs and now >= self._rungs[0][0]:
            _tell(left, self._rungs.pop(0)[1])
        due = self._rungs[0][0] if self._rungs else self._kill_at
        return min(due, now + _LOOK_EVERY) if due > now else now + _LOOK_EVERY


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


def _tell(tree: Sequence[Process], number: int) -> None:
    for process in tree:
        if send(process, number) and process.state == "T":
            send(process, signal.SIGCONT)  # else it would hear of it only when somebody lets it go on
