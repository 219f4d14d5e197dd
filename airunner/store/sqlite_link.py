"""SQLite: connections, the readers' pool, and what its errors mean to a caller."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airunner.base.errors import Busy
from airunner.base.files import PRIVATE_FILE, make_private_folder
from airunner.store.contract import SECONDS

LOCK_SECONDS = 1.5  # below the bound of a call, so that the caller hears of the lock and not only of the time
_STEPS = 20_000  # virtual machine steps between two looks at the clock: about a millisecond
_IDLE_READERS = 6
RESCUE = (
    "Put a backup in the place of the file, its -wal and its -shm, or move them away to begin with an empty store; "
    "the output of runs is not in it."
)


def make_file(path: Path) -> None:
    """Make the file, readable by us alone, if it is missing; SQLite gives its companions the same mode."""
    make_private_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
    finally:
        os.close(descriptor)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection in autocommit mode that waits a bounded time for locks; raise sqlite3.Error."""
    link = sqlite3.connect(
        path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=200
    )
    link.execute("PRAGMA temp_store = MEMORY")
    return link


def as_busy(error: sqlite3.Error) -> Busy:
    """Return what a caller is told when SQLite cannot do its work."""
    text = str(error)
    if "locked" in text:
        return Busy("The store is locked by another process; try again in a moment.", code="store_locked")
    if "interrupted" in text:
        return Busy("The store did not answer within two seconds; ask for less, or try again.", code="store_slow")
    if "full" in text or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return Busy("The disk of the store is full; make room.", code="store_full", retry_after=30)
    if "readonly" in text:
        sentence = "The store can only be read; make its file and folder writable."
        return Busy(sentence, code="store_readonly", retry_after=10)
    if "malformed" in text or "not a database" in text:
        sentence = f"The store is damaged ({text}). Stop the server. {RESCUE}"
        return Busy(sentence, code="store_damaged", retry_after=60)
    return Busy(f"The store is away ({text}); look after its disk and file.", code="store_away", retry_after=10)


class Readers:
    """Hands out one connection a reader; each reading is ended when its time is up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one call; raise Busy in the place of SQLite's errors."""
        reader = self._take()
        try:
            yield reader.link
        except sqlite3.Error as error:
            raise as_busy(error) from error
        finally:
            self._give_back(reader)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose statements all see the same moment."""
        with self.reading() as link:
            link.execute("BEGIN")
            yield link

    def close(self) -> None:
        """Close the idle connections now and the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.link.close()

    def _take(self) -> _Reader:
        with self._lock:
            if self._closed:
                raise Busy("The store is closed.", code="store_closed")
            reader = self._idle.pop() if self._idle else None
        try:
            reader = reader or _Reader(self._path)
        except sqlite3.Error as error:
            raise as_busy(error) from error
        reader.until = time.monotonic() + SECONDS
        return reader

    def _give_back(self, reader: _Reader) -> None:
        reader.until = None
        try:
            if reader.link.in_transaction:
                reader.link.execute("ROLLBACK")
        except sqlite3.Error:
            reader.link.close()
            return
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(reader)
                return
        reader.link.close()


class _Reader:
    """A connection that looks at the clock while it works."""

    __slots__ = ("link", "until")

    def __init__(self, path: Path) -> None:
        self.until: float | None = None
        self.link = connect(path)
        self.link.execute("PRAGMA query_only = ON")
        self.link.set_progress_handler(self._is_late, _STEPS)

    def _is_late(self) -> bool:
        return self.until is not None and time.monotonic() > self.until
