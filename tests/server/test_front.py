"""The order of the checks, and that nothing gets past them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from airunner.base.bus import Bus, Change
from airunner.base.errors import AirunnerError, Busy, Conflict
from airunner.server.assets import Assets
from airunner.server.auth import Identity, read_credentials
from airunner.server.front import FrontDoor
from airunner.server.guard import HostGuard
from airunner.server.parking import Park
from airunner.server.router import Route, Router
from airunner.server.wire import Request, Response
from tests.helpers.wait import until
from tests.server.asking import asked
from tests.server.served import request, served

_IDENTITIES = {role: Identity(role, role, role) for role in ("viewer", "operator", "admin")}


def _render(error: AirunnerError) -> Response:
    return Response(
        error.status, dict(error.headers), json.dumps({"code": error.code, "error": error.message}).encode()
    )


def _identify(request: Request) -> Identity | None:
    token = read_credentials(request)
    if token == "away":
        raise Busy("The store is away.")
    return _IDENTITIES.get(token or "")


def _who(request: Request) -> Response:
    name = request.identity.name if request.identity else "nobody"
    return Response(200, {"X-Who": name}, json.dumps(request.params).encode())


def _fail(request: Request) -> Response:
    raise ValueError("the password is 1234")


def _conflict(request: Request) -> Response:
    raise Conflict("Already finished.")


def _park(request: Request) -> Park:
    def answer(time_is_up: bool) -> Response | None:
        if request.query.get("fail"):
            raise Conflict("Not now.")
        return Response(200, {}, b"time") if time_is_up else None

    return Park((Change("runs"),), 0, 5, answer)


_ROUTES = [
    Route("GET", "/healthz", _who, None, ""),
    Route("GET", "/metrics", _who, "viewer", ""),
    Route("POST", "/api/login", _who, None, ""),
    Route("GET", "/api/runs/:id", _who, "viewer", ""),
    Route("POST", "/api/runs", _who, "operator", ""),
    Route("DELETE", "/api/tokens/:id", _who, "admin", ""),
    Route("GET", "/api/fail", _fail, "viewer", ""),
    Route("GET", "/api/conflict", _conflict, "viewer", ""),
    Route("GET", "/api/park", _park, "viewer", ""),
]


@pytest.fixture
def front(tmp_path: Path) -> FrontDoor:
    (tmp_path / "index.html").write_text("<!doctype html>")
    return FrontDoor(
        Router(_ROUTES),
        guard=HostGuard([], 8787),
        identify=_identify,
        assets=Assets(tmp_path),
        render=_render,
    )


def _ask(front: FrontDoor, line: str, token: str | None = None, **headers: str) -> Response:
    method, path = line.split(" ")
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    answer = front.handle(asked(method, path, host="localhost:8787", **bearer, **headers))
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize(
    ("line", "token", "status"),
    [
        ("GET /", None, 200),
        ("HEAD /index.html", None, 200),
        ("POST /", None, 405),
        ("GET /nothing", None, 404),
        ("GET /healthz", None, 200),
        ("GET /healthz", "away", 200),
        ("POST /healthz", None, 405),
        ("GET /metrics", None, 401),
        ("GET /metrics", "viewer", 200),
        ("POST /api/login", None, 200),
        ("GET /api/login", None, 401),
        ("GET /api/login", "viewer", 405),
        ("GET /api", None, 401),
        ("GET /api/nothing", None, 401),
        ("GET /api/nothing", "wrong", 401),
        ("GET /api/nothing", "viewer", 404),
        ("GET /api/nothing", "away", 503),
        ("GET /apiary", None, 404),
        ("GET /api/runs/7", None, 401),
        ("GET /api/runs/7", "viewer", 200),
        ("HEAD /api/runs/7", "viewer", 200),
        ("PATCH /api/runs/7", None, 401),
        ("PATCH /api/runs/7", "viewer", 405),
        ("POST /api/runs", None, 401),
        ("POST /api/runs", "viewer", 403),
        ("POST /api/runs", "operator", 200),
        ("POST /api/runs", "admin", 200),
        ("DELETE /api/tokens/1", "operator", 403),
        ("DELETE /api/tokens/1", "admin", 200),
        ("GET /api/conflict", "viewer", 409),
        ("GET /api/fail", "viewer", 500),
    ],
)
def test_door_when_asked_then_the_first_check_that_fails_answers(
    front: FrontDoor, line: str, token: str | None, status: int
) -> None:
    assert _ask(front, line, token).status == status


@pytest.mark.parametrize("line", ["GET /", "GET /healthz", "GET /api/runs/7", "POST /api/login", "GET /nothing"])
def test_door_when_the_host_is_foreign_then_403_before_all_else(front: FrontDoor, line: str) -> None:
    method, path = line.split(" ")
    answer = front.handle(asked(method, path, host="evil.example", authorization="Bearer admin"))
    assert isinstance(answer, Response)
    assert answer.status == 403


@pytest.mark.parametrize(
    ("line", "status"), [("POST /api/runs", 403), ("POST /api/login", 403), ("POST /api/nothing", 403)]
)
def test_door_when_a_write_comes_from_elsewhere_then_403(front: FrontDoor, line: str, status: int) -> None:
    assert _ask(front, line, "admin", origin="http://evil.example").status == status


def test_door_when_let_in_then_the_handler_knows_who_and_what(front: FrontDoor) -> None:
    answer = _ask(front, "GET /api/runs/7", "viewer")
    assert (answer.headers["X-Who"], answer.body) == ("viewer", b'{"id": "7"}')
    assert _ask(front, "POST /api/login", "viewer").headers["X-Who"] == "nobody"


def test_door_when_it_refuses_then_says_how_to_do_better(front: FrontDoor) -> None:
    assert _ask(front, "GET /api/x").headers["WWW-Authenticate"].startswith("Bearer")
    assert _ask(front, "PATCH /api/runs/7", "viewer").headers["Allow"] == "GET, HEAD"
    assert b"operator" in bytes(_ask(front, "POST /api/runs", "viewer").body)  # type: ignore[arg-type]


def test_door_when_it_answers_then_security_headers_are_on_everything(front: FrontDoor) -> None:
    for line in ("GET /", "GET /healthz", "GET /api/x", "GET /api/runs/7", "GET /nothing", "GET /api/fail"):
        answer = _ask(front, line, "viewer")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert front.refuse(Busy("Full.")).headers["X-Content-Type-Options"] == "nosniff"
    assert _ask(front, "GET /api/runs/7", "viewer").headers["Cache-Control"] == "no-store"
    assert _ask(front, "GET /").headers["Cache-Control"] == "no-cache"


def test_door_when_a_handler_breaks_then_the_log_knows_and_the_client_does_not(
    front: FrontDoor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "airunner"):
        answer = _ask(front, "GET /api/fail", "viewer")
    assert b"1234" not in bytes(answer.body)  # type: ignore[arg-type]
    assert caplog.text.count("ValueError: the password is 1234") == 1


def test_door_when_a_request_parks_then_its_answer_is_guarded_too(front: FrontDoor) -> None:
    query = asked(path="/api/park", host="localhost", authorization="Bearer viewer")
    park = front.handle(query)
    assert isinstance(park, Park)
    assert park.answer(False) is None
    done = park.answer(True)
    assert done is not None
    assert done.headers["Cache-Control"] == "no-store"
    query.query["fail"] = ["1"]
    refused = park.answer(True)
    assert refused is not None
    assert refused.status == 409


def test_door_when_behind_a_real_server_then_errors_before_it_look_the_same(front: FrontDoor) -> None:
    bus = Bus()
    with served(front.handle, bus=bus, render=front.refuse, base_path="/x") as site:
        fields = ("Authorization: Bearer viewer",)
        assert site.ask(request("GET /x/api/runs/7", *fields)).json() == {"id": "7"}
        bad = site.ask(b"GET / HTTP/1.1\n\n")
        assert (bad.status, bad.json()["code"], bad.headers["x-content-type-options"]) == (
            400,
            "bad_request",
            "nosniff",
        )
        outside = site.ask(request("GET /api/runs/7", *fields))
        assert (outside.status, outside.headers["cache-control"]) == (404, "no-store")
        with site.connect() as wire:
            wire.send(request("GET /x/api/park", *fields))
            until(lambda: site.server.parked == 1)
