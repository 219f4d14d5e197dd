"""The document that describes the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airunner.server.openapi import document
from airunner.server.router import Route
from airunner.server.wire import Request, Response


def _handler(request: Request) -> Response:
    return Response()


_RUN = {"type": "object", "properties": {"runId": {"type": "string"}}}
_ROUTES = [
    Route("GET", "/healthz", _handler, None, "Say whether all is well"),
    Route(
        "GET",
        "/api/runs",
        _handler,
        "viewer",
        "List runs",
        query={"limit": {"type": "integer", "description": "At most"}, "to": {"type": "string", "x-required": True}},
        answer={"type": "array", "items": _RUN},
    ),
    Route("POST", "/api/runs", _handler, "operator", "Start a run", body=_RUN, answer=_RUN, status=201),
    Route("GET", "/api/runs/:runId", _handler, "viewer", "One run", answer=_RUN),
    Route("GET", "/api/runs/:runId/steps/:step", _handler, "viewer", "One step"),
    Route("GET", "/api/runs/runId", _handler, "viewer", "A literal of that name"),
    Route("DELETE", "/api/tokens/:id", _handler, "admin", "Revoke a token"),
]


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document(_ROUTES, title="airunner", version="1.2.3", prefix="/x")


def test_document_when_made_then_plain_json_with_head(made: dict[str, Any]) -> None:
    assert json.loads(json.dumps(made)) == made
    assert made["openapi"] == "3.1.0"
    assert made["info"] == {"title": "airunner", "version": "1.2.3"}
    assert made["servers"] == [{"url": "/x"}]
    assert document([], title="a", version="1", prefix="")["servers"] == [{"url": "/"}]


def test_document_when_made_then_every_route_has_a_name_of_its_own(made: dict[str, Any]) -> None:
    operations = [operation for path in made["paths"].values() for operation in path.values()]
    assert len(operations) == len(_ROUTES)
    assert len({operation["operationId"] for operation in operations}) == len(_ROUTES)
    assert made["paths"]["/api/runs/{runId}"]["get"]["operationId"] == "getApiRunsByRunId"


def test_document_when_a_path_has_parameters_then_each_is_described(made: dict[str, Any]) -> None:
    step = made["paths"]["/api/runs/{runId}/steps/{step}"]["get"]
    assert [(p["name"], p["in"], p["required"]) for p in step["parameters"]] == [
        ("runId", "path", True),
        ("step", "path", True),
    ]
    assert "404" in step["responses"]


def test_document_when_a_query_is_known_then_described(made: dict[str, Any]) -> None:
    limit, to = made["paths"]["/api/runs"]["get"]["parameters"]
    assert limit == {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer"},
        "description": "At most",
    }
    assert (to["required"], to["schema"]) == (True, {"type": "string"})


def test_document_when_a_route_writes_then_body_answer_and_errors(made: dict[str, Any]) -> None:
    start = made["paths"]["/api/runs"]["post"]
    assert start["requestBody"]["content"]["application/json"]["schema"] == _RUN
    assert start["responses"]["201"]["content"]["application/json"]["schema"] == _RUN
    assert {"400", "401", "403", "409", "413", "503"} <= set(start["responses"])
    for code, answer in start["responses"].items():
        if code != "201":
            assert answer["$ref"].rpartition("/")[2] in made["components"]["responses"]


def test_document_when_a_route_is_open_then_it_says_so(made: dict[str, Any]) -> None:
    assert made["paths"]["/healthz"]["get"]["security"] == []
    assert "401" not in made["paths"]["/healthz"]["get"]["responses"]
    assert "security" not in made["paths"]["/api/runs"]["get"]
    assert made["security"] == [{"bearer": []}, {"cookie": []}]
    assert made["components"]["securitySchemes"]["cookie"]["name"] == "airunner_session"
    assert "admin" in made["paths"]["/api/tokens/{id}"]["delete"]["description"]
