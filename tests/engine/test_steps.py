"""The engine's thread survives what its steps do."""

from __future__ import annotations

import threading

from airunner.base.clock import SystemClock
from airunner.engine.steps import Steps
from tests.helpers.wait import until


def test_steps_when_one_raises_then_the_next_is_taken_and_timers_go_on() -> None:
    steps, seen = Steps(SystemClock(), "test"), []
    steps.start()

    def arm() -> None:
        steps.later(0.05, lambda: seen.append("later"))
        steps.later(0.01, lambda: 1 / 0)

    steps.put(lambda: 1 / 0)
    steps.put(seen.append, "first")
    steps.put(arm)
    until(lambda: seen == ["first", "later"])
    steps.stop()
    assert "test" not in [thread.name for thread in threading.enumerate()]
