"""Run query: which runs of the history, in which order, how many; a value that every store translates.

Order is that of the triple `sort_key` gives: the field's value, then when the run was queued, then its id.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from airunner.base.clock import to_iso
from airunner.base.errors import Invalid
from airunner.domain.fields import PATH_BYTES
from airunner.domain.params import Params
from airunner.domain.record import Doc
from airunner.domain.run import TRIGGERS
from airunner.domain.states import Status

LIMIT = 50
MOST = 200
FURTHEST = 100_000
COUNTED = 10_000
TEXT_KEY = 100

Value = str | int | float

_FAR = 2**62  # what every store can compare as a number


class SortKey(NamedTuple):
    """Where a run stands in an order; ascending or descending as a whole, so no two runs are level."""

    value: Value
    at: int
    run_id: str


class RunPage(NamedTuple):
    """One page of runs as lists show them; `total` counts the whole result and is exact to 10,000.

    `total_is_more` says that there are more than `total`; `next_cursor` is None on the last page.
    """

    runs: list[Doc]
    total: int
    total_is_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Filters are ANDed, values within one ORed; `after` and `before` bound `queuedAt` and are inclusive.

    `search` is literal text, case-insensitive, over prompt name, prompt text, directory, run id and reason.
    `cursor` is the place of the last run already seen.
    """

    status: tuple[str, ...] = ()
    triggered_by: tuple[str, ...] = ()
    agent_profile_id: str | None = None
    prompt_id: str | None = None
    schedule_id: str | None = None
    working_directory: str | None = None
    pinned: bool | None = None
    after: datetime | None = None
    before: datetime | None = None
    search: str | None = None
    sort: str = "queuedAt"
    descending: bool = True
    limit: int = LIMIT
    offset: int = 0
    cursor: SortKey | None = None

    @staticmethod
    def from_params(query: Mapping[str, list[str]]) -> RunQuery:
        """Return the query of a URL's parameters; raise Invalid for unknown names and malformed values."""
        params = Params(query)
        sort, descending = params.order("sort", "-queuedAt", SORTS)
        sort_name = f"-{sort}" if descending else sort
        found = RunQuery(
            status=params.several("status", list(Status)),
            triggered_by=params.several("triggeredBy", TRIGGERS),
            agent_profile_id=params.text("agentProfileId", most=100),
            prompt_id=params.text("promptId", most=100),
            schedule_id=params.text("scheduleId", most=100),
            working_directory=params.directory("workingDirectory"),
            pinned=params.flag("pinned"),
            after=params.moment("from"),
            before=params.moment("to", end=True),
            search=params.text("search", most=200, least=0) or None,
            sort=sort,
            descending=descending,
            limit=min(params.whole("limit", LIMIT, least=1), MOST),
            offset=params.whole("offset", 0, most=FURTHEST),
            cursor=params.read("cursor", None, lambda text: _unpack(text, sort_name)),
        )
        _check_together(params, found)
        params.done()
        return found

    def cursor_after(self, doc: Doc) -> str:
        """Return the opaque cursor that continues behind `doc` in this order."""
        return _pack([self.sort_name, *sort_key(doc, self.sort)])

    def behind(self, cursor: str) -> RunQuery:
        """Return the query for the page behind a `next_cursor`."""
        return replace(self, cursor=_unpack(cursor, self.sort_name))

    @property
    def sort_name(self) -> str:
        """The order as the parameter `sort` writes it: a field, with `-` in front for descending."""
        return f"-{self.sort}" if self.descending else self.sort


def sort_key(doc: Doc, field: str) -> SortKey:
    """Return the place of a run in the ascending order by `field`; what is empty comes first."""
    return SortKey(SORTS[field](doc.get(field)), milliseconds(doc["queuedAt"]), doc["runId"])


def milliseconds(moment: datetime | None) -> int:
    """Return the milliseconds since 1970 of an aware time; -1, before all of them, for None."""
    return -1 if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def text_key(text: str | None) -> str:
    """Return what text is sorted by: without regard to case, by code point, its first 100 characters."""
    return (text or "").casefold()[:TEXT_KEY]


def _number_key(number: float | None) -> float:
    return -1 if number is None else number


def _exact_key(text: str | None) -> str:
    return text or ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SORTS: dict[str, Callable[..., Value]] = {
    "runId": _exact_key,
    "status": _exact_key,
    "triggeredBy": _exact_key,
    "promptName": text_key,
    "agentProfileName": text_key,
    "workingDirectory": _exact_key,
    "queuedAt": milliseconds,
    "startedAt": milliseconds,
    "finishedAt": milliseconds,
    "durationSeconds": _number_key,
    "exitCode": _number_key,
}


def _check_together(params: Params, query: RunQuery) -> None:
    if query.cursor and query.offset:
        params.refuse("offset", "offset and cursor exclude each other; give one.")
    if query.after and query.before and query.after > query.before:
        params.refuse("to", f"to must not be before from ({to_iso(query.after)}); it is {to_iso(query.before)}.")


def _pack(place: list[Value]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def _unpack(text: str, sort_name: str) -> SortKey:
    """Return the place that `_pack` wrote; raise Invalid when it is not one, or one of another order."""
    try:
        name, value, at, run_id = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise _bad_cursor() from None
    if name != sort_name:
        raise Invalid("cursor belongs to another sort order; start again without it.")
    kind = type(SORTS[sort_name.removeprefix("-")](None))
    if not (_is_value(value, kind) and _is_value(at, int) and _is_value(run_id, str)):
        raise _bad_cursor()
    return SortKey(value, at, run_id)


def _is_value(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and value.isprintable() and len(value) <= PATH_BYTES
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _FAR


def _bad_cursor() -> Invalid:
    return Invalid("cursor must be the nextCursor of an earlier answer; start again without it.")
