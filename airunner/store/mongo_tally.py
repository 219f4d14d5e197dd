"""MongoDB: how many runs there were of what, and how long they took (manual: "Aggregation Operations")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import pairwise
from typing import Any

from pymongo.database import Database

from airunner.domain.record import Doc
from airunner.store.contract import TALLIED
from airunner.store.mongo_schema import RUNS
from airunner.store.tallies import Count, rows


def tally(
    db: Database[dict[str, Any]],
    calling: Callable[[], AbstractContextManager[None]],
    field: str | None,
    edges: Sequence[datetime],
) -> list[Doc]:
    """Return a row for each value between each two edges, in a call each; raise ValueError for another field."""
    if field is not None and field not in TALLIED:
        raise ValueError(f"runs are not counted by {field!r}")
    found: list[Doc] = []
    for bucket, (begin, end) in enumerate(pairwise(edges)):
        with calling():
            counted = list(db[RUNS].aggregate(_pipeline(field, begin, end)))
        found += rows(
            bucket, (Count(value=one["_id"].get("value"), status=one["_id"]["status"], **one["of"]) for one in counted)
        )
    return found


def _pipeline(field: str | None, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    wanted: dict[str, Any] = {"queuedAt": {"$gte": begin, "$lt": end}}
    by = {"status": "$status"}
    if field is not None:
        wanted[field] = {"$ne": None}
        by["value"] = f"${field}"
    counted = {
        "_id": by,
        "runs": {"$sum": 1},
        "seconds": {"$sum": "$durationSeconds"},
        "timed": {"$sum": {"$cond": [{"$isNumber": "$durationSeconds"}, 1, 0]}},
        "newest": {"$max": "$_id"},
    }
    shown = {name: f"${name}" for name in ("runs", "seconds", "timed", "newest")}
    return [{"$match": wanted}, {"$group": counted}, {"$project": {"of": shown}}]
