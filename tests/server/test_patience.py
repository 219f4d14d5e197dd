"""Clients that are slow, silent, half gone or gone."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from airunner.server.limits import Limits
from airunner.server.wire import Request, Response
from tests.helpers.wait import until
from tests.server.served import Served, echo, request, served


def test_slow_head_when_not_whole_in_time_then_408() -> None:
    with served(limits=Limits(head_seconds=0.2)) as site, site.connect() as wire:
        assert wire.ask(b"GET / HTTP/1.1\r\n").status == 408
        assert wire.at_end()


def test_slow_head_when_fed_byte_by_byte_then_the_deadline_does_not_move() -> None:
    with served(limits=Limits(head_seconds=0.3, linger_seconds=0.2)) as site, site.connect() as wire:
        started = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < started + 5:
                wire.send(b"x")
                time.sleep(0.02)
        assert time.monotonic() - started < 4


def test_slow_body_when_below_the_rate_then_408() -> None:
    with served(limits=Limits(body_seconds=0.3, body_rate=1000)) as site, site.connect() as wire:
        assert wire.ask(request("POST /", "Content-Length: 1000") + b"x" * 10).status == 408


def test_slow_body_when_above_the_rate_then_it_may_take_longer() -> None:
    with served(limits=Limits(body_seconds=0.4, body_rate=50)) as site, site.connect() as wire:
        wire.send(request("POST /", "Content-Length: 100"))
        for _ in range(10):
            wire.send(b"x" * 10)
            time.sleep(0.06)
        assert wire.answer().json()["size"] == 100


def test_slow_clients_when_many_then_others_are_served_at_once() -> None:
    with served(workers=1) as site:
        slow = [site.connect() for _ in range(20)]
        for wire in slow:
            wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        assert site.ask("GET /").status == 200
        for wire in slow:
            wire.sock.close()
        until(lambda: site.server.connections == 0)


def test_idle_client_when_it_says_nothing_then_closed_without_a_word() -> None:
    with served(limits=Limits(idle_seconds=0.1)) as site, site.connect() as fresh, site.connect() as used:
        assert used.ask("GET /").status == 200
        assert fresh.at_end()
        assert used.at_end()


def test_half_closed_client_when_asking_then_still_answered() -> None:
    def slow(asked: Request) -> Response:
        time.sleep(0.1)
        return echo(asked)

    with served(slow) as site, site.connect() as wire:
        wire.send("GET /")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.answer().status == 200
        assert wire.at_end()


def test_client_when_it_resets_in_the_middle_then_forgotten() -> None:
    with served() as site:
        for data in (b"", b"GET /", request("POST /", "Content-Length: 10") + b"abc", request("GET /") * 50):
            wire = site.connect()
            wire.send(data)
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.sock.close()
        until(lambda: site.server.connections == 0)
        assert site.server.bodies_bytes == 0
        assert site.ask("GET /").status == 200


def test_client_when_it_leaves_in_its_upload_then_the_bytes_are_no_longer_counted() -> None:
    with served() as site:
        with site.connect() as wire:
            wire.send(request("POST /", "Content-Length: 10") + b"abc")
            until(lambda: site.server.bodies_bytes == 3)
        until(lambda: site.server.bodies_bytes == 0)


def test_client_when_it_sends_on_while_served_then_little_is_read_ahead() -> None:
    go_on = threading.Event()

    def slow(asked: Request) -> Response:
        go_on.wait(5)
        return echo(asked)

    with served(slow) as site, site.connect() as wire:
        wire.send("GET /")
        sender = threading.Thread(target=wire.send, args=(request("GET /x") * 50_000,))
        sender.start()
        (client,) = until(lambda: list(site.server._clients))
        until(lambda: client._reader.waiting > 64 * 1024)
        time.sleep(0.1)
        assert client._reader.waiting <= 2 * 64 * 1024
        go_on.set()
        assert {wire.answer().status for _ in range(2000)} == {200}
        wire.sock.shutdown(socket.SHUT_RDWR)
        sender.join(5)


def test_big_answer_when_read_slowly_then_whole() -> None:
    body = os.urandom(3_000_000)
    with served(lambda asked: Response(200, {}, body)) as site, site.connect(receive_buffer=4096) as wire:
        assert wire.ask("GET /").body == body
        assert wire.ask("GET /").body == body


def _cpu(site: Served) -> float:
    spent: list[float] = []
    site.server.call_soon(lambda: spent.append(time.thread_time()))
    return until(lambda: spent)[0]


def test_loop_when_idle_with_clients_then_it_sleeps() -> None:
    turns = 0
    with served() as site:
        wires = [site.connect() for _ in range(20)]
        for wire in wires:
            assert wire.ask("GET /").status == 200
        select = site.server.selector.select

        def counted(timeout: float | None = None) -> object:
            nonlocal turns
            turns += 1
            return select(timeout)

        site.server.selector.select = counted  # type: ignore[method-assign, assignment]
        before = _cpu(site)
        time.sleep(1.0)
        assert _cpu(site) - before < 0.02
        assert turns <= 6
        for wire in wires:
            wire.sock.close()
