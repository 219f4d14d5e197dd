"""The store in a MongoDB database: the small collections and the settings; the runs are in `mongo_runs`.

A document is stored as it is, with its id as `_id`, too. What one call of the contract does in several operations of
the server is done in an order in which every beginning of it is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pymongo import DeleteOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from airunner.base.clock import Clock
from airunner.base.errors import Busy, Conflict, Invalid, NotFound, PreconditionFailed
from airunner.domain.query import RunPage, RunQuery
from airunner.domain.record import Doc
from airunner.store import codec, mongo_find, mongo_output, mongo_plans, mongo_runs, mongo_schema, mongo_tally
from airunner.store.contract import SECONDS, Chunk, Store
from airunner.store.mongo_link import Link, pack, shown_url
from airunner.store.mongo_schema import KEYS, META, PLANS, SETTINGS, collection

_OPENING_SECONDS = 10.0
_MAKING_SECONDS = 600.0  # a further index over millions of runs
_FILLING_SECONDS = 60.0
_ONLY = "settings"


class MongoStore(Store):
    """A database, through one client with a pool of connections."""

    def __init__(self, url: str, clock: Clock, *, filling: bool = False) -> None:
        """Connect, make what is missing; raise Invalid for what cannot be ours, Busy when nobody answers.

        `filling`: nothing is looked at before `start_filling`, and calls may take long, as they carry much.
        """
        self._clock = clock
        self._link = Link(url, _FILLING_SECONDS if filling else SECONDS)
        self._db = self._link.db
        try:
            with self._link.calling(_OPENING_SECONDS):
                hello = self._link.client.admin.command("hello")
            if not filling:
                with self._link.calling(_MAKING_SECONDS):
                    mongo_schema.prepare(self._db)
                    mongo_schema.retain(self._db, self._settings().get("recordRetentionDays"))
        except Invalid as error:
            self.close()
            raise Invalid(f"The store {shown_url(url)} cannot be used: {error.message}.") from error
        except Busy as error:
            self.close()
            raise Busy(f"The store {shown_url(url)} cannot be reached. {error.message}", code=error.code) from error
        # A server that stands alone has neither transactions nor retryable writes (manual: "Transactions").
        self._has_transactions = "setName" in hello or hello.get("msg") == "isdbgrid"

    def insert(self, kind: str, doc: Doc) -> Doc:
        name, new = collection(kind), {**doc, "revision": 1}
        with self._link.calling():
            try:
                self._db[name].insert_one(_stored(new))
            except DuplicateKeyError as error:
                raise _taken(doc, error) from error
        return codec.copy(new)

    def get(self, kind: str, id: str) -> Doc | None:
        with self._link.calling():
            found = self._db[collection(kind)].find_one({"_id": id})
        return _unstored(found) if found else None

    def find(self, kind: str, **equal: str | float | bool | None) -> list[Doc]:
        wanted = {field: pack(value) for field, value in equal.items()}
        with self._link.calling():
            found = list(self._db[collection(kind)].find(wanted).sort([("createdAt", 1), ("_id", 1)]))
        return [_unstored(doc) for doc in found]

    def replace(self, kind: str, doc: Doc, *, expect_revision: int | None) -> Doc:
        name, id = collection(kind), doc["id"]
        with self._link.calling():
            while True:
                found = self._db[name].find_one({"_id": id}, {"revision": 1})
                if found is None:
                    raise _missing(kind, id)
                revision = found["revision"]
                _check_revision(revision, expect_revision)
                new = {**doc, "revision": revision + 1}
                try:
                    done = self._db[name].replace_one({"_id": id, "revision": revision}, _stored(new))
                except DuplicateKeyError as error:
                    raise _taken(doc, error) from error
                if done.matched_count:
                    return codec.copy(new)

    def delete(self, kind: str, id: str) -> bool:
        name = collection(kind)
        with self._link.calling():
            done = self._db[name].delete_one({"_id": id})
            if kind == "schedules":
                self._db[PLANS].delete_one({"_id": id})
        return done.deleted_count == 1

    def change_many(self, kind: str, changed: Collection[Doc], deleted: Collection[str] = ()) -> None:
        name = collection(kind)
        stored = {doc["id"]: _stored({**doc, "revision": doc["revision"] + 1}) for doc in changed}
        if not stored and not deleted:
            return
        with self._link.calling():
            if self._has_transactions:
                with self._link.client.start_session() as session:
                    session.with_transaction(
                        lambda within: self._change(kind, name, stored, deleted, within),
                        write_concern=self._db.write_concern,
                    )
            else:
                self._change(kind, name, stored, deleted, None)

    def _change(
        self,
        kind: str,
        name: str,
        stored: dict[str, dict[str, Any]],
        deleted: Collection[str],
        session: ClientSession | None,
    ) -> None:
        """Look whether all is as expected, then write it in one go; without transactions only that go is as good as one."""
        ids = [*stored, *deleted]
        known = {
            found["_id"]: found["revision"]
            for found in self._db[name].find({"_id": {"$in": ids}}, {"revision": 1}, session=session)
        }
        for id in ids:
            if id not in known:
                raise _missing(kind, id)
            if id in stored:
                _check_revision(known[id], stored[id]["revision"] - 1)
        writes: list[ReplaceOne[dict[str, Any]] | DeleteOne] = [
            ReplaceOne({"_id": id, "revision": known[id]}, doc) for id, doc in stored.items()
        ]
        writes += [DeleteOne({"_id": id}) for id in deleted]
        done = self._db[name].bulk_write(writes, session=session)
        if done.matched_count != len(stored) or done.deleted_count != len(deleted):
            raise PreconditionFailed("Something of it was changed meanwhile; load it again.")
        if deleted and kind == "schedules":
            self._db[PLANS].delete_many({"_id": {"$in": list(deleted)}}, session=session)

    def save_plans(self, plans: Collection[Doc]) -> None:
        with self._link.calling():
            mongo_plans.save(self._db, plans)

    def plans(self, ids: Collection[str] | None = None) -> dict[str, Doc]:
        with self._link.calling():
            return mongo_plans.find(self._db, ids)

    def due_plans(self) -> list[tuple[str, datetime]]:
        with self._link.calling():
            return mongo_plans.due(self._db)

    def open_plans(self) -> list[Doc]:
        with self._link.calling():
            return mongo_plans.open_ones(self._db)

    def stale_plans(self, now: datetime) -> list[str]:
        with self._link.calling():
            return mongo_plans.stale(self._db, now)

    def settings(self) -> Doc:
        with self._link.calling():
            return self._settings()

    def _settings(self) -> Doc:
        found = self._db[SETTINGS].find_one({"_id": _ONLY})
        return _unstored(found) if found else {}

    def save_settings(self, doc: Doc, *, expect_revision: int | None = None) -> Doc:
        with self._link.calling():
            while True:
                found = self._db[SETTINGS].find_one({"_id": _ONLY}, {"revision": 1})
                revision = found["revision"] if found else 0
                _check_revision(revision, expect_revision)
                new = {**doc, "revision": revision + 1}
                mongo_schema.retain(self._db, doc.get("recordRetentionDays"), only_longer=True)
                if self._put_settings({"_id": _ONLY, **pack(new)}, revision):
                    mongo_schema.retain(self._db, doc.get("recordRetentionDays"))
                    return codec.copy(new)

    def _put_settings(self, new: dict[str, Any], revision: int) -> bool:
        if revision:
            return bool(self._db[SETTINGS].replace_one({"_id": _ONLY, "revision": revision}, new).matched_count)
        try:
            self._db[SETTINGS].insert_one(new)
        except DuplicateKeyError:
            return False
        return True

    def insert_run(self, doc: Doc) -> None:
        with self._link.calling():
            mongo_runs.insert(self._db, doc)

    def insert_skipped(self, docs: Collection[Doc]) -> None:
        with self._link.calling():
            mongo_runs.insert_new(self._db, docs)

    def get_run(self, run_id: str) -> Doc | None:
        with self._link.calling():
            return mongo_runs.get(self._db, run_id)

    def change_run(self, run_id: str, changes: Doc, *, only_if: Collection[str]) -> Doc | None:
        if {"runId", "queuedAt"} & changes.keys():
            raise ValueError("runId and queuedAt of a run never change")
        with self._link.calling():
            return mongo_runs.change(self._db, run_id, changes, only_if)

    def delete_run(self, run_id: str) -> bool:
        with self._link.calling():
            mongo_output.drop(self._db, run_id, None)
            return mongo_runs.delete(self._db, run_id)

    def active_runs(self) -> list[Doc]:
        with self._link.calling():
            return mongo_runs.active(self._db)

    def find_runs(self, query: RunQuery) -> RunPage:
        with self._link.calling():
            return mongo_find.find(self._db, query)

    def directories(self, limit: int) -> list[dict[str, Any]]:
        with self._link.calling():
            return mongo_find.directories(self._db, limit)

    def last_runs(self, field: str, ids: Collection[str]) -> dict[str, Doc]:
        with self._link.calling():
            return mongo_runs.last_of(self._db, field, ids)

    def tally(self, field: str | None, edges: Sequence[datetime]) -> list[Doc]:
        return mongo_tally.tally(self._db, self._link.calling, field, edges)

    @property
    def keeps_output(self) -> bool:
        return True

    def output_ends(self, run_id: str) -> dict[str, int]:
        with self._link.calling():
            return mongo_output.ends(self._db, run_id)

    def append_output(self, run_id: str, chunks: Sequence[Chunk]) -> bool:
        with self._link.calling():
            return mongo_output.append(self._db, run_id, chunks)

    def output_after(self, run_id: str, last: Chunk | None) -> list[Chunk]:
        with self._link.calling():
            return mongo_output.read(self._db, run_id, last)

    def uncopied_runs(self) -> list[str]:
        with self._link.calling():
            return mongo_output.uncopied(self._db)

    def close_output(self, run_id: str) -> None:
        with self._link.calling():
            mongo_output.close(self._db, run_id)

    def drop_output(self, run_id: str, files: Collection[str] | None = None) -> None:
        with self._link.calling():
            mongo_output.drop(self._db, run_id, files)

    def old_output(self, before: datetime, after: str = "") -> list[str]:
        with self._link.calling():
            return mongo_output.older(self._db, before, after)

    def remember_key(self, key_hash: str, request_hash: str, run_id: str, until: datetime) -> Doc | None:
        new = {"_id": key_hash, "requestHash": request_hash, "runId": run_id, "until": until}
        with self._link.calling():
            try:
                # Takes the place of one that is over; where one is not, its id is taken.
                self._db[KEYS].replace_one({"_id": key_hash, "until": {"$lte": self._clock.now()}}, new, upsert=True)
                return None
            except DuplicateKeyError:
                found = self._db[KEYS].find_one({"_id": key_hash}) or new
        return {"keyHash": found.pop("_id"), **found}

    def start_filling(self) -> None:
        with self._link.calling():
            mongo_schema.start_filling(self._db)

    def fill(self, kind: str, docs: Collection[Doc]) -> None:
        if docs:
            with self._link.calling():
                self._db[collection(kind)].insert_many([_stored(doc) for doc in docs])

    def fill_settings(self, doc: Doc) -> None:
        with self._link.calling():
            self._db[SETTINGS].insert_one({"_id": _ONLY, **pack(doc)})
            mongo_schema.retain(self._db, doc.get("recordRetentionDays"))

    def filled(self) -> None:
        with self._link.calling():
            mongo_schema.mark(self._db, is_whole=True)

    def remembered_keys(self) -> list[Doc]:
        with self._link.calling():
            return [{"keyHash": found.pop("_id"), **found} for found in self._db[KEYS].find()]

    def runs_after(self, run_id: str, limit: int) -> list[Doc]:
        with self._link.calling():
            return mongo_runs.after(self._db, run_id, limit)

    def hold(self, holder: str, name: str, seconds: float) -> str | None:
        with self._link.calling():
            return mongo_schema.hold(self._db, holder, name, seconds)

    def size(self) -> int:
        with self._link.calling():
            return int(self._db.command("dbStats")["totalSize"])

    def ping(self) -> None:
        with self._link.calling():
            self._db[META].find_one({"_id": "schema"})

    def touch(self) -> None:
        with self._link.calling():
            mongo_schema.touch(self._db)

    def close(self) -> None:
        self._link.close()


def _stored(doc: Doc) -> dict[str, Any]:
    return {"_id": doc["id"], **pack(doc)}


def _unstored(found: dict[str, Any]) -> Doc:
    del found["_id"]
    return found


def _missing(kind: str, id: str) -> NotFound:
    return NotFound(f"There is no {id} among the {kind} any more.")


def _taken(doc: Doc, error: DuplicateKeyError) -> Conflict:
    if "slug" in ((error.details or {}).get("keyPattern") or {}):
        sentence = f"The slug {doc['slug']} is taken; choose another."
        return Conflict(sentence, code="slug_taken", fields={"slug": sentence})
    return Conflict(f"There is one with the id {doc['id']} already.", code="id_taken")


def _check_revision(stored: int, expected: int | None) -> None:
    if expected is not None and expected != stored:
        raise PreconditionFailed(f"It was changed meanwhile (revision {stored}, not {expected}); load it again.")
