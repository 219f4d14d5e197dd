"""MongoDB: the plans of schedules, in a collection of their own.

Nothing here looks at two collections in one step: a plan that somebody kept just when its schedule was changed or
deleted is of another revision, and is found by that.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from airunner.domain.record import Doc
from airunner.store.mongo_link import pack, raise_unless_taken
from airunner.store.mongo_schema import PLANS, collection

Db = Database[dict[str, Any]]
_SCHEDULES = collection("schedules")


def save(db: Db, plans: Collection[Doc]) -> None:
    """Keep plans; those of another revision than their schedule's are passed by, and no newer one is written over."""
    ids = [plan["id"] for plan in plans]
    known = {found["_id"]: found["revision"] for found in db[_SCHEDULES].find({"_id": {"$in": ids}}, {"revision": 1})}
    writes = [
        UpdateOne(
            {"_id": plan["id"], "revision": {"$lte": plan["revision"]}},
            {
                "$set": {
                    **{name: value for name, value in pack(plan).items() if name != "id"},
                    "isOpen": bool(plan["open"]),
                }
            },
            upsert=True,
        )
        for plan in plans
        if known.get(plan["id"]) == plan["revision"]
    ]
    if not writes:
        return
    try:
        db[PLANS].bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        raise_unless_taken(error)


def find(db: Db, ids: Collection[str] | None) -> dict[str, Doc]:
    """Return plans by their ids."""
    return {plan["id"]: plan for plan in map(_plan, db[PLANS].find({} if ids is None else {"_id": {"$in": list(ids)}}))}


def due(db: Db) -> list[tuple[str, datetime]]:
    """Return what is due when, the earliest first."""
    found = db[PLANS].find({"dueAt": {"$type": "date"}}, {"dueAt": 1}, batch_size=100_000).sort("dueAt", 1)
    return [(plan["_id"], plan["dueAt"]) for plan in found]


def open_ones(db: Db) -> list[Doc]:
    """Return the plans that wait for the end of runs."""
    return [_plan(found) for found in db[PLANS].find({"isOpen": True}).sort("_id", 1)]


def stale(db: Db, now: datetime) -> list[str]:
    """Return the schedules whose plan is missing or not of them, or comes from the future."""
    planned = {"$project": {"planned": "$revision", "at": "$plannedAt"}}
    found = db[_SCHEDULES].aggregate(
        [
            {"$project": {"revision": 1}},
            {"$unionWith": {"coll": PLANS, "pipeline": [planned]}},
            {
                "$group": {
                    "_id": "$_id",
                    "revision": {"$max": "$revision"},
                    "planned": {"$max": "$planned"},
                    "at": {"$max": "$at"},
                }
            },
            {"$match": {"revision": {"$ne": None}, "$expr": {"$or": [_OTHER, {"$gt": ["$at", now]}]}}},
            {"$sort": {"_id": 1}},
        ]
    )
    return [schedule["_id"] for schedule in found]


_OTHER = {"$ne": ["$revision", "$planned"]}


def _plan(found: dict[str, Any]) -> Doc:
    plan = {"id": found.pop("_id"), **found}
    del plan["isOpen"]
    return plan
