"""MongoDB: the runs one by one: adding, conditional changes, removal, and the reads that are no search.

A run is a document as the specification has it, with `_keys` beside: what it is sorted, searched and removed by.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection as Runs
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from airunner.base.errors import Conflict
from airunner.domain.query import SORTS
from airunner.domain.record import Doc
from airunner.domain.run import NEVER_LISTED, PREVIEW_CHARACTERS, RUN_FIELDS
from airunner.domain.states import ACTIVE, FINISHED
from airunner.store import mongo_texts
from airunner.store.mongo_link import pack, raise_unless_taken
from airunner.store.mongo_schema import ORDERED, RUNS

Db = Database[dict[str, Any]]
_LONG = ("promptContent", "command")
_OWNERS = {"promptId": "prompt", "scheduleId": "schedule"}


def insert(db: Db, doc: Doc) -> None:
    """Add a run; raise Conflict when its id or its time to fire is taken."""
    run = stored(doc)
    mongo_texts.keep(db, [doc])
    try:
        db[RUNS].insert_one(run)
    except DuplicateKeyError as error:
        raise _taken(doc["runId"], error) from error


def insert_new(db: Db, docs: Collection[Doc]) -> None:
    """Add the runs whose id and time to fire are not taken."""
    if not docs:
        return
    mongo_texts.keep(db, docs)
    try:
        db[RUNS].insert_many([stored(doc) for doc in docs], ordered=False)
    except BulkWriteError as error:
        raise_unless_taken(error)


def change(db: Db, run_id: str, changes: Doc, only_if: Collection[str]) -> Doc | None:
    """Set fields of a run whose status is one of `only_if`; return it as it then is, else None.

    The update is a pipeline, so that what follows from several fields follows from them as they are at that moment.
    """
    wanted = {"_id": run_id, "status": {"$in": [str(status) for status in only_if]}}
    keys = _keys(changes)
    if (mongo_texts.FIELDS | set(_LONG)) & changes.keys():
        old = db[RUNS].find_one(wanted)
        if old is None:
            return None
        keys = _keys({**{name: old.get(name) for name in _LONG}, **changes})
        keys |= mongo_texts.keep(db, [{**old, **changes}])[0]
    fields = {name: {"$literal": pack(value)} for name, value in changes.items()}
    fields |= {f"_keys.{name}": {"$literal": value} for name, value in keys.items()}
    if not fields:
        found = db[RUNS].find_one(wanted)
    else:
        steps = [{"$set": fields}, {"$set": {"_keys.expires": _EXPIRES}}]
        found = db[RUNS].find_one_and_update(wanted, steps, return_document=ReturnDocument.AFTER)
    return None if found is None else whole(found)


def delete(db: Db, run_id: str) -> bool:
    """Remove a run and what only it had; say whether it was there."""
    found = db[RUNS].find_one_and_delete({"_id": run_id}, projection={"_keys": 1})
    if found is None:
        return False
    mongo_texts.forget(db, found["_keys"])
    return True


def get(db: Db, run_id: str) -> Doc | None:
    """Return the whole run, or None."""
    found = db[RUNS].find_one({"_id": run_id})
    return None if found is None else whole(found)


def after(db: Db, run_id: str, limit: int) -> list[Doc]:
    """Return the next whole runs by id."""
    return [whole(found) for found in db[RUNS].find({"_id": {"$gt": run_id}}).sort("_id", 1).limit(limit)]


def active(db: Db) -> list[Doc]:
    """Return the whole queued and running runs, lowest id first."""
    found = db[RUNS].find({"status": {"$in": sorted(ACTIVE)}}).hint("active")
    return sorted(map(whole, found), key=lambda doc: str(doc["runId"]))


def last_of(db: Db, field: str, ids: Collection[str]) -> dict[str, Doc]:
    """Return the newest run of each prompt or schedule that has one, as lists show it."""
    if field not in _OWNERS:
        raise ValueError(f"runs are not looked up by {field!r}")
    newest = db[RUNS].aggregate(
        [
            {"$match": {field: {"$in": list(ids)}}},
            {"$sort": {field: -1, "queuedAt": -1, "_id": -1}},
            {"$group": {"_id": f"${field}", "run": {"$first": "$_id"}}},
        ],
        hint=_OWNERS[field],
    )
    by_id = {doc[field]: doc for doc in listed(db[RUNS], [found["run"] for found in newest])}
    return {id: by_id[id] for id in ids if id in by_id}


def listed(runs: Runs[dict[str, Any]], ids: Collection[str]) -> list[Doc]:
    """Return the runs with these ids as lists show them, in any order."""
    return [shown(found) for found in runs.find({"_id": {"$in": list(ids)}}, PROJECTION)] if ids else []


def whole(found: dict[str, Any]) -> Doc:
    """Return the run of what is stored."""
    del found["_id"]
    found.pop("_keys", None)
    return found


def shown(found: dict[str, Any]) -> Doc:
    """Return a run, read with PROJECTION, as lists show it."""
    preview = found.pop("_keys", {}).get("preview")
    del found["_id"]
    return {**found, "promptPreview": (found.get("promptContent") or "") if preview is None else preview}


def stored(doc: Doc) -> dict[str, Any]:
    """Return a run in the form that it is kept in."""
    keys = {**_keys(dict.fromkeys((*ORDERED, *_LONG)) | doc), **mongo_texts.ids_of(doc)}
    keys["id"] = mongo_texts.grams(doc["runId"])
    if doc["status"] in ACTIVE:
        keys["uncopied"] = True
    if doc["status"] in FINISHED and not doc.get("pinned"):
        keys["expires"] = doc.get("finishedAt") or doc["queuedAt"]
    return {"_id": doc["runId"], **pack(doc), "_keys": keys}


def _short(name: str) -> dict[str, Any]:
    return {"$cond": [{"$in": [name, {"$ifNull": ["$_keys.long", []]}]}, "$$REMOVE", f"${name}"]}


PROJECTION: dict[str, Any] = {
    **{name: 1 for name in RUN_FIELDS if name not in NEVER_LISTED},
    **{name: _short(name) for name in _LONG},
    "_keys.preview": 1,
}
"""What lists need of a run: never a long text."""

# The date that the retention counts from; a run that is active or pinned has none.
_EXPIRES = {
    "$cond": [
        {"$and": [{"$in": ["$status", sorted(FINISHED)]}, {"$ne": ["$pinned", True]}]},
        {"$ifNull": ["$finishedAt", "$queuedAt"]},
        "$$REMOVE",
    ]
}


def _keys(fields: Doc) -> dict[str, Any]:
    """Return what follows from some fields: their sorted forms, which texts are long, and the preview of a long prompt."""
    keys: dict[str, Any] = {name: pack(SORTS[name](fields[name])) for name in ORDERED if name in fields}
    if fields.keys() & set(_LONG):
        lengths = {name: len(fields.get(name) or "") for name in _LONG}
        keys["long"] = [name for name, length in lengths.items() if length > PREVIEW_CHARACTERS]
    if "promptContent" in fields:
        is_long = "promptContent" in keys["long"]
        keys["preview"] = pack(fields["promptContent"][:PREVIEW_CHARACTERS]) if is_long else None
    return keys


def _taken(run_id: str, error: DuplicateKeyError) -> Exception:
    if "scheduledFor" in ((error.details or {}).get("keyPattern") or {}):
        return Conflict("This time of the schedule has its run already.", code="already_fired")
    return Conflict(f"There is a run {run_id} already.", code="run_exists")
