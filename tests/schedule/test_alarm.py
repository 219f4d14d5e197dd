"""The kernel's timer: rings at a time, when woken, and never by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from airunner.schedule.alarm import Alarm
from tests.helpers.wait import until


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    made = Alarm()
    yield made
    made.close()


def test_wait_when_the_time_comes_then_it_ends_and_not_before(alarm: Alarm) -> None:
    end = datetime.now(UTC) + timedelta(seconds=0.3)
    alarm.wait(end)
    assert timedelta() <= datetime.now(UTC) - end < timedelta(seconds=5)


@pytest.mark.parametrize("moment", [datetime(1960, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)])
def test_wait_when_the_time_has_passed_then_it_ends_at_once(alarm: Alarm, moment: datetime) -> None:
    began = time.monotonic()
    alarm.wait(moment)
    assert time.monotonic() - began < 5


def test_wait_when_woken_before_or_meanwhile_then_it_ends_and_costs_nothing(alarm: Alarm) -> None:
    alarm.wake()
    alarm.wake()
    alarm.wait(None)
    waiting = threading.Thread(target=alarm.wait, args=(None,))
    waiting.start()
    used = time.process_time()
    assert not waiting.join(0.3)
    assert waiting.is_alive()
    assert time.process_time() - used < 0.2
    alarm.wake()
    until(lambda: not waiting.is_alive())
