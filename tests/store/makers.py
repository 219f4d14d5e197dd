"""Makes runs for the tests of the stores."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from airunner.base.ids import Ids
from airunner.domain.record import Doc
from airunner.domain.run import new_run
from tests.helpers.clock import FakeClock

START = datetime(2026, 3, 12, 14, 32, 10, 123000, tzinfo=UTC)
_ids = Ids(FakeClock())
_seconds = count()


def a_run(**given: Any) -> Doc:
    """Return a run, each queued a second after the one before."""
    made = {
        "runId": _ids.new(),
        "queuedAt": START + timedelta(seconds=next(_seconds)),
        "agentProfileId": "p1",
        "agentProfileName": "Claude",
        "workingDirectory": "/srv/app",
        "promptContent": "Fix the parser",
        **given,
    }
    return new_run(**made)


def a_doc(id: str, **given: Any) -> Doc:
    """Return a document of a small collection."""
    return {"id": id, "createdAt": START, "name": f"Name of {id}", **given}


def not_indexed(folder: Path) -> int:
    """Return how many texts of a SQLite store are not in its search index yet."""
    link = sqlite3.connect(folder / "airunner.db")
    [found] = link.execute("SELECT count(*) FROM aiRunnerTexts WHERE indexed = 0").fetchone()
    link.close()
    return int(found)
