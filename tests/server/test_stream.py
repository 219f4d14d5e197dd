"""Answers that are made while they are sent."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator

import pytest

from airunner.base.errors import Conflict
from airunner.server.limits import Limits
from airunner.server.wire import Request, Response
from tests.helpers.wait import until
from tests.server.served import request, served

_TEXT = {"Content-Type": "text/plain"}


def _pieces(asked: Request) -> Response:
    return Response(200, dict(_TEXT), (b"%d\n" % number for number in range(200_000)))


_NUMBERS = b"".join(b"%d\n" % number for number in range(200_000))


def test_stream_when_taken_then_chunked_and_the_connection_goes_on() -> None:
    with served(_pieces) as site, site.connect() as wire:
        answer = wire.ask("GET /")
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.body == _NUMBERS
        packed = wire.ask(request("GET /", "Accept-Encoding: gzip"))
        assert zlib.decompress(packed.body, 31) == _NUMBERS
        assert wire.ask("HEAD /").body == b""
        assert wire.ask("GET /").status == 200


def test_stream_when_the_client_speaks_http10_then_ended_by_close() -> None:
    with served(_pieces) as site:
        answer = site.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (answer.body, answer.headers["connection"]) == (_NUMBERS, "close")


def test_stream_when_its_length_is_known_then_not_chunked() -> None:
    def sized(asked: Request) -> Response:
        return Response(200, {"Content-Length": "6"}, iter([b"abc", b"def"]))

    with served(sized) as site, site.connect() as wire:
        assert [wire.ask("GET /").body for _ in range(3)] == [b"abcdef"] * 3


class _Endless:
    """A body that counts what was taken and knows when it was closed."""

    def __init__(self) -> None:
        self.pulled = 0
        self.closed = threading.Event()

    def pieces(self) -> Iterator[bytes]:
        try:
            while True:
                self.pulled += 1
                yield b"x" * 10_000
        finally:
            self.closed.set()


def test_stream_when_the_client_vanishes_then_the_generator_is_closed() -> None:
    body = _Endless()
    with served(lambda asked: Response(200, {}, body.pieces())) as site:
        with site.connect() as wire:
            wire.send("GET /")
            until(lambda: body.pulled > 10)
        assert body.closed.wait(5)
        until(lambda: site.server.connections == 0)


def test_stream_when_the_client_does_not_read_then_it_is_not_pulled_and_then_cut_off() -> None:
    body = _Endless()
    with (
        served(lambda asked: Response(200, {}, body.pieces()), limits=Limits(write_seconds=0.3)) as site,
        site.connect(receive_buffer=4096) as wire,
    ):
        wire.send("GET /")
        assert body.closed.wait(5)
        assert body.pulled < 2000
        until(lambda: site.server.connections == 0)
        with pytest.raises(ConnectionResetError):  # what the kernel held for it is gone, too
            while wire.sock.recv(65536):
                pass


@pytest.mark.parametrize("length", [None, "50000"])
def test_stream_when_it_fails_midway_then_the_client_sees_it_cut_off(length: str | None) -> None:
    def failing(asked: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"x" * 40_000
            raise ValueError("no more")

        return Response(200, {"Content-Length": length} if length else {}, pieces())

    with served(failing) as site, site.connect() as wire, pytest.raises((EOFError, ConnectionResetError)):
        wire.ask("GET /")


@pytest.mark.parametrize("length", ["5", "7"])
def test_stream_when_it_is_not_as_long_as_it_said_then_500(length: str) -> None:
    with served(lambda asked: Response(200, {"Content-Length": length}, iter([b"abcdef"]))) as site:
        assert site.ask("GET /").status == 500


class _File:
    """A body that is no generator: pieces of a thing that must be closed."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces
        self.closed = threading.Event()

    def __iter__(self) -> _File:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.left -= 1
        return b"x" * 50_000

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize("pieces", [0, 1, 20])
def test_stream_when_it_is_not_a_generator_then_closed_at_its_end(pieces: int) -> None:
    body = _File(pieces)
    with served(lambda asked: Response(200, {}, body)) as site:
        assert len(site.ask("GET /").body) == pieces * 50_000
        assert body.closed.wait(5)


def test_stream_when_it_fails_at_once_then_the_error_is_the_answer() -> None:
    def failing(asked: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            raise Conflict("Not now.")
            yield b""

        return Response(200, {}, pieces())

    with served(failing) as site:
        assert site.ask("GET /").status == 409


def test_stop_when_a_client_takes_nothing_then_it_ends_after_the_grace() -> None:
    body = _Endless()
    with served(lambda asked: Response(200, {}, body.pieces())) as site, site.connect() as wire:
        wire.send("GET /")
        until(lambda: body.pulled > 10)
        site.server.stop(0.2)
        site.thread.join(3)
        assert not site.thread.is_alive()
        with pytest.raises(OSError):
            site.connect()
