"""Responses into bytes: status line, fields, framing, compression. Runs in workers; no socket in the file."""

from __future__ import annotations

import functools
import re
import time
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from airunner.base.clock import Clock
from airunner.base.errors import Broken
from airunner.server.wire import Response, Terms

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS = {
    int(code): f"HTTP/1.1 {int(code)} {phrase}\r\n" for code, (phrase, _) in BaseHTTPRequestHandler.responses.items()
}
# Names are tokens, values have no control characters: a handler cannot break the framing (RFC 9110 § 5.5).
_SAFE = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++: [\t -~\x80-\xff]*+\r\n)*+")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "date"})
_TEXTUAL = re.compile(r"text/|application/(?:[a-z.+-]*(?:json|xml|javascript|yaml))|image/svg", re.IGNORECASE)
_WORTH_GZIP = 1024
_FAST_GZIP_FROM = 256 * 1024
_KEPT = 4  # packed bodies, for the next who gets the same: many watch one run
_KEPT_BYTES = 512 * 1024
_GATHER_BYTES = 32 * 1024
_GATHER_SECONDS = 0.005
_GZIP_BITS = 31  # zlib's word for a gzip wrapper around a window of 32 KB


class Reply(NamedTuple):
    """An answer, ready to be sent."""

    data: bytes
    rest: Stream | None = None
    keep: bool = True


class Stream:
    """A body that is made while it is sent. One worker at a time."""

    def __init__(self, pieces: Iterator[bytes], *, chunked: bool, gzip: bool, length: int | None = None) -> None:
        self._pieces = pieces
        self._left = length
        self._chunked = chunked
        self._packer = zlib.compressobj(4, zlib.DEFLATED, _GZIP_BITS) if gzip else None

    def pull(self) -> tuple[bytes, bool]:
        """Return the next bytes to send and whether there may be more."""
        gathered: list[bytes] = []
        size, more, until = 0, True, time.monotonic() + _GATHER_SECONDS
        while size < _GATHER_BYTES and time.monotonic() < until:
            piece = next(self._pieces, None)
            if piece is None:
                more = False
                break
            gathered.append(piece)
            size += len(piece)
        return self._framed(b"".join(gathered), more), more

    def close(self) -> None:
        """Let the generator clean up."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()

    def _framed(self, data: bytes, more: bool) -> bytes:
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0 or (self._left and not more):
                raise Broken("A streamed answer is not as long as it said.")
        if not self._chunked:
            return data
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return chunk if more else chunk + b"0\r\n\r\n"


class Encoder:
    """Turns responses into replies."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._date = (-1, "")
        self._pack = functools.lru_cache(maxsize=_KEPT)(_gzip)

    def encode(self, response: Response, terms: Terms) -> Reply:
        """Return what to send; raise Broken for a response that cannot be HTTP."""
        fields = {name.lower(): value for name, value in response.headers.items()}
        keep = terms.keep and fields.get("connection", "").lower() != "close"
        body = response.body
        if isinstance(body, bytes):
            return self._whole(response.status, fields, body, terms, keep)
        if not isinstance(body, Iterator):
            raise Broken(f"The answer's body is neither bytes nor an iterator of bytes: {type(body).__name__}.")
        return self._streamed(response.status, fields, body, terms, keep)

    def _whole(self, status: int, fields: dict[str, str], body: bytes, terms: Terms, keep: bool) -> Reply:
        if len(body) > _WORTH_GZIP and self._may_gzip(fields):
            _add_vary(fields)
            if terms.gzip:
                body = self._pack(body) if len(body) <= _KEPT_BYTES else _gzip(body)
                fields["content-encoding"] = "gzip"
        if status < 200 or status in (204, 304):
            framing, body = "", b""
        else:
            framing = f"content-length: {len(body)}\r\n"
        head = self._head(status, fields, framing, terms, keep)
        return Reply(head if terms.head else head + body, None, keep)

    def _streamed(self, status: int, fields: dict[str, str], body: Iterator[bytes], terms: Terms, keep: bool) -> Reply:
        length = fields.get("content-length")
        gzip = length is None and self._may_gzip(fields)
        if gzip:
            _add_vary(fields)
            if gzip := terms.gzip:
                fields["content-encoding"] = "gzip"
        chunked = length is None and terms.chunks
        keep = keep and (chunked or length is not None)
        framing = f"content-length: {length}\r\n" if length is not None else ""
        if chunked:
            framing = "transfer-encoding: chunked\r\n"
        head = self._head(status, fields, framing, terms, keep)
        stream = Stream(body, chunked=chunked, gzip=gzip, length=None if length is None else int(length))
        if terms.head:
            stream.close()
            return Reply(head, None, keep)
        return Reply(head, stream, keep)

    def _head(self, status: int, fields: dict[str, str], framing: str, terms: Terms, keep: bool) -> bytes:
        lines = [f"{name}: {value}\r\n" for name, value in fields.items() if name not in _OURS]
        own = "".join(lines)
        if own.count("\n") != len(lines) or not _SAFE.fullmatch(own):
            raise Broken("The answer has a header field that cannot be sent.")
        first = _STATUS.get(status) or f"HTTP/1.1 {status} Unknown\r\n"
        return f"{first}{self._connection(terms, keep)}{framing}{self._date_line()}{own}\r\n".encode("latin-1")

    def _connection(self, terms: Terms, keep: bool) -> str:
        if not keep:
            return "connection: close\r\n"
        return "" if terms.chunks else "connection: keep-alive\r\n"

    def _date_line(self) -> str:
        second = int(self._clock.monotonic())
        if self._date[0] != second:
            self._date = (second, f"date: {formatdate(self._clock.now().timestamp(), usegmt=True)}\r\n")
        return self._date[1]

    def _may_gzip(self, fields: dict[str, str]) -> bool:
        # An entity tag names these very bytes (RFC 9110 § 8.8.3), so what has one is left alone.
        untouched = "content-encoding" not in fields and "etag" not in fields
        return untouched and bool(_TEXTUAL.match(fields.get("content-type", "")))


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, 1 if len(body) > _FAST_GZIP_FROM else 4, _GZIP_BITS)


def _add_vary(fields: dict[str, str]) -> None:
    vary = fields.get("vary", "")
    if "accept-encoding" not in vary.lower():
        fields["vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
