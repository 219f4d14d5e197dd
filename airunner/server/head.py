"""One request head: strict checks on the raw bytes, then the standard library's reading of them.

What two readers could read in two ways is refused (RFC 9112 § 11.2, request smuggling), never repaired.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote_to_bytes

from airunner.base.errors import HeadTooLarge, Invalid, Unimplemented, Unsupported

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# RFC 9112 § 3 and § 5: one space, CRLF, a colon right behind the name, no folding, no control characters.
_BLOCK = rb"((?:" + _TOKEN + rb"++:[\t -~\x80-\xff]*+\r\n)*+)\r\n"
_FIELDS = re.compile(_BLOCK)
_HEAD = re.compile(rb"(" + _TOKEN + rb"{1,40}) ([!-~]++) HTTP/([0-9])\.([0-9])\r\n" + _BLOCK)
_NEVER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_BAD_TARGET = re.compile(r"%(?![0-9A-Fa-f]{2})|%00|#")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"(?:[A-Za-z0-9.\-_~%!$&'()*+,;=]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(r"(?i:https?)://([^/?]*)(.*)")
_LENGTH_DIGITS = 15  # a Content-Length with more is over any limit, cut or not
_QUERY_FIELDS = 1000
_REMEMBERED = 1024
_REMEMBERED_BYTES = 2048


class VersionUnsupported(Unimplemented):
    """A major version of HTTP that is not 1 (RFC 9110 § 15.6.6)."""

    status = 505
    code = "http_version_not_supported"


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a request and what they mean for the framing."""

    headers: Mapping[str, str]
    hosts: int
    length: int
    chunked: bool
    connection: frozenset[str]
    expects: bool
    gzip: bool


class Head(NamedTuple):
    """A request before its body; `path` is percent-decoded."""

    method: str
    path: str
    query: dict[str, list[str]]
    minor: int
    fields: Fields


class Heads:
    """Reads heads; remembers the field blocks it saw, because a client repeats them. One thread's."""

    def __init__(self) -> None:
        self._seen: dict[bytes, Fields] = {}

    def read(self, head: bytes) -> Head:
        """Return what a whole head says; raise Invalid, HeadTooLarge, Unsupported or VersionUnsupported."""
        match = _HEAD.fullmatch(head)
        if match is None:
            raise Invalid(_why(head), code="bad_request")
        method, target, major, minor, block = match.groups()
        if major != b"1":
            raise VersionUnsupported("This server speaks HTTP/1.1 and HTTP/1.0.")
        fields = self._seen.get(block)
        if fields is None:
            fields = self._read_fields(head, block)
        _check_version(fields, minor)
        path, query = _read_target(target.decode("ascii"), fields)
        return Head(method.decode("ascii"), path, query, 0 if minor == b"0" else 1, fields)

    def _read_fields(self, head: bytes, block: bytes) -> Fields:
        fields = _understand(_Kind(head))
        if len(block) <= _REMEMBERED_BYTES:
            if len(self._seen) >= _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            self._seen[block] = fields
        return fields


def check_part(head: bytes, start: int) -> None:
    """Raise Invalid when what an unfinished head has from `start` on can no longer become a good one."""
    if _NEVER.search(head, start):
        raise Invalid(_why(head), code="bad_request")


def check_fields(block: bytes) -> None:
    """Raise Invalid when a trailer section, with its empty line, is not made of good fields."""
    if not _FIELDS.fullmatch(block):
        raise Invalid("A trailer field is malformed.", code="bad_request")


def accepts_gzip(value: str) -> bool:
    """Say whether an Accept-Encoding allows gzip (RFC 9110 § 12.5.3; a weight of 0 forbids)."""
    weights = {}
    for item in value.lower().split(","):
        name, _, weight = item.partition(";")
        weights[name.strip()] = weight.replace(" ", "").removeprefix("q=").strip("0.") != "" if weight else True
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


class _Kind(BaseHTTPRequestHandler):
    """The standard library's parser without its socket."""

    protocol_version = "HTTP/1.1"

    def __init__(self, head: bytes) -> None:
        self.rfile = BytesIO(head)
        self.raw_requestline = self.rfile.readline()
        if not self.parse_request():
            raise Invalid("The request cannot be read.", code="bad_request")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Raise instead of answering."""
        if code == 431:
            raise HeadTooLarge("The request has more than 100 header fields. Send fewer.")
        raise Invalid(f"The request cannot be read: {message}.", code="bad_request")

    def handle_expect_100(self) -> bool:
        """Leave the interim answer to the connection."""
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _understand(kind: _Kind) -> Fields:
    headers: dict[str, str] = {}
    for name, value in kind.headers.items():
        key, text = name.lower(), value.strip(" \t")
        if key in headers:
            headers[key] += ("; " if key == "cookie" else ", ") + text
        else:
            headers[key] = text
    lengths = kind.headers.get_all("content-length", [])
    codings = kind.headers.get_all("transfer-encoding", [])
    _check_values(headers)
    return Fields(
        headers=MappingProxyType(headers),
        hosts=len(kind.headers.get_all("host", [])),
        length=_length(lengths, bool(codings)),
        chunked=_chunked(codings),
        connection=frozenset(part.strip() for part in headers.get("connection", "").lower().split(",")),
        expects=headers.get("expect", "").lower() == "100-continue",
        gzip=accepts_gzip(headers.get("accept-encoding", "")),
    )


def _length(values: list[str], coded: bool) -> int:
    if not values:
        return 0
    if coded:
        raise Invalid("Content-Length and Transfer-Encoding together are ambiguous. Send one.", code="bad_request")
    text = values[0].strip(" \t")
    if len(values) > 1 or not (text.isascii() and text.isdigit()):
        raise Invalid("Content-Length must be sent once, as digits.", code="bad_request")
    return int(text.lstrip("0")[:_LENGTH_DIGITS] or "0")


def _chunked(values: list[str]) -> bool:
    if not values:
        return False
    if len(values) > 1 or values[0].strip(" \t").lower() != "chunked":
        raise Invalid("The only Transfer-Encoding this server reads is chunked.", code="bad_request")
    return True


def _check_values(headers: Mapping[str, str]) -> None:
    if not _HOST.fullmatch(headers.get("host", "")):
        raise Invalid("The Host header is not one host with an optional port.", code="bad_request")
    if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise Unsupported("This server reads bodies without Content-Encoding only. Send it uncompressed.")


def _check_version(fields: Fields, minor: bytes) -> None:
    if fields.hosts != 1 and (fields.hosts > 1 or minor != b"0"):
        raise Invalid("Exactly one Host header is needed.", code="bad_request")
    if fields.chunked and minor == b"0":
        raise Invalid("HTTP/1.0 has no Transfer-Encoding.", code="bad_request")


def _read_target(target: str, fields: Fields) -> tuple[str, dict[str, list[str]]]:
    if not target.startswith("/"):
        target = _origin_form(target, fields.headers.get("host", ""))
    if _BAD_TARGET.search(target):
        raise Invalid("The address has a broken percent escape, an escaped NUL or a '#'.", code="bad_request")
    path, mark, query = target.partition("?")
    try:
        if "%" in path:
            path = unquote_to_bytes(path).decode("utf-8")
        fields_of_query = _read_query(query) if mark and query else {}
    except ValueError:
        raise Invalid("The address must be UTF-8, with at most 1,000 query fields.", code="bad_request") from None
    if _CONTROL.search(path):
        raise Invalid("The path must not have control characters.", code="bad_request")
    return path, fields_of_query


def _read_query(query: str) -> dict[str, list[str]]:
    return parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=_QUERY_FIELDS)


def _origin_form(target: str, host: str) -> str:
    match = _ABSOLUTE.fullmatch(target)
    if not match:
        raise Invalid("The request target must be a path that starts with '/'.", code="bad_request")
    authority, rest = match.groups()
    if authority.lower() != host.lower():
        raise Invalid("The host in the request target and the Host header differ.", code="bad_request")
    return rest if rest.startswith("/") else "/" + rest


def _why(head: bytes) -> str:
    """Name the first thing that is wrong with a head that did not match."""
    for pattern, reason in _REASONS:
        if re.search(pattern, head):
            return reason
    return "The request line or a header field is malformed."


_REASONS = (
    (rb"\x00", "The request head has a NUL byte."),
    (rb"(?<!\r)\n", "Lines of the request head must end with CRLF, not with LF alone."),
    (rb"\r(?!\n|\Z)", "The request head has a carriage return without a line feed."),
    (rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "The request head has a control character."),
    (rb"\n[ \t]", "Folded header fields are not allowed."),
    (rb"\n[^:\r\n]*[ \t]:", "There must be no blank between a header field's name and its colon."),
    (rb"\A[^\r\n]*[\x80-\xff]", "The address must be percent-encoded."),
    (rb"\A(?!\S+ \S+ HTTP/[0-9]\.[0-9]\r\n)", "The request line must be METHOD, address and HTTP/1.1."),
)
