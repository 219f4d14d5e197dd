"""The OpenAPI 3.1 document, from the route table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from airunner.server.auth import COOKIE
from airunner.server.router import Route

_PARAMETER = re.compile(r":(\w+)")
_WORD = re.compile(r"[A-Za-z0-9]+")
_ERROR = {
    "type": "object",
    "required": ["error", "code"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong and what to do."},
        "code": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_REASONS = {
    "400": "Invalid: malformed, or a field is refused",
    "401": "No valid token",
    "403": "The token's role does not allow it, or the request came from elsewhere",
    "404": "There is no such thing",
    "409": "Not possible in its present state",
    "413": "The body is too large",
    "503": "Away for the moment; try again",
}


def document(routes: Iterable[Route], *, title: str, version: str, prefix: str) -> dict[str, Any]:
    """Return the document; `prefix` is where the server's root is seen from outside ("" or "/base")."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.pattern)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": prefix or "/"}],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "responses": {code: _failure(reason) for code, reason in _REASONS.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }


def operation_id(route: Route) -> str:
    """Return a name that is one route's alone, such as `getRunsByRunId`."""
    words = [route.method.lower()]
    for segment in route.segments:
        parts = _WORD.findall(segment)
        words += ["By", *parts] if segment.startswith(":") else parts
    return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "responses": {str(route.status): _success(route), **_failures(route)},
    }
    parameters = _path_parameters(route) + _query_parameters(route)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    if route.role is None:
        operation["security"] = []
    else:
        operation["description"] = f"Needs the role {route.role}."
        operation["x-role"] = route.role
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = _PARAMETER.findall(route.pattern)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": bool(schema.get("x-required")), "schema": _plain(schema)}
        | ({"description": schema["description"]} if "description" in schema else {})
        for name, schema in route.query.items()
    ]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("x-required", "description")}


def _success(route: Route) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        answer["content"] = {"application/json": {"schema": route.answer}}
    return answer


def _failures(route: Route) -> dict[str, Any]:
    codes = ["400", "503"]
    if route.role is not None:
        codes += ["401", "403"]
    if ":" in route.pattern:
        codes.append("404")
    if route.method not in ("GET", "HEAD"):
        codes += ["403", "409", "413"]
    return {code: {"$ref": f"#/components/responses/{code}"} for code in sorted(set(codes))}


def _failure(reason: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": reason, "content": {"application/json": {"schema": schema}}}
