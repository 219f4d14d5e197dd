"""Access tokens: made, listed, revoked."""

from __future__ import annotations

from airunner.api.context import Context
from airunner.api.replies import only, read_json, reply
from airunner.domain.fields import Checker
from airunner.server.wire import Request, Response

_ROLES = ("viewer", "operator", "admin")


class Tokens:
    """Handlers of `tokens`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, request: Request) -> Response:
        """Return the lasting tokens; never the tokens themselves."""
        only(request)
        return reply(self._context.keyring.lasting())

    def create(self, request: Request) -> Response:
        """Make a token and show it this once."""
        only(request)
        checker = Checker(read_json(request))
        name = checker.text("name", "", most=120)
        role = checker.choice("role", "viewer", _ROLES)
        days = checker.number("expiresInDays", None, above=0, most=36500)
        if not name:
            checker.refuse("name", "name is needed: say who or what will use the token.")
        checker.done()
        token, doc = self._context.keyring.create(name, role, days)
        shown = {key: doc[key] for key in ("id", "name", "role", "createdAt", "expiresAt")}
        return reply({**shown, "token": token}, 201)

    def revoke(self, request: Request) -> Response:
        """Take a token back at once."""
        only(request)
        self._context.keyring.revoke(request.params["id"])
        return reply({"success": True})
