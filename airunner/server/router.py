"""Method and path to handler: a tree of path segments; 404 and 405 for free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airunner.base.errors import MethodNotAllowed, NotFound
from airunner.server.parking import Park
from airunner.server.wire import Request, Response

Schema = dict[str, Any]  # JSON Schema 2020-12
Handler = Callable[[Request], Response | Park]


@dataclass(frozen=True)
class Route:
    """One line of the route table; a segment such as `:runId` is a parameter; role None is open to everybody."""

    method: str
    pattern: str
    handler: Handler
    role: str | None
    summary: str
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    answer: Schema | None = None
    status: int = 200

    @property
    def segments(self) -> list[str]:
        """The pattern, cut at its slashes."""
        return self.pattern.split("/")[1:]


class Router:
    """Finds the route of a request. HEAD is served by GET; literal segments win over parameters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            self._root.add(route)

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and its parameters; raise NotFound, or MethodNotAllowed with `Allow`."""
        segments = path.split("/")[1:]
        wanted = "GET" if method == "HEAD" else method
        allowed: set[str] = set()
        for node in self._root.find(segments, 0):
            route = node.routes.get(wanted)
            if route is not None:
                return route, _params(route, segments)
            allowed.update(node.routes)
        if not allowed:
            raise NotFound("There is nothing at this address.")
        if "GET" in allowed:
            allowed.add("HEAD")
        raise MethodNotAllowed(f"{method} is not possible here.", headers={"Allow": ", ".join(sorted(allowed))})


class _Node:
    """What may follow a beginning of a path."""

    __slots__ = ("_literals", "_parameter", "routes")

    def __init__(self) -> None:
        self._literals: dict[str, _Node] = {}
        self._parameter: _Node | None = None
        self.routes: dict[str, Route] = {}

    def add(self, route: Route) -> None:
        node = self
        for segment in route.segments:
            node = node._grow(segment)
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.pattern}")
        node.routes[route.method] = route

    def find(self, segments: list[str], at: int) -> Iterator[_Node]:
        """Yield the nodes with routes that fit, the most literal first."""
        if at == len(segments):
            if self.routes:
                yield self
            return
        literal = self._literals.get(segments[at])
        if literal is not None:
            yield from literal.find(segments, at + 1)
        if self._parameter is not None and segments[at]:
            yield from self._parameter.find(segments, at + 1)

    def _grow(self, segment: str) -> _Node:
        if not segment.startswith(":"):
            return self._literals.setdefault(segment, _Node())
        if self._parameter is None:
            self._parameter = _Node()
        return self._parameter


def _params(route: Route, segments: list[str]) -> dict[str, str]:
    names = route.segments
    return {name[1:]: value for name, value in zip(names, segments, strict=True) if name.startswith(":")}
