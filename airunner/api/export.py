"""The history as a file: every run that filters find, or a selection of them, as JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace

from airunner.api import schemas as s
from airunner.api.context import Context
from airunner.api.replies import one, only
from airunner.api.rows import row_of
from airunner.base.errors import Invalid, NotFound
from airunner.base.ids import is_id
from airunner.domain.query import RunQuery, sort_key
from airunner.domain.record import Doc, encode
from airunner.domain.run import listed
from airunner.server.wire import Request, Response

MOST_IDS = 500
_PAGE = 200  # some 30 ms of a worker's time, whoever else waits
_PAGING = ("limit", "cursor", "offset")
_FILTERS = tuple(name for name in s.RUN_FILTERS if name not in _PAGING)
QUERY = {
    "format": s.one_of("csv", "json"),
    "ids": {"type": "string", "description": f"A selection instead of filters: comma separated, {MOST_IDS} at most."},
    **{name: s.RUN_FILTERS[name] for name in _FILTERS},
}

# What a spreadsheet takes for the beginning of a formula, wide forms included:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

# Columns of the CSV; a dot leads into a part.
COLUMNS = (
    "runId", "status", "triggeredBy", "startedBy", "promptName", "promptPreview", "promptId", "scheduleId",
    "agentProfileName", "agentType", "agentProfileId", "workingDirectory", "queuedAt", "scheduledFor", "startedAt",
    "finishedAt", "durationSeconds", "timeout", "exitCode", "signal", "reason", "attempt", "pinned", "outputBytes",
    "resourceUsage.peakMemoryMB", "resourceUsage.cpuSeconds", "node",
)  # fmt: skip
_PARTS = [column.partition(".") for column in COLUMNS]


class Export:
    """Handler of `runs/export`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, request: Request) -> Response:
        """Send the runs that pass the filters of the list, in its order; a page is read when the last one was taken."""
        only(request, *QUERY)
        form = one(request, "format", "json")
        if form not in _FORMS:
            why = f"format must be csv or json; it is {form[:40]!r}."
            raise Invalid(why, fields={"format": why})
        kind, make = _FORMS[form]
        name = f"airunner-runs-{self._context.clock.now():%Y-%m-%d}.{form}"
        headers = {
            "Content-Type": kind,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return Response(200, headers, make(self._pages(request)))

    def _pages(self, request: Request) -> Iterator[list[Doc]]:
        if "ids" in request.query:
            return iter([self._chosen(request)])
        asked = {name: values for name, values in request.query.items() if name != "format"}
        return self._found(replace(RunQuery.from_params(asked), limit=_PAGE))

    def _found(self, query: RunQuery) -> Iterator[list[Doc]]:
        while True:
            page = self._context.store.find_runs(query)
            yield [row_of(self._context, row) for row in page.runs]
            if page.next_cursor is None:
                return
            query = replace(query, cursor=sort_key(page.runs[-1], query.sort))

    def _chosen(self, request: Request) -> list[Doc]:
        only(request, "format", "ids", "sort")
        ids = list(dict.fromkeys(word for word in one(request, "ids").split(",") if word))
        if not ids or len(ids) > MOST_IDS or not all(map(is_id, ids)):
            why = f"ids must be 1 to {MOST_IDS} ids of runs, separated by commas."
            raise Invalid(why, fields={"ids": why})
        query = RunQuery.from_params({"sort": request.query.get("sort", [])})
        docs = sorted(map(self._run, ids), key=lambda doc: sort_key(doc, query.sort), reverse=query.descending)
        return [row_of(self._context, doc) for doc in docs]

    def _run(self, run_id: str) -> Doc:
        doc = self._context.store.get_run(run_id)
        if doc is None:
            raise NotFound(f"There is no run {run_id!r}.", code="run_not_found")
        return listed(doc)


def _as_json(pages: Iterator[list[Doc]]) -> Iterator[bytes]:
    """Yield one array, a page at a time."""
    before = b"["
    for page in pages:
        if page:
            yield before + b",\n".join(map(encode, page))
            before = b",\n"
    yield b"]\n" if before != b"[" else b"[]\n"


def _as_csv(pages: Iterator[list[Doc]]) -> Iterator[bytes]:
    """Yield a head and a row for each run (RFC 4180), a page at a time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for page in pages:
        writer.writerows(map(_cells, page))
        yield _taken(text)
    yield _taken(text)


def cell(value: object) -> str | int | float:
    """Return a value as a cell: numbers stay numbers, text that a spreadsheet would calculate gets an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    return encode(value).decode().strip('"')  # a time


def _cells(run: Doc) -> list[str | int | float]:
    return [cell((run.get(name) or {}).get(part) if part else run.get(name)) for name, _, part in _PARTS]


def _taken(text: io.StringIO) -> bytes:
    """Return what was written, and forget it; what UTF-8 cannot carry (a lone surrogate) becomes a question mark."""
    written = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return written


_FORMS: dict[str, tuple[str, Callable[[Iterator[list[Doc]]], Iterator[bytes]]]] = {
    "json": ("application/json", _as_json),
    "csv": ("text/csv; charset=utf-8; header=present", _as_csv),
}
