"""Tokens, roles, cookies, and the brake on guessing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airunner.base.errors import Throttled
from airunner.server.auth import (
    Throttle,
    clear_cookie,
    hash_token,
    new_token,
    read_credentials,
    role_allows,
    session_cookie,
)
from tests.server.asking import asked


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


def test_token_when_made_then_long_and_its_own() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("air_") and len(token) == 47 for token in tokens)


def test_hash_when_taken_then_sha256_and_any_text_has_one() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_token("\udcff") != hash_token("\ud800")


@pytest.mark.parametrize(
    ("role", "needed", "allowed"),
    [
        ("viewer", "viewer", True),
        ("operator", "viewer", True),
        ("admin", "operator", True),
        ("viewer", "operator", False),
        ("operator", "admin", False),
        ("root", "viewer", False),
        ("", "viewer", False),
        ("admin", "root", False),
    ],
)
def test_role_when_compared_then_the_higher_has_the_lower(role: str, needed: str, allowed: bool) -> None:
    assert role_allows(role, needed) is allowed


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer  abc "}, "abc"),
        ({"authorization": "Bearer abc", "cookie": "airunner_session=def"}, "abc"),
        ({"cookie": "airunner_session=def"}, "def"),
        ({"cookie": 'a=b; airunner_session="def"; c'}, "def"),
        ({"cookie": "xairunner_session=def"}, None),
        ({"cookie": "airunner_session="}, None),
        ({"authorization": "Basic abc"}, None),
        ({"authorization": "Bearer"}, None),
        ({}, None),
    ],
)
def test_credentials_when_read_then_bearer_before_cookie(headers: dict[str, str], token: str | None) -> None:
    assert read_credentials(asked(**headers)) == token


def test_cookie_when_set_then_scripts_and_other_sites_have_no_use_of_it() -> None:
    cookie = session_cookie("abc", path="/x/", secure=True, max_age=60)
    assert cookie == "airunner_session=abc; Path=/x/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
    assert clear_cookie(path="/", secure=False) == ("airunner_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")


@pytest.mark.parametrize("path", ["x", "/a;b", "/a\r\nb", "/ü"])
def test_cookie_when_the_path_is_odd_then_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        session_cookie("abc", path=path, secure=True, max_age=60)


def _wait(throttle: Throttle, peer: str) -> int:
    try:
        throttle.check(peer)
    except Throttled as error:
        return int(error.headers["Retry-After"])
    return 0


def test_throttle_when_guessing_goes_on_then_waits_grow_to_a_bound() -> None:
    clock = _Clock()
    throttle, waits = Throttle(clock), []
    for _ in range(22):
        throttle.failed("192.0.2.1")
        waits.append(_wait(throttle, "192.0.2.1"))
        clock.seconds += waits[-1]
    assert waits[:12] == [0] * 9 + [1, 2, 4]
    assert max(waits) == waits[-1] == 300
    assert _wait(throttle, "192.0.2.1") == 0
    assert _wait(throttle, "192.0.2.2") == 0


def test_throttle_when_it_succeeds_or_time_passes_then_forgotten() -> None:
    clock = _Clock()
    throttle = Throttle(clock)
    for forget in (lambda: throttle.succeeded("192.0.2.1"), lambda: setattr(clock, "seconds", clock.seconds + 2000)):
        throttle.succeeded("192.0.2.1")
        for _ in range(10):
            throttle.failed("192.0.2.1")
        assert _wait(throttle, "192.0.2.1") == 1
        forget()
        throttle.failed("192.0.2.1")
        assert _wait(throttle, "192.0.2.1") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1%eth0", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("unix", "unix", True),
    ],
)
def test_throttle_when_a_place_has_many_addresses_then_they_count_as_one(one: str, other: str, same: bool) -> None:
    throttle = Throttle(_Clock())
    for _ in range(10):
        throttle.failed(one)
    assert bool(_wait(throttle, other)) is same


def test_throttle_when_many_places_fail_then_memory_is_bounded() -> None:
    throttle = Throttle(_Clock())
    for number in range(10_000):
        throttle.failed(f"10.0.{number // 256}.{number % 256}")
    assert len(throttle._records) == 4096
