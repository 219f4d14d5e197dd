"""`airunner store copy`, both ways: everything is there, and what is half copied is not opened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from airunner.base.clock import SystemClock
from airunner.base.errors import Broken, Invalid
from airunner.engine.transfer import transfer
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock
from tests.helpers.mongod import ReplicaSet
from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import House
from tests.helpers.wait import until
from tests.store.conftest import STORES, url_of
from tests.store.makers import a_doc, a_run

NAME = "transfer"


def test_copy_when_there_and_back_then_all_is_as_it_was(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    mongo = replica_set.url(NAME)
    with House(tmp_path / "house", "--store", "sqlite") as house:
        make_profile(house)
        run_id = start_run(house, "seq 1000")["runId"]
        shown = house.wait_for_run(run_id)
        token = house.api("POST", "tokens", {"name": "t", "role": "viewer"}, expect=201)["token"]
        refused = house.cli("store", "copy", "sqlite", mongo)
        assert (refused.returncode, b"A server uses the data folder" in refused.stderr) == (1, True)
        house.stop()
        done = house.cli("store", "copy", "sqlite", mongo)
        assert done.returncode == 0, done.stderr
        assert b"1  runs" in done.stdout and b"1  tokens" in done.stdout
        again = house.cli("store", "copy", "sqlite", mongo)
        assert (again.returncode, b"is not empty" in again.stderr) == (2, True)
        folder = Path(db["aiRunnerRuns"].find_one({})["folder"])  # type: ignore[index]
        shutil.rmtree(folder)
        (tmp_path / "address").write_text(mongo)
        back = house.cli("store", "copy", f"@{tmp_path}/address", f"sqlite:{tmp_path}/back.db")
        assert back.returncode == 0, back.stderr
        (house.data / "airunner.db").unlink()
        (tmp_path / "back.db").rename(house.data / "airunner.db")
        house.start()
        assert house.api("GET", f"runs/{run_id}") == shown
        assert house.request("GET", "/api/session", token=token).status == 200


def test_copy_when_a_server_elsewhere_has_the_database_then_it_is_refused_and_nothing_is_touched(
    replica_set: ReplicaSet, db: Database[dict[str, Any]], tmp_path: Path
) -> None:
    mongo = replica_set.url(NAME)
    other = House(tmp_path / "other")
    other.folder.mkdir()
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": mongo}) as house:
        open_store("sqlite", data_folder=other.data, clock=SystemClock()).close()
        refused = other.cli("store", "copy", "sqlite", mongo)
        assert (refused.returncode, b"Another airunner server" in refused.stderr) == (1, True)
        make_profile(house)
        house.restart()
        assert [profile["slug"] for profile in house.api("GET", "profiles")] == ["sh"]
        house.stop()
        assert db["aiRunnerMeta"].find_one({"_id": "schema"})["isHalfFilled"] is False  # type: ignore[index]


def test_copy_when_there_is_no_source_then_that_is_said(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    house.folder.mkdir()
    refused = house.cli("store", "copy", f"sqlite:{tmp_path}/mistyped.db", "sqlite")
    assert (refused.returncode, b"There is no store" in refused.stderr) == (2, True)
    assert not (tmp_path / "mistyped.db").exists()


def test_copy_when_a_plan_is_of_no_schedule_then_it_is_left_behind(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, data_dir: Path, fake_clock: FakeClock
) -> None:
    source = open_store(replica_set.url(NAME), data_folder=data_dir, clock=fake_clock)
    source.insert("prompts", a_doc("p"))
    db["aiRunnerPlans"].insert_one({"_id": "gone", "revision": 1, "open": [], "isOpen": False})
    target = open_store("sqlite", data_folder=data_dir, clock=fake_clock, filling=True)
    assert transfer(source, target, data_dir)["prompts"] == 1
    target.close()
    source.close()


def test_copy_back_when_the_folders_are_on_another_machine_then_output_is_laid_into_the_own_one(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    mongo = replica_set.url(NAME)
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": mongo}) as house:
        make_profile(house)
        run_id = start_run(house, "seq 1000")["runId"]
        shown = house.wait_for_run(run_id)
        until(lambda: not db["aiRunnerRuns"].find_one({"_keys.uncopied": True}))
        house.stop()
    house.data.rename(tmp_path / "away")
    other = House(tmp_path / "other", "--store", "sqlite")
    other.folder.mkdir()
    back = other.cli("store", "copy", mongo, "sqlite")
    assert back.returncode == 0, back.stderr
    assert b"output bytes" in back.stdout
    assert not house.data.exists()
    assert {path.stat().st_mode & 0o077 for path in other.data.rglob("*")} == {0}
    with other:
        assert other.api("GET", f"runs/{run_id}")["stdout"] == shown["stdout"]


@pytest.mark.parametrize("request_url", STORES, indirect=True)
def test_copy_when_it_does_not_end_then_the_store_is_refused_until_a_copy_does(
    request_url: str, data_dir: Path, tmp_path: Path, fake_clock: FakeClock
) -> None:
    source = open_store(f"sqlite:{tmp_path}/source.db", data_folder=data_dir, clock=fake_clock)
    source.insert("prompts", a_doc("p"))
    source.insert_run(a_run(status="completed"))
    half = open_store(request_url, data_folder=data_dir, clock=fake_clock, filling=True)
    half.start_filling()
    half.fill("prompts", [{**a_doc("other"), "revision": 1}])
    half.insert_run(a_run())
    half.close()
    with pytest.raises(Invalid, match="a copy into it did not end"):
        open_store(request_url, data_folder=data_dir, clock=fake_clock)
    target = open_store(request_url, data_folder=data_dir, clock=fake_clock, filling=True)
    assert transfer(source, target, data_dir)["runs"] == 1
    target.close()
    opened = open_store(request_url, data_folder=data_dir, clock=fake_clock)
    assert [doc["id"] for doc in opened.find("prompts")] == ["p"]
    assert opened.runs_after("", 9) == source.runs_after("", 9)
    opened.close()
    source.close()


@pytest.fixture
def request_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store."""
    return url_of(request, "half")


def test_copy_when_the_source_changes_meanwhile_then_it_is_not_said_to_be_whole(
    data_dir: Path, tmp_path: Path, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_store(f"sqlite:{tmp_path}/source.db", data_folder=data_dir, clock=fake_clock)
    target = open_store("sqlite", data_folder=data_dir, clock=fake_clock, filling=True)
    fill_settings = target.save_plans
    monkeypatch.setattr(
        target, "save_plans", lambda plans: (source.insert("prompts", a_doc("late")), fill_settings(plans))
    )
    with pytest.raises(Broken, match="prompts differ"):
        transfer(source, target, data_dir)
    target.close()
    source.close()
    with pytest.raises(Invalid, match="did not end"):
        open_store("sqlite", data_folder=data_dir, clock=fake_clock)
