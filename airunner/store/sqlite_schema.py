"""SQLite: the tables, as ordered migrations; append only, a migration that was released is never edited."""

from __future__ import annotations

import sqlite3

from airunner.base.errors import Invalid
from airunner.store.contract import KINDS

APPLICATION = 0x61697275  # "airu": tells our files from other people's (PRAGMA application_id)
HALF_FILLED = 0x61697268  # "airh": and this one those that a copy did not come to the end of


def table(kind: str) -> str:
    """Return the table of a kind; raise ValueError for an unknown one."""
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}")
    return f"aiRunner{kind.capitalize()}"


def _collection(kind: str) -> str:
    name = table(kind)
    return f"""
    CREATE TABLE {name} (
        id TEXT PRIMARY KEY NOT NULL,
        slug TEXT UNIQUE,
        created_at INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        doc TEXT NOT NULL
    );
    CREATE INDEX {name}Order ON {name} (created_at, id);
    """


# A run's row holds what is filtered and sorted by, and nothing wide: a page of the file holds some twenty of them.
# Columns are never NULL where they are sorted by (domain.query.sort_key says what stands for "empty").
_RUNS = """
    CREATE TABLE aiRunnerRuns (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        status TEXT NOT NULL,
        triggered_by TEXT NOT NULL,
        agent_profile_id TEXT,
        prompt_id TEXT,
        schedule_id TEXT,
        working_directory TEXT NOT NULL,
        prompt_name TEXT NOT NULL,
        agent_name TEXT NOT NULL,
        queued_at INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER NOT NULL,
        duration REAL NOT NULL,
        exit_code INTEGER NOT NULL,
        scheduled_for INTEGER,
        attempt INTEGER NOT NULL,
        text_id INTEGER NOT NULL,
        reason_id INTEGER
    );
    CREATE UNIQUE INDEX runsById ON aiRunnerRuns (run_id);
    CREATE UNIQUE INDEX runsByFire ON aiRunnerRuns (schedule_id, scheduled_for, attempt)
        WHERE scheduled_for IS NOT NULL;
    CREATE INDEX runsActive ON aiRunnerRuns (run_id) WHERE status IN ('queued', 'running');
    CREATE INDEX runsByQueued ON aiRunnerRuns (queued_at, run_id, status, triggered_by);
    CREATE INDEX runsByStatus ON aiRunnerRuns (status, queued_at, run_id, triggered_by);
    CREATE INDEX runsByTrigger ON aiRunnerRuns (triggered_by, queued_at, run_id, status);
    CREATE INDEX runsByProfile ON aiRunnerRuns (agent_profile_id, queued_at, run_id, status, triggered_by);
    CREATE INDEX runsByDirectory
        ON aiRunnerRuns (working_directory, queued_at, run_id, status, triggered_by, agent_profile_id);
    CREATE INDEX runsByPrompt ON aiRunnerRuns (prompt_id, queued_at, run_id, status, triggered_by)
        WHERE prompt_id IS NOT NULL;
    CREATE INDEX runsBySchedule ON aiRunnerRuns (schedule_id, queued_at, run_id, status, triggered_by)
        WHERE schedule_id IS NOT NULL;
    CREATE INDEX runsByPromptName ON aiRunnerRuns (prompt_name, queued_at, run_id);
    CREATE INDEX runsByAgentName ON aiRunnerRuns (agent_name, queued_at, run_id);
    CREATE INDEX runsByStarted ON aiRunnerRuns (started_at, queued_at, run_id);
    CREATE INDEX runsByFinished ON aiRunnerRuns (finished_at, queued_at, run_id);
    CREATE INDEX runsByDuration ON aiRunnerRuns (duration, queued_at, run_id);
    CREATE INDEX runsByExitCode ON aiRunnerRuns (exit_code, queued_at, run_id);
    CREATE INDEX runsByText ON aiRunnerRuns (text_id);
    CREATE INDEX runsByReason ON aiRunnerRuns (reason_id) WHERE reason_id IS NOT NULL;

    CREATE TABLE aiRunnerRunDocs (id INTEGER PRIMARY KEY, summary TEXT NOT NULL, body TEXT NOT NULL);

    CREATE TABLE aiRunnerTexts (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        indexed INTEGER NOT NULL DEFAULT 0,
        text TEXT NOT NULL
    );
    CREATE INDEX textsToScan ON aiRunnerTexts (id) WHERE indexed = 0;
"""

_REST = """
    CREATE TABLE aiRunnerSettings (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        revision INTEGER NOT NULL,
        doc TEXT NOT NULL
    );
    CREATE TABLE aiRunnerKeys (
        key_hash TEXT PRIMARY KEY NOT NULL,
        request_hash TEXT NOT NULL,
        run_id TEXT NOT NULL,
        until INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX keysByEnd ON aiRunnerKeys (until);
"""

_PLANS = """
    CREATE TABLE aiRunnerPlans (
        id TEXT PRIMARY KEY NOT NULL,
        revision INTEGER NOT NULL,
        planned_at INTEGER NOT NULL,
        due_at INTEGER,
        is_open INTEGER NOT NULL,
        doc TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX plansByDue ON aiRunnerPlans (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX plansOpen ON aiRunnerPlans (id) WHERE is_open = 1;
"""

# Few runs are pinned: their index is small, and the other runs are not written to.
_PINNED = """
    ALTER TABLE aiRunnerRuns ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    UPDATE aiRunnerRuns SET pinned = 1
        WHERE id IN (SELECT id FROM aiRunnerRunDocs WHERE json_extract(summary, '$.pinned') = 1);
    CREATE INDEX runsPinned ON aiRunnerRuns (queued_at, run_id, status, triggered_by) WHERE pinned = 1;
"""

# Whatever runs are counted by stands in one index: a month is read from a few pages beside each other.
_COUNTED = """
    CREATE INDEX runsToCount ON aiRunnerRuns (
        queued_at, status, duration, agent_profile_id, prompt_id, schedule_id, working_directory, run_id
    );
"""

MIGRATIONS: tuple[str, ...] = ("".join(_collection(kind) for kind in KINDS) + _RUNS + _REST, _PLANS, _PINNED, _COUNTED)

# The search index is made where this SQLite has FTS5 with trigrams (3.34 and later); without it texts are scanned.
_SEARCH = """
    CREATE VIRTUAL TABLE aiRunnerSearch
    USING fts5 (text, content = '', detail = none, tokenize = 'trigram case_sensitive 1')
"""


def migrate(link: sqlite3.Connection, *, filling: bool = False) -> None:
    """Bring the tables to this version, in one transaction; raise Invalid for a file that is not ours or is newer.

    `filling`: of a half filled file everything is removed first.
    """
    link.execute("BEGIN IMMEDIATE")
    try:
        if filling:
            _remove_half(link)
        _migrate(link)
        link.execute("COMMIT")
    except BaseException:
        if link.in_transaction:
            link.execute("ROLLBACK")
        raise


def mark(link: sqlite3.Connection, *, is_whole: bool) -> None:
    """Mark the file as whole, or as half filled."""
    link.execute(f"PRAGMA application_id = {APPLICATION if is_whole else HALF_FILLED}")


def _remove_half(link: sqlite3.Connection) -> None:
    if link.execute("PRAGMA application_id").fetchone()[0] != HALF_FILLED:
        return
    link.execute("DROP TABLE IF EXISTS aiRunnerSearch")  # with the tables behind it
    tables = link.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    for (name,) in tables:
        link.execute(f'DROP TABLE "{name}"')
    link.execute("PRAGMA user_version = 0")
    mark(link, is_whole=True)


def start_filling(link: sqlite3.Connection) -> None:
    """Mark the file as half filled; raise Invalid for one that is full."""
    for name in (*map(table, KINDS), "aiRunnerRuns", "aiRunnerSettings"):
        if link.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
            raise Invalid("The store to copy into is not empty; a copy needs an empty one.")
    mark(link, is_whole=False)


def has_search(link: sqlite3.Connection) -> bool:
    """Say whether there is a search index that this SQLite can use."""
    try:
        link.execute("SELECT rowid FROM aiRunnerSearch WHERE aiRunnerSearch MATCH '\"abc\"' LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        return False
    return True


def _migrate(link: sqlite3.Connection) -> None:
    version = link.execute("PRAGMA user_version").fetchone()[0]
    application = link.execute("PRAGMA application_id").fetchone()[0]
    if application == HALF_FILLED:
        raise Invalid("a copy into it did not end; run `airunner store copy` again")
    if application != APPLICATION and link.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise Invalid("it is a SQLite database of another program; name another file")
    if version > len(MIGRATIONS):
        raise Invalid("it was written by a newer airunner; use that one, or name another file")
    for migration in MIGRATIONS[version:]:
        for statement in migration.split(";"):
            link.execute(statement)
    if version == 0:
        _add_search(link)
    if version < len(MIGRATIONS):
        link.execute(f"PRAGMA application_id = {APPLICATION}")
        link.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _add_search(link: sqlite3.Connection) -> None:
    link.execute("SAVEPOINT search")
    try:
        link.execute(_SEARCH)
    except sqlite3.OperationalError:
        link.execute("ROLLBACK TO search")
    link.execute("RELEASE search")
