"""Rows that count runs, as every store returns them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from airunner.domain.record import Doc


class Count(NamedTuple):
    """How many runs have one value and one status, how long they took together, and the newest of them."""

    value: str | None
    status: str
    runs: int
    seconds: float
    timed: int
    newest: str


def rows(bucket: int, counts: Iterable[Count]) -> list[Doc]:
    """Return a row for each value, as `Store.tally` promises it."""
    found: dict[str | None, Doc] = {}
    for one in counts:
        row = found.setdefault(
            one.value, {"bucket": bucket, "value": one.value, "runId": "", "statuses": {}, "seconds": 0.0, "timed": 0}
        )
        row["statuses"][one.status] = one.runs
        row["seconds"] += one.seconds
        row["timed"] += one.timed
        row["runId"] = max(row["runId"], one.newest)
    return list(found.values())
