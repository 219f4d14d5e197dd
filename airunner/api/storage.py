"""What is kept, and how much room there is."""

from __future__ import annotations

from airunner.api import schemas as s
from airunner.api.context import Context
from airunner.api.events import LONGEST_WAIT
from airunner.api.replies import is_admin, only, reply, whole
from airunner.base.bus import Change
from airunner.base.clock import to_iso
from airunner.base.ids import made_at
from airunner.domain.record import Doc
from airunner.domain.run import listed
from airunner.engine.storage import Kept, Measured
from airunner.server.parking import Park
from airunner.server.wire import Request, Response

_KEPT = s.thing("runs bytes diskBytes", runs=s.WHOLE, bytes=s.WHOLE, diskBytes=s.WHOLE)
ANSWER = s.thing(
    "measuredAt output pinned oldest largest records disks",
    measuredAt={"type": ["string", "null"], "description": "null: it is being measured for the first time."},
    output=_KEPT,
    pinned={**_KEPT, "description": "The part of it that no age removes."},
    oldest={**s.thing("runId queuedAt", runId=s.TEXT, queuedAt=s.TIME), "type": ["object", "null"]},
    largest=s.many(s.thing("bytes run", bytes=s.WHOLE, run=s.RUN_LISTED)),
    records=s.thing("bytes holdsOutput", bytes=s.WHOLE, holdsOutput=s.FLAG),
    disks=s.many(s.thing("path freeBytes totalBytes", path=s.TEXT, freeBytes=s.WHOLE, totalBytes=s.WHOLE)),
)


class Storage:
    """Handler of `storage`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, request: Request) -> Response | Park:
        """Return what is kept; wait up to `wait` seconds for figures where those at hand are old."""
        only(request, "wait")
        wait = whole(request, "wait", 0, most=LONGEST_WAIT)
        seen, named = self._context.bus.number, is_admin(request)

        def look(last: bool) -> Response | None:
            found = self._context.storage.fresh() or (self._context.storage.last if last else None)
            if found is None and not last:
                return None
            return reply(self._answer(found or Measured(None), named=named))

        return look(not wait) or Park((Change("storage"),), seen, wait, look)

    def _answer(self, found: Measured, *, named: bool) -> Doc:
        """Return it as the API has it; only administrators learn folders of the server (`named`)."""
        runs = ((size, self._context.store.get_run(run_id)) for size, run_id in found.largest)
        return {
            "measuredAt": found.at and to_iso(found.at),
            "output": _kept(found.output),
            "pinned": _kept(found.pinned),
            "oldest": found.oldest and {"runId": found.oldest, "queuedAt": to_iso(made_at(found.oldest))},
            "largest": [{"bytes": size, "run": listed(run)} for size, run in runs if run is not None],
            "records": {"bytes": found.record_bytes, "holdsOutput": self._context.store.keeps_output},
            "disks": [
                {"path": disk.path if named else None, "freeBytes": disk.free, "totalBytes": disk.total}
                for disk in found.disks
            ],
        }


def _kept(some: Kept) -> Doc:
    return {"runs": some.runs, "bytes": some.bytes, "diskBytes": some.disk_bytes}
