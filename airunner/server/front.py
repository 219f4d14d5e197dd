"""The front door: the one place where every request is checked, in one order, before a handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from airunner.base.errors import AirunnerError, Broken, Busy, Forbidden, MethodNotAllowed, NotFound, Unauthorised
from airunner.base.log import logger, pairs
from airunner.server.assets import Assets
from airunner.server.auth import Identity, role_allows
from airunner.server.guard import HostGuard, check_origin, own_origins, security_headers
from airunner.server.parking import Park
from airunner.server.router import Route, Router
from airunner.server.wire import Request, Response

_log = logger("server")


class FrontDoor:
    """Host, assets and open routes, who, from where, which route, which role; then the handler.

    Below `api_prefix` everything without a valid token is 401, known or not. `identify` returns who a request's token
    belongs to, or None.
    """

    def __init__(
        self,
        router: Router,
        *,
        api_prefix: str = "/api",
        guard: HostGuard,
        identify: Callable[[Request], Identity | None],
        assets: Assets | None,
        render: Callable[[AirunnerError], Response],
    ) -> None:
        self._router = router
        self._prefix = api_prefix
        self._guard = guard
        self._identify = identify
        self._assets = assets
        self._render = render

    def handle(self, request: Request) -> Response | Park:
        """Answer a request; never raises."""
        path = request.path
        try:
            answer = self._enter(request)
        except Exception as fault:
            return self._finish(path, self._refusal(fault, path))
        if isinstance(answer, Park):
            return replace(answer, answer=self._guarded(path, answer.answer))
        return self._finish(path, answer)

    def refuse(self, error: AirunnerError) -> Response:
        """Return the answer to what reached no handler: for `Server(render=…)`."""
        return self._finish("", self._render(error))

    def _enter(self, request: Request) -> Response | Park:
        self._guard.check(request)
        inside = self._is_api(request.path)
        if not inside and (asset := self._asset(request)) is not None:
            return asset
        route = self._open_route(request)
        if route is None:
            if inside:
                self._admit(request)
            check_origin(request, own_origins(request))
            route, request.params = self._router.match(request.method, request.path)
        else:
            check_origin(request, own_origins(request))
        if route.role is not None:
            self._check_role(request, route.role)
        return route.handler(request)

    def _open_route(self, request: Request) -> Route | None:
        try:
            route, params = self._router.match(request.method, request.path)
        except (NotFound, MethodNotAllowed):
            return None
        if route.role is not None:
            return None
        request.params = params
        return route

    def _asset(self, request: Request) -> Response | None:
        if self._assets is None or request.path not in self._assets:
            return None
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(f"{request.method} is not possible here.", headers={"Allow": "GET, HEAD"})
        return self._assets.get(request.path, request)

    def _admit(self, request: Request) -> Identity:
        if request.identity is None:
            request.identity = self._identify(request)
        if request.identity is None:
            raise Unauthorised("A valid token is needed.", headers={"WWW-Authenticate": 'Bearer realm="airunner"'})
        return request.identity

    def _check_role(self, request: Request, needed: str) -> None:
        identity = self._admit(request)
        if not role_allows(identity.role, needed):
            raise Forbidden(f"This needs the role {needed}; your token has the role {identity.role}.", code="role")

    def _is_api(self, path: str) -> bool:
        return path == self._prefix or path.startswith(self._prefix + "/")

    def _guarded(self, path: str, answer: Callable[[bool], Response | None]) -> Callable[[bool], Response | None]:
        def guarded(time_is_up: bool) -> Response | None:
            try:
                response = answer(time_is_up)
            except Exception as fault:
                response = self._refusal(fault, path)
            return self._finish(path, response) if response is not None else None

        return guarded

    def _refusal(self, fault: Exception, path: str) -> Response:
        if not isinstance(fault, AirunnerError):
            _log.error("handler failed%s", pairs(path=path), exc_info=fault)
            fault = _told(fault)
        return self._render(fault)

    def _finish(self, path: str, response: Response) -> Response:
        # A new response: the handler may keep its own and give it to many.
        headers = {**security_headers(path), **response.headers}
        if self._is_api(path) or response.status >= 400:
            headers.setdefault("Cache-Control", "no-store")
        return Response(response.status, headers, response.body)


def _told(fault: Exception) -> AirunnerError:
    """Return what a client hears of a fault that no handler expected; the log has the details."""
    if isinstance(fault, OSError):  # the next time may go well: a full or failing disk, no descriptor left
        return Busy(f"The server's system refused: {fault.strerror or fault}. Try again.", code="system_refused")
    return Broken("Something went wrong here. The server's log has the details.")
