"""SQLite: how many runs there were of what, and how long they took."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from airunner.domain.query import milliseconds
from airunner.domain.record import Doc
from airunner.store.tallies import Count, rows

_COLUMNS = {
    "agentProfileId": "agent_profile_id",
    "promptId": "prompt_id",
    "scheduleId": "schedule_id",
    "workingDirectory": "working_directory",
}


def tally(link: sqlite3.Connection, field: str | None, bucket: int, begin: datetime, end: datetime) -> list[Doc]:
    """Return a row for each value from `begin` to before `end`; raise ValueError for another field."""
    if field is not None and field not in _COLUMNS:
        raise ValueError(f"runs are not counted by {field!r}")
    column = _COLUMNS[field] if field else "NULL"
    # The newest run has the highest id: an id begins with the time that it was made at.
    query = f"""
        SELECT {column} AS value, status, count(*), sum(max(duration, 0)), sum(duration >= 0), max(run_id)
        FROM aiRunnerRuns INDEXED BY runsToCount
        WHERE queued_at >= ? AND queued_at < ? {f"AND {column} IS NOT NULL" if field else ""}
        GROUP BY value, status
    """
    counted = link.execute(query, (milliseconds(begin), milliseconds(end)))
    return rows(bucket, (Count(*one) for one in counted))
