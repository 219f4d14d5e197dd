"""JSON in and out; the single place where an error becomes a response."""

from __future__ import annotations

import json
import re
from typing import Any

from airunner.base.errors import AirunnerError, Invalid, PreconditionFailed, Unsupported
from airunner.domain.fields import Checker
from airunner.domain.record import Doc, encode
from airunner.server.auth import role_allows
from airunner.server.wire import Request, Response

_JSON = "application/json"
_NUMBER = re.compile(r"[0-9]{1,16}")


def reply(value: object, status: int = 200, *, revision: int | None = None) -> Response:
    """Return a JSON answer; `revision` becomes its entity tag."""
    return raw_reply(encode(value), status, revision=revision)


def raw_reply(body: bytes, status: int = 200, *, revision: int | None = None) -> Response:
    """Return an answer whose JSON is ready."""
    headers = {"Content-Type": _JSON, "Cache-Control": "no-store"}
    if revision is not None:
        headers["ETag"] = f'"{revision}"'
    return Response(status, headers, body)


def render_error(error: AirunnerError) -> Response:
    """Return what a client gets for an error."""
    body: Doc = {"error": error.message, "code": error.code}
    if error.fields:
        body["fields"] = error.fields
    answer = reply(body, error.status)
    answer.headers.update(error.headers)
    return answer


def read_json(request: Request) -> Any:
    """Return the body's JSON (RFC 8259, UTF-8); an empty body is an empty object. Raises Invalid, Unsupported."""
    if not request.body.strip():
        return {}
    kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if kind != _JSON:
        raise Unsupported(f"The body must be JSON with Content-Type: {_JSON}; it is {kind!r}.")
    try:
        return json.loads(request.body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        detail = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Invalid(f"The body is not JSON: {detail}.", code="malformed_json") from error


def no_fields(request: Request) -> None:
    """Raise Invalid for a body that has fields: this route takes none."""
    Checker(read_json(request), read_only=()).done()


def expected_revision(request: Request) -> int | None:
    """Return the revision that `If-Match` asks for (RFC 9110 § 13.1.1), None for any; raise PreconditionFailed."""
    text = request.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    number = text.removeprefix("W/").strip('"')
    if not _NUMBER.fullmatch(number):
        raise PreconditionFailed("If-Match does not name a version of this; read it again and repeat the change.")
    return int(number)


def one(request: Request, name: str, default: str = "") -> str:
    """Return a query parameter that may be there once; raise Invalid for more."""
    values = request.query.get(name, [])
    if len(values) > 1:
        raise Invalid(f"The parameter {name} may be given once.", fields={name: "given more than once"})
    return values[0] if values else default


def whole(request: Request, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
    """Return a query parameter that is a whole number; raise Invalid."""
    text = one(request, name, str(default))
    if not (_NUMBER.fullmatch(text) and least <= int(text) <= most):
        why = f"{name} must be a whole number from {least} to {most}; it is {text[:40]!r}."
        raise Invalid(why, fields={name: why})
    return int(text)


def only(request: Request, *names: str) -> None:
    """Raise Invalid for a query parameter that this route does not have."""
    for name in request.query:
        if name not in names:
            there = f"there are: {', '.join(names)}" if names else "there are none here"
            why = f"There is no parameter {name[:40]!r}; {there}."
            raise Invalid(why, fields={name[:40]: why})


def caller(request: Request) -> str:
    """Return the name of whoever asks."""
    return request.identity.name if request.identity else "local"


def is_admin(request: Request) -> bool:
    """Say whether whoever asks is an administrator."""
    return request.identity is not None and role_allows(request.identity.role, "admin")


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number in JSON")
