"""The bare loop: calls from other threads, timers, foreign descriptors, and faults in all of them."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time

import pytest

from airunner.base.clock import SystemClock
from airunner.server.limits import room_for_connections
from airunner.server.reactor import Reactor
from airunner.server.timers import Deadline, Timer, Timers
from tests.helpers.wait import until
from tests.server.served import served


def test_call_soon_when_called_by_many_threads_then_each_runs_once_in_order() -> None:
    seen: list[tuple[int, int]] = []
    with served() as site:

        def call(caller: int) -> None:
            for number in range(500):
                site.server.call_soon(lambda: seen.append((caller, number)))  # noqa: B023
                if number % 50 == 0:
                    until(lambda: (caller, number) in seen)  # noqa: B023

        threads = [threading.Thread(target=call, args=(caller,)) for caller in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        until(lambda: len(seen) >= 2000)


def test_call_later_when_several_then_in_the_order_of_their_times() -> None:
    seen: list[tuple[str, int]] = []
    with served() as site:
        for name, seconds in (("late", 0.15), ("early", 0.05), ("middle", 0.1)):
            site.server.call_later(seconds, lambda name=name: seen.append((name, threading.get_ident())))
        site.server.call_later(0.07, lambda: seen.append(("never", 0))).cancel()
        until(lambda: len(seen) == 3)
        assert [name for name, _ in seen] == ["early", "middle", "late"]
        assert {ident for _, ident in seen} == {site.thread.ident}


def test_watch_when_readable_then_called_in_the_loop_until_unwatched() -> None:
    readable, writable = os.pipe()
    seen: list[bytes] = []
    with served() as site:
        server = site.server

        def read() -> None:
            seen.append(os.read(readable, 1))
            if len(seen) == 2:
                server.unwatch(readable)

        server.call_soon(lambda: server.watch(readable, read))
        os.write(writable, b"abc")
        until(lambda: len(seen) == 2)
        assert site.ask("GET /").status == 200
        assert seen == [b"a", b"b"]
        server.call_soon(lambda: server.unwatch(readable))
        assert site.ask("GET /").status == 200
    os.close(readable)
    os.close(writable)


def test_watch_when_unwatched_by_another_callback_of_the_same_turn_then_not_called() -> None:
    pairs = [os.pipe() for _ in range(2)]
    called: list[int] = []
    with served() as site:
        server = site.server

        def first_come(own: int) -> None:
            called.append(own)
            for readable, _ in pairs:
                server.unwatch(readable)

        def begin() -> None:
            for readable, writable in pairs:
                os.write(writable, b"x")
                server.watch(readable, lambda readable=readable: first_come(readable))

        server.call_soon(begin)
        until(lambda: called)
        assert site.ask("GET /").status == 200
        assert len(called) == 1
    for pair in pairs:
        for descriptor in pair:
            os.close(descriptor)


def test_callbacks_when_they_raise_then_logged_once_and_the_loop_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("a fault in a callback")

    readable, writable = os.pipe()
    with served() as site, caplog.at_level(logging.ERROR, "airunner"):
        site.server.call_soon(lambda: site.server.watch(readable, fail))
        os.write(writable, b"x")
        for _ in range(5):
            site.server.call_soon(fail)
            site.server.call_later(0.001, fail)
        assert site.ask("GET /").status == 200
        time.sleep(0.05)
        site.server.call_soon(lambda: site.server.unwatch(readable))
        assert site.ask("GET /").status == 200
    assert caplog.text.count("ValueError: a fault in a callback") == 1
    os.close(readable)
    os.close(writable)


def test_job_when_it_raises_then_logged_and_the_worker_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("a fault in a job")

    done = threading.Event()
    with served(workers=1) as site, caplog.at_level(logging.ERROR, "airunner"):
        site.server.run_in_worker(fail)
        site.server.run_in_worker(done.set)
        assert done.wait(5)
    assert "a fault in a job" in caplog.text


def test_accept_when_descriptors_run_out_then_it_pauses_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [OSError(errno.EMFILE, "too many"), OSError(errno.ECONNABORTED, "gone")]
    accept = socket.socket.accept
    with served() as site, site.connect() as before:
        assert before.ask("GET /").status == 200

        def short(listening: socket.socket) -> object:
            if refusals:
                raise refusals.pop(0)
            return accept(listening)

        monkeypatch.setattr(socket.socket, "accept", short)
        started = time.monotonic()
        with site.connect() as waiting:
            waiting.send("GET /")
            assert before.ask("GET /").status == 200
            assert waiting.answer().status == 200
        assert 0.5 < time.monotonic() - started < 3


def test_accept_when_paused_then_a_client_that_leaves_makes_room_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refused, accept = threading.Event(), socket.socket.accept

    def short(listening: socket.socket) -> object:
        if not refused.is_set():
            refused.set()
            raise OSError(errno.EMFILE, "too many")
        return accept(listening)

    with served() as site, site.connect() as before:
        assert before.ask("GET /").status == 200
        monkeypatch.setattr(socket.socket, "accept", short)
        with site.connect() as waiting:
            waiting.send("GET /")
            assert refused.wait(5)
            started = time.monotonic()
            before.sock.close()
            assert waiting.answer().status == 200
            assert time.monotonic() - started < 0.9


def test_room_when_descriptors_are_few_then_a_reserve_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, wanted, room in ((1024, 20_000, 768), (100_000, 20_000, 20_000), (100, 20_000, 75), (-1, 5, 5)):
        monkeypatch.setattr("resource.getrlimit", lambda _, soft=soft: (soft, soft))
        assert room_for_connections(wanted) == room


def test_timers_when_many_are_cancelled_then_they_do_not_pile_up() -> None:
    timers, kept = Timers(), Timer(5.0, lambda: "kept")
    timers.add(kept)
    for number in range(10_000):
        timer = Timer(10.0 + number, lambda: None)
        timers.add(timer)
        timer.cancel()
    assert len(timers._heap) < 200
    assert timers.next() == 5.0
    assert timers.take_due(4.9) is None
    action = timers.take_due(5.0)
    assert action is not None
    assert action() == "kept"
    assert timers.next() is None


def test_timer_when_cancelled_by_one_before_it_in_the_same_turn_then_not_run() -> None:
    reactor, seen = Reactor(SystemClock()), []
    second = reactor.call_later(0, lambda: seen.append("second"))
    reactor.call_later(-1, second.cancel)
    reactor.turn()
    assert (seen, reactor._timers.next()) == ([], None)


class _Hands:
    """A clock moved by hand, and what asked to be called."""

    def __init__(self) -> None:
        self.time = 100.0
        self.timers: list[Timer] = []

    def later(self, seconds: float, action: object) -> Timer:
        self.timers.append(Timer(self.time + seconds, action))  # type: ignore[arg-type]
        return self.timers[-1]

    def move(self, to: float) -> None:
        self.time = to
        due = [timer for timer in self.timers if timer.when <= to]
        self.timers = [timer for timer in self.timers if timer.when > to]
        for timer in due:
            if timer.action:
                timer.action()


def test_deadline_when_moved_back_often_then_one_timer_serves() -> None:
    hands, rung = _Hands(), []
    deadline = Deadline(lambda: rung.append(hands.time), hands.later, lambda: hands.time)
    for number in range(50):
        deadline.set(110.0 + number)
    assert len(hands.timers) == 1
    hands.move(110.0)
    assert rung == []
    hands.move(159.0)
    assert rung == [159.0]


def test_deadline_when_moved_forward_or_cleared_then_the_earlier_or_none() -> None:
    hands, rung = _Hands(), []
    deadline = Deadline(lambda: rung.append(hands.time), hands.later, lambda: hands.time)
    deadline.set(150.0)
    deadline.set(120.0)
    hands.move(120.0)
    assert rung == [120.0]
    deadline.set(130.0)
    deadline.clear()
    hands.move(140.0)
    deadline.set(145.0)
    deadline.cancel()
    hands.move(200.0)
    assert rung == [120.0]
