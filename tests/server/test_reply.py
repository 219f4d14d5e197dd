"""Responses as bytes, without a socket."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest

from airunner.base.clock import SystemClock
from airunner.base.errors import Broken
from airunner.server.reply import Encoder, Stream
from airunner.server.wire import Response, Terms

_PLAIN = Terms(chunks=True, keep=True, head=False, gzip=False)
_GZIP = _PLAIN._replace(gzip=True)
_TEXT = {"Content-Type": "text/plain"}


class _Clock(SystemClock):
    seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


def _fields(data: bytes) -> dict[str, str]:
    lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def test_reply_when_whole_then_status_framing_date_and_own_fields() -> None:
    clock = _Clock()
    encoder = Encoder(clock)
    clock.seconds = 784111777.0
    reply = encoder.encode(Response(201, {"Location": "/a", "Content-Length": "99"}, b"hello"), _PLAIN)
    assert reply.data == (
        b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nlocation: /a\r\n\r\nhello"
    )
    clock.seconds += 1
    assert b"08:49:38" in encoder.encode(Response(), _PLAIN).data


@pytest.mark.parametrize("status", [204, 304])
def test_reply_when_the_status_has_no_body_then_neither_body_nor_length(status: int) -> None:
    data = Encoder(SystemClock()).encode(Response(status, {}, b"x"), _PLAIN).data
    assert data.endswith(b"\r\n\r\n")
    assert "content-length" not in _fields(data)


def test_reply_when_head_then_a_stream_is_closed_unread() -> None:
    closed = []

    def pieces() -> object:
        try:
            yield b"x"
        finally:
            closed.append(True)

    stream = pieces()
    next(stream)  # type: ignore[call-overload]
    reply = Encoder(SystemClock()).encode(Response(200, {}, stream), _PLAIN._replace(head=True))  # type: ignore[arg-type]
    assert (reply.rest, closed) == (None, [True])


def test_reply_when_the_same_body_goes_to_many_then_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, compress = [], zlib.compress
    monkeypatch.setattr("zlib.compress", lambda *given: packed.append(given) or compress(*given))
    encoder = Encoder(SystemClock())
    replies = {encoder.encode(Response(200, _TEXT, b"a" * 2000 + b"b"), _GZIP).data for _ in range(10)}
    assert (len(replies), len(packed)) == (1, 1)
    for _ in range(2):
        encoder.encode(Response(200, _TEXT, b"a" * 600_000), _GZIP)
    assert len(packed) == 3


@pytest.mark.parametrize(
    ("response", "packed", "vary"),
    [
        (Response(200, dict(_TEXT), b"a" * 1024), False, None),
        (Response(200, dict(_TEXT), b"a" * 1025), True, "Accept-Encoding"),
        (Response(404, {"Content-Type": "application/problem+json"}, b"a" * 2000), True, "Accept-Encoding"),
        (
            Response(200, {"Content-Type": "image/svg+xml", "Vary": "Cookie"}, b"a" * 2000),
            True,
            "Cookie, Accept-Encoding",
        ),
        (Response(200, {**_TEXT, "Content-Encoding": "br"}, b"a" * 2000), False, None),
        (Response(200, {**_TEXT, "ETag": '"1"'}, b"a" * 2000), False, None),
        (Response(200, {"Content-Type": "application/octet-stream"}, b"a" * 2000), False, None),
        (Response(200, {}, b"a" * 2000), False, None),
    ],
)
def test_reply_when_gzip_is_accepted_then_used_where_it_pays(
    response: Response, packed: bool, vary: str | None
) -> None:
    fields = _fields(Encoder(SystemClock()).encode(response, _GZIP).data)
    assert (fields.get("content-encoding") == "gzip", fields.get("vary")) == (packed, vary)
    assert int(fields["content-length"]) < 2000 if packed else True


def test_reply_when_the_handler_says_close_then_closed() -> None:
    reply = Encoder(SystemClock()).encode(Response(200, {"Connection": "Close"}), _PLAIN)
    assert not reply.keep
    assert _fields(reply.data)["connection"] == "close"


@pytest.mark.parametrize("headers", [{"a": "b\n"}, {"a\r\nb": "c"}, {"": "b"}, {"a": "b\x00"}, {"a:": "b"}, {"a": "€"}])
def test_reply_when_a_field_cannot_be_sent_then_broken(headers: dict[str, str]) -> None:
    with pytest.raises(Broken):
        Encoder(SystemClock()).encode(Response(200, headers), _PLAIN)


def test_stream_when_pieces_are_small_then_gathered_and_framed() -> None:
    stream = Stream(iter([b"ab", b"", b"c"]), chunked=True, gzip=False)
    assert stream.pull() == (b"3\r\nabc\r\n0\r\n\r\n", False)
    empty = Stream(iter([]), chunked=True, gzip=False)
    assert empty.pull() == (b"0\r\n\r\n", False)


def test_stream_when_pieces_are_large_then_one_at_a_time() -> None:
    stream = Stream(iter([b"a" * 40_000, b"b"]), chunked=False, gzip=False)
    assert stream.pull() == (b"a" * 40_000, True)
    assert stream.pull() == (b"b", False)
