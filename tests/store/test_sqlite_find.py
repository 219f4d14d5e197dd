"""SQLite: the ways to a page that small stores never take: the walk, its end, the search index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from airunner.base.clock import SystemClock
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.store import sqlite_find, sqlite_search
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.wait import until
from tests.store.makers import a_run, not_indexed
from tests.store.test_contract_find import expected, ids, made_up, paged, queries


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[Doc]]]:
    """A store with 300 runs whose texts are all in the search index."""
    folder: Path = tmp_path_factory.mktemp("indexed")
    store = open_store("sqlite", data_folder=folder, clock=SystemClock())
    runs = made_up(300, seed=2)
    for run in runs:
        store.insert_run(run)
    until(lambda: not_indexed(folder) == 0)
    yield store, runs
    store.close()


@pytest.fixture(scope="module", params=[5, 60, 100_000])
def small_bounds(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bounds so low that 300 runs are walked and searched as a million would be."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (sqlite_find, sqlite_search):
            patch.setattr(module, "COUNTED", 20)
        patch.setattr(sqlite_find, "_WALK", request.param)
        patch.setattr(sqlite_search, "_LOOKED_THROUGH", 40)
        yield


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
def test_pages_when_walked_then_they_are_what_filtering_and_sorting_gives(
    indexed: tuple[Store, list[Doc]], small_bounds: None, query: RunQuery
) -> None:
    store, runs = indexed
    right = expected(runs, query)
    page = store.find_runs(query)
    assert (page.total, page.total_is_more) == (min(len(right), 20), len(right) > 20)
    assert paged(store, query) == ids(right)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
def test_pages_when_texts_are_indexed_then_they_are_what_filtering_and_sorting_gives(
    indexed: tuple[Store, list[Doc]], query: RunQuery
) -> None:
    store, runs = indexed
    assert paged(store, query) == ids(expected(runs, query))


@pytest.mark.parametrize("offset", [0, 7, 250, 299, 400])
def test_offset_when_walked_then_so_many_are_passed_over(
    indexed: tuple[Store, list[Doc]], small_bounds: None, offset: int
) -> None:
    store, runs = indexed
    query = RunQuery(offset=offset, limit=10, sort="status")
    assert ids(store.find_runs(query).runs) == ids(expected(runs, query))[offset : offset + 10]


def test_text_when_its_last_run_goes_then_it_leaves_the_index_and_others_stay(data_dir: Path) -> None:
    store = open_store("sqlite", data_folder=data_dir, clock=SystemClock())
    runs = [
        a_run(promptContent=text, reason=reason)
        for text, reason in (("zebra", "tired"), ("zebra", None), ("tired", None))
    ]
    for run in runs:
        store.insert_run(run)
    until(lambda: not_indexed(data_dir) == 0)

    def totals() -> list[int]:
        return [store.find_runs(RunQuery(search=word)).total for word in ("zebra", "tired")]

    assert totals() == [2, 2]
    store.delete_run(runs[0]["runId"])
    assert totals() == [1, 1]
    store.change_run(runs[1]["runId"], {"promptContent": "horse"}, only_if=["queued"])
    assert totals() == [0, 1]
    store.delete_run(runs[2]["runId"])
    assert totals() == [0, 0]
    store.close()
    link = sqlite3.connect(data_dir / "airunner.db")
    assert link.execute("SELECT count(*) FROM aiRunnerTexts").fetchone() == (1,)
    assert link.execute("SELECT rowid FROM aiRunnerSearch WHERE aiRunnerSearch MATCH 'zeb'").fetchall() == []
    link.close()


def test_search_when_a_text_has_all_its_trigrams_but_not_in_a_row_then_it_is_no_hit(data_dir: Path) -> None:
    store = open_store("sqlite", data_folder=data_dir, clock=SystemClock())
    store.insert_run(a_run(promptContent="abcx bcde"))
    until(lambda: not_indexed(data_dir) == 0)
    assert [store.find_runs(RunQuery(search=word)).total for word in ("abcde", "bcde", "abcx bcd")] == [0, 1, 1]
    store.close()


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "runsByQueued"),
        ({"status": ("failed",)}, "runsByStatus"),
        ({"status": ("failed", "killed")}, "runsByQueued"),
        ({"status": ("failed",), "prompt_id": "q1"}, "runsByPrompt"),
        ({"status": ("failed",), "pinned": True}, "runsPinned"),
        ({"status": ("failed",), "pinned": False}, "runsByStatus"),
        ({"status": ("failed",), "sort": "exitCode"}, "runsByExitCode"),
    ],
)
def test_walk_when_the_order_allows_then_it_goes_along_the_filter(filters: dict[str, Any], index: str) -> None:
    query = RunQuery(**filters)
    scope = sqlite_search.Scope("", sqlite_find._conditions(query))
    assert sqlite_find._order(query, scope).index == index


def test_directories_when_few_are_recent_then_the_rest_are_found_all_the_same(
    indexed: tuple[Store, list[Doc]], small_bounds: None
) -> None:
    store, runs = indexed
    newest: dict[str, Doc] = {}
    for run in sorted(runs, key=lambda run: run["queuedAt"]):
        newest[run["workingDirectory"]] = run
    found = store.directories(50)
    assert {entry["path"]: entry["lastUsed"] for entry in found} == {
        path: run["queuedAt"] for path, run in newest.items()
    }
    assert [entry["lastUsed"] for entry in found] == sorted((entry["lastUsed"] for entry in found), reverse=True)
