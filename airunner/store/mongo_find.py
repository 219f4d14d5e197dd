"""MongoDB: the history's pages: filters, search, order, totals.

A filtered list is led by the index that has the fewest runs, where it is short enough to be sorted or has them in order;
else the server's planner chooses. The whole history is walked along the index of the order, from the cursor's place
(manual: "cursor.min()", "cursor.max()").
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bson import MaxKey, MinKey
from pymongo.database import Database

from airunner.base.ids import ID_LENGTH, is_id
from airunner.domain.query import COUNTED, RunPage, RunQuery, SortKey
from airunner.domain.record import Doc
from airunner.store import mongo_runs, mongo_texts
from airunner.store.codec import moment
from airunner.store.mongo_link import pack
from airunner.store.mongo_schema import ORDERED, RUNS, TEXTS

Db = Database[dict[str, Any]]
_RECENT = 5_000
_FEW = 2_000  # texts that are worth naming one by one
_NOT_PINNED = {"$ne": True}  # no index has these: nearly all runs are so
_BY_TIME = ("queuedAt", "_id")


class _Order(NamedTuple):
    """The fields of an order, the index that has the runs in it, and the further fields of that index."""

    fields: tuple[str, ...]
    name: str
    rest: tuple[str, ...] = ()


_ORDERS = {
    "runId": _Order(("_id",), "_id_"),
    "status": _Order(("status", *_BY_TIME), "status", ("triggeredBy",)),
    "triggeredBy": _Order(("triggeredBy", *_BY_TIME), "trigger", ("status",)),
    "workingDirectory": _Order(
        ("workingDirectory", *_BY_TIME), "directory", ("status", "triggeredBy", "agentProfileId")
    ),
    "queuedAt": _Order(_BY_TIME, "queued", ("status", "triggeredBy")),
    **{name: _Order((f"_keys.{name}", *_BY_TIME), f"by-{name}") for name in ORDERED},
}
# Which index leads to the runs that meet a condition, roughly the narrowest first.
_LEADS = {
    "promptId": "prompt",
    "scheduleId": "schedule",
    "workingDirectory": "directory",
    "pinned": "pinned",
    "agentProfileId": "profile",
    "status": "status",
    "triggeredBy": "trigger",
    "queuedAt": "queued",
}


def find(db: Db, query: RunQuery) -> RunPage:
    """Return one page."""
    conditions = _conditions(query)
    if query.search:
        return _search(db, query, conditions)
    lead = _narrowest(db, conditions)
    total = _count(db, conditions, lead) if conditions else _count_all(db)
    if total > COUNTED and not conditions:
        return _page(query, _walk(db, query), total)
    if total > COUNTED and not (query.sort == "queuedAt" and _is_single(conditions, lead)):
        lead = None
    return _page(query, _gather(db, query, conditions, lead), total)


def _narrowest(db: Db, conditions: dict[str, Any]) -> str | None:
    """Return the condition whose index has the fewest runs, as far as 10,000 can tell."""
    leads = [field for field in _LEADS if field in conditions and conditions[field] != _NOT_PINNED]
    if len(leads) > 1:
        leads = [field for field in leads if field != "queuedAt"]
    counts = {field: _count(db, {field: conditions[field]}, field) for field in leads} if len(leads) > 1 else {}
    return min(leads, key=lambda field: counts.get(field, 0), default=None)


def _count(db: Db, conditions: dict[str, Any], lead: str | None) -> int:
    hint: dict[str, Any] = {"hint": _LEADS[lead]} if lead else {}
    return db[RUNS].count_documents(conditions, limit=COUNTED + 1, **hint)


def _count_all(db: Db) -> int:
    """Count the runs by an index: what the server remembers of their number is wrong after it was killed."""
    return db[RUNS].count_documents({}, limit=COUNTED + 1, hint="_id_")


def _is_single(conditions: dict[str, Any], lead: str | None) -> bool:
    """Say whether the leading index has the runs in the order of time: its first field has one value, or is the time."""
    return lead is not None and (lead == "queuedAt" or not isinstance(conditions[lead], dict))


def _gather(db: Db, query: RunQuery, conditions: dict[str, Any], lead: str | None) -> Any:
    """Return a cursor on the page, led by an index or, without, by what the server's planner finds best."""
    order = _ORDERS[query.sort]
    found = db[RUNS].find({"$and": [conditions, *_behind(query, order)]}, mongo_runs.PROJECTION)
    if lead:
        found = found.hint(_LEADS[lead])
    return _cut(found, query, order)


def _cut(found: Any, query: RunQuery, order: _Order) -> Any:
    way = -1 if query.descending else 1
    sorted_ones = found.sort([(field, way) for field in order.fields])
    return sorted_ones.limit(query.limit + 1).skip(0 if query.cursor else query.offset)


def directories(db: Db, limit: int) -> list[Doc]:
    """Return the directories of runs with the time each was last used, the newest first."""
    newest: dict[str, Any] = {}
    for run in db[RUNS].find({}, {"workingDirectory": 1, "queuedAt": 1}).sort("queuedAt", -1).limit(_RECENT):
        if run.get("workingDirectory"):
            newest.setdefault(run["workingDirectory"], run["queuedAt"])
    if len(newest) < limit:
        # Jumps from each directory to the next in the index, instead of reading all runs of each.
        for found in db[RUNS].aggregate(
            [
                {"$sort": {"workingDirectory": -1, "queuedAt": -1}},
                {"$group": {"_id": "$workingDirectory", "at": {"$first": "$queuedAt"}}},
            ],
            hint="directory",
        ):
            if found["_id"]:
                newest[found["_id"]] = found["at"]
    used = sorted(newest.items(), key=lambda entry: entry[1], reverse=True)[:limit]
    return [{"path": path, "lastUsed": at} for path, at in used]


def _conditions(query: RunQuery) -> dict[str, Any]:
    equal = {
        "promptId": query.prompt_id,
        "scheduleId": query.schedule_id,
        "workingDirectory": query.working_directory,
        "agentProfileId": query.agent_profile_id,
    }
    found: dict[str, Any] = {name: pack(value) for name, value in equal.items() if value is not None}
    for name, values in (("status", query.status), ("triggeredBy", query.triggered_by)):
        if values:
            found[name] = str(values[0]) if len(values) == 1 else {"$in": [str(value) for value in values]}
    if query.pinned is not None:
        found["pinned"] = True if query.pinned else _NOT_PINNED
    bounds = {"$gte": query.after, "$lte": query.before}
    if bounds := {sign: at for sign, at in bounds.items() if at}:
        found["queuedAt"] = bounds
    return found


def _walk(db: Db, query: RunQuery) -> Any:
    """Return a cursor on the page of all runs along the index of the order, begun at the very place of the query's cursor."""
    order = _ORDERS[query.sort]
    # The upper end of a walk is exclusive; the lower one is not, and the run there is left out by its id.
    condition = {"_id": {"$ne": query.cursor.run_id}} if query.cursor and not query.descending else {}
    found = db[RUNS].find(condition, mongo_runs.PROJECTION).hint(order.name)
    if query.cursor:
        rest = MinKey() if query.descending else MaxKey()
        values = [*_place(query.cursor, order), *[rest] * len(order.rest)]
        place = list(zip((*order.fields, *order.rest), values, strict=True))
        found = found.max(place) if query.descending else found.min(place)
    return _cut(found, query, order)


def _behind(query: RunQuery, order: _Order) -> list[dict[str, Any]]:
    """Return the conditions that continue behind the cursor: the first bounds an index, the second is exact."""
    if query.cursor is None:
        return []
    sign = "$lt" if query.descending else "$gt"
    place = list(zip(order.fields, _place(query.cursor, order), strict=True))
    ways = []
    for at, (field, value) in enumerate(place):
        ways.append({**dict(place[:at]), field: {sign: value}})
    first, value = place[0]
    return [{first: {f"{sign}e": value}}, {"$or": ways}]


def _place(cursor: SortKey, order: _Order) -> list[Any]:
    return [pack(cursor.value), moment(cursor.at), cursor.run_id][-len(order.fields) :]


def _page(query: RunQuery, found: Any, total: int) -> RunPage:
    runs = [mongo_runs.shown(run) for run in found]
    more = len(runs) > query.limit
    runs = runs[: query.limit]
    return RunPage(runs, min(total, COUNTED), total > COUNTED, query.cursor_after(runs[-1]) if more else None)


def _search(db: Db, query: RunQuery, conditions: dict[str, Any]) -> RunPage:
    """Return a page of what contains a text: through the texts that do, or, where they are very many, run by run."""
    needle = (query.search or "").casefold()
    texts = mongo_texts.containing(db, needle, _FEW + 1)
    if len(texts) > _FEW:
        # Those of the texts that are known often are more than are counted, and quicker found than looked through.
        known = _count(db, {**conditions, "_keys.text": {"$in": texts}}, _narrowest(db, conditions))
        return _looked_through(db, query, conditions, needle, known)
    # The type lets the partial index be used (manual: "Partial Indexes", Query Coverage).
    reason = {"$in": texts, "$type": "string"}
    ways: list[dict[str, Any]] = [{"_keys.text": {"$in": texts}}, {"_keys.reason": reason}]
    if len(needle) <= ID_LENGTH and is_id((needle * ID_LENGTH)[:ID_LENGTH]):
        numbers = mongo_texts.grams(needle)
        ways.append({"_id": {"$regex": needle}, **({"_keys.id": {"$all": numbers}} if numbers else {})})
    found = {**conditions, "$or": ways}
    return _page(query, _gather(db, query, found, None), _count(db, found, None))


def _count_looking(db: Db, conditions: dict[str, Any], needle: str) -> int:
    """Count runs whose texts are looked at: under conditions each pair of texts once, else run by run until it is enough."""
    counted: list[dict[str, Any]] = [{"$match": conditions}]
    if conditions:
        counted += [
            {"$group": {"_id": {"text": "$_keys.text", "reason": "$_keys.reason"}, "runs": {"$sum": 1}}},
            *_look("$_id", needle),
            {"$group": {"_id": None, "total": {"$sum": "$runs"}}},
        ]
    else:
        counted += [*_look("$_keys", needle), {"$limit": COUNTED + 1}, {"$count": "total"}]
    return next((found["total"] for found in db[RUNS].aggregate(counted)), 0)


def _look(keys: str, needle: str) -> list[dict[str, Any]]:
    """Return the steps that leave what has the needle in one of its texts, whose ids are in a field."""
    texts = [{"$ifNull": [f"{keys}.{name}", "-"]} for name in ("text", "reason")]
    return [
        {"$set": {"texts": texts}},
        {"$lookup": {"from": TEXTS, "localField": "texts", "foreignField": "_id", "as": "texts"}},
        {"$match": mongo_texts.contains(needle)},
    ]


def _looked_through(db: Db, query: RunQuery, conditions: dict[str, Any], needle: str, known: int) -> RunPage:
    """Return a page of runs that are looked at in their order, each with its texts; `known` of them are counted already."""
    order = _ORDERS[query.sort]
    way = -1 if query.descending else 1
    look = _look("$_keys", needle)
    if known <= COUNTED:
        known = _count_looking(db, conditions, needle)
    walk: list[dict[str, Any]] = [
        {"$match": {"$and": [conditions, *_behind(query, order)]}},
        {"$sort": {field: way for field in order.fields}},
        *look,
        {"$skip": 0 if query.cursor else query.offset},
        {"$limit": query.limit + 1},
        {"$project": mongo_runs.PROJECTION},
    ]
    return _page(query, db[RUNS].aggregate(walk), known)
