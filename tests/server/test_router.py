"""Routes: which handler, which parameters, and what is said when there is none."""

from __future__ import annotations

import pytest

from airunner.base.errors import MethodNotAllowed, NotFound
from airunner.server.router import Route, Router
from airunner.server.wire import Request, Response


def _route(method: str, pattern: str) -> Route:
    def handler(request: Request) -> Response:
        return Response()

    return Route(method, pattern, handler, "viewer", f"{method} {pattern}")


_ROUTER = Router(
    [
        _route("GET", "/runs"),
        _route("POST", "/runs"),
        _route("GET", "/runs/active"),
        _route("GET", "/runs/:runId"),
        _route("DELETE", "/runs/:id"),
        _route("POST", "/runs/:runId/kill"),
        _route("GET", "/runs/:runId/:view"),
        _route("GET", "/runs/latest/output"),
        _route("POST", "/profiles/validate"),
        _route("PUT", "/profiles/:id"),
        _route("GET", "/"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "params"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/runs", "GET /runs", {}),
        ("POST", "/runs", "POST /runs", {}),
        ("HEAD", "/runs", "GET /runs", {}),
        ("GET", "/runs/active", "GET /runs/active", {}),
        ("GET", "/runs/7", "GET /runs/:runId", {"runId": "7"}),
        ("HEAD", "/runs/7", "GET /runs/:runId", {"runId": "7"}),
        ("DELETE", "/runs/7", "DELETE /runs/:id", {"id": "7"}),
        ("DELETE", "/runs/active", "DELETE /runs/:id", {"id": "active"}),
        ("POST", "/runs/7/kill", "POST /runs/:runId/kill", {"runId": "7"}),
        ("GET", "/runs/7/kill", "GET /runs/:runId/:view", {"runId": "7", "view": "kill"}),
        ("GET", "/runs/latest/output", "GET /runs/latest/output", {}),
        ("GET", "/runs/latest/log", "GET /runs/:runId/:view", {"runId": "latest", "view": "log"}),
        ("PUT", "/profiles/validate", "PUT /profiles/:id", {"id": "validate"}),
        ("GET", "/runs/a b:ü", "GET /runs/:runId", {"runId": "a b:ü"}),
    ],
)
def test_match_when_a_route_fits_then_it_and_its_parameters(
    method: str, path: str, found: str, params: dict[str, str]
) -> None:
    route, values = _ROUTER.match(method, path)
    assert (route.summary, values) == (found, params)


@pytest.mark.parametrize(
    "path", ["/x", "/runs/", "/runs/7/", "//", "/runs//kill", "/runs/7/kill/now", "/RUNS", "//runs"]
)
def test_match_when_nothing_fits_then_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        _ROUTER.match("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/runs", "GET, HEAD, POST"),
        ("OPTIONS", "/runs/active", "DELETE, GET, HEAD"),
        ("GET", "/profiles/validate", "POST, PUT"),
        ("FOO", "/runs/7/kill", "GET, HEAD, POST"),
        ("HEAD", "/profiles/7", "PUT"),
    ],
)
def test_match_when_the_method_does_not_fit_then_405_names_those_that_do(method: str, path: str, allowed: str) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        _ROUTER.match(method, path)
    assert caught.value.headers["Allow"] == allowed


def test_router_when_two_routes_are_one_then_refused() -> None:
    with pytest.raises(ValueError, match="two routes"):
        Router([_route("GET", "/a/:x"), _route("GET", "/a/:y")])
