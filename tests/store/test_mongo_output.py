"""Output in MongoDB: what a run writes is there a moment later, whole, once, and enough to show the run without its folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pymongo.database import Database

from airunner.base.errors import Busy
from airunner.engine.mirror import restore, with_copy
from airunner.engine.retention import clean_up
from airunner.store.contract import Chunk, Store
from airunner.store.mongo import MongoStore
from tests.helpers.clock import FakeClock
from tests.helpers.mongod import ReplicaSet
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until
from tests.store.makers import a_run

NAME = "output"


@pytest.fixture
def house(db: Database[dict[str, Any]], replica_set: ReplicaSet, tmp_path: Path) -> Iterator[House]:
    """A server that keeps its records in the database."""
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": replica_set.url(NAME)}) as running:
        make_profile(running)
        yield running


def copied(db: Database[dict[str, Any]], run_id: str) -> dict[str, bytes]:
    """Return the files of a run as the chunks make them; each begins where the one before ends."""
    files: dict[str, bytes] = {}
    for chunk in db["aiRunnerOutput"].find({"runId": run_id}).sort([("file", 1), ("at", 1)]):
        assert chunk["at"] == len(files.get(chunk["file"], b"")), chunk["_id"]
        files[chunk["file"]] = files.get(chunk["file"], b"") + chunk["data"]
    return files


def written(house: House, run_id: str) -> dict[str, bytes]:
    """Return the same files from the run's folder."""
    [folder] = (house.data / "runs").glob(f"*/{run_id}")
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith(("output.", "timing"))}


def is_closed(db: Database[dict[str, Any]], run_id: str) -> bool:
    found = db["aiRunnerRuns"].find_one({"_id": run_id})
    return found is not None and "uncopied" not in found["_keys"]


def test_output_when_a_run_writes_then_it_is_in_the_database_while_it_runs(
    house: House, db: Database[dict[str, Any]]
) -> None:
    run_id = start_run(house, "echo one; while ! [ -e go ]; do sleep 0.02; done; echo two")["runId"]
    wait_running(house, run_id)
    until(lambda: b"one" in copied(db, run_id).get(f"output.{0:016d}", b""))
    (house.folder / "go").touch()
    house.wait_for_run(run_id)
    until(lambda: is_closed(db, run_id))
    assert copied(db, run_id) == written(house, run_id)


def test_output_when_the_folder_is_lost_then_the_run_shows_as_before(
    house: House, db: Database[dict[str, Any]]
) -> None:
    run_id = start_run(house, "for i in $(seq 30000); do echo line $i; done")["runId"]
    before = house.wait_for_run(run_id)
    until(lambda: is_closed(db, run_id))
    lines = house.api("GET", f"runs/{run_id}/lines?from=29000&count=10")
    [folder] = (house.data / "runs").glob(f"*/{run_id}")
    house.stop()
    shutil.rmtree(folder)
    house.start()
    assert house.api("GET", f"runs/{run_id}") == before
    assert house.api("GET", f"runs/{run_id}/lines?from=29000&count=10") == lines
    assert len(lines["lines"]) == 10


def test_output_when_the_folder_is_deleted_while_the_run_writes_then_what_was_copied_is_shown(
    house: House, db: Database[dict[str, Any]]
) -> None:
    run_id = start_run(house, "echo before; while ! [ -e go ]; do sleep 0.02; done; echo after")["runId"]
    wait_running(house, run_id)
    until(lambda: b"before" in copied(db, run_id).get(f"output.{0:016d}", b""))
    [folder] = (house.data / "runs").glob(f"*/{run_id}")
    shutil.rmtree(folder)
    (house.folder / "go").touch()
    run = house.wait_for_run(run_id)
    assert run["status"] == "completed"
    assert "before" in house.api("GET", f"runs/{run_id}")["stdout"]


def test_output_when_it_is_more_than_the_cap_then_the_database_has_what_the_folder_has(
    house: House, db: Database[dict[str, Any]]
) -> None:
    house.api("PATCH", "settings", {"maxOutputBytes": 1_000_000})
    run_id = start_run(house, "seq 1000000")["runId"]
    house.wait_for_run(run_id, within=60)
    until(lambda: is_closed(db, run_id))
    there = written(house, run_id)
    assert len(there) > 4
    stored = {name: b"" for name in there}
    for chunk in db["aiRunnerOutput"].find({"runId": run_id}).sort([("file", 1), ("at", 1)]):
        stored[chunk["file"]] += chunk["data"]
    assert stored == there


@pytest.mark.parametrize("moments", [3])
def test_output_when_the_server_is_killed_again_and_again_then_nothing_is_missing_or_doubled(
    house: House, db: Database[dict[str, Any]], moments: int
) -> None:
    run_id = start_run(house, "while ! [ -e go ]; do seq 200; sleep 0.01; done")["runId"]
    wait_running(house, run_id)
    for _ in range(moments):
        size = sum(map(len, copied(db, run_id).values()))
        until(lambda size=size: sum(map(len, copied(db, run_id).values())) > size)
        house.kill9()
        house.start()
    (house.folder / "go").touch()
    house.wait_for_run(run_id)
    until(lambda: is_closed(db, run_id))
    assert copied(db, run_id) == written(house, run_id)


def test_output_when_the_run_ends_while_no_server_is_there_then_the_next_one_copies_it(
    house: House, db: Database[dict[str, Any]]
) -> None:
    run_id = start_run(house, "while ! [ -e go ]; do sleep 0.02; done; echo end; touch done")["runId"]
    wait_running(house, run_id)
    house.kill9()
    (house.folder / "go").touch()
    until((house.folder / "done").exists)
    house.start()
    house.wait_for_run(run_id)
    until(lambda: is_closed(db, run_id))
    assert b"end" in copied(db, run_id)[f"output.{0:016d}"]


def test_output_when_something_is_written_then_it_is_copied_a_quarter_of_a_second_later(
    house: House, db: Database[dict[str, Any]]
) -> None:
    run_id = start_run(house, "while ! [ -e go ]; do date +%s%N; sleep 0.1; done")["runId"]
    wait_running(house, run_id)
    until(lambda: sum(map(len, copied(db, run_id).values())) > 200)
    lags = []
    for _ in range(10):
        newest = copied(db, run_id)[f"output.{0:016d}"].split()[-1]
        until(lambda newest=newest: copied(db, run_id)[f"output.{0:016d}"].split()[-1] != newest, every=0.005)
        lags.append(time.time() - int(copied(db, run_id)[f"output.{0:016d}"].split()[-1]) / 1e9)
    (house.folder / "go").touch()
    house.wait_for_run(run_id)
    assert sorted(lags)[5] < 0.25, lags


def test_output_when_it_comes_faster_than_it_is_copied_then_the_cap_holds_in_the_database_and_others_are_copied(
    house: House, db: Database[dict[str, Any]]
) -> None:
    house.api("PATCH", "settings", {"maxOutputBytes": 1_000_000})
    loud = start_run(house, "timeout 20 yes")["runId"]
    until(lambda: sum(map(len, copied_anyhow(db, loud).values())) > 500_000)
    quiet = start_run(house, "echo here")["runId"]
    until(lambda: is_closed(db, quiet), within=15)
    assert sum(map(len, copied_anyhow(db, loud).values())) < 6_000_000
    house.api("POST", f"runs/{loud}/kill")
    house.wait_for_run(loud)
    until(lambda: is_closed(db, loud))
    assert copied(db, loud) == written(house, loud)


def copied_anyhow(db: Database[dict[str, Any]], run_id: str) -> dict[str, bytes]:
    """Return the files as they are while some of them may go."""
    files: dict[str, bytes] = {}
    for chunk in db["aiRunnerOutput"].find({"runId": run_id}):
        files[chunk["file"]] = files.get(chunk["file"], b"") + chunk["data"]
    return files


class Shelf:
    """A store of two chunks that is away when it is asked for the second one first."""

    keeps_output = True

    def __init__(self) -> None:
        self.asked = 0

    def output_after(self, run_id: str, last: Chunk | None) -> list[Chunk]:
        self.asked += 1
        if self.asked == 2:
            raise Busy("away")
        chunks = [Chunk("output.0", 0, b"AAAA"), Chunk("output.0", 4, b"BBBB")]
        return chunks[:1] if last is None else chunks[1:] if last.at == 0 else []


def test_restored_folder_when_the_store_goes_away_meanwhile_then_it_is_made_once_more_from_the_beginning(
    tmp_path: Path,
) -> None:
    shelf, place = cast("Store", Shelf()), tmp_path / "copies" / "run"
    with pytest.raises(Busy):
        restore(shelf, "run", place)
    assert list(place.parent.iterdir()) == []
    restore(shelf, "run", place)
    assert (place / "output.0").read_bytes() == b"AAAABBBB"


def test_chunks_when_kept_and_dropped_then_the_store_says_where_each_file_ends(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, fake_clock: FakeClock
) -> None:
    store = MongoStore(replica_set.url(NAME), fake_clock)
    run = a_run(status="completed")
    id = run["runId"]
    store.insert_run(run)
    first, second, timing = Chunk("output.0", 0, b"ab"), Chunk("output.0", 2, b"c"), Chunk("timing", 0, b"t")
    assert store.append_output(id, [first, timing])
    assert not store.append_output(id, [first]), "its end is another one"
    assert store.append_output(id, [second, Chunk("output.1", 0, b"xyz")])
    assert store.output_ends(id) == {"output.0": 3, "output.1": 3, "timing": 1}
    chunks = store.output_after(id, None)
    assert [(chunk.file, chunk.at) for chunk in chunks] == [
        ("output.0", 0),
        ("output.0", 2),
        ("output.1", 0),
        ("timing", 0),
    ]
    assert store.output_after(id, chunks[1]) == chunks[2:]
    assert store.output_after(id, chunks[-1]) == []
    store.drop_output(id, ["output.1"])
    assert store.output_ends(id) == {"output.0": 3, "timing": 1}
    assert store.delete_run(id)
    assert db["aiRunnerOutput"].count_documents({}) == 0
    store.close()


def test_copies_when_their_runs_are_old_then_they_go_and_those_of_pinned_and_active_ones_stay(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, fake_clock: FakeClock, data_dir: Path
) -> None:
    store = MongoStore(replica_set.url(NAME), fake_clock)
    store.save_settings({"outputRetentionDays": 7, "recordRetentionDays": 0})
    old = fake_clock.now()
    runs = [
        a_run(runId=f"{n:020d}", queuedAt=old, finishedAt=old, status=status, pinned=pinned)
        for n, (status, pinned) in enumerate(
            [("completed", False), ("completed", True), ("running", False)] + [("failed", False)] * 60
        )
    ]
    for run in runs:
        store.insert_run(run)
        store.append_output(run["runId"], [Chunk("output.0", 0, b"x")])
    fake_clock.pass_(30 * 86_400)
    clean_up(store, fake_clock, data_dir)
    assert sorted(db["aiRunnerOutput"].distinct("runId")) == [runs[1]["runId"], runs[2]["runId"]]
    store.close()


def test_run_that_was_skipped_when_it_is_shown_then_it_needs_no_folder(
    db: Database[dict[str, Any]], replica_set: ReplicaSet, fake_clock: FakeClock, data_dir: Path
) -> None:
    store = MongoStore(replica_set.url(NAME), fake_clock)
    run = a_run(status="skipped")
    assert run["folder"] is None
    assert with_copy(store, run, data_dir) == run
    store.close()
