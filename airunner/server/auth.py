"""Who is asking: tokens, roles, the session cookie, and a brake on failed log-ins."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from airunner.base.clock import Clock
from airunner.base.errors import Throttled

COOKIE = "airunner_session"
_RANKS = {"viewer": 1, "operator": 2, "admin": 3}
_COOKIE_PATH = re.compile(r"/[!-:<-~]*")
_FAILURES = 10  # free failures in a row
_FORGET_SECONDS = 900.0
_LONGEST_SECONDS = 300.0
_PEERS = 4096


class WithHeaders(Protocol):
    """A request, as far as this file reads it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a valid token belongs to."""

    name: str
    role: str
    token_id: str


def new_token() -> str:
    """Return a token of 32 random bytes, safe in URLs and headers."""
    return "air_" + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token: SHA-256 in hex (its 256 random bits need no slow hash)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def role_allows(role: str, needed: str) -> bool:
    """Say whether a role is at least the needed one; an unknown role allows nothing."""
    return _RANKS.get(role, 0) >= _RANKS.get(needed, len(_RANKS) + 1)


def read_credentials(request: WithHeaders) -> str | None:
    """Return the token of a request: `Authorization: Bearer` (RFC 6750 § 2.1), else the session cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for pair in request.headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value:
            return value.strip('"')
    return None


def session_cookie(token: str, *, path: str, secure: bool, max_age: int) -> str:
    """Return a Set-Cookie value that scripts cannot read and other sites cannot send (RFC 6265)."""
    if not _COOKIE_PATH.fullmatch(path):
        raise ValueError(f"not a path for a cookie: {path!r}")
    ending = "; Secure" if secure else ""
    return f"{COOKIE}={token}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Strict{ending}"


def clear_cookie(*, path: str, secure: bool) -> str:
    """Return the Set-Cookie value that ends the session in the browser."""
    return session_cookie("", path=path, secure=secure, max_age=0)


@dataclass(slots=True)
class _Record:
    failures: int
    until: float
    last: float


class Throttle:
    """Slows down guessing: after ten failures in a row a place waits, twice as long each time. Thread-safe.

    Remembers at most 4,096 places; an IPv6 place is its /64, which one customer has whole.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def check(self, peer: str) -> None:
        """Raise Throttled, with Retry-After in seconds, while `peer` must wait."""
        with self._lock:
            record = self._records.get(_place(peer))
            wait = record.until - self._clock.monotonic() if record else 0.0
        if wait > 0:
            raise Throttled(
                "Too many failed log-ins from this address. Wait, then try again.",
                headers={"Retry-After": str(math.ceil(wait))},
            )

    def failed(self, peer: str) -> None:
        """Count a failed log-in."""
        now, place = self._clock.monotonic(), _place(peer)
        with self._lock:
            record = self._records.pop(place, None)
            if record is None or now - record.last > _FORGET_SECONDS:
                record = _Record(0, 0.0, now)
            record.failures += 1
            record.last = now
            extra = record.failures - _FAILURES
            if extra >= 0:
                record.until = now + min(_LONGEST_SECONDS, 2.0 ** min(extra, 16))
            self._records[place] = record
            while len(self._records) > _PEERS:
                self._records.popitem(last=False)

    def succeeded(self, peer: str) -> None:
        """Forget the failures of `peer`."""
        with self._lock:
            self._records.pop(_place(peer), None)


def _place(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
