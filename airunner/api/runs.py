"""Runs: start, dry run, list, detail, kill, input, rerun."""

from __future__ import annotations

import contextlib
from pathlib import Path

from airunner.api.context import Context
from airunner.api.once import dry, start_once
from airunner.api.replies import caller, is_admin, one, only, read_json, reply
from airunner.api.rows import row_of, with_live
from airunner.base.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from airunner.domain.fields import Checker
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.domain.run import StartRequest, listed, public, typed
from airunner.domain.states import ACTIVE, Status
from airunner.engine.admission import Origin
from airunner.engine.shims import type_into
from airunner.server.wire import Request, Response
from airunner.spool.layout import Folder
from airunner.spool.rawlog import STDERR, STDOUT, RawReader

_SHOWN_BYTES = 1024 * 1024


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
            return dry(self._context.admission.resolve(wish, origin))
        return start_once(
            self._context, request, data, lambda run_id: self._context.admission.resolve(wish, origin, run_id)
        )

    def list(self, request: Request) -> Response:
        """Return one page of the history; never any output."""
        page = self._context.store.find_runs(RunQuery.from_params(request.query))
        rows = [row_of(self._context, row) for row in page.runs]
        return reply(
            {"runs": rows, "total": page.total, "totalIsMore": page.total_is_more, "nextCursor": page.next_cursor}
        )

    def active(self, request: Request) -> Response:
        """Return what is queued and what is running, oldest first."""
        only(request)
        return reply([with_live(self._context, listed(doc), doc) for doc in self._context.store.active_runs()])

    def show(self, request: Request) -> Response:
        """Return one run with its output: the last MB of each stream, all of it, or none."""
        only(request, "output")
        wanted = one(request, "output", "tail")
        if wanted not in ("tail", "full", "none"):
            why = f"output must be tail, full or none; it is {wanted[:40]!r}."
            raise Invalid(why, fields={"output": why})
        doc = self._context.glimpses.of(request.params["runId"])
        shown = with_live(self._context, public(doc), doc)
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
        checker = Checker(read_json(request), read_only=())
        dry_run = checker.flag("dryRun", False)
        checker.done()
        doc = self._context.glimpses.of(request.params["runId"])
        if dry_run:
            return dry(self._again(request, doc, None))
        return start_once(
            self._context, request, {"rerun": doc["runId"]}, lambda run_id: self._again(request, doc, run_id)
        )

    def change(self, request: Request) -> Response:
        """Pin a run, so that neither its output nor its record is removed by age, or let go of it."""
        only(request)
        checker = Checker(read_json(request), read_only=())
        pinned = checker.flag("pinned", None)
        if pinned is None:
            checker.refuse("pinned", "pinned is needed: true or false.")
        checker.done()
        run_id = self._context.glimpses.of(request.params["runId"])["runId"]
        doc = self._context.store.change_run(run_id, {"pinned": pinned}, only_if=tuple(Status))
        if doc is None:
            raise NotFound(f"There is no run {run_id!r}.", code="run_not_found")
        self._context.bus.ring("runs", run_id)
        return reply(with_live(self._context, public(doc), doc))

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
