"""Stands before a store: while it is away, callers hear so at once instead of waiting two seconds each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from airunner.base.clock import Clock
from airunner.base.errors import Busy
from airunner.base.log import logger, pairs
from airunner.domain.query import RunPage, RunQuery
from airunner.domain.record import Doc
from airunner.store.contract import SECONDS, Chunk, Store

T = TypeVar("T")

_LATE_SECONDS = SECONDS / 8  # a Busy that comes sooner costs nobody anything
_PAUSE_SECONDS = 1.0
_LATE_READINGS, _LATE_WRITES = 3, 1  # one slow question says little about a store, one slow write much
_log = logger("store")


class Breaker(Store):
    """Any store, with its promises. Reading and writing are told apart: a locked store may still be read."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._reading = _Side("read", _LATE_READINGS, clock)
        self._writing = _Side("written", _LATE_WRITES, clock)

    def insert(self, kind: str, doc: Doc) -> Doc:
        return self._writing.do(lambda: self._store.insert(kind, doc))

    def get(self, kind: str, id: str) -> Doc | None:
        return self._reading.do(lambda: self._store.get(kind, id))

    def find(self, kind: str, **equal: str | float | bool | None) -> list[Doc]:
        return self._reading.do(lambda: self._store.find(kind, **equal))

    def replace(self, kind: str, doc: Doc, *, expect_revision: int | None) -> Doc:
        return self._writing.do(lambda: self._store.replace(kind, doc, expect_revision=expect_revision))

    def delete(self, kind: str, id: str) -> bool:
        return self._writing.do(lambda: self._store.delete(kind, id))

    def change_many(self, kind: str, changed: Collection[Doc], deleted: Collection[str] = ()) -> None:
        self._writing.do(lambda: self._store.change_many(kind, changed, deleted))

    def save_plans(self, plans: Collection[Doc]) -> None:
        self._writing.do(lambda: self._store.save_plans(plans))

    def plans(self, ids: Collection[str] | None = None) -> dict[str, Doc]:
        return self._reading.do(lambda: self._store.plans(ids))

    def due_plans(self) -> list[tuple[str, datetime]]:
        return self._reading.do(self._store.due_plans)

    def open_plans(self) -> list[Doc]:
        return self._reading.do(self._store.open_plans)

    def stale_plans(self, now: datetime) -> list[str]:
        return self._reading.do(lambda: self._store.stale_plans(now))

    def settings(self) -> Doc:
        return self._reading.do(self._store.settings)

    def save_settings(self, doc: Doc, *, expect_revision: int | None = None) -> Doc:
        return self._writing.do(lambda: self._store.save_settings(doc, expect_revision=expect_revision))

    def insert_run(self, doc: Doc) -> None:
        self._writing.do(lambda: self._store.insert_run(doc))

    def insert_skipped(self, docs: Collection[Doc]) -> None:
        self._writing.do(lambda: self._store.insert_skipped(docs))

    def get_run(self, run_id: str) -> Doc | None:
        return self._reading.do(lambda: self._store.get_run(run_id))

    def change_run(self, run_id: str, changes: Doc, *, only_if: Collection[str]) -> Doc | None:
        return self._writing.do(lambda: self._store.change_run(run_id, changes, only_if=only_if))

    def delete_run(self, run_id: str) -> bool:
        return self._writing.do(lambda: self._store.delete_run(run_id))

    def active_runs(self) -> list[Doc]:
        return self._reading.do(self._store.active_runs)

    def find_runs(self, query: RunQuery) -> RunPage:
        return self._reading.do(lambda: self._store.find_runs(query))

    def directories(self, limit: int) -> list[dict[str, Any]]:
        return self._reading.do(lambda: self._store.directories(limit))

    def last_runs(self, field: str, ids: Collection[str]) -> dict[str, Doc]:
        return self._reading.do(lambda: self._store.last_runs(field, ids))

    def tally(self, field: str | None, edges: Sequence[datetime]) -> list[Doc]:
        return self._reading.do(lambda: self._store.tally(field, edges))

    @property
    def keeps_output(self) -> bool:
        return self._store.keeps_output

    def output_ends(self, run_id: str) -> dict[str, int]:
        return self._reading.do(lambda: self._store.output_ends(run_id))

    def append_output(self, run_id: str, chunks: Sequence[Chunk]) -> bool:
        return self._writing.do(lambda: self._store.append_output(run_id, chunks))

    def output_after(self, run_id: str, last: Chunk | None) -> list[Chunk]:
        return self._reading.do(lambda: self._store.output_after(run_id, last))

    def uncopied_runs(self) -> list[str]:
        return self._reading.do(self._store.uncopied_runs)

    def close_output(self, run_id: str) -> None:
        self._writing.do(lambda: self._store.close_output(run_id))

    def drop_output(self, run_id: str, files: Collection[str] | None = None) -> None:
        self._writing.do(lambda: self._store.drop_output(run_id, files))

    def old_output(self, before: datetime, after: str = "") -> list[str]:
        return self._reading.do(lambda: self._store.old_output(before, after))

    def start_filling(self) -> None:
        self._writing.do(self._store.start_filling)

    def fill(self, kind: str, docs: Collection[Doc]) -> None:
        self._writing.do(lambda: self._store.fill(kind, docs))

    def fill_settings(self, doc: Doc) -> None:
        self._writing.do(lambda: self._store.fill_settings(doc))

    def filled(self) -> None:
        self._writing.do(self._store.filled)

    def remembered_keys(self) -> list[Doc]:
        return self._reading.do(self._store.remembered_keys)

    def runs_after(self, run_id: str, limit: int) -> list[Doc]:
        return self._reading.do(lambda: self._store.runs_after(run_id, limit))

    def hold(self, holder: str, name: str, seconds: float) -> str | None:
        return self._writing.do(lambda: self._store.hold(holder, name, seconds))

    def remember_key(self, key_hash: str, request_hash: str, run_id: str, until: datetime) -> Doc | None:
        return self._writing.do(lambda: self._store.remember_key(key_hash, request_hash, run_id, until))

    def size(self) -> int:
        return self._reading.do(self._store.size)

    def ping(self) -> None:
        self._reading.do(self._store.ping)
        if self._writing.is_open:  # whether it takes writes again is found out by one
            self._writing.do(self._store.touch)

    def touch(self) -> None:
        self._writing.do(self._store.touch)

    def close(self) -> None:
        self._store.close()


class _Side:
    """All readings, or all writes. Open after calls that waited in vain; then one call each second tries whether it goes.

    A call that ends in anything but a late Busy is an answer, and closes it.
    """

    def __init__(self, done: str, most: int, clock: Clock) -> None:
        self._done = done
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._late = 0
        self._next_try = 0.0
        self._code: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away."""
        with self._lock:
            return self._late >= self._most

    def do(self, call: Callable[[], T]) -> T:
        self._enter()
        began = self._clock.monotonic()
        late = None
        try:
            return call()
        except Busy as error:
            late = error if self._clock.monotonic() - began >= _LATE_SECONDS else None
            raise
        finally:
            self._note(late)

    def _enter(self) -> None:
        with self._lock:
            if self._late < self._most:
                return
            now = self._clock.monotonic()
            if now < self._next_try:
                sentence = f"The store does not answer at present; nothing was {self._done}. Try again in a moment."
                raise Busy(sentence, code=self._code)
            self._next_try = now + SECONDS + _PAUSE_SECONDS  # nobody else, while this one tries

    def _note(self, late: Busy | None) -> None:
        with self._lock:
            was_open = self._late >= self._most
            if late is None:
                self._late = 0
            else:
                self._late = self._most if late.code == "store_away" else self._late + 1
            self._next_try = self._clock.monotonic() + _PAUSE_SECONDS
            self._code = late.code if late else None
        if late and not was_open and self._late >= self._most:
            _log.warning("store away%s", pairs(nothing=self._done, error=str(late.__cause__ or late)[:200]))
        elif was_open and not late:
            _log.info("store back%s", pairs(again=self._done))
