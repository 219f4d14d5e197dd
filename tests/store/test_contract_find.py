"""What every store promises of the history's pages: filters, search, order, totals, cursors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airunner.base.clock import SystemClock
from airunner.domain.query import COUNTED, SORTS, RunQuery, sort_key
from airunner.domain.record import Doc
from airunner.domain.run import listed
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.store.conftest import STORES, url_of
from tests.store.makers import START, a_run

WORDS = ("parser", "100%", "a_b", "(x)", "Straße", "ÄÖÜ", "new\nline", "emoji 🙂", "'quoted\"", "")
CHOICES: dict[str, tuple[Any, ...]] = {
    "status": ("queued", "running", "completed", "failed", "killed"),
    "triggeredBy": ("manual", "schedule"),
    "agentProfileId": ("p1", "p2", None),
    "agentProfileName": ("Claude", "codex", "Aider", None),
    "promptId": ("q1", "q2", None),
    "promptName": ("Straße", "parser", "PARSER two", "ärger", None),
    "scheduleId": ("s1", None),
    "workingDirectory": ("/srv/app", "/srv/Parser", "/srv"),
    "reason": ("Killed by ÄÖÜ.", "100% sure", None),
    "exitCode": (0, 1, 137, None),
    "pinned": (True, False, False),
    "durationSeconds": (0.0, 0.5, 2, 1e6, None),
}


def made_up(count: int, seed: int) -> list[Doc]:
    """Return runs with many equal values, some even queued at the same millisecond."""
    chance = random.Random(seed)
    runs = []
    for _ in range(count):
        fields = {name: chance.choice(values) for name, values in CHOICES.items()}
        moments = {name: chance.choice((None, _moment(chance))) for name in ("startedAt", "finishedAt")}
        prompt = " ".join(chance.choices(WORDS, k=3)) + "x" * chance.choice((0, 600))
        runs.append(a_run(**fields, **moments, queuedAt=_moment(chance), promptContent=prompt))
    return runs


def _moment(chance: random.Random) -> Any:
    return START + timedelta(milliseconds=chance.randrange(40))


@pytest.fixture(scope="module", params=STORES)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, list[Doc]]]:
    """A store with 300 runs that are only read, and the runs."""
    folder: Path = tmp_path_factory.mktemp("filled")
    store = open_store(url_of(request, "filled"), data_folder=folder, clock=SystemClock())
    runs = made_up(300, seed=1)
    for run in runs:
        store.insert_run(run)
    yield store, runs
    store.close()


def expected(runs: list[Doc], query: RunQuery) -> list[Doc]:
    """Return what a store must answer, found the plain way."""
    passing = [run for run in runs if passes(run, query)]
    return sorted(passing, key=lambda run: sort_key(run, query.sort), reverse=query.descending)


def passes(run: Doc, query: RunQuery) -> bool:
    equal = {
        "agentProfileId": query.agent_profile_id,
        "promptId": query.prompt_id,
        "scheduleId": query.schedule_id,
        "workingDirectory": query.working_directory,
    }
    texts = [run[name] or "" for name in ("promptName", "promptContent", "workingDirectory", "runId", "reason")]
    return (
        (not query.status or run["status"] in query.status)
        and (not query.triggered_by or run["triggeredBy"] in query.triggered_by)
        and all(value is None or run[name] == value for name, value in equal.items())
        and (query.pinned is None or run["pinned"] is query.pinned)
        and (query.after is None or run["queuedAt"] >= query.after)
        and (query.before is None or run["queuedAt"] <= query.before)
        and (query.search is None or any(query.search.casefold() in text.casefold() for text in texts))
    )


def ids(runs: list[Doc]) -> list[str]:
    return [run["runId"] for run in runs]


def paged(store: Store, query: RunQuery) -> list[str]:
    """Return the ids of all pages, one after the other by their cursors."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        place = RunQuery.from_params({"sort": [query.sort_name], **({"cursor": [cursor]} if cursor else {})}).cursor
        page = store.find_runs(RunQuery(**{**_fields(query), "cursor": place}))
        seen += ids(page.runs)
        cursor = page.next_cursor
        if cursor is None:
            return seen


def _fields(query: RunQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in RunQuery.__slots__}


moments = st.none() | st.integers(0, 40).map(lambda ms: START + timedelta(milliseconds=ms))


def some(name: str) -> Any:
    return st.none() | st.sampled_from([value for value in CHOICES[name] if value])


queries = st.builds(
    RunQuery,
    status=st.lists(st.sampled_from(CHOICES["status"]), max_size=2, unique=True).map(tuple),
    triggered_by=st.lists(st.sampled_from(CHOICES["triggeredBy"]), max_size=2, unique=True).map(tuple),
    agent_profile_id=some("agentProfileId"),
    prompt_id=some("promptId"),
    schedule_id=some("scheduleId"),
    working_directory=some("workingDirectory"),
    pinned=st.sampled_from([None, True, False]),
    after=moments,
    before=moments,
    search=st.none() | st.sampled_from(["parser", "ARS", "%", "_b", "(x", "strasse", "äöü", "🙂", "e\nq", "xxx", '"', "'quoted\"", "01", "nonesuch"]),
    sort=st.sampled_from(sorted(SORTS)),
    descending=st.booleans(),
    limit=st.integers(1, 120),
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
def test_pages_when_followed_by_cursor_then_they_are_what_filtering_and_sorting_gives(
    filled: tuple[Store, list[Doc]], query: RunQuery
) -> None:
    store, runs = filled
    right = expected(runs, query)
    page = store.find_runs(query)
    assert (page.total, page.total_is_more) == (len(right), False)
    assert paged(store, query) == ids(right)


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
def test_order_when_by_any_field_then_pages_meet_without_gap_or_double(
    filled: tuple[Store, list[Doc]], sort: str
) -> None:
    store, runs = filled
    query = RunQuery(sort=sort.removeprefix("-"), descending=sort.startswith("-"), limit=7)
    assert paged(store, query) == ids(expected(runs, query))


@pytest.mark.parametrize("offset", [0, 1, 299, 300, 5000])
def test_offset_when_given_then_so_many_are_passed_over(filled: tuple[Store, list[Doc]], offset: int) -> None:
    store, runs = filled
    query = RunQuery(offset=offset, limit=10)
    page = store.find_runs(query)
    assert ids(page.runs) == ids(expected(runs, query))[offset : offset + 10]
    assert page.total == 300


def test_page_when_it_is_the_last_then_there_is_no_cursor(filled: tuple[Store, list[Doc]]) -> None:
    store, _ = filled
    assert store.find_runs(RunQuery(limit=200, offset=100)).next_cursor is None
    assert store.find_runs(RunQuery(limit=200, offset=99)).next_cursor


def test_runs_when_in_a_page_then_they_are_as_listed(filled: tuple[Store, list[Doc]]) -> None:
    store, runs = filled
    for limit in (1, 200):
        query = RunQuery(limit=limit)
        assert store.find_runs(query).runs == [listed(run) for run in expected(runs, query)[:limit]]


def test_cursor_when_runs_come_and_go_then_the_next_page_neither_doubles_nor_skips(store: Store) -> None:
    runs = [a_run() for _ in range(30)]
    for run in runs:
        store.insert_run(run)
    first = store.find_runs(RunQuery(limit=10))
    store.insert_run(a_run())
    store.delete_run(first.runs[-1]["runId"])
    store.delete_run(first.runs[3]["runId"])
    place = RunQuery.from_params({"cursor": [first.next_cursor or ""]}).cursor
    second = store.find_runs(RunQuery(limit=10, cursor=place))
    assert ids(second.runs) == ids(runs)[10:20][::-1]


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ("fix the", 1), ("FIX THE", 1), ("100%", 1), ("100_", 0), ("%", 1), ("_", 1), ("(", 1), ("weekly", 1), ("WEEKLY", 1),
        ("/srv/app", 3), ("by hand", 1), ("STRASSE", 1), ("straße", 1), ("\\", 1), ('"', 1), ("*", 1), ("e x", 0), ("OR", 0),
        ("parser" * 30, 0),
    ],
)  # fmt: skip
def test_search_when_the_text_is_literal_then_every_character_is_itself(store: Store, search: str, hits: int) -> None:
    store.insert_run(a_run(promptContent="Fix the 100% (bad) parser", promptName="Weekly"))
    store.insert_run(a_run(promptContent='a_b \\ "q" * Straße', promptName=None))
    store.insert_run(a_run(promptContent="other", reason="Killed by hand"))
    assert store.find_runs(RunQuery(search=search)).total == hits


def test_search_when_it_is_an_id_or_a_part_then_that_run(store: Store) -> None:
    runs = [a_run() for _ in range(3)]
    for run in runs:
        store.insert_run(run)
    for part in (runs[1]["runId"], runs[1]["runId"].upper(), runs[1]["runId"][-12:]):
        assert ids(store.find_runs(RunQuery(search=part)).runs) == [runs[1]["runId"]]


def test_search_when_a_prompt_is_very_long_then_its_end_is_found(store: Store) -> None:
    store.insert_run(a_run(promptContent="x " * 50_000 + "zebra"))
    page = store.find_runs(RunQuery(search="Zebra"))
    assert page.total == 1
    assert len(page.runs[0]["promptPreview"]) == 500


def test_pinned_when_a_run_is_pinned_or_let_go_then_the_filter_follows(store: Store) -> None:
    runs = [a_run() for _ in range(3)]
    for run in runs:
        store.insert_run(run)
    for pinned, expected_pinned in ((True, [runs[1]["runId"]]), (False, [])):
        store.change_run(runs[1]["runId"], {"pinned": pinned}, only_if=["queued"])
        assert ids(store.find_runs(RunQuery(pinned=True)).runs) == expected_pinned
        assert store.find_runs(RunQuery(pinned=False)).total == 3 - len(expected_pinned)


@pytest.fixture(scope="module", params=STORES)
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with 10,001 runs, of which the 1,500 oldest belong to another profile, and one was skipped."""
    store = open_store(url_of(request, "crowded"), data_folder=tmp_path_factory.mktemp("crowded"), clock=SystemClock())
    runs = [a_run(agentProfileId="old" if n < 1500 else "p1", status="completed") for n in range(COUNTED + 1)]
    runs[5]["status"] = "skipped"
    insert_all(store, runs)
    yield store
    store.close()


def insert_all(store: Store, runs: list[Doc]) -> None:
    for first in range(0, len(runs), 2_000):
        store.insert_skipped(runs[first : first + 2_000])


def test_total_when_it_passes_ten_thousand_then_it_stops_there_and_says_so(crowded: Store) -> None:
    for query in (RunQuery(), RunQuery(search="parser"), RunQuery(search="parser", status=("completed", "skipped"))):
        page = crowded.find_runs(query)
        assert (page.total, page.total_is_more) == (COUNTED, True)
        assert len(page.runs) == 50
    page = crowded.find_runs(RunQuery(status=("completed",)))
    assert (page.total, page.total_is_more) == (COUNTED, False)


@pytest.mark.parametrize("sort", ["durationSeconds", "queuedAt", "runId", "status"])
@pytest.mark.parametrize("search", [None, "parser"])
def test_walk_when_followed_by_cursor_then_every_run_comes_once(crowded: Store, sort: str, search: str | None) -> None:
    query = RunQuery(sort=sort, descending=sort < "q", limit=200, search=search)
    seen = paged(crowded, query)
    assert len(seen) == len(set(seen)) == COUNTED + 1


def test_filter_when_its_runs_lie_far_behind_then_they_are_found(crowded: Store) -> None:
    for sort in ("startedAt", "queuedAt", "durationSeconds"):
        page = crowded.find_runs(RunQuery(agent_profile_id="old", sort=sort, limit=200))
        assert page.total == 1500
        assert len(page.runs) == 200
