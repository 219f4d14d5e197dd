"""How much is kept: measured by a thread of its own, one measurement at a time, whose answer is good for a while.

Many runs have many files, so that looking at all of them takes seconds; nobody else waits for that.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import AirunnerError
from airunner.base.ids import is_id
from airunner.base.log import logger, pairs
from airunner.domain.query import MOST, RunQuery
from airunner.domain.record import from_doc
from airunner.domain.settings import Settings
from airunner.engine.room import existing
from airunner.spool.rawlog import PREFIX
from airunner.store.contract import Store

_LARGEST = 5
_BLOCK = 512  # st_blocks counts these (stat(2))
_BREATH_FOLDERS, _BREATH_SECONDS = 200, 0.002  # others get the interpreter between
_GOOD_SECONDS, _GOOD_TIMES = 30.0, 20  # an answer is good for so long, or so many times as long as it took
_log = logger("engine")


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk that airunner writes to, by the first of its folders there; bytes that this user may use."""

    path: str
    free: int
    total: int


@dataclass(slots=True)
class Kept:
    """Some runs with output: how many, the bytes they printed, the bytes of disk that their folders take."""

    runs: int = 0
    bytes: int = 0
    disk_bytes: int = 0

    def add(self, size: int, blocks: int) -> None:
        """Count one more run."""
        self.runs += 1
        self.bytes += size
        self.disk_bytes += blocks


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found; `at` is None where nothing was yet, `largest` are bytes and id of runs, `pinned` the part of `output` that no age removes."""

    at: datetime | None
    output: Kept = field(default_factory=Kept)
    pinned: Kept = field(default_factory=Kept)
    oldest: str | None = None
    largest: list[tuple[int, str]] = field(default_factory=list)
    record_bytes: int = 0
    disks: list[Disk] = field(default_factory=list)


class Storage:
    """Measures when somebody asks and the last answer is no longer good; rings `storage` when there is a new one."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, data_folder: Path) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._data = data_folder
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._last: Measured | None = None
        self._good_until = 0.0

    def fresh(self) -> Measured | None:
        """Return an answer that is good; None when a measurement is under way, which this has begun if none was."""
        with self._lock:
            if self._last is not None and self._clock.monotonic() < self._good_until:
                return self._last
            if not self._stopping.is_set() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, name="storage", daemon=True)
                self._thread.start()
        return None

    @property
    def last(self) -> Measured | None:
        """The last answer, whatever its age."""
        return self._last

    def stop(self) -> None:
        """End a measurement that is under way."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(2)

    def _work(self) -> None:
        began = self._clock.monotonic()
        try:
            found = self._measure()
        except (AirunnerError, OSError) as error:
            _log.warning("storage not measured%s", pairs(error=error))
            return
        if found is None:
            return
        now = self._clock.monotonic()
        with self._lock:
            self._last, self._good_until = found, now + max(_GOOD_SECONDS, _GOOD_TIMES * (now - began))
        self._bus.ring("storage")

    def _measure(self) -> Measured | None:
        """Look at every run's folder; None when it was told to stop."""
        roots = [self._data, *map(Path, from_doc(Settings, self._store.settings()).log_roots())]
        pinned_ids = self._pinned()
        output, pinned = Kept(), Kept()
        largest: list[tuple[int, str]] = []
        oldest: str | None = None
        for number, folder in enumerate(folder for root in roots for folder in _run_folders(root)):
            if number % _BREATH_FOLDERS == 0 and self._stopping.wait(_BREATH_SECONDS):
                return None
            size, blocks = _sizes(folder.path)
            if not size:
                continue
            output.add(size, blocks)
            if folder.name in pinned_ids:
                pinned.add(size, blocks)
            oldest = min(oldest or folder.name, folder.name)
            keep = heapq.heappush if len(largest) < _LARGEST else heapq.heappushpop
            keep(largest, (size, folder.name))
        return replace(
            Measured(self._clock.now(), output, pinned, oldest, sorted(largest, reverse=True)),
            record_bytes=self._store.size(),
            disks=_disks(roots),
        )

    def _pinned(self) -> frozenset[str]:
        found: set[str] = set()
        query = RunQuery(pinned=True, limit=MOST, sort="queuedAt")
        while not self._stopping.is_set():
            page = self._store.find_runs(query)
            found.update(run["runId"] for run in page.runs)
            if page.next_cursor is None:
                break
            query = query.behind(page.next_cursor)
        return frozenset(found)


def _run_folders(root: Path) -> Iterator[os.DirEntry[str]]:
    for month in _entries(root / "runs"):
        if month.is_dir(follow_symlinks=False):
            yield from (entry for entry in _entries(Path(month.path)) if is_id(entry.name))


def _sizes(folder: str) -> tuple[int, int]:
    """Return the bytes of output in a folder, and the bytes of disk that all of it takes."""
    size = blocks = 0
    for entry in _entries(Path(folder)):
        with contextlib.suppress(OSError):  # gone meanwhile
            found = entry.stat(follow_symlinks=False)
            blocks += found.st_blocks * _BLOCK
            if entry.name.startswith(PREFIX):
                size += found.st_size
    return size, blocks


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what is in a folder; nothing for one that is not there or cannot be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _disks(folders: list[Path]) -> list[Disk]:
    found: dict[int, Disk] = {}
    for folder in folders:
        with contextlib.suppress(OSError):
            here = existing(folder)
            disk = os.statvfs(here)
            free = disk.f_bavail * disk.f_frsize
            used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
            found.setdefault(here.stat().st_dev, Disk(str(folder), free, used + free))
    return list(found.values())
