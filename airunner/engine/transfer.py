"""Copies everything from one store into another, empty one, and looks whether it is the same there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from airunner.base.errors import Broken, Busy
from airunner.domain.record import Doc
from airunner.domain.states import ACTIVE
from airunner.engine.mirror import copy_output, restore
from airunner.spool.layout import Folder, folder_for
from airunner.store.contract import KINDS, Store

_RUNS_AT_ONCE = 100


def transfer(source: Store, target: Store, data_folder: Path) -> dict[str, int]:
    """Copy all documents, settings, plans, keys, runs and output; return how many of each.

    Output is copied where the target keeps it. Where only the source has it, it is laid into a folder of the run below
    `data_folder`, which the copy of the record then names. `target` was opened to be filled, and is whole afterwards. Raises Broken when both do not have the same, Invalid when `target` is
    not empty, Busy, OSError.
    """
    target.start_filling()
    counts = {kind: _transfer_kind(source, target, kind) for kind in KINDS}
    if settings := source.settings():
        target.fill_settings(settings)
    target.save_plans(_plans(source).values())
    for key in source.remembered_keys():
        target.remember_key(key["keyHash"], key["requestHash"], key["runId"], key["until"])
    counts["runs"], counts["output bytes"] = _transfer_runs(source, target, data_folder)
    _compare(source, target, data_folder)
    target.filled()
    return counts


def _plans(store: Store) -> dict[str, Doc]:
    """Return the plans that are of their schedules as they are; any other is made anew by a server."""
    revisions = {schedule["id"]: schedule["revision"] for schedule in store.find("schedules")}
    return {id: plan for id, plan in store.plans().items() if revisions.get(id) == plan["revision"]}


def _transfer_kind(source: Store, target: Store, kind: str) -> int:
    docs = source.find(kind)
    target.fill(kind, docs)
    return len(docs)


def _transfer_runs(source: Store, target: Store, data_folder: Path) -> tuple[int, int]:
    runs = output = 0
    for batch in _batches(source):
        placed = [_placed(source, target, run, data_folder) for run in batch]
        output += sum(
            restore(source, run["runId"], Path(run["folder"])) for run in placed if _has_lost(source, target, run)
        )
        _again(partial(target.insert_skipped, placed))
        runs += len(batch)
        if target.keeps_output:
            output += sum(_copy_output(target, run) for run in batch)
    return runs, output


def _copy_output(target: Store, run: Doc) -> int:
    """Copy what a run has written; what still runs is copied by the server that looks after it."""
    if not run["folder"] or run["status"] in ACTIVE:
        return 0
    return copy_output(target, run["runId"], Folder(Path(run["folder"])))


def _placed(source: Store, target: Store, run: Doc, data_folder: Path) -> Doc:
    """Return a run as the target is to have it: where its folder is not here, with one of ours."""
    if not _has_lost(source, target, run):
        return run
    return {**run, "folder": str(folder_for(data_folder, run["runId"], run["queuedAt"]))}


def _has_lost(source: Store, target: Store, run: Doc) -> bool:
    """Say whether only the source has the output of a run."""
    if not source.keeps_output or target.keeps_output or not run["startedAt"] or run["status"] in ACTIVE:
        return False
    return not Path(run["folder"]).is_dir() and bool(source.output_after(run["runId"], None))


def _again(write: Callable[[], None]) -> None:
    """Do what may be done twice, once more if the store did not answer in time."""
    try:
        write()
    except Busy:
        write()


def _batches(store: Store) -> Iterator[list[Doc]]:
    last = ""
    while batch := store.runs_after(last, _RUNS_AT_ONCE):
        yield batch
        last = batch[-1]["runId"]


def _compare(source: Store, target: Store, data_folder: Path) -> None:
    for kind in KINDS:
        _check(kind, source.find(kind), target.find(kind))
    _check("settings", source.settings(), target.settings())
    _check("plans", _plans(source), _plans(target))
    for runs, copies in zip_longest(_batches(source), _batches(target)):
        _check("runs", [_placed(source, target, run, data_folder) for run in runs or ()], copies or [])


def _check(what: str, there: Any, here: Any) -> None:
    if there != here:
        raise Broken(f"The copy is not the same: {what} differ. Is a server at work on one of the stores? Copy again.")
