"""Names we answer to, pages we take writes from, and what every answer forbids."""

from __future__ import annotations

import pytest

from airunner.base.errors import Forbidden
from airunner.server.guard import HostGuard, check_origin, own_origins, security_headers
from tests.server.asking import asked

_GUARD = HostGuard(["ops.example.com", "pinned.example.com:8443", "[2001:db8::1]"], 8787)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8787",
        "LocalHost:8787",
        "localhost.:8787",
        "127.0.0.1",
        "127.0.0.1:8787",
        "127.1.2.3:8787",
        "[::1]",
        "[::1]:8787",
        "ops.example.com",
        "OPS.example.com:443",
        "pinned.example.com:8443",
        "[2001:db8::1]:99",
        None,
    ],
)
def test_host_when_it_is_ours_then_let_in(host: str | None) -> None:
    _GUARD.check(asked(host=host))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8787",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8787",
        "localhost:8788",
        "localhost:0",
        "127.0.0.1:80",
        "sub.ops.example.com",
        "ops.example.com.evil.example",
        "pinned.example.com",
        "pinned.example.com:443",
        "192.168.1.5:8787",
        "0.0.0.0:8787",
        "[::]:8787",
        "user@localhost",
        "localhost:8787:8787",
        "localhost:",
        "127.1",
        "2130706433",
        "0x7f.1",
        "::1",
        "[::1",
        "[localhost]",
    ],
)
def test_host_when_it_is_not_ours_then_403(host: str) -> None:
    with pytest.raises(Forbidden) as caught:
        _GUARD.check(asked(host=host))
    assert caught.value.code == "host_not_allowed"


def test_host_when_the_bound_address_is_allowed_then_as_browsers_write_it() -> None:
    HostGuard(["2001:db8::1"], 8787).check(asked(host="[2001:DB8::1]:8787"))
    HostGuard(["192.168.1.5"], 8787).check(asked(host="192.168.1.5:8787"))
    for own in ("127.0.0.1", "::1", "localhost"):
        with pytest.raises(Forbidden):
            HostGuard([own], 8787).check(asked(host="localhost:1"))


@pytest.mark.parametrize(
    ("host", "ours"),
    [("192.168.1.5:8787", True), ("[2001:db8::9]", True), ("192.168.1.5:80", False), ("evil.example:8787", False)],
)
def test_host_when_any_address_is_ours_then_addresses_and_no_names(host: str, ours: bool) -> None:
    guard = HostGuard([], 8787, any_address=True)
    if ours:
        guard.check(asked(host=host))
    else:
        with pytest.raises(Forbidden):
            guard.check(asked(host=host))


def _check(method: str, secure: bool = False, host: str | None = "localhost:8787", **headers: str) -> None:
    request = asked(method, host=host, secure=secure, **headers)
    check_origin(request, own_origins(request))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer x"},
        {"origin": "http://localhost:8787"},
        {"origin": "HTTP://LOCALHOST:8787", "sec_fetch_site": "same-origin"},
        {"origin": "https://localhost:8787"},
        {"sec_fetch_site": "none"},
        {"host": "ops.example.com", "origin": "https://ops.example.com"},
        {"host": "ops.example.com:443", "origin": "https://ops.example.com"},
        {"host": "ops.example.com", "origin": "https://ops.example.com:443"},
        {"host": "[::1]:8787", "origin": "http://[::1]:8787"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_write_when_from_our_page_or_a_tool_then_let_in(method: str, headers: dict[str, str]) -> None:
    _check(method, **headers)


_FOREIGN = [
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://evil.example"},
    {"origin": "http://localhost:3000"},
    {"origin": "http://localhost"},
    {"origin": "http://127.0.0.1:8787"},
    {"origin": "http://localhost:8787.evil.example"},
    {"origin": "http://localhost:8787@evil.example"},
    {"origin": "http://localhost:8787, http://evil.example"},
    {"origin": "ftp://localhost:8787"},
    {"origin": "localhost:8787"},
    {"origin": "http://localhost:8787", "sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"authorization": "Bearer x", "origin": "http://evil.example"},
    {"origin": "http://localhost:8787", "secure": True},
    {"origin": "http://localhost:8787", "host": None},
]


@pytest.mark.parametrize("headers", _FOREIGN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FOO"])
def test_write_when_from_a_foreign_page_then_403(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden) as caught:
        _check(method, **headers)  # type: ignore[arg-type]
    assert caught.value.code == "foreign_origin"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_read_when_from_a_foreign_page_then_not_asked(method: str) -> None:
    _check(method, origin="http://evil.example", sec_fetch_site="cross-site")


def test_security_headers_when_given_then_nothing_inline_and_nothing_foreign() -> None:
    headers = security_headers("/")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "font-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'self'"
    assert {policy["base-uri"], policy["form-action"]} == {"'none'"}
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
