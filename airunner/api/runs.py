"""Runs: start, dry run, list, detail, kill, input, rerun."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from airunner.api.context import Context
from airunner.api.replies import caller, is_admin, one, only, read_json, reply
from airunner.base.errors import Busy, Conflict, Forbidden, Invalid
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc, encode
from airunner.domain.run import StartRequest, listed, public, typed
from airunner.domain.states import ACTIVE, Status
from airunner.engine.admission import Origin
from airunner.engine.shims import type_into
from airunner.server.wire import Request, Response
from airunner.spool.layout import Folder
from airunner.spool.rawlog import STDERR, STDOUT, RawReader
from airunner.spool.state import read_usage

_SHOWN_BYTES = 1024 * 1024
_KEY_HOURS = 24
_LONGEST_KEY = 255


class Runs:
    """Handlers of `run` and `runs`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def start(self, request: Request) -> Response:
        """Queue a run, or with `dryRun` say what it would be."""
        only(request)
        data = read_json(request)
        wish = StartRequest.from_input(data)
        origin = Origin(caller(request))
        if wish.env and not is_admin(request):
            # PATH, NODE_OPTIONS, a base URL: with a variable anybody could turn a profile's command and keys his way.
            raise Forbidden("Only an administrator may set variables of a run; a profile can hold them.")
        if wish.dry_run:
            return reply(_dry(self._context.admission.resolve(wish, origin)))
        return self._once(request, data, lambda run_id: self._context.admission.resolve(wish, origin, run_id))

    def list(self, request: Request) -> Response:
        """Return one page of the history; never any output."""
        page = self._context.store.find_runs(RunQuery.from_params(request.query))
        rows = [
            self._live(row, self._context.glimpses.of(row["runId"]) if row["status"] == Status.RUNNING else row)
            for row in page.runs
        ]
        return reply(
            {"runs": rows, "total": page.total, "totalIsMore": page.total_is_more, "nextCursor": page.next_cursor}
        )

    def active(self, request: Request) -> Response:
        """Return what is queued and what is running, oldest first."""
        only(request)
        return reply([self._live(listed(doc), doc) for doc in self._context.store.active_runs()])

    def show(self, request: Request) -> Response:
        """Return one run with its output: the last MB of each stream, all of it, or none."""
        only(request, "output")
        wanted = one(request, "output", "tail")
        if wanted not in ("tail", "full", "none"):
            why = f"output must be tail, full or none; it is {wanted[:40]!r}."
            raise Invalid(why, fields={"output": why})
        doc = self._context.glimpses.of(request.params["runId"])
        shown = self._live(public(doc), doc)
        if wanted != "none":
            shown.update(self._output(doc, None if wanted == "full" else _SHOWN_BYTES))
        return reply(shown)

    def kill(self, request: Request) -> Response:
        """Order the end of a run and of everything it started; works while the store is away, too."""
        only(request)
        run_id = request.params["runId"]
        with contextlib.suppress(Busy):
            doc = self._context.glimpses.of(run_id)
            if doc["status"] not in ACTIVE:
                raise Conflict(f"The run has already ended ({doc['status']}).", code="already_finished")
        self._context.conductor.kill(run_id, caller(request))
        return reply({"success": True})

    def type_in(self, request: Request) -> Response:
        """Type text or bytes into a running run's terminal, as they are: a line ends with the carriage return of a key."""
        only(request)
        data = typed(read_json(request))
        doc = self._context.glimpses.of(request.params["runId"])
        if doc["status"] == Status.QUEUED:
            raise Conflict("The run has not started yet.", code="not_started")
        if not doc["requiresTTY"]:
            raise Conflict("The run has no terminal that could be typed into (requiresTTY).", code="no_terminal")
        if doc["status"] not in ACTIVE or not type_into(Folder(Path(doc["folder"])), data):
            raise Conflict("The run has already ended.", code="already_finished")
        return reply({"success": True})

    def rerun(self, request: Request) -> Response:
        """Queue a run like this one, with the same prompt text."""
        only(request)
        doc = self._context.glimpses.of(request.params["runId"])
        return self._once(request, {"rerun": doc["runId"]}, lambda run_id: self._again(request, doc, run_id))

    def _again(self, request: Request, doc: Doc, run_id: str | None) -> Doc:
        admission = self._context.admission
        wish = StartRequest(
            content=doc["promptContent"],
            agent_profile_id=doc["agentProfileId"],
            working_directory=doc["workingDirectory"],
            timeout=doc["timeout"],
        )
        if doc["triggeredBy"] == "test":
            run = admission.resolve_trial(wish, caller(request), run_id, may_be_off=is_admin(request))
        else:
            run = admission.resolve(wish, Origin(caller(request)), run_id)
        return {**run, "promptId": doc["promptId"], "promptName": doc["promptName"]}

    def _once(self, request: Request, data: Any, resolve: Callable[[str | None], Doc]) -> Response:
        """Start what `resolve` returns, but never twice for one Idempotency-Key of one token within a day.

        `data` is what was asked for; `resolve` gets the id that the run is to have, None for a new one.
        """
        key = request.headers.get("idempotency-key", "")
        if not key:
            return reply(public(self._context.admission.queue(resolve(None))), 201)
        if len(key) > _LONGEST_KEY:
            raise Invalid(f"The Idempotency-Key has more than {_LONGEST_KEY} characters.")
        who = request.identity.token_id if request.identity else ""
        key_hash = _digest(f"{who}\n{caller(request)}\n{key}".encode())
        request_hash = _digest(encode(data))
        until = self._context.clock.now() + timedelta(hours=_KEY_HOURS)
        admission, store = self._context.admission, self._context.store
        run_id = self._context.ids.new()
        earlier = store.remember_key(key_hash, request_hash, run_id, until)
        if earlier is not None:
            if earlier["requestHash"] != request_hash:
                raise Conflict("This Idempotency-Key was used for another request.", code="idempotency_key_reused")
            run_id = earlier["runId"]
            known = store.get_run(run_id)
            if known is not None:
                return reply(public(known), 201)
            # The first request got its key but not its run: this one stands in for it, under the same id.
        run = resolve(run_id)
        try:
            return reply(public(admission.queue(run)), 201)
        except Conflict:
            return reply(public(self._context.glimpses.of(run_id)), 201)

    def _live(self, shown: Doc, doc: Doc) -> Doc:
        """Add what is known of an active run at this moment only."""
        if doc["status"] == Status.RUNNING:
            shown["resourceUsage"] = read_usage(Folder(Path(doc["folder"])))
        elif doc["status"] == Status.QUEUED:
            shown["reason"] = self._context.conductor.why_queued(doc["runId"])
        return shown

    def _output(self, doc: Doc, most: int | None) -> Doc:
        feeds = self._context.feeds
        complaint = doc.get("complaint") or ""
        raw = _raw_text(Path(doc["folder"]), most)
        if doc["requiresTTY"]:
            feed = feeds.of(doc)
            shown = {"stdout": feed.text(most), "stderr": complaint}
            shown["lastScreen"] = doc["lastScreen"] or feed.last_screen
        else:
            errors = feeds.of(doc, frozenset({STDERR})).text(most)
            shown = {"stdout": feeds.of(doc, frozenset({STDOUT})).text(most), "stderr": errors or complaint}
        return {**shown, "rawOutput": raw}


def _raw_text(folder: Path, most: int | None) -> str:
    reader = RawReader(folder)
    size = reader.size()
    start = 0 if most is None else max(0, size - most)
    return b"".join(piece.data for piece in reader.pieces(start)).decode("utf-8", "replace")


def _dry(run: Doc) -> Doc:
    names = (
        "command", "workingDirectory", "promptContent", "agentProfileId", "agentProfileName", "timeout", "requiresTTY",
        "cols", "rows",
    )  # fmt: skip
    return {"dryRun": True, **{name: run[name] for name in names}}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
