"""MongoDB: collections, their indexes, and what brings older ones up to date; migrations are append only."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from airunner.base.errors import Invalid
from airunner.store.contract import KINDS, TALLIED

RUNS, TEXTS, SETTINGS, KEYS, PLANS, OUTPUT, META = (
    f"aiRunner{name}" for name in ("Runs", "Texts", "Settings", "Keys", "Plans", "Output", "Meta")
)
VERSION = 1
FOREVER = 2**31 - 1
"""Seconds of a TTL that never comes (the most that `expireAfterSeconds` takes)."""
_DAY = 86_400
_GRACE_DAYS = 1  # the servers remove records first, with their folders; what they could not is removed by MongoDB
_RETENTION = "retention"
_SERVER = "server"
_FOREIGN = "it has collections named aiRunner… that no airunner like this one made; name another database"
_NEWER = "it was written by a newer airunner; use that one, or name another database"
_HALF_FILLED = "a copy into it did not end; run `airunner store copy` again"
_OTHER_OPTIONS = 85  # IndexOptionsConflict (error_codes.yml of the server)


def collection(kind: str) -> str:
    """Return the collection of a kind; raise ValueError for an unknown one."""
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}")
    return f"aiRunner{kind.capitalize()}"


def prepare(db: Database[dict[str, Any]]) -> None:
    """Make what is missing and migrate what is older; raise Invalid for a database that is newer, half filled or not ours.

    Any number of servers may do so at once: each step can be done twice.
    """
    meta = _meta(db)
    if meta and meta.get("isHalfFilled"):
        raise Invalid(_HALF_FILLED)
    if not meta:
        if _is_full(db):
            raise Invalid(_FOREIGN)
        with contextlib.suppress(DuplicateKeyError):
            db[META].insert_one({"_id": "schema", "version": VERSION, "isHalfFilled": False})
    _make_all(db)


def start_filling(db: Database[dict[str, Any]]) -> None:
    """Remove what a copy that did not end has left, mark the database as half filled; raise Invalid for one that is full."""
    meta = _meta(db)
    if meta and meta.get("isHalfFilled"):
        for name in _indexes():
            db[name].drop()
    elif _is_full(db):
        raise Invalid("The store to copy into is not empty; a copy needs an empty one.")
    mark(db, is_whole=False)
    _make_all(db)


def _meta(db: Database[dict[str, Any]]) -> dict[str, Any] | None:
    meta = db[META].find_one({"_id": "schema"})
    if meta and meta["version"] > VERSION:
        raise Invalid(_NEWER)
    return meta


def _is_full(db: Database[dict[str, Any]]) -> bool:
    return any(db[name].find_one({}, {"_id": 1}) for name in _indexes())


def _make_all(db: Database[dict[str, Any]]) -> None:
    for name, indexes in _indexes().items():
        _make(db, name, indexes)


def retain(db: Database[dict[str, Any]], days: int | None, *, only_longer: bool = False) -> None:
    """Have MongoDB remove records, too, in case no server is there to do so (manual: "TTL Indexes").

    Longer before the settings say so and shorter after it: whatever cuts that off, nothing goes before its time.
    """
    seconds = min((days + _GRACE_DAYS) * _DAY, FOREVER) if days else FOREVER
    known = db[RUNS].index_information().get(_RETENTION, {}).get("expireAfterSeconds", FOREVER)
    if seconds > known or (seconds < known and not only_longer):
        db.command("collMod", RUNS, index={"name": _RETENTION, "expireAfterSeconds": seconds})


def touch(db: Database[dict[str, Any]]) -> None:
    """Write something that means nothing."""
    db[META].update_one({"_id": "touched"}, {"$currentDate": {"at": True}}, upsert=True)


def hold(db: Database[dict[str, Any]], holder: str, name: str, seconds: float) -> str | None:
    """Hold the database as the contract says, by the clock of MongoDB (manual: "Aggregation Variables", NOW)."""
    is_free = {"$or": [{"$eq": ["$holder", holder]}, {"$lt": ["$until", "$$NOW"]}]}
    held = {"holder": holder, "name": {"$literal": name}, "until": {"$add": ["$$NOW", int(seconds * 1000)]}}
    nobody = {"holder": "", "name": "", "until": datetime.fromtimestamp(0, UTC)}
    with contextlib.suppress(DuplicateKeyError):  # somebody else was quicker
        db[META].update_one({"_id": _SERVER}, {"$setOnInsert": nobody}, upsert=True)
    if db[META].update_one({"_id": _SERVER, "$expr": is_free}, [{"$set": held}]).matched_count:
        return None
    other = db[META].find_one({"_id": _SERVER})
    return str(other["name"]) if other else None


def mark(db: Database[dict[str, Any]], *, is_whole: bool) -> None:
    """Mark the database as whole, or as half filled."""
    meta = {"_id": "schema", "version": VERSION, "isHalfFilled": not is_whole}
    db[META].replace_one({"_id": "schema"}, meta, upsert=True)


def _make(db: Database[dict[str, Any]], name: str, indexes: list[IndexModel]) -> None:
    for index in indexes:
        try:
            db[name].create_indexes([index])
        except OperationFailure as error:
            if error.code != _OTHER_OPTIONS or index.document["name"] != _RETENTION:
                raise  # the retention's seconds follow the settings


def _indexes() -> dict[str, list[IndexModel]]:
    found = {collection(kind): [_index("order", "createdAt", "_id")] for kind in KINDS}
    found["aiRunnerProfiles"].append(
        _index("slug", "slug", unique=True, partialFilterExpression={"slug": {"$type": "string"}})
    )
    found["aiRunnerSchedules"].append(_index("prompt", "promptId"))
    found[RUNS] = _run_indexes()
    found[TEXTS] = [_index("grams", "grams"), _index("long", "isLong", partialFilterExpression={"isLong": True})]
    found[KEYS] = [_index("until", "until", expireAfterSeconds=0)]
    found[PLANS] = [
        _index("due", "dueAt", partialFilterExpression={"dueAt": {"$type": "date"}}),
        _index("open", "isOpen", partialFilterExpression={"isOpen": True}),
    ]
    found[SETTINGS] = []
    found[OUTPUT] = []  # its ids say what is where
    return found


def _run_indexes() -> list[IndexModel]:
    """Return those that the specification lists, and those that lists are filtered and sorted by.

    `queuedAt, _id` behind a field keep its runs in the order of lists; what follows lets them be counted by the index alone.
    """
    counted = ("status", "triggeredBy")
    return [
        _index("active", "status", "startedAt"),
        _index("prompt", "promptId", "queuedAt", "_id", *counted),
        _index("schedule", "scheduleId", "queuedAt", "_id", *counted),
        # A time to fire becomes one run, however many servers look at it.
        _index(
            "fire",
            "scheduleId",
            "scheduledFor",
            "attempt",
            unique=True,
            partialFilterExpression={"scheduledFor": {"$type": "date"}},
        ),  # fmt: skip
        # Only what has ended and is not pinned has this date.
        _index(_RETENTION, "_keys.expires", expireAfterSeconds=FOREVER),
        _index("queued", "queuedAt", "_id", *counted),
        _index("status", "status", "queuedAt", "_id", "triggeredBy"),
        _index("trigger", "triggeredBy", "queuedAt", "_id", "status"),
        _index("profile", "agentProfileId", "queuedAt", "_id", *counted),
        _index("directory", "workingDirectory", "queuedAt", "_id", *counted, "agentProfileId"),
        *(_index(f"by-{name}", f"_keys.{name}", "queuedAt", "_id") for name in ORDERED),
        # Whatever runs are counted by.
        _index("count", "queuedAt", "status", "durationSeconds", *TALLIED, "_id"),
        _index("pinned", "pinned", "queuedAt", "_id", partialFilterExpression={"pinned": True}),
        _index("uncopied", "_keys.uncopied", partialFilterExpression={"_keys.uncopied": True}),
        _index("id", "_keys.id"),
        _index("text", "_keys.text"),
        _index("reason", "_keys.reason", partialFilterExpression={"_keys.reason": {"$type": "string"}}),
    ]


ORDERED = ("promptName", "agentProfileName", "startedAt", "finishedAt", "durationSeconds", "exitCode")
"""Fields that are sorted by a form of their own, kept in `_keys`: domain.query.sort_key."""


def _index(name: str, *fields: str, **options: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], name=name, **options)
