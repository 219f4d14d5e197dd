"""Copies what runs write into a store that keeps output, so that it outlives this machine and others can show it.

The files of a run's folder are the truth and only grow; the store knows how far each is copied. So a copy goes on where
it stopped, whatever stopped it, and a run waits for it no moment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from airunner.base.bus import Bus, Change
from airunner.base.errors import AirunnerError
from airunner.base.files import PRIVATE_FILE, make_private_folder, open_plain
from airunner.base.log import logger, pairs
from airunner.domain.record import Doc
from airunner.domain.states import ACTIVE
from airunner.spool.layout import Folder
from airunner.spool.rawlog import LARGEST_SEGMENT, list_segments, segment_name, whole_records
from airunner.store.contract import Chunk, Store

_GATHER_SECONDS = 0.15  # so that a chatty run costs some insertions a second, not hundreds
_AGAIN_SECONDS = 1.0
_CHUNK = 256 * 1024
_BATCH = 1024 * 1024
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
        """Copy a last batch of each run, and end; what is not copied the next server copies."""
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
        is_last = False
        while not is_last:
            self._rung.wait(_AGAIN_SECONDS if waiting else None)
            self._stopping.wait(_GATHER_SECONDS)
            self._rung.clear()
            is_last = self._stopping.is_set()
            if waiting:
                waiting = not self._take_over()
            with self._lock:
                news, self._news = self._news, set()
            failed = {run_id for run_id in news if not self._follow(run_id)}
            if failed:
                with self._lock:
                    self._news |= failed
                self._stopping.wait(_AGAIN_SECONDS)
                self._rung.set()

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

    def _follow(self, run_id: str) -> bool:
        """Copy a batch of what is new of a run; say False when that failed, and is to be tried again."""
        try:
            self._copy(run_id)
        except (AirunnerError, OSError) as error:
            self._known.pop(run_id, None)  # how far it is the store will say
            _log.debug("output not copied%s", pairs(run=run_id, error=error))
            return False
        except Exception:
            _log.exception("output not copied%s", pairs(run=run_id))
        return True

    def _copy(self, run_id: str) -> None:
        known = self._known.get(run_id) or self._look_up(run_id)
        if known is None:
            return
        is_over = self._is_over(run_id, known.folder)
        is_all = _copy_batch(self._store, run_id, known)
        self._drop_rolled(run_id, known)
        if not is_all:
            self._listen(Change("output", run_id))  # after the others
        elif is_over:
            self._store.close_output(run_id)
            self._known.pop(run_id)

    def _look_up(self, run_id: str) -> _Copied | None:
        """Return how far a run is; None when there is nothing to copy, or nothing can be reached at present."""
        run = self._store.get_run(run_id)
        if run is None:
            return None
        folder = Folder(Path(run["folder"] or os.devnull))
        if folder.path.is_dir():
            return self._known.setdefault(run_id, _Copied(folder, self._store.output_ends(run_id)))
        if run["status"] not in ACTIVE and not run["startedAt"]:
            self._store.close_output(run_id)
        return None

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
    while not _copy_batch(store, run_id, known):
        pass
    return sum(known.ends.values())


def _copy_batch(store: Store, run_id: str, known: _Copied) -> bool:
    """Copy the next bytes; say whether these were all that there were."""
    batch, is_all = _next(known)
    if not batch:
        return True
    if not store.append_output(run_id, batch):
        known.ends = store.output_ends(run_id)
        return False
    known.ends.update({chunk.file: chunk.at + len(chunk.data) for chunk in batch})
    return is_all


def _next(known: _Copied) -> tuple[list[Chunk], bool]:
    """Return the next bytes of all files, each from where its copy ends, and whether these are all that there are."""
    batch, room = [], _BATCH
    for name in [*map(segment_name, list_segments(known.folder.path)), _TIMING]:
        for chunk in _new_chunks(known.folder.path / name, name, known.ends.get(name, 0)):
            batch.append(chunk)
            room -= len(chunk.data)
            if room <= 0:
                return batch, False
    return batch, True


def _new_chunks(path: Path, name: str, at: int) -> Iterator[Chunk]:
    descriptor = open_plain(path)
    if descriptor is None:
        return
    try:
        size = os.fstat(descriptor).st_size
        end = whole_records(size) if name == _TIMING else min(size, LARGEST_SEGMENT)
        while at < end and (data := os.pread(descriptor, min(_CHUNK, end - at), at)):
            yield Chunk(name, at, data)
            at += len(data)
    finally:
        os.close(descriptor)


def with_copy(store: Store, run: Doc, data_folder: Path) -> Doc:
    """Return a run that has ended with a folder that has its output: its own, else one that is made of the copies.

    Raises Busy.
    """
    if not store.keeps_output or run["status"] in ACTIVE or not run["folder"] or list_segments(Path(run["folder"])):
        return run  # one without a folder never was to start
    copied = data_folder / "copies" / run["runId"]
    with contextlib.suppress(OSError):  # a full disk: then it is shown without
        restore(store, run["runId"], copied)
    if not copied.is_dir():
        return run
    return {**run, "folder": str(copied)}


def restore(store: Store, run_id: str, place: Path) -> int:
    """Make a folder of what a store has of a run's output, unless it is there; return its bytes. Raises Busy, OSError."""
    if place.is_dir():
        return 0
    chunks = store.output_after(run_id, None)
    if not chunks:
        return 0
    make_private_folder(place.parent)
    fresh = Path(tempfile.mkdtemp(prefix=f".{run_id}.", dir=place.parent))
    size = 0
    try:
        while chunks:
            for chunk in chunks:
                path = fresh / Path(chunk.file).name
                with open(path, "ab", opener=_private) as file:
                    size += file.write(chunk.data)
            chunks = store.output_after(run_id, chunks[-1])
        with contextlib.suppress(OSError):  # somebody else was quicker
            fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)
