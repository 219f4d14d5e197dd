"""A real server on a free port, and a client that sees every byte."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from airunner.base.bus import Bus
from airunner.server.loop import Server
from airunner.server.parking import Park
from airunner.server.wire import Request, Response


@dataclass
class Served:
    """A running server and where it is."""

    server: Server
    bus: Bus
    host: str
    port: int
    thread: threading.Thread

    def connect(self, *, receive_buffer: int | None = None) -> Wire:
        """Return a new connection."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(10)
        sock.connect((self.host, self.port))
        return Wire(sock)

    def ask(self, data: bytes | str) -> Answer:
        """Send one request on a connection of its own and return the answer."""
        with self.connect() as wire:
            return wire.ask(data)


@dataclass
class Answer:
    """One response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)


class Wire:
    """One connection; reads responses by their framing."""

    def __init__(self, sock: socket.socket | ssl.SSLSocket) -> None:
        self.sock = sock
        self._held = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes | str) -> None:
        """Send bytes as they are; text is a request line such as "GET /x"."""
        self.sock.sendall(request(data) if isinstance(data, str) else data)

    def ask(self, data: bytes | str) -> Answer:
        """Send and return the next answer."""
        self.send(data)
        return self.answer(head_only=data[:4] in ("HEAD", b"HEAD"))

    def answer(self, *, head_only: bool = False) -> Answer:
        """Return the next answer."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(first.split(" ")[1])
        body = b"" if head_only or status in (100, 204, 304) else self._body(headers)
        return Answer(status, headers, body)

    def at_end(self) -> bool:
        """Wait until the other side closes; say whether nothing more came."""
        try:
            return not self._held and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size + 2)[:-2]
            assert self._exactly(2) == b"\r\n"
            return body
        with contextlib.suppress(ConnectionResetError):
            while piece := self.sock.recv(65536):
                self._held += piece
        return self._held

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._held:
            self._more()
        end = self._held.index(mark) + len(mark)
        return self._cut(end)

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            self._more()
        return self._cut(size)

    def _more(self) -> None:
        piece = self.sock.recv(65536)
        if not piece:
            raise EOFError(f"closed after {self._held!r}")
        self._held += piece

    def _cut(self, size: int) -> bytes:
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def request(line: str, *fields: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *fields, *length, "", ""]).encode() + body


def echo(asked: Request) -> Response:
    """Answer with what was asked."""
    said = {"method": asked.method, "path": asked.path, "query": asked.query, "size": len(asked.body)}
    return Response(200, {"Content-Type": "application/json"}, json.dumps(said).encode())


@contextlib.contextmanager
def served(
    handle: Callable[[Request], Response | Park] = echo, *, bus: Bus | None = None, **options: Any
) -> Iterator[Served]:
    """Run a server for the length of a test."""
    bus = bus or Bus()
    server = Server(handle, bus, host="127.0.0.1", port=0, **options)
    host, port = server.bind()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Served(server, bus, host, port, thread)
    finally:
        server.stop(0.5)
        thread.join(5)
        assert not thread.is_alive()
