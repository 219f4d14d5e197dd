"""What every store promises, page by page of `store.contract`; each test runs on every store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from airunner.base.errors import AirunnerError, Busy, Conflict, NotFound, PreconditionFailed
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.domain.run import listed
from airunner.store.contract import KINDS, Store
from tests.helpers.clock import FakeClock
from tests.store.makers import START, a_doc, a_run

ODD = {
    "text": "ü🙂\ud800\n\"'\\",
    "none": None,
    "flag": True,
    "n": 1.5,
    "list": [1, {"at": START}],
    "$date": 5,
    "at": START,
}
UNFINISHED = ("queued", "running")


def outcomes(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make the calls at once, each in a thread; return what they return or the error they raise."""

    def outcome(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except AirunnerError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(outcome, calls))


class TestCollections:
    @pytest.mark.parametrize("kind", KINDS)
    def test_insert_when_new_then_it_comes_back_with_revision_one(self, store: Store, kind: str) -> None:
        doc = a_doc("a", **ODD)
        assert store.insert(kind, doc) == {**doc, "revision": 1}
        assert store.get(kind, "a") == {**doc, "revision": 1}
        assert "revision" not in doc

    def test_insert_when_the_id_is_taken_then_conflict_and_the_first_stays(self, store: Store) -> None:
        store.insert("prompts", a_doc("a", name="first"))
        with pytest.raises(Conflict):
            store.insert("prompts", a_doc("a", name="second"))
        assert store.find("prompts")[0]["name"] == "first"

    def test_insert_when_the_slug_is_taken_then_conflict_names_the_field(self, store: Store) -> None:
        store.insert("profiles", a_doc("a", slug="claude"))
        with pytest.raises(Conflict) as caught:
            store.insert("profiles", a_doc("b", slug="claude"))
        assert set(caught.value.fields) == {"slug"}
        store.insert("prompts", a_doc("a", slug="claude"))
        store.insert("prompts", a_doc("b", slug="claude"))

    def test_insert_when_many_want_one_slug_then_exactly_one_has_it(self, store: Store) -> None:
        calls = [lambda n=n: store.insert("profiles", a_doc(f"p{n}", slug="claude")) for n in range(8)]
        results = outcomes(calls)
        assert sum(isinstance(result, dict) for result in results) == 1
        assert sum(isinstance(result, Conflict) for result in results) == 7

    def test_get_when_there_is_none_then_none(self, store: Store) -> None:
        assert store.get("prompts", "nobody") is None

    def test_kind_when_unknown_then_it_is_a_fault(self, store: Store) -> None:
        for call in (
            lambda: store.get("runs; drop", "a"),
            lambda: store.insert("x", a_doc("a")),
            lambda: store.find("x"),
            lambda: store.replace("x", a_doc("a"), expect_revision=None),
            lambda: store.delete("x", "a"),
        ):
            with pytest.raises(ValueError, match="no kind"):
                call()

    def test_documents_when_changed_outside_then_the_store_does_not_see_it(self, store: Store) -> None:
        doc = a_doc("a", env={"A": "b"})
        store.insert("profiles", doc)["env"]["A"] = "x"
        doc["env"]["A"] = "y"
        store.find("profiles")[0]["env"]["A"] = "z"
        assert store.get("profiles", "a")["env"] == {"A": "b"}

    def test_find_when_asked_for_values_then_those_that_equal_all_of_them(self, store: Store) -> None:
        docs = {
            "a": {"slug": "x", "on": True, "n": 5, "gone": None},
            "b": {"slug": "y", "on": False, "n": 5.5},
            "c": {"slug": "z\"'", "on": True, "n": 5, "gone": "no"},
        }
        for id, more in docs.items():
            store.insert("prompts", a_doc(id, **more))

        def found(**equal: Any) -> str:
            return "".join(doc["id"] for doc in store.find("prompts", **equal))

        assert found() == "abc"
        assert found(slug="x") == "a"
        assert found(slug="z\"'") == "c"
        assert found(on=True) == "ac"
        assert found(on=True, n=5, gone="no") == "c"
        assert found(n=5.5) == "b"
        assert found(gone=None) == "ab"
        assert found(slug="nobody") == ""

    def test_find_when_several_then_by_creation_and_id(self, store: Store) -> None:
        for id, seconds in (("c", 1), ("b", 1), ("a", 2), ("d", 0)):
            store.insert("prompts", a_doc(id, createdAt=START + timedelta(seconds=seconds)))
        assert [doc["id"] for doc in store.find("prompts")] == ["d", "b", "c", "a"]

    def test_replace_when_there_then_it_counts_the_revisions(self, store: Store) -> None:
        store.insert("profiles", a_doc("a", slug="x"))
        assert store.replace("profiles", a_doc("a", slug="y", revision=99), expect_revision=None)["revision"] == 2
        assert store.replace("profiles", a_doc("a", slug="z"), expect_revision=2)["revision"] == 3
        assert store.get("profiles", "a") == a_doc("a", slug="z", revision=3)
        store.insert("profiles", a_doc("b", slug="x"))

    def test_replace_when_it_cannot_be_then_the_error_says_why_and_nothing_changes(self, store: Store) -> None:
        store.insert("profiles", a_doc("a", slug="x"))
        store.insert("profiles", a_doc("b", slug="y"))
        with pytest.raises(NotFound):
            store.replace("profiles", a_doc("c"), expect_revision=None)
        with pytest.raises(PreconditionFailed):
            store.replace("profiles", a_doc("a", slug="x"), expect_revision=7)
        with pytest.raises(Conflict):
            store.replace("profiles", a_doc("a", slug="y"), expect_revision=1)
        assert [doc["revision"] for doc in store.find("profiles")] == [1, 1]

    def test_replace_when_many_expect_one_revision_then_exactly_one_succeeds(self, store: Store) -> None:
        store.insert("prompts", a_doc("a"))
        calls = [lambda n=n: store.replace("prompts", a_doc("a", n=n), expect_revision=1) for n in range(8)]
        results = outcomes(calls)
        [winner] = [result for result in results if isinstance(result, dict)]
        assert store.get("prompts", "a") == winner
        assert sum(isinstance(result, PreconditionFailed) for result in results) == 7

    def test_delete_when_there_then_true_once(self, store: Store) -> None:
        store.insert("prompts", a_doc("a"))
        assert sorted(outcomes([lambda: store.delete("prompts", "a")] * 6)) == [False] * 5 + [True]
        assert store.get("prompts", "a") is None


class TestSettings:
    def test_settings_when_never_saved_then_empty(self, store: Store) -> None:
        assert store.settings() == {}

    def test_settings_when_saved_then_they_come_back_with_the_next_revision(self, store: Store) -> None:
        assert store.save_settings({"passEnv": ["A"]}) == {"passEnv": ["A"], "revision": 1}
        assert store.save_settings({"passEnv": [], "revision": 9}, expect_revision=1)["revision"] == 2
        assert store.settings() == {"passEnv": [], "revision": 2}

    def test_settings_when_many_expect_one_revision_then_exactly_one_succeeds(self, store: Store) -> None:
        results = outcomes([lambda n=n: store.save_settings({"n": n}, expect_revision=0) for n in range(8)])
        [winner] = [result for result in results if isinstance(result, dict)]
        assert store.settings() == winner
        assert sum(isinstance(result, PreconditionFailed) for result in results) == 7


class TestRuns:
    def test_run_when_inserted_then_it_comes_back_whole(self, store: Store) -> None:
        run = a_run(
            promptContent="x" * 5000, command="y" * 5000, lastScreen="screen", env={"A": "b"}, startedAt=START,
            git={"branch": "main", "at": START}, reason="ü\ud800", exitCode=3, durationSeconds=0.25,
        )  # fmt: skip
        store.insert_run(run)
        assert store.get_run(run["runId"]) == run
        assert store.get_run("nobody") is None

    def test_run_when_the_id_is_taken_then_conflict(self, store: Store) -> None:
        run = a_run()
        store.insert_run(run)
        with pytest.raises(Conflict):
            store.insert_run({**run, "promptContent": "another"})
        assert store.get_run(run["runId"]) == run

    def test_run_when_many_fire_the_same_time_then_exactly_one_is_there(self, store: Store) -> None:
        fire = {"scheduleId": "s1", "scheduledFor": START, "triggeredBy": "schedule"}
        results = outcomes([lambda: store.insert_run(a_run(**fire)) for _ in range(8)])
        assert results.count(None) == 1
        assert sum(isinstance(result, Conflict) for result in results) == 7
        assert len(store.active_runs()) == 1

    def test_run_when_fired_again_with_another_attempt_or_by_hand_then_it_is_another_run(self, store: Store) -> None:
        fire = {"scheduleId": "s1", "scheduledFor": START}
        for more in (
            fire,
            {**fire, "attempt": 2},
            {**fire, "scheduleId": "s2"},
            {"scheduleId": "s1"},
            {"scheduleId": "s1"},
        ):
            store.insert_run(a_run(**more))
        assert len(store.active_runs()) == 5

    def test_runs_when_many_insert_at_once_then_all_are_there(self, store: Store) -> None:
        runs = [a_run() for _ in range(200)]
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(store.insert_run, runs))
        assert {run["runId"] for run in store.active_runs()} == {run["runId"] for run in runs}

    def test_change_when_the_status_is_as_wished_then_the_whole_run_comes_back(self, store: Store) -> None:
        run = a_run(promptContent="x" * 600)
        store.insert_run(run)
        changes = {"status": "running", "startedAt": START, "pid": 5, "another": {"at": START}}
        changed = store.change_run(run["runId"], changes, only_if={"queued"})
        assert changed == {**run, **changes}
        assert store.get_run(run["runId"]) == changed

    def test_change_when_the_status_is_another_or_there_is_no_run_then_none(self, store: Store) -> None:
        run = a_run(status="completed")
        store.insert_run(run)
        assert store.change_run(run["runId"], {"status": "killed"}, only_if=UNFINISHED) is None
        assert store.change_run("nobody", {"status": "killed"}, only_if=UNFINISHED) is None
        assert store.change_run(run["runId"], {"pinned": True}, only_if=()) is None
        assert store.get_run(run["runId"]) == run

    def test_change_when_nothing_of_it_differs_then_the_run_comes_back(self, store: Store) -> None:
        run = a_run()
        store.insert_run(run)
        assert store.change_run(run["runId"], {"pid": None}, only_if=UNFINISHED) == run
        assert store.change_run(run["runId"], {}, only_if=UNFINISHED) == run

    @pytest.mark.parametrize("field", ["runId", "queuedAt"])
    def test_change_when_it_touches_who_the_run_is_then_it_is_a_fault(self, store: Store, field: str) -> None:
        run = a_run()
        store.insert_run(run)
        with pytest.raises(ValueError, match="never change"):
            store.change_run(run["runId"], {field: run[field]}, only_if=UNFINISHED)

    def test_change_when_many_would_end_it_then_exactly_one_does(self, store: Store) -> None:
        run = a_run()
        store.insert_run(run)
        ends = ["completed", "failed", "killed", "timeout"] * 4
        calls = [lambda end=end: store.change_run(run["runId"], {"status": end}, only_if=UNFINISHED) for end in ends]
        [winner] = [result for result in outcomes(calls) if result is not None]
        assert store.get_run(run["runId"]) == winner

    def test_change_when_many_change_other_fields_then_none_is_lost(self, store: Store) -> None:
        run = a_run()
        store.insert_run(run)
        calls = [lambda n=n: store.change_run(run["runId"], {f"field{n}": n}, only_if=UNFINISHED) for n in range(20)]
        outcomes(calls)
        assert store.get_run(run["runId"]) == {**run, **{f"field{n}": n for n in range(20)}}

    def test_change_when_the_searched_texts_change_then_search_follows(self, store: Store) -> None:
        run = a_run(reason=None)
        store.insert_run(run)
        for reason in ("first", "second", None):
            changed = store.change_run(run["runId"], {"reason": reason}, only_if=UNFINISHED)
            assert changed and changed["reason"] == reason
            assert [found(store, word) for word in ("first", "second")] == [reason == "first", reason == "second"]

    def test_delete_when_there_then_true_once_and_nothing_of_it_is_left(self, store: Store) -> None:
        run, other = a_run(promptId="q"), a_run()
        store.insert_run(run)
        store.insert_run(other)
        assert sorted(outcomes([lambda: store.delete_run(run["runId"])] * 6)) == [False] * 5 + [True]
        assert store.get_run(run["runId"]) is None
        assert [left["runId"] for left in store.active_runs()] == [other["runId"]]
        assert store.last_runs("promptId", ["q"]) == {}
        assert found(store, "parser")
        assert store.delete_run(other["runId"])
        assert not found(store, "parser")
        store.insert_run(run)
        assert found(store, "parser")

    def test_active_when_asked_then_the_unfinished_by_id_and_whole(self, store: Store) -> None:
        runs = [
            a_run(status=status, env={"A": "b"}) for status in ("running", "completed", "queued", "skipped", "failed")
        ]
        for run in reversed(runs):
            store.insert_run(run)
        assert store.active_runs() == [runs[0], runs[2]]
        store.change_run(runs[0]["runId"], {"status": "failed"}, only_if=UNFINISHED)
        assert store.active_runs() == [runs[2]]


def found(store: Store, word: str) -> bool:
    page = store.find_runs(RunQuery(search=word))
    assert len(page.runs) == page.total
    return page.total == 1


class TestLists:
    def test_directories_when_runs_used_them_then_the_last_used_first(self, store: Store) -> None:
        for path in ("/a", "/b", "/a", "/c", "/b"):
            store.insert_run(a_run(workingDirectory=path))
        runs = store.active_runs()
        assert store.directories(10) == [
            {"path": "/b", "lastUsed": runs[4]["queuedAt"]},
            {"path": "/c", "lastUsed": runs[3]["queuedAt"]},
            {"path": "/a", "lastUsed": runs[2]["queuedAt"]},
        ]
        assert [entry["path"] for entry in store.directories(2)] == ["/b", "/c"]

    def test_directories_when_there_are_no_runs_then_none(self, store: Store) -> None:
        assert store.directories(10) == []

    def test_last_runs_when_prompts_have_some_then_the_newest_of_each_as_in_lists(self, store: Store) -> None:
        runs: list[Doc] = [a_run(promptId=id, promptContent="x" * 600, env={"A": "b"}) for id in ("q1", "q2", "q1")]
        for run in (runs[2], runs[0], runs[1]):
            store.insert_run(run)
        assert store.last_runs("promptId", ["q1", "q2", "q3"]) == {"q1": listed(runs[2]), "q2": listed(runs[1])}
        assert store.last_runs("promptId", []) == {}


class TestKeys:
    def test_key_when_new_then_none_and_afterwards_what_it_was_first_used_for(self, store: Store) -> None:
        until = START + timedelta(hours=24)
        assert store.remember_key("k", "body", "r1", until) is None
        first = {"keyHash": "k", "requestHash": "body", "runId": "r1", "until": until}
        assert store.remember_key("k", "other", "r2", until + timedelta(hours=1)) == first
        assert store.remember_key("k2", "body", "r3", until) is None

    def test_key_when_its_time_is_over_then_it_is_new_again(self, store: Store, fake_clock: FakeClock) -> None:
        store.remember_key("k", "body", "r1", fake_clock.now() + timedelta(seconds=10))
        fake_clock.pass_(9.999)
        assert store.remember_key("k", "body", "r2", START + timedelta(hours=1)) is not None
        fake_clock.pass_(0.001)
        assert store.remember_key("k", "body", "r3", fake_clock.now() + timedelta(seconds=10)) is None

    def test_key_when_many_use_it_at_once_then_exactly_one_was_first(self, store: Store) -> None:
        until = START + timedelta(hours=24)
        results = outcomes([lambda n=n: store.remember_key("k", "body", f"r{n}", until) for n in range(8)])
        assert results.count(None) == 1
        [run_id] = {result["runId"] for result in results if result}
        assert results[int(run_id[1:])] is None


class TestLife:
    def test_store_when_opened_twice_then_each_sees_what_the_other_wrote(self, opener: Callable[[], Store]) -> None:
        here, there = opener(), opener()
        run = a_run()
        here.insert_run(run)
        assert there.change_run(run["runId"], {"status": "running"}, only_if=["queued"])
        assert here.get_run(run["runId"]) == {**run, "status": "running"}
        assert here.change_run(run["runId"], {"status": "running"}, only_if=["queued"]) is None

    def test_store_when_opened_again_then_everything_is_there(self, opener: Callable[[], Store]) -> None:
        first, run = opener(), a_run()
        first.insert("tokens", a_doc("a"))
        first.save_settings({"a": 1})
        first.insert_run(run)
        first.close()
        second = opener()
        assert second.get("tokens", "a") and second.settings()["a"] == 1
        assert second.get_run(run["runId"]) == run

    def test_store_when_closed_then_every_call_is_busy_and_closing_again_is_fine(self, store: Store) -> None:
        store.ping()
        store.close()
        store.close()
        for call in (store.ping, store.settings, lambda: store.insert_run(a_run()), lambda: store.delete_run("r")):
            with pytest.raises(Busy):
                call()

    def test_reading_when_others_write_then_it_sees_whole_runs_only(self, store: Store) -> None:
        run = {**a_run(), "a": 0, "b": 0}
        store.insert_run(run)

        def write() -> None:
            for n in range(1, 60):
                store.change_run(run["runId"], {"a": n, "b": n}, only_if=UNFINISHED)

        def read() -> set[int]:
            seen = [store.get_run(run["runId"]) for _ in range(200)]
            return {doc["a"] - doc["b"] for doc in seen if doc}

        results = outcomes([write, read, read])
        assert results[1:] == [{0}, {0}]


def test_size_is_the_bytes_of_disk_that_the_store_takes(store: Store) -> None:
    for number in range(20):
        store.insert("prompts", a_doc(f"p{number}", content="x" * 10_000))
    assert store.size() > 10_000
