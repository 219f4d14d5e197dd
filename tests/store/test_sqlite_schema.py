"""SQLite: the file's versions, other people's files, and life without a search index."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.domain.query import RunQuery
from airunner.store import sqlite, sqlite_schema
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock
from tests.helpers.wait import until
from tests.store.makers import a_doc, a_run, not_indexed


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / "airunner.db"


def opened(file: Path) -> Store:
    return open_store("sqlite", data_folder=file.parent, clock=FakeClock())


def pragma(file: Path, name: str) -> int:
    link = sqlite3.connect(file)
    [found] = link.execute(f"PRAGMA {name}").fetchone()
    link.close()
    return int(found)


def test_file_when_new_then_it_has_our_mark_and_the_newest_version(file: Path) -> None:
    opened(file).close()
    assert pragma(file, "application_id") == sqlite_schema.APPLICATION
    assert pragma(file, "user_version") == len(sqlite_schema.MIGRATIONS)


def test_file_when_of_an_older_version_then_only_what_is_missing_is_done(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(file)
    store.insert("prompts", a_doc("a"))
    store.close()
    later = (*sqlite_schema.MIGRATIONS, "CREATE TABLE later (a); INSERT INTO later VALUES (1)")
    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", later)
    for _ in range(2):
        store = opened(file)
        assert store.get("prompts", "a")
        store.close()
    assert pragma(file, "user_version") == len(later)
    link = sqlite3.connect(file)
    assert link.execute("SELECT count(*) FROM later").fetchone() == (1,)
    link.close()


def test_file_when_older_than_the_filter_for_pinned_runs_then_they_are_found(
    file: Path,
) -> None:
    pinned, other = a_run(pinned=True), a_run()
    store = opened(file)
    for run in (pinned, other):
        store.insert_run(run)
    store.close()
    link = sqlite3.connect(file)
    link.executescript("DROP INDEX runsPinned; DROP INDEX runsToCount; ALTER TABLE aiRunnerRuns DROP COLUMN pinned")
    link.execute("PRAGMA user_version = 2")
    link.close()
    store = opened(file)
    assert [run["runId"] for run in store.find_runs(RunQuery(pinned=True)).runs] == [pinned["runId"]]
    assert store.find_runs(RunQuery(pinned=False)).total == 1
    store.close()


def test_migration_when_it_fails_then_nothing_of_it_is_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(file).close()
    broken = (*sqlite_schema.MIGRATIONS, "CREATE TABLE later (a)", "NONSENSE")
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "MIGRATIONS", broken)
        with pytest.raises(Exception, match="NONSENSE"):
            opened(file)
    assert pragma(file, "user_version") == len(sqlite_schema.MIGRATIONS)
    opened(file).close()


def test_file_when_newer_than_we_are_then_it_is_refused(file: Path) -> None:
    opened(file).close()
    link = sqlite3.connect(file)
    link.execute("PRAGMA user_version = 999")
    link.close()
    with pytest.raises(Invalid, match="written by a newer airunner"):
        opened(file)


def test_file_when_of_another_program_then_it_is_refused_and_left_alone(file: Path) -> None:
    link = sqlite3.connect(file)
    link.execute("CREATE TABLE theirs (a)")
    link.close()
    with pytest.raises(Invalid, match="database of another program"):
        opened(file)
    assert pragma(file, "application_id") == 0


def test_file_when_no_database_at_all_then_it_is_refused_and_left_alone(file: Path) -> None:
    file.write_text("these are my notes, keep them\n" * 100)
    with pytest.raises(Invalid, match="file is not a database"):
        opened(file)
    assert file.read_text().startswith("these are my notes")


def test_file_when_many_open_it_new_at_once_then_all_can_use_it(file: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: opened(file), range(6)))
    for number, store in enumerate(stores):
        store.insert("prompts", a_doc(str(number)))
    assert [len(store.find("prompts")) for store in stores] == [6] * 6
    for store in stores:
        store.close()


def test_search_when_this_sqlite_has_no_trigrams_then_texts_are_scanned(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_schema, "_SEARCH", "CREATE VIRTUAL TABLE aiRunnerSearch USING nothing_like_it (text)")
    store = opened(file)
    run = a_run()
    store.insert_run(run)
    assert store.find_runs(RunQuery(search="PARSER")).total == 1
    assert store.find_runs(RunQuery(search="zebra")).total == 0
    assert store.delete_run(run["runId"])
    assert store.find_runs(RunQuery(search="PARSER")).total == 0
    store.close()


def test_search_when_the_next_sqlite_has_no_trigrams_then_the_index_is_left_alone(
    data_dir: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run = opened(file), a_run()
    store.insert_run(run)
    until(lambda: not_indexed(data_dir) == 0)
    store.close()
    monkeypatch.setattr(sqlite, "has_search", lambda _: False)
    store = opened(file)
    assert store.find_runs(RunQuery(search="PARSER")).total == 1
    assert store.delete_run(run["runId"])
    store.close()
