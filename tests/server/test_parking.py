"""Requests that wait: woken all, none lost, gone when their client is; paced when there are very many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from airunner.base.bus import Bus, Change
from airunner.base.errors import NotFound
from airunner.server.parking import EVERYTHING, Park
from airunner.server.wire import Request, Response, Terms
from tests.helpers.wait import until
from tests.server.served import Wire, request, served

_RUNS = Change("runs")
_TERMS = Terms(chunks=True, keep=True, head=False, gzip=False)


def _waits_for(bus: Bus, *changes: Change, seconds: float = 20.0) -> Callable[[Request], Response | Park]:
    """Return a handler that parks for `changes` and answers with how it was woken."""

    def handle(asked: Request) -> Response | Park:
        if asked.path == "/now":
            return Response(200, {}, b"now")
        return Park(changes, bus.number, seconds, lambda up: Response(200, {}, b"time" if up else b"rang"))

    return handle


def test_parked_when_500_wait_with_two_workers_then_one_ring_wakes_all() -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS), bus=bus, workers=2) as site:
        wires = [site.connect() for _ in range(500)]
        for _ in range(2):
            for wire in wires:
                wire.send("GET /")
            until(lambda: site.server.parked == 500)
            assert site.ask("GET /now").body == b"now"
            bus.ring("runs")
            assert {wire.answer().body for wire in wires} == {b"rang"}
        assert site.server.parked == 0
        for wire in wires:
            wire.sock.close()


def test_parked_when_another_change_rings_then_it_stays() -> None:
    bus = Bus()
    with served(_waits_for(bus, Change("output", "a"), Change("runs", "b")), bus=bus) as site, site.connect() as wire:
        wire.send("GET /")
        until(lambda: site.server.parked == 1)
        bus.ring("output", "b")
        bus.ring("runs")
        assert site.ask("GET /now").status == 200
        assert site.server.parked == 1
        bus.ring("runs", "b")
        assert wire.answer().body == b"rang"
        assert site.server._lot._waiting == {}


def test_parked_when_waiting_for_everything_then_all_but_output_wakes_it() -> None:
    bus = Bus()
    with served(_waits_for(bus, EVERYTHING, Change("output", "a")), bus=bus) as site, site.connect() as wire:
        for topic, name in (("settings", ""), ("output", "a"), ("prompts", "x")):
            wire.send("GET /")
            until(lambda: site.server.parked == 1)
            bus.ring("output", "b")
            assert site.ask("GET /now").status == 200
            assert site.server.parked == 1
            bus.ring(topic, name)
            assert wire.answer().body == b"rang"


@pytest.mark.parametrize("change", [_RUNS, EVERYTHING])
def test_parked_when_it_rang_while_the_handler_looked_then_answered_at_once(change: Change) -> None:
    bus = Bus()

    def handle(asked: Request) -> Park:
        seen = bus.number
        bus.ring("runs")
        return Park((change,), seen, 20, lambda up: Response(200, {}, b"rang"))

    with served(handle, bus=bus) as site:
        started = time.monotonic()
        assert site.ask("GET /").body == b"rang"
        assert time.monotonic() - started < 5


def test_parked_when_rings_race_with_parking_then_none_is_lost() -> None:
    """A counter and its followers: each follower asks for more than it has seen; a lost ring would stop it."""
    bus, count, total, stop = Bus(), [0], 400, threading.Event()

    def handle(asked: Request) -> Response | Park:
        have, seen = int(asked.query["have"][0]), bus.number

        def answer(time_is_up: bool) -> Response | None:
            return Response(200, {}, str(count[0]).encode()) if count[0] > have or time_is_up else None

        return answer(False) or Park((Change("output", "a"),), seen, 30, answer)

    def follow(wire: Wire, done: list[int]) -> None:
        have = 0
        while have < total:
            have = int(wire.ask(f"GET /?have={have}").body)
        done.append(have)

    with served(handle, bus=bus, workers=3) as site:
        done: list[int] = []
        wires = [site.connect() for _ in range(4)]
        followers = [threading.Thread(target=follow, args=(wire, done)) for wire in wires]
        for follower in followers:
            follower.start()
        while count[0] < total and not stop.is_set():
            count[0] += 1
            bus.ring("output", "a")
            if count[0] % 7 == 0:
                time.sleep(0.0005)
        until(lambda: len(done) == 4, within=10)
        assert done == [total] * 4
        for wire in wires:
            wire.sock.close()


def test_parked_when_the_time_is_up_then_told_so() -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS, seconds=0.1), bus=bus) as site, site.connect() as wire:
        started = time.monotonic()
        assert wire.ask("GET /").body == b"time"
        assert 0.09 < time.monotonic() - started < 2
        assert wire.ask("GET /now").body == b"now"


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("nan")])
def test_parked_when_it_must_not_wait_then_answered_at_once(seconds: float) -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS, seconds=seconds), bus=bus) as site:
        assert site.ask("GET /").body == b"time"


def test_parked_when_the_client_vanishes_then_freed_at_once() -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS), bus=bus) as site:
        wires = [site.connect() for _ in range(20)]
        for wire in wires:
            wire.send("GET /")
        until(lambda: site.server.parked == 20)
        for wire in wires:
            wire.sock.close()
        until(lambda: site.server.parked == 0 and site.server.connections == 0)
        assert site.server._lot._waiting == {}


def test_parked_when_a_request_is_pipelined_behind_it_then_answered_after_it() -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS), bus=bus) as site, site.connect() as wire:
        wire.send(request("GET /") + request("GET /now"))
        until(lambda: site.server.parked == 1)
        bus.ring("runs")
        assert [wire.answer().body for _ in range(2)] == [b"rang", b"now"]


def test_parked_when_the_answer_is_not_there_yet_then_it_stays_to_its_first_deadline() -> None:
    bus, asked_for = Bus(), []

    def handle(asked: Request) -> Park:
        def answer(time_is_up: bool) -> Response | None:
            asked_for.append(time_is_up)
            return Response(200, {}, b"time") if time_is_up else None

        return Park((_RUNS,), bus.number, 0.3, answer)

    with served(handle, bus=bus) as site, site.connect() as wire:
        started = time.monotonic()
        wire.send("GET /")
        for count in range(1, 4):
            until(lambda: site.server.parked == 1)
            bus.ring("runs")
            until(lambda count=count: len(asked_for) >= count)
        assert wire.answer().body == b"time"
        assert time.monotonic() - started < 2
    assert asked_for == [False, False, False, True]


def test_parked_when_it_rings_while_the_answer_is_looked_for_then_asked_again() -> None:
    bus, looks = Bus(), []

    def handle(asked: Request) -> Park:
        def answer(time_is_up: bool) -> Response | None:
            looks.append(time_is_up)
            if len(looks) == 1:
                bus.ring("runs")
                return None
            return Response(200, {}, b"rang")

        return Park((_RUNS,), bus.number, 20, answer)

    with served(handle, bus=bus) as site, site.connect() as wire:
        wire.send("GET /")
        until(lambda: site.server.parked == 1)
        bus.ring("runs")
        assert wire.answer().body == b"rang"
        assert looks == [False, False]


@pytest.mark.parametrize(("fault", "status"), [(NotFound("Gone."), 404), (ValueError("x"), 500), (None, 500)])
def test_parked_when_its_answer_fails_then_an_error_and_the_others_are_answered(
    fault: Exception | None, status: int
) -> None:
    bus = Bus()

    def handle(asked: Request) -> Park:
        def answer(time_is_up: bool) -> Response | None:
            if asked.path == "/good":
                return Response()
            if fault:
                raise fault
            return None

        return Park((_RUNS,), bus.number, 0.2, answer)

    with served(handle, bus=bus) as site, site.connect() as good, site.connect() as bad:
        bad.send("GET /bad")
        good.send("GET /good")
        until(lambda: site.server.parked == 2)
        bus.ring("runs")
        assert (good.answer().status, bad.answer().status) == (200, status)


def test_parked_when_the_server_stops_then_answered() -> None:
    bus = Bus()
    with served(_waits_for(bus, _RUNS), bus=bus) as site:
        wires = [site.connect() for _ in range(5)]
        for wire in wires:
            wire.send("GET /")
        until(lambda: site.server.parked == 5)
        site.server.stop(2)
        assert [wire.answer().body for wire in wires] == [b"time"] * 5
        assert all(wire.at_end() for wire in wires)
        site.thread.join(2)
        assert not site.thread.is_alive()


def test_parked_when_the_server_stops_before_it_parks_then_answered() -> None:
    bus, inside, go_on = Bus(), threading.Event(), threading.Event()

    def handle(asked: Request) -> Park:
        inside.set()
        go_on.wait(5)
        return Park((_RUNS,), bus.number, 20, lambda up: Response(200, {}, b"time" if up else b"rang"))

    with served(handle, bus=bus) as site, site.connect() as wire:
        wire.send("GET /")
        assert inside.wait(5)
        site.server.stop(5)
        until(lambda: site.server.stopping)
        go_on.set()
        assert wire.answer().body == b"time"


def test_parked_when_a_stream_is_the_answer_then_streamed() -> None:
    bus = Bus()

    def handle(asked: Request) -> Park:
        return Park((_RUNS,), bus.number, 20, lambda up: Response(200, {}, iter([b"a", b"b"])))

    with served(handle, bus=bus) as site, site.connect() as wire:
        wire.send("GET /")
        until(lambda: site.server.parked == 1)
        bus.ring("runs")
        assert wire.answer().body == b"ab"
