"""A clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airunner.base.clock import Clock, cut_to_ms

START = datetime(2026, 3, 12, 14, 32, 10, tzinfo=UTC)


class FakeClock(Clock):
    """Stands still until `pass_` moves it; wall time can also be set apart, as when somebody sets the clock."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """Return the wall time in UTC, cut to milliseconds."""
        return cut_to_ms(self._now)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._monotonic

    def pass_(self, seconds: float) -> None:
        """Let time pass, on the wall and monotonic."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, moment: datetime) -> None:
        """Set the wall clock, forwards or back; no time passes."""
        self._now = moment.astimezone(UTC)
