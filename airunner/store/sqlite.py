"""The store in one SQLite file: the small collections and the settings; the runs are in `sqlite_runs`."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from airunner.base.clock import Clock
from airunner.base.errors import Broken, Busy, Conflict, Invalid, NotFound, PreconditionFailed
from airunner.domain.query import RunPage, RunQuery, milliseconds
from airunner.domain.record import Doc
from airunner.store import codec, sqlite_find, sqlite_plans, sqlite_runs, sqlite_tally
from airunner.store.contract import Store
from airunner.store.sqlite_link import RESCUE, Readers, as_busy, connect, make_file
from airunner.store.sqlite_schema import has_search, mark, migrate, start_filling, table
from airunner.store.sqlite_writer import Writer

T = TypeVar("T")

_INDEX_AT_ONCE = 20  # texts put into the search index in one quiet go: a few milliseconds


class SqliteStore(Store):
    """A file in WAL mode: one thread of ours writes, readers have connections of their own."""

    def __init__(self, path: Path, clock: Clock, *, filling: bool = False) -> None:
        """Open the file, make it or bring it up to date; raise Invalid for one that cannot be ours, else Busy.

        `filling`: what a copy that did not end has left there is removed.
        """
        self._clock = clock
        self._path = path
        link = _opened(path, filling)
        self._has_index = has_search(link)
        if not self._has_index:
            sqlite_runs.forget_index(link)
        self._closing = threading.Lock()
        self._readers = Readers(path)
        self._writer = Writer(link, self._when_quiet)

    def insert(self, kind: str, doc: Doc) -> Doc:
        name = table(kind)
        text = codec.write({**doc, "revision": 1})
        values = (doc["id"], _slug(kind, doc), milliseconds(doc.get("createdAt")), text)

        def work(link: sqlite3.Connection) -> None:
            try:
                link.execute(f"INSERT INTO {name} (id, slug, created_at, revision, doc) VALUES (?, ?, ?, 1, ?)", values)
            except sqlite3.IntegrityError as error:
                raise _taken(doc, error) from error

        self._writer.do(work, durable=True)
        return codec.read(text)

    def get(self, kind: str, id: str) -> Doc | None:
        name = table(kind)
        with self._readers.reading() as link:
            found = link.execute(f"SELECT doc FROM {name} WHERE id = ?", (id,)).fetchone()
        return codec.read(found[0]) if found else None

    def find(self, kind: str, **equal: str | float | bool | None) -> list[Doc]:
        wanted = [_equal(field, value) for field, value in equal.items()]
        where = " AND ".join(sql for sql, _ in wanted) or "1"
        values = [value for _, some in wanted for value in some]
        statement = f"SELECT doc FROM {table(kind)} WHERE {where} ORDER BY created_at, id"
        with self._readers.reading() as link:
            found = link.execute(statement, values).fetchall()
        return [codec.read(text) for (text,) in found]

    def replace(self, kind: str, doc: Doc, *, expect_revision: int | None) -> Doc:
        copied = codec.copy(doc)
        return self._writer.do(lambda link: _replaced(link, kind, copied, expect_revision), durable=True)

    def delete(self, kind: str, id: str) -> bool:
        name = table(kind)
        return self._writer.do(lambda link: _deleted(link, name, id), durable=True)

    def change_many(self, kind: str, changed: Collection[Doc], deleted: Collection[str] = ()) -> None:
        name, texts, gone = table(kind), [codec.write(doc) for doc in changed], list(deleted)

        def work(link: sqlite3.Connection) -> None:
            for text in texts:
                doc = codec.read(text)
                _replaced(link, kind, doc, doc["revision"])
            for id in gone:
                if not _deleted(link, name, id):
                    raise _missing(kind, id)

        self._writer.do(work, durable=True)

    def save_plans(self, plans: Collection[Doc]) -> None:
        rows = sqlite_plans.prepare(plans)
        self._writer.do(lambda link: sqlite_plans.save(link, rows))

    def plans(self, ids: Collection[str] | None = None) -> dict[str, Doc]:
        with self._readers.reading() as link:
            return sqlite_plans.find(link, ids)

    def due_plans(self) -> list[tuple[str, datetime]]:
        with self._readers.reading() as link:
            return sqlite_plans.due(link)

    def open_plans(self) -> list[Doc]:
        with self._readers.reading() as link:
            return sqlite_plans.open_ones(link)

    def stale_plans(self, now: datetime) -> list[str]:
        with self._readers.reading() as link:
            return sqlite_plans.stale(link, now)

    def settings(self) -> Doc:
        with self._readers.reading() as link:
            found = link.execute("SELECT doc FROM aiRunnerSettings").fetchone()
        return codec.read(found[0]) if found else {}

    def save_settings(self, doc: Doc, *, expect_revision: int | None = None) -> Doc:
        text = codec.write(doc)

        def work(link: sqlite3.Connection) -> Doc:
            found = link.execute("SELECT revision FROM aiRunnerSettings").fetchone()
            revision = _next_revision(found[0] if found else 0, expect_revision)
            new = {**codec.read(text), "revision": revision}
            link.execute("INSERT OR REPLACE INTO aiRunnerSettings VALUES (1, ?, ?)", (revision, codec.write(new)))
            return new

        return self._writer.do(work, durable=True)

    def insert_run(self, doc: Doc) -> None:
        prepared = sqlite_runs.prepare(doc)
        self._writer.do(lambda link: sqlite_runs.insert(link, prepared), durable=True)

    def insert_skipped(self, docs: Collection[Doc]) -> None:
        prepared = [sqlite_runs.prepare(doc) for doc in docs]
        self._writer.do(lambda link: sqlite_runs.insert_new(link, prepared), durable=True)

    def get_run(self, run_id: str) -> Doc | None:
        with self._readers.reading() as link:
            return sqlite_runs.get(link, run_id)

    def change_run(self, run_id: str, changes: Doc, *, only_if: Collection[str]) -> Doc | None:
        if {"runId", "queuedAt"} & changes.keys():
            raise ValueError("runId and queuedAt of a run never change")
        copied = codec.copy(changes)
        return self._writer.do(lambda link: sqlite_runs.change(link, run_id, copied, only_if))

    def delete_run(self, run_id: str) -> bool:
        return self._writer.do(lambda link: sqlite_runs.delete(link, run_id))

    def active_runs(self) -> list[Doc]:
        with self._readers.reading() as link:
            return sqlite_runs.active(link)

    def find_runs(self, query: RunQuery) -> RunPage:
        with self._readers.snapshot() as link:
            return sqlite_find.find(link, query, has_index=self._has_index)

    def directories(self, limit: int) -> list[dict[str, Any]]:
        with self._readers.reading() as link:
            found = sqlite_find.directories(link, limit)
        return [{"path": path, "lastUsed": codec.moment(at)} for path, at in found]

    def last_runs(self, field: str, ids: Collection[str]) -> dict[str, Doc]:
        with self._readers.reading() as link:
            return sqlite_runs.last_of(link, field, ids)

    def tally(self, field: str | None, edges: Sequence[datetime]) -> list[Doc]:
        found = []
        for bucket, (begin, end) in enumerate(pairwise(edges)):
            with self._readers.reading() as link:  # each has its own two seconds
                found += sqlite_tally.tally(link, field, bucket, begin, end)
        return found

    def remember_key(self, key_hash: str, request_hash: str, run_id: str, until: datetime) -> Doc | None:
        now = milliseconds(self._clock.now())

        def work(link: sqlite3.Connection) -> Doc | None:
            link.execute("DELETE FROM aiRunnerKeys WHERE until <= ?", (now,))
            found = link.execute("SELECT * FROM aiRunnerKeys WHERE key_hash = ?", (key_hash,)).fetchone()
            if found is None:
                values = (key_hash, request_hash, run_id, milliseconds(until))
                link.execute("INSERT INTO aiRunnerKeys VALUES (?, ?, ?, ?)", values)
                return None
            return {"keyHash": found[0], "requestHash": found[1], "runId": found[2], "until": codec.moment(found[3])}

        return self._writer.do(work)

    def start_filling(self) -> None:
        self._writer.do(start_filling, durable=True)

    def fill(self, kind: str, docs: Collection[Doc]) -> None:
        name = table(kind)
        rows = [
            (doc["id"], _slug(kind, doc), milliseconds(doc.get("createdAt")), doc["revision"], codec.write(doc))
            for doc in docs
        ]
        self._writer.do(lambda link: link.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?)", rows))

    def fill_settings(self, doc: Doc) -> None:
        row = (doc["revision"], codec.write(doc))
        self._writer.do(lambda link: link.execute("INSERT INTO aiRunnerSettings VALUES (1, ?, ?)", row))

    def filled(self) -> None:
        self._writer.do(lambda link: mark(link, is_whole=True), durable=True)

    def remembered_keys(self) -> list[Doc]:
        with self._readers.reading() as link:
            found = link.execute("SELECT key_hash, request_hash, run_id, until FROM aiRunnerKeys").fetchall()
        return [
            {"keyHash": key, "requestHash": request, "runId": run, "until": codec.moment(until)}
            for key, request, run, until in found
        ]

    def runs_after(self, run_id: str, limit: int) -> list[Doc]:
        with self._readers.reading() as link:
            return sqlite_runs.after(link, run_id, limit)

    def size(self) -> int:
        files = (self._path, Path(f"{self._path}-wal"))
        with self._readers.reading():  # the files stay while one is open
            return sum(file.stat().st_size for file in files if file.exists())

    def ping(self) -> None:
        with self._readers.reading() as link:
            link.execute("SELECT count(*) FROM aiRunnerSettings").fetchone()

    def close(self) -> None:
        with self._closing:
            self._readers.close()
            self._writer.close()

    def _when_quiet(self, link: sqlite3.Connection) -> bool:
        return self._has_index and sqlite_runs.index_texts(link, _INDEX_AT_ONCE)


def _opened(path: Path, filling: bool) -> sqlite3.Connection:
    try:
        make_file(path)
        link = connect(path)
    except (OSError, sqlite3.Error) as error:
        raise Invalid(f"The store {path} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error
    try:
        link.execute("PRAGMA journal_mode = WAL").fetchone()
        migrate(link, filling=filling)
    except Invalid as error:
        link.close()
        raise Invalid(f"The store {path} cannot be used: {error.message}.") from error
    except sqlite3.OperationalError as error:
        link.close()
        busy = as_busy(error)
        raise Busy(f"{busy.message} It is {path}.", code=busy.code) from error
    except sqlite3.DatabaseError as error:
        link.close()
        kind = Invalid if "not a database" in str(error) else Broken
        raise kind(f"The store {path} cannot be used: {error}. {RESCUE}") from error
    return link


def _replaced(link: sqlite3.Connection, kind: str, doc: Doc, expect_revision: int | None) -> Doc:
    name = table(kind)
    found = link.execute(f"SELECT revision FROM {name} WHERE id = ?", (doc["id"],)).fetchone()
    if found is None:
        raise _missing(kind, doc["id"])
    revision = _next_revision(found[0], expect_revision)
    new = {**doc, "revision": revision}
    values = (_slug(kind, doc), milliseconds(doc.get("createdAt")), revision, codec.write(new), doc["id"])
    try:
        link.execute(f"UPDATE {name} SET slug = ?, created_at = ?, revision = ?, doc = ? WHERE id = ?", values)
    except sqlite3.IntegrityError as error:
        raise _taken(doc, error) from error
    return new


def _deleted(link: sqlite3.Connection, name: str, id: str) -> bool:
    if name == table("schedules"):
        link.execute("DELETE FROM aiRunnerPlans WHERE id = ?", (id,))
    return link.execute(f"DELETE FROM {name} WHERE id = ?", (id,)).rowcount == 1


def _missing(kind: str, id: str) -> NotFound:
    return NotFound(f"There is no {id} among the {kind} any more.")


def _slug(kind: str, doc: Doc) -> str | None:
    return doc.get("slug") if kind == "profiles" else None


def _taken(doc: Doc, error: sqlite3.IntegrityError) -> Exception:
    if ".slug" in str(error):
        sentence = f"The slug {doc['slug']} is taken; choose another."
        return Conflict(sentence, code="slug_taken", fields={"slug": sentence})
    if ".id" in str(error):
        return Conflict(f"There is one with the id {doc['id']} already.", code="id_taken")
    return error


def _next_revision(stored: int, expected: int | None) -> int:
    if expected is not None and expected != stored:
        raise PreconditionFailed(f"It was changed meanwhile (revision {stored}, not {expected}); load it again.")
    return stored + 1


def _equal(field: str, value: str | float | bool | None) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL that a field of the document equals a value: JSON's true and false are 1 and 0 to SQLite."""
    if not (value is None or isinstance(value, (str, int, float))):
        raise TypeError(f"{field} can be compared with text, numbers, true, false and None only")
    path = f'$."{field}"'
    if value is None:
        return "json_extract(doc, ?) IS NULL", (path,)
    return "json_extract(doc, ?) = ?", (path, value)
