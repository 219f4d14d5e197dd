"""Prompts and schedules are shown with what their last run was."""

from __future__ import annotations

from airunner.domain.record import Doc
from airunner.store.contract import Store

_SHOWN = ("runId", "status", "queuedAt", "startedAt", "finishedAt", "durationSeconds", "exitCode", "reason")


def with_last_runs(store: Store, field: str, docs: list[Doc], *, whole: bool = False) -> list[Doc]:
    """Return documents with `lastRunId`, `lastRunStatus` and `lastRunAt`; with `whole` also `lastRun`, its main fields.

    `field` is the one by which runs name them. A run that has not started counts from when it was queued.
    """
    runs = store.last_runs(field, [doc["id"] for doc in docs])
    return [{**doc, **_last(runs.get(doc["id"]), whole=whole)} for doc in docs]


def _last(run: Doc | None, *, whole: bool) -> Doc:
    shown = {
        "lastRunId": run["runId"] if run else None,
        "lastRunStatus": run["status"] if run else None,
        "lastRunAt": (run["startedAt"] or run["queuedAt"]) if run else None,
    }
    return {**shown, "lastRun": {name: run[name] for name in _SHOWN} if run else None} if whole else shown
