"""What every store promises of many changes at once, of the plans of schedules, and of runs that were skipped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airunner.base.errors import NotFound, PreconditionFailed
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.store.contract import Store
from tests.store.makers import START, a_doc, a_run


def a_plan(id: str, revision: int = 1, due: int | None = None, **fields: Any) -> Doc:
    due_at = None if due is None else START + timedelta(minutes=due)
    made = {"id": id, "revision": revision, "plannedAt": START, "dueAt": due_at, "open": [], "problem": None}
    return {**made, **fields}


class TestChangeMany:
    def test_all_when_each_has_its_revision_then_all_change_and_the_deleted_are_gone(self, store: Store) -> None:
        made = [store.insert("prompts", a_doc(id)) for id in "abc"]
        store.change_many("prompts", [{**doc, "name": "new"} for doc in made[:2]], ["c"])
        assert [(doc["name"], doc["revision"]) for doc in store.find("prompts")] == [("new", 2), ("new", 2)]

    @pytest.mark.parametrize(
        ("wrong", "deleted", "error"),
        [({"revision": 7}, [], PreconditionFailed), ({"id": "z"}, [], NotFound), ({}, ["z"], NotFound)],
    )
    def test_one_when_it_cannot_be_then_none_changes(
        self, store: Store, wrong: Doc, deleted: list[str], error: type[Exception]
    ) -> None:
        made = [store.insert("prompts", a_doc(id)) for id in "ab"]
        with pytest.raises(error):
            store.change_many("prompts", [{**made[0], "name": "new"}, {**made[1], **wrong}], ["b", *deleted][1:])
        assert store.find("prompts") == made


class TestPlans:
    def test_plan_when_kept_then_it_is_found_by_its_schedule(self, store: Store) -> None:
        for id in "abc":
            store.insert("schedules", a_doc(id))
        plans = [a_plan("a", due=5), a_plan("b", due=2, open=["r1"]), a_plan("c", problem="gone")]
        store.save_plans(plans)
        assert store.plans() == {plan["id"]: plan for plan in plans}
        assert store.plans(["b", "x"]) == {"b": plans[1]}
        assert store.plans([]) == {}
        assert store.due_plans() == [("b", plans[1]["dueAt"]), ("a", plans[0]["dueAt"])]
        assert store.open_plans() == [plans[1]]
        store.save_plans([a_plan("b")])
        assert store.due_plans() == [("a", plans[0]["dueAt"])]
        assert store.open_plans() == []

    def test_plan_when_it_is_for_another_revision_or_no_schedule_then_it_is_passed_by(self, store: Store) -> None:
        made = store.insert("schedules", a_doc("a"))
        store.replace("schedules", {**made, "name": "new"}, expect_revision=1)
        store.save_plans([a_plan("a", 1, due=1), a_plan("nobody", 1, due=1)])
        assert store.plans() == {}
        store.save_plans([a_plan("a", 2, due=1)])
        store.save_plans([a_plan("a", 1, due=9)])
        assert store.plans()["a"]["revision"] == 2

    def test_stale_when_a_plan_is_missing_old_or_from_the_future_then_its_schedule_is_named(self, store: Store) -> None:
        for id in "abcd":
            store.insert("schedules", a_doc(id))
        store.save_plans([a_plan("a"), a_plan("b"), a_plan("c", plannedAt=START + timedelta(hours=1))])
        store.replace("schedules", a_doc("b"), expect_revision=None)
        assert store.stale_plans(START) == ["b", "c", "d"]
        assert store.stale_plans(START + timedelta(hours=1)) == ["b", "d"]

    @pytest.mark.parametrize("how", ["delete", "change_many"])
    def test_schedule_when_it_is_deleted_then_its_plan_goes(self, store: Store, how: str) -> None:
        store.insert("schedules", a_doc("a"))
        store.save_plans([a_plan("a", due=1)])
        if how == "delete":
            store.delete("schedules", "a")
        else:
            store.change_many("schedules", [], ["a"])
        assert (store.plans(), store.due_plans()) == ({}, [])
        store.insert("schedules", a_doc("a"))
        assert store.stale_plans(START) == ["a"]


class TestSkipped:
    def test_skipped_when_added_then_those_whose_time_is_taken_are_passed_by(self, store: Store) -> None:
        fires = [START + timedelta(minutes=minute) for minute in range(3)]
        store.insert_run(a_run(scheduleId="s", scheduledFor=fires[1], status="completed"))
        store.insert_skipped(
            [a_run(scheduleId="s", scheduledFor=fire, status="skipped", reason="away") for fire in fires]
        )
        found = store.find_runs(RunQuery(schedule_id="s", descending=False)).runs
        assert sorted((run["scheduledFor"], run["status"]) for run in found) == [
            (fires[0], "skipped"), (fires[1], "completed"), (fires[2], "skipped"),
        ]  # fmt: skip

    def test_last_runs_when_asked_by_schedule_then_the_newest_of_each(self, store: Store) -> None:
        runs = [a_run(scheduleId=id) for id in ("s1", "s2", "s1")]
        for run in runs:
            store.insert_run(run)
        found = store.last_runs("scheduleId", ["s1", "s2", "s3"])
        assert {id: run["runId"] for id, run in found.items()} == {"s1": runs[2]["runId"], "s2": runs[1]["runId"]}
        with pytest.raises(ValueError, match="node"):
            store.last_runs("node", ["x"])
