"""Health, log-in and session, the API's own description."""

from __future__ import annotations

from airunner import __version__
from airunner.api.context import Context
from airunner.api.keyring import SESSION_DAYS
from airunner.api.replies import raw_reply, read_json, reply
from airunner.base.errors import AirunnerError, Invalid, Unauthorised
from airunner.domain.fields import Checker
from airunner.engine.accounts import account_of
from airunner.server.auth import clear_cookie, session_cookie
from airunner.server.wire import Request, Response


class System:
    """Handlers that are about the server, not about runs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def health(self, request: Request) -> Response:
        """Say ok or not, of store and scheduler, and nothing more."""
        if not self._context.scheduler.is_alive():
            return reply({"ok": False}, 503)
        try:
            self._context.store.ping()
        except AirunnerError:
            return reply({"ok": False}, 503)
        return reply({"ok": True})

    def log_in(self, request: Request) -> Response:
        """Exchange a one-time code or a token for a session cookie."""
        checker = Checker(read_json(request))
        code = checker.text("code", None, most=200)
        token = checker.text("token", None, most=500)
        checker.done()
        if (code is None) == (token is None):
            raise Invalid("Give either code or token.", fields={"token": "give either code or token"})
        secret, doc = self._context.keyring.log_in(request.peer, code=code, token=token)
        answer = reply({"name": doc["name"], "role": doc["role"], "expiresAt": doc["expiresAt"]})
        age = SESSION_DAYS * 86400
        answer.headers["Set-Cookie"] = session_cookie(secret, path=self._path(), secure=request.secure, max_age=age)
        return answer

    def log_out(self, request: Request) -> Response:
        """End the session of the cookie."""
        identity = request.identity or self._context.keyring.identify(request)
        if identity is not None:
            self._context.keyring.end_session(identity.token_id)
        answer = reply({"success": True})
        answer.headers["Set-Cookie"] = clear_cookie(path=self._path(), secure=request.secure)
        return answer

    def session(self, request: Request) -> Response:
        """Say who is logged in, and to what."""
        identity = request.identity or self._context.keyring.identify(request)
        if identity is None:
            raise Unauthorised("Nobody is logged in; send a token.")
        context = self._context
        return reply(
            {
                "name": identity.name,
                "role": identity.role,
                "version": __version__,
                "node": context.node,
                "timezone": context.timezone,
                "home": account_of(None).home,
                "ready": True,
            }
        )

    def openapi(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        return raw_reply(self._context.openapi())

    def _path(self) -> str:
        return self._context.base_path or "/"
