"""Deletes what the settings say is old: output by the folders that are there, records by the store.

Never an active run, never a pinned one. The id of a run tells when it was queued.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from airunner.base.clock import Clock
from airunner.base.ids import is_id, made_at
from airunner.base.log import logger, pairs
from airunner.domain.query import MOST, RunQuery
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.domain.states import FINISHED
from airunner.store.contract import Store

_RESTORED_SECONDS = 86_400
_log = logger("engine")


def clean_up(store: Store, clock: Clock, data_folder: Path) -> tuple[int, int]:
    """Remove old output and old records; return how many of each. Raises Busy."""
    settings = from_doc(Settings, store.settings())
    now, outputs, records = clock.now(), 0, 0
    if settings.output_retention_days:
        roots = [data_folder, *map(Path, settings.log_roots())]
        cutoff = now - timedelta(days=settings.output_retention_days)
        outputs = sum(
            _remove_output(store, folder, cutoff) for root in roots for folder in _older_folders(root, cutoff)
        )
        if store.keeps_output:
            outputs += sum(_drop_copies(store, run_id, cutoff) for run_id in _older_copies(store, cutoff))
    _remove_restored(data_folder, now)
    if settings.record_retention_days:
        records = _remove_records(store, now - timedelta(days=settings.record_retention_days))
    if outputs or records:
        _log.info("old runs removed%s", pairs(outputs=outputs, records=records))
    return outputs, records


def _older_folders(root: Path, cutoff: datetime) -> Iterator[Path]:
    for month in sorted((root / "runs").glob("[0-9]*-[0-9]*")):
        for folder in _inside(month):
            if is_id(folder.name) and made_at(folder.name) < cutoff:
                yield folder
        with contextlib.suppress(OSError):
            month.rmdir()  # refused while anything is in it


def _inside(month: Path) -> list[Path]:
    try:
        return sorted(month.iterdir())
    except OSError as error:
        _log.warning("folder not read%s", pairs(folder=month, error=error))
        return []


def _remove_output(store: Store, folder: Path, cutoff: datetime) -> bool:
    run = store.get_run(folder.name)
    # Without a record it is not ours to judge: servers may share a folder for their logs.
    if run is None or not _is_old(run, cutoff):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _older_copies(store: Store, cutoff: datetime) -> Iterator[str]:
    last = ""
    while some := store.old_output(cutoff, last):
        yield from some
        last = some[-1]


def _drop_copies(store: Store, run_id: str, cutoff: datetime) -> bool:
    run = store.get_run(run_id)
    if run is not None and not _is_old(run, cutoff):
        return False
    store.drop_output(run_id)
    return True


def _remove_restored(data_folder: Path, now: datetime) -> None:
    """Remove folders that were made of copies in the store a day ago; they can be made again."""
    for folder in (data_folder / "copies").glob("*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < now.timestamp() - _RESTORED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _is_old(run: Doc, cutoff: datetime) -> bool:
    """Say whether a run has ended before `cutoff`, and may go: it may have waited and run for long since it was queued."""
    return run["status"] in FINISHED and not run["pinned"] and (run["finishedAt"] or run["queuedAt"]) < cutoff


def _remove_records(store: Store, cutoff: datetime) -> int:
    """Delete page by page; a pinned run is passed by."""
    query = RunQuery(status=tuple(FINISHED), before=cutoff, sort="queuedAt", descending=False, limit=MOST)
    removed = 0
    while True:
        page = store.find_runs(query)
        removed += sum(_remove_record(store, run["runId"]) for run in page.runs if _is_old(run, cutoff))
        if page.next_cursor is None:
            return removed
        query = query.behind(page.next_cursor)


def _remove_record(store: Store, run_id: str) -> bool:
    run = store.get_run(run_id)
    if run is None:
        return False
    shutil.rmtree(run["folder"], ignore_errors=True)  # nothing would lead to it any more
    return store.delete_run(run_id)
