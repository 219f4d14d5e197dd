"""Request bodies as they arrive: of a known length, or chunked. No socket in the file."""

from __future__ import annotations

import re
from typing import Protocol

from airunner.base.errors import Invalid, TooLarge
from airunner.server.head import check_fields

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})(;[\t -~\x80-\xff]*)?\r\n")
_LINE_LIMIT = 1024
_TRAILER_LIMIT = 8192
_SPARE = 16 * 1024  # bytes that are not data, beyond what small chunks need


def too_large(limit: int) -> TooLarge:
    """Return the error of a body over the limit."""
    return TooLarge(f"A request may have {limit:,} bytes at most; put what is longer into a file and name it.")


class Body(Protocol):
    """Takes bytes until the body is whole."""

    def feed(self, data: bytes) -> bytes | None:
        """Take `data`; return what belongs to the next request once the body is whole, else None."""

    def content(self) -> bytes:
        """Return the body."""

    @property
    def size(self) -> int:
        """How many bytes are held."""


class FixedBody:
    """A body with Content-Length (RFC 9112 § 6.2)."""

    __slots__ = ("_held", "_length")

    def __init__(self, length: int) -> None:
        self._length = length
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Take `data`; return what is over."""
        missing = self._length - len(self._held)
        if len(data) < missing:
            self._held += data
            return None
        self._held += memoryview(data)[:missing]
        return data[missing:]

    def content(self) -> bytes:
        """Return the body."""
        return bytes(self._held)

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return len(self._held)


class ChunkedBody:
    """A body with Transfer-Encoding: chunked (RFC 9112 § 7.1), read without mercy."""

    __slots__ = ("_at", "_held", "_limit", "_missing", "_raw", "_spare", "_step")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._raw = b""  # what is not understood yet
        self._at = 0
        self._missing = 0  # of the current chunk
        self._spare = _SPARE
        self._step = self._read_size

    def feed(self, data: bytes) -> bytes | None:
        """Take `data`; return what is over; raise Invalid or TooLarge."""
        self._raw = self._raw + data if self._raw else data
        self._at = 0
        while self._step():
            if self._step == self._read_end:
                return self._raw[self._at :]
        self._raw = self._raw[self._at :]
        return None

    def content(self) -> bytes:
        """Return the body."""
        return bytes(self._held)

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return len(self._held) + len(self._raw)

    def _read_size(self) -> bool:
        line = self._line(_LINE_LIMIT)
        if line is None:
            return False
        match = _SIZE_LINE.fullmatch(line)
        if not match:
            raise Invalid("A chunk does not start with its size in hexadecimal digits and CRLF.", code="bad_request")
        self._missing = int(match[1], 16)
        self._spare += 16 + 2 * self._missing - len(line)
        if self._spare < 0:
            raise Invalid("The chunked body has too much that is not data.", code="bad_request")
        self._spare = min(self._spare, _SPARE)
        if len(self._held) + self._missing > self._limit:
            raise too_large(self._limit)
        self._step = self._read_data if self._missing else self._read_trailer
        return True

    def _read_data(self) -> bool:
        piece = memoryview(self._raw)[self._at : self._at + self._missing]
        self._held += piece
        self._at += len(piece)
        self._missing -= len(piece)
        if self._missing:
            return False
        self._step = self._read_gap
        return True

    def _read_gap(self) -> bool:
        gap = self._raw[self._at : self._at + 2]
        if not b"\r\n".startswith(gap):
            raise Invalid("A chunk is longer than its size says.", code="bad_request")
        if len(gap) < 2:
            return False
        self._at += 2
        self._step = self._read_size
        return True

    def _read_trailer(self) -> bool:
        if self._raw.startswith(b"\r\n", self._at):
            self._at += 2
            self._step = self._read_end
            return True
        end = self._raw.find(b"\r\n\r\n", self._at)
        if max(end, len(self._raw)) - self._at > _TRAILER_LIMIT and not 0 <= end - self._at <= _TRAILER_LIMIT:
            raise Invalid("The trailer of the chunked body is too long.", code="bad_request")
        if end < 0:
            return False
        check_fields(self._raw[self._at : end + 4])
        self._at = end + 4
        self._step = self._read_end
        return True

    def _read_end(self) -> bool:
        return True

    def _line(self, limit: int) -> bytes | None:
        end = self._raw.find(b"\n", self._at, self._at + limit)
        if end < 0:
            if len(self._raw) - self._at >= limit:
                raise Invalid("A chunk's size line is too long.", code="bad_request")
            return None
        line = self._raw[self._at : end + 1]
        self._at = end + 1
        return line
