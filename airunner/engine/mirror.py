"""Copies what runs write into a store that keeps output, so that it outlives this machine and others can show it.

The files of a run's folder are the truth and only grow; the store knows how far each is copied. So a copy goes on where
it stopped, whatever stopped it, and a run waits for it no moment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from airunner.base.bus import Bus, Change
from airunner.base.errors import AirunnerError
from airunner.base.files import make_private_folder, open_plain
from airunner.base.log import logger, pairs
from airunner.domain.record import Doc
from airunner.domain.states import ACTIVE
from airunner.spool.layout import Folder
from airunner.spool.rawlog import list_segments, segment_name, whole_records
from airunner.store.contract import Chunk, Store

_GATHER_SECONDS = 0.05  # so that a chatty run costs some twenty insertions a second, not hundreds
_AGAIN_SECONDS = 1.0
_CHUNK = 256 * 1024
_BATCH = 4 * 1024 * 1024
_TIMING = "timing"
_log = logger("engine")


@dataclass(slots=True)
class _Copied:
    """How far a run's files are in the store."""

    folder: Folder
    ends: dict[str, int] = field(default_factory=dict)


class Mirror:
    """One thread that follows all runs of this server."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._known: dict[str, _Copied] = {}
        self._news: set[str] = set()
        self._lock = threading.Lock()
        self._rung = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        if store.keeps_output:
            bus.listen(self._listen)

    def start(self) -> None:
        """Begin, with what an earlier server left."""
        if self._store.keeps_output:
            self._thread.start()

    def stop(self, within: float = 5.0) -> None:
        """Copy what is there, and end; what is not copied in that time the next server copies."""
        self._stopping.set()
        self._rung.set()
        if self._thread.ident is not None:
            self._thread.join(within)

    def _listen(self, change: Change) -> None:
        if change.topic in ("output", "runs") and change.id:
            with self._lock:
                self._news.add(change.id)
            self._rung.set()

    def _run(self) -> None:
        waiting = not self._take_over()
        while True:
            self._rung.wait(_AGAIN_SECONDS if waiting or self._news else None)
            is_last = self._stopping.is_set()
            self._stopping.wait(0 if is_last else _GATHER_SECONDS)
            self._rung.clear()
            if waiting:
                waiting = not self._take_over()
            with self._lock:
                news, self._news = self._news, set()
            for run_id in news:
                self._follow(run_id)
            if is_last:
                return
            if self._news and self._stopping.wait(_AGAIN_SECONDS):
                continue

    def _take_over(self) -> bool:
        """Ask for the runs that an earlier server did not copy to their end; say whether there was an answer."""
        try:
            left = self._store.uncopied_runs()
        except AirunnerError:
            return False
        with self._lock:
            self._news.update(left)
        self._rung.set()
        return True

    def _follow(self, run_id: str) -> None:
        """Copy what is new of a run; try again later when that fails."""
        try:
            if self._copy(run_id):
                self._known.pop(run_id, None)
        except (AirunnerError, OSError) as error:
            self._known.pop(run_id, None)  # how far it is the store will say
            with self._lock:
                self._news.add(run_id)
            _log.debug("output not copied%s", pairs(run=run_id, error=error))

    def _copy(self, run_id: str) -> bool:
        """Copy what is new of a run; say whether that was all that there will ever be."""
        known = self._known.get(run_id)
        if known is None:
            run = self._store.get_run(run_id)
            if run is None or not run["folder"]:
                return True
            known = self._known[run_id] = _Copied(Folder(Path(run["folder"])), self._store.output_ends(run_id))
        is_over = self._is_over(run_id, known.folder)
        _copy_new(self._store, run_id, known)
        self._drop_rolled(run_id, known)
        if is_over:
            self._store.close_output(run_id)
        return is_over

    def _is_over(self, run_id: str, folder: Folder) -> bool:
        if folder.exit.exists():
            return True
        run = self._store.get_run(run_id) if not folder.is_locked() else {"status": "running"}
        return run is None or run["status"] not in ACTIVE

    def _drop_rolled(self, run_id: str, known: _Copied) -> None:
        """Remove the copies of segments that the cap took meanwhile."""
        there = {segment_name(start) for start in list_segments(known.folder.path)}
        gone = [name for name in known.ends if name != _TIMING and name not in there]
        if there and gone:
            self._store.drop_output(run_id, gone)
            for name in gone:
                del known.ends[name]


def copy_output(store: Store, run_id: str, folder: Folder) -> int:
    """Copy the output that lies in a folder into a store that keeps output; return how many bytes it has of it now."""
    known = _Copied(folder, store.output_ends(run_id))
    _copy_new(store, run_id, known)
    return sum(known.ends.values())


def _copy_new(store: Store, run_id: str, known: _Copied) -> None:
    while batch := _next(known):
        if not store.append_output(run_id, batch):
            known.ends = store.output_ends(run_id)
            continue
        known.ends.update({chunk.file: chunk.at + len(chunk.data) for chunk in batch})


def _next(known: _Copied) -> list[Chunk]:
    """Return the next bytes of all files, each from where its copy ends."""
    batch, room = [], _BATCH
    for name in [*map(segment_name, list_segments(known.folder.path)), _TIMING]:
        for chunk in _new_chunks(known.folder.path / name, name, known.ends.get(name, 0)):
            batch.append(chunk)
            room -= len(chunk.data)
            if room <= 0:
                return batch
    return batch


def _new_chunks(path: Path, name: str, at: int) -> Iterator[Chunk]:
    descriptor = open_plain(path)
    if descriptor is None:
        return
    try:
        end = os.fstat(descriptor).st_size
        if name == _TIMING:
            end = whole_records(end)
        while at < end and (data := os.pread(descriptor, min(_CHUNK, end - at), at)):
            yield Chunk(name, at, data)
            at += len(data)
    finally:
        os.close(descriptor)


def with_copy(store: Store, run: Doc, data_folder: Path) -> Doc:
    """Return a run that has ended with a folder that can be read: its own, else one that is made of the copies.

    Raises Busy.
    """
    if not store.keeps_output or run["status"] in ACTIVE or Path(run["folder"]).is_dir():
        return run
    copied = data_folder / "copies" / run["runId"]
    with contextlib.suppress(OSError):  # a full disk: then it is shown without
        restore(store, run["runId"], copied)
    if not copied.is_dir():
        return run
    return {**run, "folder": str(copied)}


def restore(store: Store, run_id: str, place: Path) -> None:
    """Make a folder of what a store has of a run's output, unless it is there; raise Busy, OSError."""
    if place.is_dir():
        return
    chunks = store.output_after(run_id, None)
    if not chunks:
        return
    fresh = place.with_name(f".{run_id}.{threading.get_ident()}")
    make_private_folder(fresh)
    while chunks:
        for chunk in chunks:
            with (fresh / Path(chunk.file).name).open("ab") as file:
                file.write(chunk.data)
        chunks = store.output_after(run_id, chunks[-1])
    with contextlib.suppress(OSError):  # somebody else was quicker
        fresh.rename(place)
        return
    shutil.rmtree(fresh, ignore_errors=True)
