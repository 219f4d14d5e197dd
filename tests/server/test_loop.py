"""The server over real sockets: order, framing, slow and vanishing clients, streams, stop."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time

import pytest

from airunner.base.bus import Bus
from airunner.server.limits import Limits
from airunner.server.loop import Server
from airunner.server.wire import Request, Response
from tests.helpers.wait import until
from tests.server.served import echo, request, served

_TEXT = {"Content-Type": "text/plain"}


def test_requests_when_one_after_another_then_one_connection_serves_them() -> None:
    with served() as site, site.connect() as wire:
        for number in range(5):
            assert wire.ask(f"GET /{number}").json()["path"] == f"/{number}"
        assert site.server.connections == 1


def test_requests_when_pipelined_then_answered_in_order() -> None:
    def slow_first(asked: Request) -> Response:
        time.sleep(0.05 if asked.path == "/0" else 0)
        return echo(asked)

    with served(slow_first) as site, site.connect() as wire:
        body = request("POST /1", body=b"x" * 100)
        wire.send(request("GET /0") + body + b"".join(request(f"GET /{number}") for number in range(2, 30)))
        assert [wire.answer().json()["path"] for _ in range(30)] == [f"/{number}" for number in range(30)]


def test_requests_when_far_more_are_pipelined_than_are_read_ahead_then_all_are_answered() -> None:
    with served(limits=Limits(ahead_bytes=1000)) as site, site.connect() as wire:
        sender = threading.Thread(target=wire.send, args=(request("GET /x") * 3000,))
        sender.start()
        assert {wire.answer().status for _ in range(3000)} == {200}
        sender.join(5)


@pytest.mark.parametrize(
    ("data", "stays"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (request("GET /"), True),
        (request("GET /", "Connection: close"), False),
    ],
)
def test_connection_when_answered_then_kept_as_asked(data: bytes, stays: bool) -> None:
    with served() as site, site.connect() as wire:
        answer = wire.ask(data)
        if stays:
            assert wire.ask(data).status == 200
            assert answer.headers.get("connection", "keep-alive") == "keep-alive"
        else:
            assert answer.headers["connection"] == "close"
            assert wire.at_end()


def test_head_when_asked_then_the_length_without_the_body() -> None:
    with served() as site, site.connect() as wire:
        length = wire.ask("GET /abcd").headers["content-length"]
        assert wire.ask("HEAD /abc").headers["content-length"] == length
        assert wire.ask("GET /").status == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.1\r\nHost: a\r\n\r\n", 505),
        (b"GET /" + b"a" * 40_000, 431),
        (request("POST /", "Content-Length: 5000000"), 413),
        (request("POST /", "Content-Encoding: gzip", body=b"x"), 415),
    ],
)
def test_request_when_it_cannot_be_read_then_rendered_error_and_close(data: bytes, status: int) -> None:
    with served(render=lambda error: Response(error.status, {"X-Rendered": error.code}, b"!")) as site:
        with site.connect() as wire:
            answer = wire.ask(data)
            assert (answer.status, answer.body, answer.headers["connection"]) == (status, b"!", "close")
            assert answer.headers["x-rendered"]
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.at_end()
        assert site.ask("GET /").status == 200


def test_upload_when_big_then_whole() -> None:
    with served() as site, site.connect() as wire:
        wire.send(request("POST /", "Content-Length: 4194304"))
        wire.send(b"x" * 4194304)
        assert wire.answer().json()["size"] == 4194304
        wire.send(request("POST /", "Transfer-Encoding: chunked"))
        for _ in range(40):
            wire.send(b"10000\r\n" + b"y" * 65536 + b"\r\n")
        wire.send(b"0\r\n\r\n")
        assert wire.answer().json()["size"] == 40 * 65536
        until(lambda: site.server.bodies_bytes == 0)


def test_upload_when_too_large_then_the_client_can_read_the_413() -> None:
    with served() as site, site.connect() as wire:
        wire.send(request("POST /", "Content-Length: 8000000") + b"x" * 8_000_000)
        assert wire.answer().status == 413


def test_upload_when_all_together_are_too_much_then_503() -> None:
    with served(limits=Limits(bodies_bytes=1000)) as site, site.connect() as first, site.connect() as second:
        first.send(request("POST /", "Content-Length: 900") + b"x" * 800)
        until(lambda: site.server.bodies_bytes == 800)
        assert second.ask(request("POST /", "Content-Length: 900") + b"x" * 500).status == 503
        first.send(b"x" * 100)
        assert first.answer().json()["size"] == 900


def test_continue_when_expected_then_sent_before_the_body() -> None:
    with served() as site, site.connect() as wire:
        assert wire.ask(request("POST /", "Expect: 100-continue", "Content-Length: 5")).status == 100
        wire.send(b"hello")
        assert wire.answer().json()["size"] == 5
        assert wire.ask(request("POST /", "Expect: 100-continue", "Content-Length: 5000000")).status == 413


def test_gzip_when_textual_and_accepted_then_packed() -> None:
    def page(asked: Request) -> Response:
        return Response(200, {"Content-Type": asked.query["type"][0]}, b"a" * 5000)

    with served(page) as site, site.connect() as wire:
        packed = wire.ask(request("GET /?type=text/plain", "Accept-Encoding: gzip"))
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == b"a" * 5000
        assert wire.ask(request("HEAD /?type=text/plain", "Accept-Encoding: gzip")).headers == packed.headers
        refused = wire.ask(request("GET /?type=text/plain", "Accept-Encoding: gzip;q=0"))
        assert (refused.body, refused.headers["vary"]) == (b"a" * 5000, "Accept-Encoding")
        assert "content-encoding" not in refused.headers
        picture = wire.ask(request("GET /?type=image/png", "Accept-Encoding: gzip"))
        assert picture.body == b"a" * 5000
        assert "vary" not in picture.headers


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {"X-Split": "a\r\nSet-Cookie: b"}),
        Response(200, {"X Name": "a"}),
        Response(200, {"X": "\N{SNOWMAN}"}),
        Response(200, {}, "text"),  # type: ignore[arg-type]
        Response(200, {}, [b"list"]),  # type: ignore[arg-type]
        None,
    ],
)
def test_response_when_it_cannot_be_sent_then_500_and_the_server_goes_on(response: Response) -> None:
    with served(lambda asked: response) as site, site.connect() as wire:
        assert [wire.ask("GET /").status for _ in range(2)] == [500, 500]


def test_handler_when_it_raises_then_500_with_nothing_of_the_fault(caplog: pytest.LogCaptureFixture) -> None:
    def broken(asked: Request) -> Response:
        raise ValueError("the password is 1234")

    with served(broken) as site, caplog.at_level(logging.ERROR, "airunner"):
        answer = site.ask("GET /")
    assert (answer.status, b"1234" in answer.body) == (500, False)
    assert "the password" in caplog.text


def test_connections_when_too_many_then_503_and_room_again_later() -> None:
    with served(limits=Limits(connections=3)) as site:
        wires = [site.connect() for _ in range(3)]
        assert {wire.ask("GET /").status for wire in wires} == {200}
        refused = site.ask("GET /")
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        wires[0].sock.close()
        until(lambda: site.server.connections < 3)
        assert site.ask("GET /").status == 200
        for wire in wires:
            wire.sock.close()


def test_connections_when_too_many_from_one_place_then_429(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(connections_per_peer=2)
    with served(limits=limits) as site, site.connect(), site.connect():
        until(lambda: site.server.connections == 2)
        assert site.ask("GET /").status == 200  # loopback speaks for everybody
        monkeypatch.setattr("airunner.server.loop._LOOPBACK", ("none",))
        refused = site.ask("GET /")
        assert (refused.status, refused.headers["retry-after"]) == (429, "2")


def test_bind_when_the_address_cannot_be_had_then_oserror() -> None:
    with served() as site:
        for host, port in ((site.host, site.port), ("192.0.2.1", 0), ("no.such.host.invalid", 0), ("a..b", 0)):
            with pytest.raises(OSError):
                Server(echo, Bus(), host=host, port=port).bind()


@pytest.mark.parametrize("host", ["::1", "::", "", "localhost"])
def test_bind_when_the_host_is_another_then_it_serves_there(host: str) -> None:
    server = Server(echo, Bus(), host=host, port=0)
    port = server.bind()[1]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with socket.create_connection(("::1" if host == "::1" else "127.0.0.1", port), 5) as sock:
        sock.sendall(request("GET /"))
        assert sock.recv(1000).startswith(b"HTTP/1.1 200 ")
    server.stop(0.1)
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [("/x", 308, "/x/"), ("/x/", 200, None), ("/x/a", 200, None), ("/", 404, None), ("/xa", 404, None)],
)
def test_base_path_when_set_then_stripped(path: str, status: int, location: str | None) -> None:
    with served(base_path="/x") as site:
        answer = site.ask(f"GET {path}")
        assert (answer.status, answer.headers.get("location")) == (status, location)
        if status == 200:
            assert answer.json()["path"] == path.removeprefix("/x")


def test_stop_when_requests_are_under_way_then_they_are_answered() -> None:
    started = threading.Event()

    def slow(asked: Request) -> Response:
        started.set()
        time.sleep(0.2)
        return Response(200, {}, b"x" * 3_000_000)

    with served(slow) as site, site.connect() as wire, site.connect() as idle:
        wire.send("GET /")
        assert started.wait(5)
        site.server.stop(5)
        assert len(wire.answer().body) == 3_000_000
        assert wire.at_end()
        assert idle.at_end()
        site.thread.join(2)
        assert not site.thread.is_alive()
