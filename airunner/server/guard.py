"""Who may be asked for, and from where: Host allow-list, Origin check, security headers.

A foreign page must not reach this server through a name it controls (DNS rebinding) or through a form (CSRF).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from airunner.base.errors import Forbidden
from airunner.server.wire import Request

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@]+)(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)")
_PORTS = {"http": 80, "https": 443}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# A page for other pages to show. It knows no session, only the token that they give it, so nobody can be led to press
# what he may and they may not.
_EMBEDDED_PATHS = frozenset({"/widget", "/widget.html"})
_EMBEDDED = {name: value for name, value in _HEADERS.items() if name != "X-Frame-Options"} | {
    "Content-Security-Policy": _POLICY.replace("frame-ancestors 'self'", "frame-ancestors *")
}


class HostGuard:
    """Knows the names this server answers to.

    Loopback names and addresses with our port or none; each of `allowed`: as `name` with any port (a proxy has its
    own), as `name:port` with that one. `any_address` also lets in every plain IP address with our port or none, for a
    server that listens on all of them: an address cannot be rebound.
    """

    def __init__(self, allowed: Iterable[str], port: int, *, any_address: bool = False) -> None:
        self._port = port
        self._any_address = any_address
        self._allowed = {parts for parts in map(_split, map(_bracketed, allowed)) if parts}

    def check(self, request: Request) -> None:
        """Raise Forbidden when the Host header is not one of ours. HTTP/1.0 may leave it out; browsers never do."""
        host = request.headers.get("host")
        if host is not None and not self._knows(host):
            raise Forbidden(
                "This server does not answer to that host name. Allow it with --allow-host.", code="host_not_allowed"
            )

    def _knows(self, host: str) -> bool:
        parts = _split(host)
        if parts is None:
            return False
        name, port = parts
        if parts in self._allowed:
            return True
        if _is_loopback(name) or (self._any_address and _address(name)):
            return port in (None, self._port)
        return (name, None) in self._allowed


def check_origin(request: Request, own: Iterable[str]) -> None:
    """Raise Forbidden when a write comes from a page that is not ours.

    Browsers send Origin with every write, and cannot be made to lie about Sec-Fetch-Site (Fetch Metadata); scripts
    and tools send neither.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    known = origin is None or _normal(origin) in {_normal(one) for one in own} - {None}
    if site not in ("same-origin", "none") or not known:
        raise Forbidden(
            "This came from a page of another site. Behind a proxy, let it pass on the Host header with its port.",
            code="foreign_origin",
        )


def own_origins(request: Request) -> list[str]:
    """Return the origins that a page of this server can have, from a Host header that has been checked.

    Without TLS of our own a proxy may add it, so that both schemes are ours.
    """
    host = request.headers.get("host", "")
    schemes = ("https",) if request.secure else ("http", "https")
    return [f"{scheme}://{host}" for scheme in schemes] if host else []


def security_headers(path: str) -> Mapping[str, str]:
    """Return the header fields that every answer at `path` carries (CSP 3, Fetch, RFC 9111 for what is an answer)."""
    return _EMBEDDED if path in _EMBEDDED_PATHS else _HEADERS


def _split(authority: str) -> tuple[str, int | None] | None:
    match = _AUTHORITY.fullmatch(authority.strip().lower())
    if not match:
        return None
    return match[1].removesuffix("."), int(match[2]) if match[2] else None


def _bracketed(host: str) -> str:
    """Return an IPv6 address as it stands in a Host header, anything else unchanged."""
    return f"[{host}]" if host.count(":") > 1 and "[" not in host and _address(host) else host


def _normal(origin: str) -> tuple[str, str, int] | None:
    match = _ORIGIN.fullmatch(origin.strip().lower())
    parts = _split(match[2]) if match else None
    if match is None or parts is None:
        return None
    return match[1], parts[0], parts[1] or _PORTS[match[1]]


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return name == "localhost" or (address is not None and address.is_loopback)
