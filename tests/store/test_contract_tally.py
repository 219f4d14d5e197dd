"""Counting runs: what every store says of ranges, values, statuses and durations."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from airunner.domain.record import Doc
from airunner.store.contract import TALLIED, Store
from tests.store.makers import START, a_run

_DAY = timedelta(days=1)
_ENDS = ("completed", "failed", "timeout", "killed", "skipped", "queued")


def some_runs(count: int) -> list[Doc]:
    """Return runs of five days, some without a prompt, a schedule or a duration."""
    chance = random.Random(3)
    made = []
    for _ in range(count):
        status = chance.choice(_ENDS)
        made.append(
            a_run(
                queuedAt=START + timedelta(seconds=chance.randrange(5 * 86_400)),
                status=status,
                durationSeconds=None if status in ("queued", "skipped") else chance.randrange(4_000) / 4,
                agentProfileId=f"profile-{chance.randrange(3)}",
                promptId=chance.choice((None, "p1", "p2")),
                scheduleId=chance.choice((None, "s1")),
                workingDirectory=chance.choice(("/srv/a", "/srv/b ä")),
            )
        )
    return made


@pytest.mark.parametrize("field", [None, *TALLIED])
def test_tally_when_runs_are_many_then_each_row_is_what_counting_by_hand_gives(store: Store, field: str | None) -> None:
    runs = some_runs(400)
    for run in runs:
        store.insert_run(run)
    edges = [START + _DAY * days for days in (0, 1, 2, 4)]
    found = store.tally(field, edges)
    assert sorted(found, key=_place) == sorted(_by_hand(runs, field, edges), key=_place)
    assert sum(sum(row["statuses"].values()) for row in store.tally(None, [START, START + 5 * _DAY])) == 400


def _by_hand(runs: list[Doc], field: str | None, edges: list[Any]) -> list[Doc]:
    rows: dict[Any, Doc] = {}
    for run in runs:
        bucket = next((n for n in range(len(edges) - 1) if edges[n] <= run["queuedAt"] < edges[n + 1]), None)
        value = run[field] if field else None
        if bucket is None or (field and value is None):
            continue
        fresh = {"bucket": bucket, "value": value, "runId": "", "statuses": Counter(), "seconds": 0.0, "timed": 0}
        row = rows.setdefault((bucket, value), fresh)
        row["statuses"][run["status"]] += 1
        row["seconds"] += run["durationSeconds"] or 0
        row["timed"] += run["durationSeconds"] is not None
        row["runId"] = max(row["runId"], run["runId"])
    return list(rows.values())


def _place(row: Doc) -> tuple[int, str]:
    return row["bucket"], row["value"] or ""


def test_tally_when_there_is_nothing_then_there_are_no_rows(store: Store) -> None:
    assert store.tally("promptId", [START, START + _DAY]) == []
    assert store.tally(None, []) == []


def test_tally_when_the_field_is_another_then_that_is_an_error(store: Store) -> None:
    with pytest.raises(ValueError, match="node"):
        store.tally("node", [START, START + _DAY])
