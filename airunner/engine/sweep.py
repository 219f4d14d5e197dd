"""The slow look at every live run: for rings that were lost, and for shims that outlived their deadline.

Used by the conductor's thread.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

from airunner.base.clock import Clock
from airunner.base.log import logger, pairs
from airunner.domain.record import Doc
from airunner.engine import finish
from airunner.engine.live import Live, Waits, end_shim
from airunner.engine.steps import Steps

_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_log = logger("engine")


class Sweeper:
    """Looks as long as any run lives. A look that raises harms no other run."""

    def __init__(
        self, clock: Clock, steps: Steps, waits: Waits, live: Mapping[str, Live], look: Callable[[str], None],
        end: Callable[[Live, Doc], None],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._steps = steps
        self._waits = waits
        self._live = live
        self._look = look
        self._end = end
        self._is_armed = False

    def arm(self) -> None:
        """See to it that a look comes."""
        if not self._is_armed:
            self._is_armed = True
            self._steps.later(self._waits.sweep, self._sweep)

    def ends_by(self, timeout: float, grace: float) -> float:
        """Return the monotonic time by which a run must have ended that has `timeout` and `grace` seconds from now."""
        return self._clock.monotonic() + timeout + grace + self._waits.overdue

    def _sweep(self) -> None:
        self._is_armed = False
        if self._live:
            self.arm()
        for live in list(self._live.values()):
            try:
                self._sweep_one(live)
            except Exception as error:
                _log.exception("run not looked at%s", pairs(run=live.run_id))
                self._give_up(live, error)

    def _sweep_one(self, live: Live) -> None:
        overdue = self._clock.monotonic() > live.ends_by
        try:
            self._look(live.run_id)
        finally:
            if overdue and live.run_id in self._live:
                _log.warning("run outlived its deadline%s", pairs(run=live.run_id))
                live.ended_as = live.ended_as or finish.OVERDUE
                end_shim(live)

    def _give_up(self, live: Live, error: Exception) -> None:
        """Close a run whose folder cannot be read and whose shim has ended: it will not become readable by waiting."""
        if live.pidfd is not None and live.shim_is_gone() and getattr(error, "errno", None) not in _PASSING:
            ended_as = ("failed", f"Its folder cannot be read: {error}.")
            try:
                changes = finish.lost_changes(live.folder, self._clock.now(), ended_as=ended_as)
            except (OSError, ValueError):
                changes = finish.unstarted_changes(*ended_as, self._clock.now())
            self._end(live, changes)
