"""SQLite: the runs one by one: adding, conditional changes, removal, and the reads that are no search.

A run is kept in three places: a narrow row to filter and sort by, its document in two parts (what lists show, and the
rest), and its searchable text, which equal runs share.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from airunner.base.errors import Conflict
from airunner.domain.query import milliseconds, text_key
from airunner.domain.record import Doc
from airunner.domain.run import listed
from airunner.store import codec

INDEXED_CHARACTERS = 16_384  # longer texts are scanned; indexing one would hold up other writes
_SEPARATOR = "\x1f"  # between the parts of a text, so that no search matches across them


class Prepared(NamedTuple):
    """A run as it will be kept: made in the caller's thread, so that the writer only writes."""

    row: dict[str, Any]
    summary: str
    body: str
    text: str
    reason: str


def prepare(doc: Doc) -> Prepared:
    """Return a run in the form that it is kept in."""
    return Prepared(_row(doc), *_split(doc), _searchable(doc), _text(doc.get("reason")))


def insert(link: sqlite3.Connection, run: Prepared) -> None:
    """Add a run; raise Conflict when its id or its time to fire is taken."""
    row = {**run.row, "text_id": _text_id(link, run.text), "reason_id": _maybe_text_id(link, run.reason)}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    try:
        cursor = link.execute(f"INSERT INTO aiRunnerRuns ({names}) VALUES ({marks})", tuple(row.values()))
    except sqlite3.IntegrityError as error:
        raise _taken(row["run_id"], error) from error
    link.execute("INSERT INTO aiRunnerRunDocs VALUES (?, ?, ?)", (cursor.lastrowid, run.summary, run.body))


def insert_new(link: sqlite3.Connection, runs: list[Prepared]) -> None:
    """Add the runs whose id and time to fire are not taken."""
    for run in runs:
        with contextlib.suppress(Conflict):
            insert(link, run)


def change(link: sqlite3.Connection, run_id: str, changes: Doc, only_if: Collection[str]) -> Doc | None:
    """Set fields of a run whose status is one of `only_if`; return it as it then is, else None."""
    found = link.execute(
        "SELECT r.id, r.text_id, r.reason_id, d.summary, d.body FROM aiRunnerRuns r "
        "JOIN aiRunnerRunDocs d ON d.id = r.id WHERE r.run_id = ?",
        (run_id,),
    ).fetchone()
    if found is None:
        return None
    id, text_id, reason_id, old_summary, old_body = found
    old = _whole(old_summary, old_body)
    if old["status"] not in only_if:
        return None
    new = {**old, **changes}
    row = _changed_row(old, new)
    if _searchable(old) != _searchable(new):
        row["text_id"] = _text_id(link, _searchable(new))
    if old.get("reason") != new.get("reason"):
        row["reason_id"] = _maybe_text_id(link, new.get("reason"))
    _update(link, "aiRunnerRuns", id, row)
    summary, body = _split(new)
    texts = {"summary": summary} if body == old_body else {"summary": summary, "body": body}
    _update(link, "aiRunnerRunDocs", id, texts)
    _forget_texts(link, {text_id} if "text_id" in row else set(), {reason_id} if "reason_id" in row else set())
    return codec.copy(new)


def delete(link: sqlite3.Connection, run_id: str) -> bool:
    """Remove a run and what only it had; say whether it was there."""
    found = link.execute("SELECT id, text_id, reason_id FROM aiRunnerRuns WHERE run_id = ?", (run_id,)).fetchone()
    if found is None:
        return False
    id, text_id, reason_id = found
    link.execute("DELETE FROM aiRunnerRuns WHERE id = ?", (id,))
    link.execute("DELETE FROM aiRunnerRunDocs WHERE id = ?", (id,))
    _forget_texts(link, {text_id}, {reason_id})
    return True


def get(link: sqlite3.Connection, run_id: str) -> Doc | None:
    """Return the whole run, or None."""
    found = link.execute(f"SELECT {_PARTS} WHERE r.run_id = ?", (run_id,)).fetchone()
    return _whole(*found) if found else None


def after(link: sqlite3.Connection, run_id: str, limit: int) -> list[Doc]:
    """Return the next whole runs by id."""
    found = link.execute(
        "SELECT summary, body FROM aiRunnerRuns JOIN aiRunnerRunDocs USING (id) WHERE run_id > ? ORDER BY run_id LIMIT ?",
        (run_id, limit),
    )
    return [_whole(summary, body) for summary, body in found]


def active(link: sqlite3.Connection) -> list[Doc]:
    """Return the whole queued and running runs, lowest id first."""
    found = link.execute(f"SELECT {_PARTS} WHERE r.status IN ('queued', 'running') ORDER BY r.run_id")
    return [_whole(summary, body) for summary, body in found]


def last_of(link: sqlite3.Connection, field: str, ids: Collection[str]) -> dict[str, Doc]:
    """Return the newest run of each prompt or schedule that has one, as lists show it."""
    if field not in _OWNERS:
        raise ValueError(f"runs are not looked up by {field!r}")
    newest = {}
    for id in ids:
        found = link.execute(
            "SELECT d.summary FROM aiRunnerRuns r JOIN aiRunnerRunDocs d ON d.id = r.id "
            f"WHERE r.{_OWNERS[field]} = ? ORDER BY r.queued_at DESC, r.run_id DESC LIMIT 1",
            (id,),
        ).fetchone()
        if found:
            newest[id] = shown(found[0])
    return newest


def shown(summary: str) -> Doc:
    """Return a run as lists show it."""
    doc = codec.read(summary)
    if "promptPreview" not in doc:
        doc["promptPreview"] = doc.get("promptContent") or ""
    return doc


def index_texts(link: sqlite3.Connection, most: int) -> bool:
    """Put up to `most` texts that are only scanned so far into the search index; say whether there may be more."""
    texts = link.execute(
        "SELECT id, text FROM aiRunnerTexts WHERE indexed = 0 AND length(text) <= ? LIMIT ?", (INDEXED_CHARACTERS, most)
    ).fetchall()
    link.executemany("INSERT INTO aiRunnerSearch (rowid, text) VALUES (?, ?)", texts)
    link.executemany("UPDATE aiRunnerTexts SET indexed = 1 WHERE id = ?", [(id,) for id, _ in texts])
    return len(texts) == most


def forget_index(link: sqlite3.Connection) -> None:
    """Scan all texts from now on: a SQLite without trigrams can neither ask the index nor take texts out of it."""
    link.execute("UPDATE aiRunnerTexts SET indexed = 0 WHERE indexed = 1")


_OWNERS = {"promptId": "prompt_id", "scheduleId": "schedule_id"}
_PARTS = "d.summary, d.body FROM aiRunnerRuns r JOIN aiRunnerRunDocs d ON d.id = r.id"

# Each column of a run's row, and what is in it; the sort columns as domain.query.sort_key has them.
_COLUMNS: dict[str, Callable[[Doc], Any]] = {
    "run_id": lambda doc: doc["runId"],
    "status": lambda doc: str(doc["status"]),
    "triggered_by": lambda doc: _text(doc.get("triggeredBy")),
    "agent_profile_id": lambda doc: doc.get("agentProfileId"),
    "prompt_id": lambda doc: doc.get("promptId"),
    "schedule_id": lambda doc: doc.get("scheduleId"),
    "working_directory": lambda doc: _text(doc.get("workingDirectory")),
    "prompt_name": lambda doc: _text(text_key(doc.get("promptName"))),
    "agent_name": lambda doc: _text(text_key(doc.get("agentProfileName"))),
    "queued_at": lambda doc: milliseconds(doc["queuedAt"]),
    "started_at": lambda doc: milliseconds(doc.get("startedAt")),
    "finished_at": lambda doc: milliseconds(doc.get("finishedAt")),
    "duration": lambda doc: _number(doc.get("durationSeconds")),
    "exit_code": lambda doc: _number(doc.get("exitCode")),
    "scheduled_for": lambda doc: milliseconds(doc["scheduledFor"]) if doc.get("scheduledFor") else None,
    "attempt": lambda doc: doc.get("attempt") or 1,
    "pinned": lambda doc: int(bool(doc.get("pinned"))),
}


def _row(doc: Doc) -> dict[str, Any]:
    return {name: column(doc) for name, column in _COLUMNS.items()}


def _changed_row(old: Doc, new: Doc) -> dict[str, Any]:
    """Return the columns that differ: SQLite touches the indexes of every column that is named, changed or not."""
    before = _row(old)
    return {name: value for name, value in _row(new).items() if value != before[name]}


def _text(value: str | None) -> str:
    """Return text that SQLite can keep: a lone surrogate (a file's odd name) becomes a question mark."""
    return (value or "").encode("utf-8", "replace").decode()


def _number(value: float | None) -> float:
    return -1 if value is None else value


def _split(doc: Doc) -> tuple[str, str]:
    """Return what lists show, and the rest; the preview is kept only where it is not the whole prompt."""
    summary = listed(doc)
    rest = {key: value for key, value in doc.items() if key not in summary}
    if "promptContent" not in rest:
        del summary["promptPreview"]
    return codec.write(summary), codec.write(rest)


def _whole(summary: str, body: str) -> Doc:
    doc = codec.read(summary)
    doc.pop("promptPreview", None)
    doc.update(codec.read(body))
    return doc


def _update(link: sqlite3.Connection, table: str, id: int, row: dict[str, Any]) -> None:
    if row:
        settings = ", ".join(f"{name} = ?" for name in row)
        link.execute(f"UPDATE {table} SET {settings} WHERE id = ?", (*row.values(), id))


def _taken(run_id: str, error: sqlite3.IntegrityError) -> Exception:
    if "run_id" in str(error):
        return Conflict(f"There is a run {run_id} already.", code="run_exists")
    if "scheduled_for" in str(error):
        return Conflict("This time of the schedule has its run already.", code="already_fired")
    return error


def _searchable(doc: Doc) -> str:
    return _SEPARATOR.join(_text(doc.get(key)) for key in ("promptName", "workingDirectory", "promptContent"))


def _maybe_text_id(link: sqlite3.Connection, text: str | None) -> int | None:
    return _text_id(link, _text(text)) if text else None


def _text_id(link: sqlite3.Connection, text: str) -> int:
    """Return the id of a searchable text, which is added when it is new."""
    folded = text.casefold()
    digest = hashlib.blake2b(folded.encode(), digest_size=16).digest()
    found = link.execute("SELECT id FROM aiRunnerTexts WHERE hash = ?", (digest,)).fetchone()
    if found:
        return int(found[0])
    return link.execute("INSERT INTO aiRunnerTexts (hash, text) VALUES (?, ?)", (digest, folded)).lastrowid or 0


def _forget_texts(link: sqlite3.Connection, texts: set[int], reasons: set[int | None]) -> None:
    """Remove the texts among these that no run has any more."""
    for id in {*texts, *reasons} - {None}:
        used = "SELECT 1 FROM aiRunnerRuns WHERE text_id = ?1 UNION ALL SELECT 1 FROM aiRunnerRuns WHERE reason_id = ?1"
        if link.execute(f"{used} LIMIT 1", (id,)).fetchone():
            continue
        indexed, text = link.execute("SELECT indexed, text FROM aiRunnerTexts WHERE id = ?", (id,)).fetchone()
        if indexed:
            link.execute("INSERT INTO aiRunnerSearch (aiRunnerSearch, rowid, text) VALUES ('delete', ?, ?)", (id, text))
        link.execute("DELETE FROM aiRunnerTexts WHERE id = ?", (id,))
