"""Prompts and schedules are shown with what their last run was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.domain.run import listed
from airunner.domain.states import FINISHED, Status
from airunner.store.contract import Store

_SHOWN = ("runId", "status", "queuedAt", "startedAt", "finishedAt", "durationSeconds", "exitCode", "reason")
_RAN = tuple(sorted(FINISHED - {Status.SKIPPED}))
_MOST_PASSED = 50
_SKEW = timedelta(seconds=1)  # ends are told by other processes, whose clock may be a little behind


def last_runs(store: Store, field: str, ids: list[str]) -> dict[str, Doc]:
    """Return what was the last run of prompts or schedules, by their ids: an active one, else the one that ended last.

    `field` is the one by which runs name them. What is skipped beside a run that goes on does not hide that run's end.
    """
    runs = store.last_runs(field, ids)
    active = {run[field]: run for run in sorted(store.active_runs(), key=_rank) if run[field] in runs}
    skipped = [id for id, run in runs.items() if run["status"] == Status.SKIPPED and id not in active][:_MOST_PASSED]
    for id in skipped:
        ended = RunQuery(status=_RAN, sort="finishedAt", limit=1)
        of = replace(ended, prompt_id=id) if field == "promptId" else replace(ended, schedule_id=id)
        ran = store.find_runs(of).runs
        if ran and ran[0]["finishedAt"] > runs[id]["finishedAt"] - _SKEW:
            runs[id] = ran[0]
    return {**runs, **{id: listed(run) for id, run in active.items()}}


def with_last_runs(store: Store, field: str, docs: list[Doc], *, whole: bool = False) -> list[Doc]:
    """Return documents with `lastRunId`, `lastRunStatus` and `lastRunAt`; with `whole` also `lastRun`, its main fields.

    A run that has not started counts from when it was queued.
    """
    runs = last_runs(store, field, [doc["id"] for doc in docs])
    return [{**doc, **_last(runs.get(doc["id"]), whole=whole)} for doc in docs]


def _rank(run: Doc) -> tuple[bool, str]:
    return run["status"] == Status.RUNNING, str(run["runId"])


def _last(run: Doc | None, *, whole: bool) -> Doc:
    shown = {
        "lastRunId": run["runId"] if run else None,
        "lastRunStatus": run["status"] if run else None,
        "lastRunAt": (run["startedAt"] or run["queuedAt"]) if run else None,
    }
    return {**shown, "lastRun": {name: run[name] for name in _SHOWN} if run else None} if whole else shown
