"""MongoDB: the searchable texts of runs, which equal runs share, and which of them contain something.

A text is kept with its trigrams, so that an index leads to the few that may contain what is looked for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable
from typing import Any

from pymongo import UpdateOne, WriteConcern
from pymongo.database import Database

from airunner.domain.record import Doc
from airunner.store.mongo_schema import RUNS, TEXTS

Db = Database[dict[str, Any]]
FIELDS = frozenset({"promptName", "workingDirectory", "promptContent", "reason"})
INDEXED_CHARACTERS = 4_096
"""Longer texts are looked through: each of their trigrams would be a key of the index."""
_SEPARATOR = "\x1f"  # between the parts of a text, so that no search matches across them
_TRIGRAMS = 8  # of a long search; the text itself has the last word anyway
_COUNTED = 5_000
_UNTOUCHED_MS = 60_000  # a text that somebody has just used is not removed: his run may come a moment later


def ids_of(doc: Doc) -> dict[str, str | None]:
    """Return the keys of a run that lead to its texts."""
    reason = doc.get("reason")
    return {"text": _id(_searchable(doc)), "reason": _id(_folded(reason)) if reason else None}


def keep(db: Db, docs: Iterable[Doc]) -> list[dict[str, str | None]]:
    """Have the texts of some runs; return the keys that lead to them."""
    docs = list(docs)
    texts = {id: text for doc in docs for id, text in texts_of(doc).items()}
    used = {"$currentDate": {"used": True}}
    writes = [UpdateOne({"_id": id}, {"$setOnInsert": kept(text), **used}, upsert=True) for id, text in texts.items()]
    # The run that follows waits for a majority, and with it for what came before it on the same server.
    db[TEXTS].with_options(write_concern=WriteConcern(1)).bulk_write(writes, ordered=False)
    return [ids_of(doc) for doc in docs]


def texts_of(doc: Doc) -> dict[str, str]:
    """Return the texts of a run by their ids."""
    return {_id(text): text for text in (_searchable(doc), _folded(doc.get("reason"))) if text}


def kept(text: str) -> dict[str, Any]:
    """Return what is kept of a text."""
    is_long = len(text) > INDEXED_CHARACTERS
    return {"text": text, "isLong": is_long, "grams": [] if is_long else grams(text)}


def forget(db: Db, keys: dict[str, Any]) -> None:
    """Remove the texts of a run that is gone, unless others have them."""
    for id in {keys.get("text"), keys.get("reason")} - {None}:
        if not db[RUNS].find_one(
            {"$or": [{"_keys.text": id}, {"_keys.reason": {"$eq": id, "$type": "string"}}]}, {"_id": 1}
        ):
            old = {"$lt": ["$used", {"$subtract": ["$$NOW", _UNTOUCHED_MS]}]}
            db[TEXTS].delete_one({"_id": id, "$expr": old})


def containing(db: Db, needle: str, most: int) -> list[str]:
    """Return the ids of texts that contain `needle`, which is folded; at most `most`."""
    has_it = {"$expr": {"$gte": [{"$indexOfBytes": ["$text", {"$literal": needle}]}, 0]}}
    numbers = grams(needle)
    if not numbers:
        return _ids(db, has_it, most)
    step = -(-len(numbers) // _TRIGRAMS)
    indexed = _ids(db, {"grams": _rarest(db, {*numbers[::step], numbers[-1]}), **has_it}, most)
    return [*indexed, *_ids(db, {"isLong": True, **has_it}, most - len(indexed))] if len(indexed) < most else indexed


def _rarest(db: Db, numbers: Collection[int]) -> int:
    """Return the trigram that the fewest texts have, as far as some thousands can tell."""
    counts = {number: db[TEXTS].count_documents({"grams": number}, limit=_COUNTED) for number in numbers}
    return min(counts, key=counts.__getitem__)


def contains(needle: str) -> dict[str, Any]:
    """Return the condition of an aggregation that one of `texts` contains the needle."""
    return {"texts.text": {"$exists": True}, "$expr": {"$anyElementTrue": [_each(needle)]}}


def _each(needle: str) -> dict[str, Any]:
    found = {"$gte": [{"$indexOfBytes": ["$$one.text", {"$literal": needle}]}, 0]}
    return {"$map": {"input": "$texts", "as": "one", "in": found}}


def _ids(db: Db, condition: dict[str, Any], most: int) -> list[str]:
    return [found["_id"] for found in db[TEXTS].find(condition, {"_id": 1}, batch_size=most).limit(most)]


def grams(text: str) -> list[int]:
    """Return a text's trigrams as numbers of 31 bits, each once."""
    found: Collection[str] = dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2))
    return [zlib.crc32(gram.encode()) & 0x7FFFFFFF for gram in found]


def _searchable(doc: Doc) -> str:
    return _SEPARATOR.join(_folded(doc.get(key)) for key in ("promptName", "workingDirectory", "promptContent"))


def _folded(text: str | None) -> str:
    return (text or "").encode("utf-8", "replace").decode().casefold()


def _id(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
