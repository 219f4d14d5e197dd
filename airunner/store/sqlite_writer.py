"""SQLite: the one thread that writes, with group commit.

Writes that wait together become one transaction and share one fsync; each has a savepoint, so that its failure is its
own. The journal is moved into the database when nobody waits.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from airunner.base.errors import Busy
from airunner.base.log import logger, pairs
from airunner.store.contract import SECONDS
from airunner.store.sqlite_link import as_busy

T = TypeVar("T")

_BATCH = 200
_QUIET_SECONDS = 0.25
_JOURNAL_WRITES = 1_000  # so many writes without a quiet moment, and the journal is moved all the same
_JOURNAL_BYTES = 64 * 1024**2  # what is left of the journal's file after a flood of writes
_log = logger("store")


class Writer:
    """Runs pieces of work on one connection, in the order they came."""

    def __init__(self, link: sqlite3.Connection, when_quiet: Callable[[sqlite3.Connection], bool]) -> None:
        """Take over `link`. `when_quiet` is called in a pause, in a transaction; True asks for another go."""
        self._link = link
        self._when_quiet = when_quiet
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._unsettled = 1  # writes since the last quiet moment; 1 looks once after the start
        self._durable: bool | None = None
        self._busy_since: float | None = None
        self._trouble_said = ""
        link.execute("PRAGMA wal_autocheckpoint = 0")
        link.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Run `work` in a transaction and return what it returns; raise what it raises, and Busy.

        `work` runs in the writer's thread; SQLite's errors become Busy unless `work` turns them into something else.
        While a disk keeps the writer for longer than a call may take, Busy comes at once.
        """
        if self._is_stuck():
            raise Busy("The store does not answer; nothing was written.", code="store_slow")
        job = _Job(work, durable)
        with self._gate:
            if self._closed:
                raise Busy("The store is closed.", code="store_closed")
            self._queue.put(job)
        if not job.done.acquire(timeout=SECONDS):
            raise job.give_up()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def close(self) -> None:
        """Finish what waits, move the journal into the database, close the connection."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join(SECONDS * 2)

    def _is_stuck(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > SECONDS

    def _loop(self) -> None:
        batch: list[_Job] = []
        while self._gather(batch):
            self._busy_since = time.monotonic()
            if batch:
                self._commit([job for job in batch if job.claim()])
                batch.clear()
            else:
                self._settle()
            self._busy_since = None
        self._settle()
        self._link.close()

    def _gather(self, batch: list[_Job]) -> bool:
        """Fill `batch` with what waits, nothing when it is quiet; return False at the end."""
        try:
            job = self._queue.get(timeout=_QUIET_SECONDS if self._unsettled else None)
            while job is not None:
                batch.append(job)
                if len(batch) == _BATCH:
                    return True
                job = self._queue.get_nowait()
        except queue.Empty:
            return True
        if batch:
            self._queue.put(None)  # the end comes after this batch
        return bool(batch)

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            self._begin(any(job.durable for job in jobs))
            for job in jobs:
                self._run(job, alone=len(jobs) == 1)
            if self._link.in_transaction:
                self._link.execute("COMMIT")
            trouble, self._trouble_said = None, ""
        except Exception as error:
            trouble = self._trouble(error)
        for job in jobs:
            job.finish(trouble)
        self._unsettled += len(jobs)
        if self._unsettled > _JOURNAL_WRITES:
            self._settle()

    def _begin(self, durable: bool) -> None:
        if durable != self._durable:
            # In WAL mode FULL adds an fsync of the journal to each commit (sqlite.org/pragma.html#pragma_synchronous).
            self._link.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        self._link.execute("BEGIN IMMEDIATE")

    def _run(self, job: _Job, *, alone: bool) -> None:
        """Run one job inside the transaction; its own errors stay with it, those of the whole are raised."""
        if not alone:
            self._link.execute("SAVEPOINT job")
        try:
            job.result = job.work(self._link)
        except Exception as error:
            if not self._link.in_transaction:
                raise  # a full disk or a failing one: SQLite has undone everything (lang_transaction.html)
            job.error = as_busy(error) if isinstance(error, sqlite3.Error) else error
            self._link.execute("ROLLBACK" if alone else "ROLLBACK TO job")
        if not alone:
            self._link.execute("RELEASE job")

    def _trouble(self, error: Exception) -> Exception:
        if str(error) != self._trouble_said:  # the same trouble, again and again, is one line
            self._trouble_said = str(error)
            _log.warning("write failed%s", pairs(error=error))
        try:
            if self._link.in_transaction:
                self._link.execute("ROLLBACK")
        except sqlite3.Error:
            _log.exception("rollback failed")
        return as_busy(error) if isinstance(error, sqlite3.Error) else error

    def _settle(self) -> None:
        """Use a quiet moment: what is to be done later, then move the journal into the database."""
        self._unsettled = 0
        try:
            while self._queue.empty():
                self._begin(durable=False)
                more = self._when_quiet(self._link)
                self._link.execute("COMMIT")
                if not more:
                    break
            else:
                self._unsettled = 1
            # PASSIVE never waits for readers; what it cannot move today it moves next time.
            self._link.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except Exception as error:
            self._trouble(error)


class _Job:
    """One write that waits; whoever gets the claim first, the writer or the caller who gives up, decides."""

    __slots__ = ("_claim", "done", "durable", "error", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], durable: bool) -> None:
        self.work = work
        self.durable = durable
        self.result: Any = None
        self.error: Exception | None = None
        self._claim = threading.Lock()
        self.done = threading.Lock()  # a lock that the other side releases wakes faster than an Event
        self.done.acquire()

    def claim(self) -> bool:
        return self._claim.acquire(blocking=False)

    def give_up(self) -> Busy:
        if self.claim():
            return Busy("The store did not take the write within two seconds; nothing was written.", code="store_slow")
        return Busy(
            "The store did not finish the write within two seconds; look whether it is there before you repeat it.",
            code="store_slow",
        )

    def finish(self, trouble: Exception | None) -> None:
        self.error = self.error or trouble
        self.done.release()
