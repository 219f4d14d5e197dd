"""One long-poll for all that changes, so that a browser needs one connection."""

from __future__ import annotations

from airunner.api.context import Context
from airunner.api.replies import one, only, reply, whole
from airunner.base.bus import Change
from airunner.base.errors import Invalid
from airunner.base.ids import is_id
from airunner.server.parking import EVERYTHING, Park
from airunner.server.wire import Request, Response

LONGEST_WAIT = 60
_MOST_RUNS = 100


class Events:
    """Handler of `events`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def poll(self, request: Request) -> Response | Park:
        """Answer with what changed after `since`, at once if something did, else within `wait` seconds."""
        only(request, "since", "runs", "wait")
        wait = whole(request, "wait", 0, most=LONGEST_WAIT)
        runs = self._runs(request)
        seen = self._context.bus.number
        number = self._number(one(request, "since"))
        if number is None:
            return self._answer([], seen, reset="since" in request.query)
        first = self._look(number, runs)
        if first is not None or not wait:
            return first or self._answer([], seen)
        changes = (EVERYTHING, *(Change("output", run) for run in runs))

        def answer(expired: bool) -> Response | None:
            now = self._context.bus.number
            return self._look(number, runs) or (self._answer([], now) if expired else None)

        return Park(changes, seen, wait, answer)

    def _look(self, number: int, runs: frozenset[str]) -> Response | None:
        now = self._context.bus.number
        found = self._context.bus.since(number, lambda change: change.topic != "output" or change.id in runs)
        if found is None:
            return self._answer([], now, reset=True)
        return self._answer(found, now) if found else None

    def _answer(self, found: list[Change], number: int, *, reset: bool = False) -> Response:
        events = [{"topic": change.topic, "id": change.id} for change in found]
        return reply({"next": f"{self._context.epoch}-{number}", "reset": reset, "events": events})

    def _number(self, since: str) -> int | None:
        epoch, _, number = since.partition("-")
        known = epoch == self._context.epoch and number.isascii() and number.isdigit() and len(number) < 17
        return int(number) if known else None

    def _runs(self, request: Request) -> frozenset[str]:
        runs = frozenset(run for text in request.query.get("runs", []) for run in text.split(",") if run)
        if len(runs) > _MOST_RUNS or not all(map(is_id, runs)):
            raise Invalid(f"runs must be at most {_MOST_RUNS} run ids, comma separated.", fields={"runs": "malformed"})
        return runs
