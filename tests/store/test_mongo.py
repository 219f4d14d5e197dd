"""What only MongoDB promises: dates that remove records, databases that are refused, and a whole house on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from airunner.base.errors import Invalid
from airunner.domain.query import RunQuery
from airunner.domain.states import Status
from airunner.store.contract import Store
from airunner.store.mongo import MongoStore
from airunner.store.mongo_link import Link, raise_unless_taken, shown_url
from tests.helpers.clock import FakeClock
from tests.helpers.mongod import ReplicaSet
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until
from tests.store.makers import a_run

NAME = "mongo"


@pytest.fixture
def opening(db: Database[dict[str, Any]], replica_set: ReplicaSet, fake_clock: FakeClock) -> Callable[[], Store]:
    """Opens a store on the database."""
    return lambda: MongoStore(replica_set.url(NAME), fake_clock)


@pytest.mark.parametrize(
    ("meta", "words"), [({"version": 99}, "newer airunner"), ({"version": 1, "isHalfFilled": True}, "did not end")]
)
def test_open_when_the_database_is_not_for_us_then_the_sentence_says_why(
    db: Database[dict[str, Any]], opening: Callable[[], Store], meta: dict[str, Any], words: str
) -> None:
    db["aiRunnerMeta"].insert_one({"_id": "schema", **meta})
    with pytest.raises(Invalid, match=words):
        opening()


def test_retention_when_a_run_is_active_or_pinned_then_it_has_no_date_to_go(
    db: Database[dict[str, Any]], opening: Callable[[], Store]
) -> None:
    store = opening()
    doc = a_run(status="running")
    store.insert_run(doc)

    def date() -> Any:
        found = db["aiRunnerRuns"].find_one({"_id": doc["runId"]})
        assert found is not None
        return found["_keys"].get("expires")

    assert date() is None
    ended = {"status": "completed", "finishedAt": doc["queuedAt"]}
    store.change_run(doc["runId"], ended, only_if=[Status.RUNNING])
    assert date() == doc["queuedAt"]
    store.change_run(doc["runId"], {"pinned": True}, only_if=[Status.COMPLETED])
    assert date() is None
    store.change_run(doc["runId"], {"pinned": False}, only_if=[Status.COMPLETED])
    assert date() == doc["queuedAt"]
    store.close()


def test_retention_when_the_setting_changes_then_mongodb_removes_a_day_later_or_never(
    db: Database[dict[str, Any]], opening: Callable[[], Store]
) -> None:
    def seconds() -> int:
        return int(db["aiRunnerRuns"].index_information()["retention"]["expireAfterSeconds"])

    store = opening()
    store.save_settings({"recordRetentionDays": 30})
    assert seconds() == 31 * 86_400
    opening().close()  # a start leaves it as it is
    assert seconds() == 31 * 86_400
    store.save_settings({"recordRetentionDays": None})
    assert seconds() == 2**31 - 1
    store.close()


def test_a_house_when_killed_in_mid_run_then_all_of_it_is_in_the_database(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": replica_set.url(NAME)}) as house:
        make_profile(house)
        run_id = start_run(house, "echo before; while ! [ -e go ]; do sleep 0.05; done; echo after")["runId"]
        wait_running(house, run_id)
        house.kill9()
        house.start()
        (house.folder / "go").touch()
        run = house.wait_for_run(run_id)
        assert (run["status"], run["exitCode"]) == ("completed", 0)
        assert run["stdout"] == "before\nafter\n"
        assert [found["runId"] for found in house.api("GET", "runs")["runs"]] == [run_id]
    found = db["aiRunnerRuns"].find_one({"_id": run_id})
    assert found is not None
    assert found["status"] == "completed" and "stdout" not in found
    assert found["startedAt"].tzinfo is not None
    assert not (house.data / "airunner.db").exists()


def test_database_when_another_server_has_it_then_a_second_one_is_refused_until_it_has_stopped(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    environ = {"AIRUNNER_STORE": replica_set.url(NAME)}
    with House(tmp_path / "first", environ=environ) as first:
        second = House(tmp_path / "second", environ=environ)
        with pytest.raises(AssertionError, match=f"Another airunner server .*:{first.data}.* has the store"):
            second.start()
        first.kill9()
        first.start()  # the same one is back at once
        first.stop()
        second.start()
        with pytest.raises(AssertionError, match=f"{second.data}"):
            first.start()
        db["aiRunnerMeta"].update_one({"_id": "server"}, {"$set": {"holder": "x", "until": datetime.max}})
        until(lambda: second.process and second.process.poll() is not None, within=30)
        assert "taken over" in second.log()


def test_open_when_there_are_documents_of_something_else_then_it_is_refused(
    db: Database[dict[str, Any]], opening: Callable[[], Store]
) -> None:
    db["aiRunnerRuns"].insert_one({"status": "running"})
    with pytest.raises(Invalid, match="name another database"):
        opening()


def test_retention_when_it_could_not_be_told_to_mongodb_then_the_next_opening_does(
    db: Database[dict[str, Any]], opening: Callable[[], Store]
) -> None:
    store = opening()
    store.save_settings({"recordRetentionDays": 365})
    store.close()
    db.command("collMod", "aiRunnerRuns", index={"name": "retention", "expireAfterSeconds": 86_400})
    opening().close()
    assert db["aiRunnerRuns"].index_information()["retention"]["expireAfterSeconds"] == 366 * 86_400


def test_error_when_a_write_was_not_taken_by_a_majority_then_it_is_one() -> None:
    taken = BulkWriteError({"writeErrors": [{"code": 11000}], "writeConcernErrors": []})
    raise_unless_taken(taken)
    for details in (
        {"writeErrors": [], "writeConcernErrors": [{"code": 64}]},
        {"writeErrors": [{"code": 11000}, {"code": 1}], "writeConcernErrors": []},
    ):
        with pytest.raises(BulkWriteError):
            raise_unless_taken(BulkWriteError(details))


@pytest.mark.parametrize("password", ["pa/ssw0rd", "pa?ssw0rd", "pa#ssw0rd", "pa@ssw0rd", "pa%zzssw0rd", "ssw0rd"])
@pytest.mark.parametrize("end", ["host:1/db", "host:99999/db", "host/db?unknown=x", "host/d.b"])
def test_address_when_it_is_shown_then_nothing_of_the_password_is(password: str, end: str) -> None:
    url = f"mongodb://user:{password}@{end}"
    assert "ssw0rd" not in shown_url(url)
    with contextlib.suppress(Invalid):
        Link(url).close()
        return
    with pytest.raises(Invalid) as caught:
        Link(url)
    assert "ssw0rd" not in str(caught.value)


def test_runs_when_searched_or_deleted_then_no_collection_is_read_through(
    db: Database[dict[str, Any]], opening: Callable[[], Store]
) -> None:
    store = opening()
    runs = [a_run(status="failed", reason=f"Killed by alice{n}.", promptContent=f"fix number {n}") for n in range(40)]
    for run in runs:
        store.insert_run(run)
    db.command("profile", 2)
    try:
        for search in ("number 7", "alice11", "nonesuch", "zebra"):
            store.find_runs(RunQuery(search=search))
        assert store.delete_run(runs[0]["runId"])
    finally:
        db.command("profile", 0)
    plans = {
        one["ns"]: one["planSummary"] for one in db["system.profile"].find({"planSummary": {"$regex": "COLLSCAN"}})
    }
    db["system.profile"].drop()
    assert plans == {}
    store.close()
