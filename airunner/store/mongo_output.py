"""MongoDB: what runs wrote, in chunks that follow their folders' files.

A chunk's `_id` is `RUN/FILE/POSITION`, so that a file's chunks lie in order and none is there twice. They are only ever
inserted in the order of their positions (manual: "Insert Behavior", ordered): whatever part of an insertion took place,
even a late one, the file is without a gap, and its end is where the next insertion goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bson import Binary
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from airunner.base.ids import made_at
from airunner.store.contract import Chunk
from airunner.store.mongo_link import raise_unless_taken
from airunner.store.mongo_schema import OUTPUT, RUNS

Db = Database[dict[str, Any]]
_DIGITS = 16
_READ_BYTES = 1024 * 1024
_MOST_CHUNKS = 2_000
_LISTED = 50


def ends(db: Db, run_id: str) -> dict[str, int]:
    """Return the position behind the last byte of each file of a run; from one file to the one before by the index."""
    found: dict[str, int] = {}
    before = f"{run_id}0"
    while True:
        wanted = {"_id": {"$gte": f"{run_id}/", "$lt": before}}
        last = db[OUTPUT].find_one(wanted, {"file": 1, "at": 1, "size": 1}, sort=[("_id", -1)])
        if last is None:
            return found
        found[last["file"]] = last["at"] + last["size"]
        before = f"{run_id}/{last['file']}/"


def append(db: Db, run_id: str, chunks: Sequence[Chunk]) -> bool:
    """Insert chunks, each at its file's end; say False when the ends are others: look at them again."""
    docs = [
        {
            "_id": _id(run_id, chunk),
            "runId": run_id,
            "file": chunk.file,
            "at": chunk.at,
            "size": len(chunk.data),
            "data": Binary(chunk.data),
        }
        for chunk in chunks
    ]
    try:
        db[OUTPUT].insert_many(docs, ordered=True)
    except BulkWriteError as error:
        raise_unless_taken(error)
        return False
    return True


def read(db: Db, run_id: str, last: Chunk | None) -> list[Chunk]:
    """Return the next chunks of a run, file by file, each file in order."""
    wanted = {**_of_run(run_id), "$gt": _id(run_id, last)} if last else _of_run(run_id)
    chunks: list[Chunk] = []
    size = 0
    with db[OUTPUT].find({"_id": wanted}).sort("_id", 1).limit(_MOST_CHUNKS) as found:
        for chunk in found:
            chunks.append(Chunk(chunk["file"], chunk["at"], bytes(chunk["data"])))
            size += chunk["size"]
            if size >= _READ_BYTES:
                break
    return chunks


def uncopied(db: Db) -> list[str]:
    """Return the runs whose output is not all here."""
    found = db[RUNS].find({"_keys.uncopied": True}, {"_id": 1}).hint("uncopied")
    return [run["_id"] for run in found]


def close(db: Db, run_id: str) -> None:
    """Remember that all output of a run is here."""
    db[RUNS].update_one({"_id": run_id}, {"$unset": {"_keys.uncopied": ""}})


def older(db: Db, before: datetime, after: str) -> list[str]:
    """Return runs with output whose ids say that they were queued before a time; from one to the next by the index."""
    runs: list[str] = []
    while len(runs) < _LISTED:
        found = db[OUTPUT].find_one({"_id": {"$gt": f"{after}0" if after else ""}}, {"runId": 1}, sort=[("_id", 1)])
        if found is None or made_at(found["runId"]) >= before:
            break
        after = found["runId"]
        runs.append(after)
    return runs


def drop(db: Db, run_id: str, files: Collection[str] | None) -> None:
    """Remove these files of a run, all of them without `files`."""
    if files is None:
        db[OUTPUT].delete_many({"_id": _of_run(run_id)})
    else:
        for file in files:
            db[OUTPUT].delete_many({"_id": {"$gte": f"{run_id}/{file}/", "$lt": f"{run_id}/{file}0"}})


def _id(run_id: str, chunk: Chunk) -> str:
    return f"{run_id}/{chunk.file}/{chunk.at:0{_DIGITS}d}"


def _of_run(run_id: str) -> dict[str, str]:
    return {"$gte": f"{run_id}/", "$lt": f"{run_id}0"}  # "0" follows "/" in ASCII
