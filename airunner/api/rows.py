"""Runs as answers show them: the record, and what is known of an active run at this moment only."""

from __future__ import annotations

from pathlib import Path

from airunner.api.context import Context
from airunner.domain.record import Doc
from airunner.domain.states import Status
from airunner.spool.layout import Folder
from airunner.spool.state import read_usage


def row_of(context: Context, row: Doc) -> Doc:
    """Return a run as lists have it (`domain.run.listed`) with what is known of it now."""
    return with_live(context, row, context.glimpses.of(row["runId"]) if row["status"] == Status.RUNNING else row)


def with_live(context: Context, shown: Doc, doc: Doc) -> Doc:
    """Add to `shown` what a run uses, or what it waits for; `doc` is the whole run where it is running."""
    if doc["status"] == Status.RUNNING:
        shown["resourceUsage"] = read_usage(Folder(Path(doc["folder"])))
    elif doc["status"] == Status.QUEUED:
        shown["reason"] = context.conductor.why_queued(doc["runId"])
    return shown
