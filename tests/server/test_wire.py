"""The wire without sockets: what is read, what is refused, and that no split of the bytes changes either."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airunner.base.errors import AirunnerError, Invalid
from airunner.server.head import Heads, accepts_gzip
from airunner.server.limits import Limits
from airunner.server.wire import Reader, Request
from tests.server.malformed import BAD_CHUNKS, BAD_FRAMING, BAD_HEADS, chunked, head

_SMALL = Limits(head_bytes=600, body_bytes=100)


def _reader(limits: Limits = _SMALL) -> Reader:
    return Reader(Heads(), limits, peer="192.0.2.1")


def _read(data: bytes, step: int | None = None) -> list[Request]:
    """Return all requests in `data`, fed in pieces of `step` bytes."""
    reader, requests, step = _reader(), [], step or max(1, len(data))
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        while (request := reader.take()) is not None:
            requests.append(request)
    return requests


def _status(data: bytes, step: int | None = None) -> int | None:
    try:
        _read(data, step)
    except AirunnerError as error:
        assert error.message.endswith(".")
        return error.status
    return None


@pytest.mark.parametrize("data", BAD_HEADS.values(), ids=BAD_HEADS)
def test_head_when_malformed_then_400_at_every_split(data: bytes) -> None:
    assert {_status(data, step) for step in (None, 1, 2, 3, 7)} == {400}


@pytest.mark.parametrize("data", BAD_FRAMING.values(), ids=BAD_FRAMING)
def test_framing_when_ambiguous_then_400_at_every_split(data: bytes) -> None:
    assert {_status(data, step) for step in (None, 1, 2, 3, 7)} == {400}


@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_chunks_when_odd_then_400_at_every_split(body: bytes) -> None:
    assert {_status(chunked(body), step) for step in (None, 1, 2, 3, 7, 1000)} == {400}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head(line=b"GET / HTTP/2.0"), 505),
        (head(line=b"GET / HTTP/0.9"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (head(b"X: " + b"y" * 600), 431),
        (b"GET /" + b"y" * 600, 431),
        (head(b"Content-Length: 101"), 413),
        (head(b"Content-Length: 99999999999999999999"), 413),
        (head(b"Content-Length: 00000000000000000000000101"), 413),
        (chunked(b"65\r\n"), 413),
        (chunked(b"ffffffff\r\n"), 413),
        (chunked(b"50\r\n" + b"a" * 80 + b"\r\n50\r\n"), 413),
        (head(b"Content-Encoding: gzip", b"Content-Length: 5"), 415),
        (head(b"Content-Encoding: br"), 415),
    ],
)
def test_request_when_refused_then_its_status_at_every_split(data: bytes, status: int) -> None:
    assert {_status(data, step) for step in (None, 1, 2, 5)} == {status}


@pytest.mark.parametrize("parts", [(b"GET / HTTP/1.1\r", b"X"), (b"GET /", b"\n"), (b"GET / HTTP/1.1\r\nA: b", b"\0")])
def test_head_when_it_can_no_longer_be_good_then_refused_before_its_end(parts: tuple[bytes, bytes]) -> None:
    reader = _reader()
    reader.feed(parts[0])
    assert reader.take() is None
    reader.feed(parts[1])
    with pytest.raises(Invalid):
        reader.take()


def test_chunks_when_much_data_came_then_extensions_are_bounded_as_before() -> None:
    reader = _reader(Limits())
    reader.feed(chunked(b"10000\r\n" + b"x" * 65536 + b"\r\n"))
    assert reader.take() is None
    reader.feed((b"1;" + b"a" * 900 + b"\r\nx\r\n") * 30)
    with pytest.raises(Invalid):
        reader.take()


def test_head_when_it_has_over_a_hundred_fields_then_431() -> None:
    reader = _reader(Limits())
    reader.feed(head(*[b"X%d: y" % number for number in range(150)]))
    with pytest.raises(AirunnerError) as caught:
        reader.take()
    assert caught.value.status == 431


_GOOD = head(
    b"User-Agent:  spaced \t",
    b"X-Twice: one",
    b"x-twice: two",
    b"Cookie: a=1",
    b"Cookie: b=2",
    b"X-Odd: \x85\xff",
    b"Empty:",
    line=b"GET /a%20b/%C3%BC?x=1&x=%2B&y=&z=a+b HTTP/1.1",
)


@pytest.mark.parametrize("step", [None, 1, 2, 3, 5, 50])
def test_head_when_good_then_everything_is_read(step: int | None) -> None:
    (request,) = _read(_GOOD, step)
    assert (request.method, request.path, request.peer) == ("GET", "/a b/ü", "192.0.2.1")
    assert request.query == {"x": ["1", "+"], "y": [""], "z": ["a b"]}
    assert request.headers["user-agent"] == "spaced"
    assert request.headers["x-twice"] == "one, two"
    assert request.headers["cookie"] == "a=1; b=2"
    assert request.headers["x-odd"] == "\x85\xff"
    assert request.headers["empty"] == ""
    assert request.body == b""


_STREAM = (
    head(b"Content-Length: 5", line=b"POST /1 HTTP/1.1")
    + b"hello"
    + head(line=b"GET /2 HTTP/1.1")
    + b"\r\n"
    + head(b"Transfer-Encoding: Chunked", line=b"POST /3 HTTP/1.1")
    + b'5\r\nhello\r\n06;ext="a";b\r\n world\r\n0\r\nA: b\r\nC: d\r\n\r\n'
    + chunked(b"000\r\n\r\n")
    + head(b"Content-Length: 000", line=b"PUT /5 HTTP/1.1")
)


@pytest.mark.parametrize("step", [None, *range(1, 40)])
def test_pipelined_requests_when_split_anywhere_then_all_are_read(step: int | None) -> None:
    requests = _read(_STREAM, step)
    assert [(r.method, r.path, r.body) for r in requests] == [
        ("POST", "/1", b"hello"),
        ("GET", "/2", b""),
        ("POST", "/3", b"hello world"),
        ("POST", "/", b""),
        ("PUT", "/5", b""),
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 120), min_size=1, max_size=30))
def test_pipelined_requests_when_split_at_random_then_all_are_read(steps: list[int]) -> None:
    reader, at, paths, data = _reader(), 0, [], _STREAM * 2
    while at < len(data):
        step = steps[at % len(steps)]
        reader.feed(data[at : at + step])
        at += step
        while (request := reader.take()) is not None:
            paths.append(request.path)
    assert paths == ["/1", "/2", "/3", "/", "/5"] * 2
    assert not reader.unfinished


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_reader_when_fed_anything_then_it_answers_or_refuses(noise: bytes) -> None:
    for data in (noise, head() + noise, chunked(noise), head(noise), head(line=b"GET /" + noise + b" HTTP/1.1")):
        assert _status(data) in (None, 400, 413, 415, 431, 505)


@pytest.mark.parametrize(
    ("line", "connection", "keep"),
    [
        (b"GET / HTTP/1.1", None, True),
        (b"GET / HTTP/1.1", b"close", False),
        (b"GET / HTTP/1.1", b"x, Close", False),
        (b"GET / HTTP/1.1", b"keep-alive, close", False),
        (b"GET / HTTP/1.2", None, True),
        (b"GET / HTTP/1.0", None, False),
        (b"GET / HTTP/1.0", b"Keep-Alive", True),
        (b"GET / HTTP/1.0", b"keep-alive, close", False),
    ],
)
def test_connection_when_said_then_kept_or_not(line: bytes, connection: bytes | None, keep: bool) -> None:
    fields = [b"Connection: " + connection] if connection else []
    (request,) = _read(head(*fields, line=line))
    assert request.terms.keep is keep


def test_http10_when_without_host_then_read() -> None:
    (request,) = _read(head(line=b"GET / HTTP/1.0", host=b""))
    assert not request.terms.chunks


@pytest.mark.parametrize(
    ("target", "path"), [(b"http://A:80/x?y=1", "/x"), (b"HTTPS://a:80", "/"), (b"http://a:80?y=1", "/")]
)
def test_absolute_target_when_the_host_agrees_then_its_path_counts(target: bytes, path: str) -> None:
    (request,) = _read(head(line=b"GET " + target + b" HTTP/1.1", host=b"Host: a:80\r\n"))
    assert request.path == path


def test_head_when_repeated_then_fields_are_shared_and_values_are_its_own() -> None:
    requests = _read(head(b"X: 1", line=b"GET /1 HTTP/1.1") * 2 + head(b"X: 2", line=b"GET /2 HTTP/1.1"))
    assert [request.headers["x"] for request in requests] == ["1", "1", "2"]
    assert requests[0].headers is requests[1].headers
    with pytest.raises(TypeError):
        requests[0].headers["x"] = "3"  # type: ignore[index]


def test_heads_when_many_differ_then_memory_is_bounded() -> None:
    heads = Heads()
    for number in range(3000):
        heads.read(head(b"X: %d" % number))
    assert len(heads._seen) <= 1024


def test_continue_when_expected_then_asked_once_and_only_without_body() -> None:
    asking = head(b"Content-Length: 5", b"Expect: 100-continue", line=b"POST / HTTP/1.1")
    reader = _reader()
    reader.feed(asking)
    assert reader.take() is None
    assert (reader.take_continue(), reader.take_continue()) == (True, False)
    reader.feed(b"hello")
    assert reader.take()
    reader.feed(asking + b"he")
    assert reader.take() is None
    assert not reader.take_continue()


def test_continue_when_http10_then_never() -> None:
    reader = _reader()
    reader.feed(head(b"Content-Length: 5", b"Expect: 100-continue", line=b"POST / HTTP/1.0"))
    assert reader.take() is None
    assert not reader.take_continue()


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5, br", True),
        ("GZIP ; Q=1.000", True),
        ("*", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("br", False),
        ("", False),
        ("gzip;q=", False),
    ],
)
def test_accept_encoding_when_read_then_weights_count(value: str, accepted: bool) -> None:
    assert accepts_gzip(value) is accepted
