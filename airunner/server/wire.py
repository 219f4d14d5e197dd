"""HTTP/1.1 as values: bytes into requests. No socket in the file.

The rules are RFC 9110 and RFC 9112; what they leave to choice is chosen strictly.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from airunner.base.errors import HeadTooLarge, Invalid
from airunner.server.auth import Identity
from airunner.server.body import Body, ChunkedBody, FixedBody, too_large
from airunner.server.head import Head, Heads, check_part
from airunner.server.limits import Limits

_END = b"\r\n\r\n"


class SlowClient(Invalid):
    """The request did not arrive in time (RFC 9110 § 15.5.9)."""

    status = 408
    code = "timed_out"


class Terms(NamedTuple):
    """What the other side can take."""

    chunks: bool  # HTTP/1.1: a body of unknown length may be chunked
    keep: bool  # the connection may stay open
    head: bool  # the answer's body is not wanted
    gzip: bool


@dataclass(slots=True)
class Request:
    """A whole request; header names are lower-case, `path` is percent-decoded and starts with "/"."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = ""
    secure: bool = False
    params: dict[str, str] = field(default_factory=dict)
    identity: Identity | None = None
    terms: Terms = Terms(chunks=True, keep=True, head=False, gzip=False)


@dataclass(slots=True)
class Response:
    """An answer; an iterator as body is pulled by a worker, piece by piece, as the client takes it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""


class Reader:
    """Bytes of one client in, requests out."""

    __slots__ = ("_body", "_buffer", "_head", "_heads", "_limits", "_peer", "_scanned", "_secure", "_wants_continue")

    def __init__(self, heads: Heads, limits: Limits, *, peer: str = "", secure: bool = False) -> None:
        self._heads = heads
        self._limits = limits
        self._peer = peer
        self._secure = secure
        self._buffer = b""
        self._scanned = 0
        self._head: Head | None = None
        self._body: Body | None = None
        self._wants_continue = False

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._buffer = self._buffer + data if self._buffer else data

    def take(self) -> Request | None:
        """Return the next whole request, None when bytes are missing; raise an AirunnerError, then give up."""
        if self._head is None:
            self._head = self._take_head()
            if self._head is None:
                return None
            self._body = self._expect_body(self._head)
        if self._body is not None:
            rest = self._body.feed(self._buffer)
            self._buffer = rest or b""
            if rest is None:
                return None
        return self._whole()

    def take_continue(self) -> bool:
        """Say, once, that the client waits for `100 Continue` before it sends the body (RFC 9110 § 10.1.1)."""
        wanted, self._wants_continue = self._wants_continue, False
        return wanted and self._body is not None and self._body.size == 0

    @property
    def waiting(self) -> int:
        """Bytes that no request has taken yet."""
        return len(self._buffer)

    @property
    def body_size(self) -> int | None:
        """Bytes of the body that arrived, None when no body is on its way."""
        return self._body.size if self._body is not None else None

    @property
    def unfinished(self) -> bool:
        """Whether a request has begun and is not whole."""
        return bool(self._buffer) or self._head is not None

    def _take_head(self) -> Head | None:
        buffer = self._buffer
        if buffer.startswith(b"\r\n"):  # an empty line before a request is to be ignored (RFC 9112 § 2.2)
            buffer = self._buffer = buffer[2:]
        if not buffer:
            return None
        limit = self._limits.head_bytes
        end = buffer.find(_END, max(0, self._scanned - 3), limit) + 4
        if end < 4:
            if len(buffer) >= limit:
                raise HeadTooLarge(f"The request head is over {limit} bytes. Send fewer or shorter header fields.")
            check_part(buffer, max(0, self._scanned - 1))
            self._scanned = len(buffer)
            return None
        self._scanned = 0
        self._buffer = buffer[end:]
        return self._heads.read(buffer[:end])

    def _expect_body(self, head: Head) -> Body | None:
        fields, limit = head.fields, self._limits.body_bytes
        if fields.length > limit:
            raise too_large(limit)
        self._wants_continue = fields.expects and head.minor > 0
        if fields.chunked:
            return ChunkedBody(limit)
        return FixedBody(fields.length) if fields.length else None

    def _whole(self) -> Request:
        head, body = self._head, self._body
        assert head is not None  # noqa: S101  take() has just seen it
        self._head = self._body = None
        self._wants_continue = False
        connection = head.fields.connection
        keep = "keep-alive" in connection if head.minor == 0 else "close" not in connection
        return Request(
            head.method,
            head.path,
            head.query,
            head.fields.headers,
            body.content() if body is not None else b"",
            self._peer,
            self._secure,
            {},
            None,
            _terms(head.minor > 0, keep and "close" not in connection, head.method == "HEAD", head.fields.gzip),
        )


@functools.cache
def _terms(chunks: bool, keep: bool, head: bool, gzip: bool) -> Terms:
    return Terms(chunks, keep, head, gzip)
