"""How wake-ups are spaced when very many wait for what never stops, with a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable

from airunner.base.bus import Bus, Change
from airunner.server.parking import EVERYTHING, Lot, Pace, Park, Ticket
from airunner.server.reply import Reply
from airunner.server.timers import Timer
from airunner.server.wire import Terms

_RUNS = Change("runs")
_TERMS = Terms(chunks=True, keep=True, head=False, gzip=False)


class _Yard:
    """A lot with a clock moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.bus = Bus()
        self.batches: list[list[Ticket]] = []
        self.timers: list[Timer] = []
        self.posted: list[Callable[[], object]] = []
        self.lot = Lot(
            self.bus,
            wake=self.batches.append,
            call_soon=self.posted.append,
            call_later=self._later,
            now=lambda: self.time,
        )

    def park(self, change: Change, count: int = 1, seen: int | None = None) -> None:
        number = self.bus.number if seen is None else seen
        for _ in range(count):
            self.lot.add(Ticket(Park((change,), number, 25, lambda up: None), _TERMS, _Nobody(), 0))

    def ring(self, change: Change) -> None:
        self.bus.ring(*change)
        while self.posted:
            self.posted.pop(0)()

    def move(self, seconds: float) -> None:
        self.time += seconds
        for timer in [timer for timer in self.timers if timer.when <= self.time]:
            self.timers.remove(timer)
            if timer.action:
                timer.action()

    def _later(self, seconds: float, action: Callable[[], object]) -> Timer:
        self.timers.append(Timer(self.time + seconds, action))
        return self.timers[-1]


class _Nobody:
    def woken(self) -> None: ...
    def stay(self, ticket: Ticket, /) -> None: ...
    def deliver(self, reply: Reply, /) -> None: ...


def test_pace_when_one_viewer_of_a_lively_run_then_never_put_off() -> None:
    yard = _Yard()
    for _ in range(3000):
        yard.park(_RUNS)
        yard.ring(_RUNS)
        yard.move(0.001)
    assert [len(batch) for batch in yard.batches] == [1] * 3000


def test_pace_when_a_thousand_are_woken_once_a_second_then_never_put_off() -> None:
    yard = _Yard()
    for _ in range(60):
        yard.park(_RUNS, 1000)
        yard.ring(_RUNS)
        yard.move(1.0)
    assert [len(batch) for batch in yard.batches] == [1000] * 60


def test_pace_when_very_many_wait_for_a_ceaseless_change_then_batches_are_spaced() -> None:
    yard = _Yard()
    for _ in range(1000):  # ten seconds
        yard.park(_RUNS, 5000 - len(yard.lot))
        yard.ring(_RUNS)
        yard.move(0.01)
    assert 15 <= len(yard.batches) <= 30
    assert {len(batch) for batch in yard.batches} == {5000}
    assert yard.posted == []


def test_pace_when_held_back_then_the_last_ring_is_not_lost_and_late_comers_stay() -> None:
    yard = _Yard()
    for _ in range(4):
        yard.park(_RUNS, 5000)
        yard.ring(_RUNS)
    woken = len(yard.batches)
    assert len(yard.lot) == 5000
    yard.park(_RUNS, 5)
    yard.move(3.0)
    assert [len(batch) for batch in yard.batches[woken:]] == [5000]
    assert len(yard.lot) == 5
    yard.ring(_RUNS)
    assert len(yard.lot) == 0


def test_pace_when_held_back_then_more_rings_do_not_wake_the_loop() -> None:
    yard = _Yard()
    for _ in range(4):
        yard.park(_RUNS, 5000)
        yard.ring(_RUNS)
    for _ in range(100):
        yard.bus.ring(*_RUNS)
    assert (len(yard.timers), yard.posted) == (1, [])


def test_pace_when_one_run_is_crowded_then_others_are_not_put_off() -> None:
    yard = _Yard()
    for _ in range(5):
        yard.park(_RUNS, 2000)
        yard.ring(_RUNS)
    woken = len(yard.batches)
    yard.park(Change("output", "quiet"))
    yard.ring(Change("output", "quiet"))
    assert len(yard.batches) == woken + 1


def test_park_when_news_are_known_then_it_is_answered_as_the_pace_allows() -> None:
    yard = _Yard()
    yard.park(_RUNS, seen=-1)
    yard.park(EVERYTHING, seen=-1)
    assert [len(batch) for batch in yard.batches] == [1, 1]
    yard.park(_RUNS, 25000, seen=-1)
    assert 0 < len(yard.lot) < 25000
    for _ in range(200):
        yard.move(0.5)
    assert len(yard.lot) == 0


def test_pace_when_many_changes_were_paced_then_memory_is_bounded() -> None:
    time_now = [0.0]
    pace = Pace(lambda: time_now[0])
    for number in range(5000):
        time_now[0] += 0.01
        pace.spend(Change("output", str(number)), 1)
    assert len(pace._paid_until) <= 1024


def test_heard_when_nobody_waits_then_the_loop_is_not_woken() -> None:
    yard = _Yard()
    yard.park(Change("output", "a"))
    for number in range(100):
        yard.bus.ring("output", str(number))
        yard.bus.ring("runs")
    assert yard.posted == []
    for _ in range(100):
        yard.bus.ring("output", "a")
    assert len(yard.posted) == 1
    assert len(yard.lot) == 1
