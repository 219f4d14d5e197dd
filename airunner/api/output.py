"""A run's output: the live feed, raw and clean, windows of lines, downloads."""

from __future__ import annotations

import base64
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from airunner.api.context import Context
from airunner.api.events import LONGEST_WAIT
from airunner.api.replies import one, only, raw_reply, reply, whole
from airunner.base.bus import Change
from airunner.base.errors import Invalid
from airunner.domain.record import Doc, encode
from airunner.domain.run import public
from airunner.domain.states import FINISHED
from airunner.engine.feed import MOST_LINES, Answer
from airunner.server.parking import Park
from airunner.server.wire import Request, Response
from airunner.spool.cast import cast_lines
from airunner.spool.layout import Folder
from airunner.spool.rawlog import Piece, RawReader

_PIECE = 256 * 1024
_KEPT_PIECES = 16
_Look = Callable[[bool], Response | None]


class Output:
    """Handlers of `runs/:runId/output`, `…/lines` and `…/log`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._pieces: OrderedDict[tuple[str, int, str], Response] = OrderedDict()

    def follow(self, request: Request) -> Response | Park:
        """Answer at once if there is news behind what the viewer has, else when there is, the run ends, or time is up."""
        only(request, "view", "from", "have", "wait")
        run_id = request.params["runId"]
        wait = whole(request, "wait", 0, most=LONGEST_WAIT)
        view = one(request, "view", "clean")
        if view not in ("raw", "clean"):
            why = f"view must be raw or clean; it is {view[:40]!r}."
            raise Invalid(why, fields={"view": why})
        seen = self._context.bus.number
        if view == "raw":
            offset = whole(request, "from", 0)
            look: _Look = partial(self._raw, run_id, offset)
        else:
            have = one(request, "have")
            look = partial(self._clean, run_id, have)
        first = look(not wait)
        if first is not None:
            return first
        return Park((Change("output", run_id), Change("runs", run_id)), seen, wait, look)

    def lines(self, request: Request) -> Response:
        """Return a window of clean lines; line numbers begin at 0."""
        only(request, "from", "count")
        doc = self._context.glimpses.of(request.params["runId"])
        first = whole(request, "from", 0)
        count = whole(request, "count", 1000, most=MOST_LINES)
        total, lines = self._context.feeds.of(doc).window(first, count)
        return raw_reply(b'{"from":%d,"total":%d,"lines":[%b]}' % (min(first, total), total, b",".join(lines)))

    def log(self, request: Request) -> Response:
        """Download the clean text; `raw=1` the bytes, `format=cast` asciicast v2, `format=json` the record and text."""
        only(request, "raw", "format")
        doc = self._context.glimpses.of(request.params["runId"])
        form = "raw" if one(request, "raw", "0") not in ("0", "") else one(request, "format", "log")
        folder = Folder(Path(doc["folder"]))
        if form == "log":
            return _download(doc, "log", "text/plain; charset=utf-8", self._context.feeds.of(doc).text_pieces())
        if form == "raw":
            return _download(doc, "raw", "application/octet-stream", _raw_pieces(folder.path))
        if form == "cast":
            return _download(doc, "cast", "application/x-asciicast", cast_lines(folder, doc["cols"], doc["rows"]))
        if form == "json":
            return _download(doc, "json", "application/json", self._json(doc))
        why = f"format must be log, cast or json; it is {form[:40]!r}."
        raise Invalid(why, fields={"format": why})

    def _raw(self, run_id: str, offset: int, last: bool) -> Response | None:
        doc = self._context.glimpses.of(run_id)
        ended = doc["status"] in FINISHED
        key = (run_id, offset, doc["status"])
        with self._lock:
            kept = self._pieces.get(key)
        if kept is not None:
            return kept
        reader = RawReader(Path(doc["folder"]))
        piece = reader.read(offset, _PIECE)
        if not piece.data and piece.omitted is None:
            return _raw_answer(doc, piece, done=ended) if ended or last else None
        answer = _raw_answer(doc, piece, done=ended and offset + len(piece.data) >= reader.size())
        with self._lock:
            self._pieces[key] = answer
            while len(self._pieces) > _KEPT_PIECES:
                self._pieces.popitem(last=False)
        return answer

    def _clean(self, run_id: str, have: str, last: bool) -> Response | None:
        doc = self._context.glimpses.of(run_id)
        answer = self._context.feeds.of(doc).answer(have)
        done = doc["status"] in FINISHED and not answer.more
        if answer.version == have and not (done or last):
            return None
        return _clean_answer(doc, answer, done)

    def _json(self, doc: Doc) -> Iterator[bytes]:
        yield encode({**public(doc), "stdout": self._context.feeds.of(doc).text()})


def _raw_answer(doc: Doc, piece: Piece, *, done: bool) -> Response:
    body: dict[str, Any] = {
        "from": piece.offset,
        "next": piece.offset + len(piece.data) if piece.omitted is None else piece.omitted,
        "data": base64.b64encode(piece.data).decode(),
        "status": doc["status"],
        "done": done,
    }
    if piece.omitted is not None:
        body["omitted"] = [piece.offset, piece.omitted]
    return reply(body)


def _clean_answer(doc: Doc, answer: Answer, done: bool) -> Response:
    head = json.dumps({"version": answer.version, "keep": answer.keep, "more": answer.more, "status": doc["status"]})
    rest = json.dumps({"done": done, "omitted": answer.omitted})
    return raw_reply(b'%b,"lines":[%b],%b' % (head[:-1].encode(), answer.lines, rest[1:].encode()))


def _raw_pieces(folder: Path) -> Iterator[bytes]:
    for piece in RawReader(folder).pieces():
        if piece.omitted is None:
            yield piece.data
        else:
            yield f"\r\n[{piece.omitted - piece.offset} bytes left out]\r\n".encode()


def _download(doc: Doc, ending: str, kind: str, pieces: Iterator[bytes]) -> Response:
    name = f"airunner-{doc['runId']}.{ending}"
    headers = {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(200, headers, pieces)
