"""Starts what a request asks for, and never twice for one Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airunner.api.context import Context
from airunner.api.replies import caller, reply
from airunner.base.errors import Conflict, Invalid
from airunner.domain.record import Doc, encode
from airunner.domain.run import public
from airunner.server.wire import Request, Response

_KEY_HOURS = 24
_LONGEST_KEY = 255


def start_once(context: Context, request: Request, data: Any, resolve: Callable[[str | None], Doc]) -> Response:
    """Queue what `resolve` returns, but never twice for one Idempotency-Key of one token within a day.

    `data` is what was asked for; `resolve` gets the id that the run is to have, None for a new one.
    """
    key = request.headers.get("idempotency-key", "")
    if not key:
        return reply(public(context.admission.queue(resolve(None))), 201)
    if len(key) > _LONGEST_KEY:
        raise Invalid(f"The Idempotency-Key has more than {_LONGEST_KEY} characters.")
    who = request.identity.token_id if request.identity else ""
    key_hash = _digest(f"{who}\n{caller(request)}\n{key}".encode())
    request_hash = _digest(encode(data))
    until = context.clock.now() + timedelta(hours=_KEY_HOURS)
    run_id = context.ids.new()
    earlier = context.store.remember_key(key_hash, request_hash, run_id, until)
    if earlier is not None:
        if earlier["requestHash"] != request_hash:
            raise Conflict("This Idempotency-Key was used for another request.", code="idempotency_key_reused")
        run_id = earlier["runId"]
        known = context.store.get_run(run_id)
        if known is not None:
            return reply(public(known), 201)
        # The first request got its key but not its run: this one stands in for it, under the same id.
    run = resolve(run_id)
    try:
        return reply(public(context.admission.queue(run)), 201)
    except Conflict:
        return reply(public(context.glimpses.of(run_id)), 201)


def dry(run: Doc) -> Response:
    """Return what a run would be."""
    names = (
        "command", "workingDirectory", "promptContent", "promptSource", "agentProfileId", "agentProfileName", "timeout",
        "requiresTTY", "cols", "rows",
    )  # fmt: skip
    return reply({"dryRun": True, **{name: run[name] for name in names}})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
