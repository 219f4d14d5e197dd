"""Kills at every moment of a run's life, by one and by several, and what the queue makes of them."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from airunner.base.errors import Busy, Conflict
from airunner.base.files import take_lock
from airunner.domain.run import StartRequest
from airunner.domain.states import FINISHED
from airunner.engine.admission import Origin
from airunner.spool.layout import Folder
from tests.helpers import proc
from tests.helpers.desk import Desk
from tests.helpers.runs import start_run, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until


def _kill_at_once(house: House, run_id: str, clients: int) -> list[int]:
    """Have several clients kill a run at the same time; return the statuses they got."""
    statuses, ready = [], threading.Barrier(clients)

    def kill() -> None:
        ready.wait()
        statuses.append(house.request("POST", f"{API}/runs/{run_id}/kill").status)

    threads = [threading.Thread(target=kill) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"])
def test_a_running_run_that_several_kill_at_once_is_killed_once(shell: House, script: str) -> None:
    shell.api("PATCH", "profiles/sh", {"killGraceSeconds": 0.5})
    run_id = start_run(shell, script)["runId"]
    wait_running(shell, run_id)
    statuses = _kill_at_once(shell, run_id, 6)
    assert set(statuses) <= {200, 409} and 200 in statuses
    run = shell.wait_for_run(run_id)
    assert (run["status"], run["reason"]) == ("killed", "Killed by environment.")
    assert _kill_at_once(shell, run_id, 2) == [409, 409]
    assert shell.log().count(f"run ended run={run_id}") == 1


def test_a_queued_run_that_several_kill_at_once_is_killed_once_and_never_starts(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first, second, third = (start_run(shell, script)["runId"] for script in ("sleep 60", "touch never", "exit 3"))
    wait_running(shell, first)
    assert Counter(_kill_at_once(shell, second, 6)) == {200: 1, 409: 5}
    assert shell.wait_for_run(second)["status"] == "killed"
    shell.api("POST", f"runs/{first}/kill")
    assert shell.wait_for_run(third)["exitCode"] == 3
    assert not (shell.folder / "never").exists()
    assert shell.log().count(f"run ended run={second}") == 1


def test_a_run_that_is_killed_while_it_is_being_started_is_killed(shell: House) -> None:
    shell.wait_for_run(start_run(shell, "exit 0")["runId"])
    nursery = shell.nursery
    os.kill(nursery, signal.SIGSTOP)  # the start has begun, and goes no further
    run_id = start_run(shell, "echo x >> starts; sleep 60")["runId"]
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.extend(_kill_at_once(shell, run_id, 2)))
    thread.start()
    until(lambda: list((shell.data / "runs").rglob(f"{run_id}/run.json")))
    os.kill(nursery, signal.SIGCONT)
    thread.join()
    assert set(answers) <= {200, 409} and 200 in answers
    assert shell.wait_for_run(run_id)["status"] == "killed"
    starts = shell.folder / "starts"
    assert not starts.exists() or starts.read_text() == "x\n"


def test_kills_all_along_the_start_end_every_run_and_start_none_twice(shell: House) -> None:
    ids = []
    for number in range(40):
        ids.append(start_run(shell, f"echo {number} >> starts; sleep 60")["runId"])
        threading.Event().wait(0.0005 * number)  # another moment of the start each time; nothing is waited for
        shell.api("POST", f"runs/{ids[-1]}/kill")
    assert {shell.wait_for_run(run_id)["status"] for run_id in ids} == {"killed"}
    starts = (shell.folder / "starts").read_text().split() if (shell.folder / "starts").exists() else []
    assert len(starts) == len(set(starts))


@contextmanager
def _queued(desk: Desk) -> Iterator[dict[str, Any]]:
    """A run that waits behind another one."""
    desk.store.save_settings({"maxConcurrentRuns": 1})
    first = desk.run("sleep 60")
    desk.started(first)
    yield desk.run("touch never")
    desk.conductor.kill(first["runId"], "test")


def test_a_queued_run_that_a_shim_of_an_earlier_server_just_begins_is_killed_there(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk, _queued(desk) as run:
        folder = Folder(Path(run["folder"]))
        folder.path.mkdir(parents=True)
        held = take_lock(folder.lock)
        assert held is not None
        desk.conductor.kill(run["runId"], "ana")
        assert '"kill"' in folder.control_log.read_text()
        assert desk.now(run)["status"] not in FINISHED
        os.close(held)
        ended = desk.ended(run)
        assert (ended["status"], ended["reason"]) == ("killed", "Killed by ana while it was queued.")


def test_a_queued_run_that_is_killed_can_be_begun_by_no_shim_any_more(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk, _queued(desk) as run:
        folder = Folder(Path(run["folder"]))
        folder.path.mkdir(parents=True)
        desk.conductor.kill(run["runId"], "ana")
        assert desk.ended(run)["status"] == "killed"
        assert folder.tombstone.exists()


def test_a_queued_run_that_a_shim_of_an_earlier_server_has_done_meanwhile_is_what_it_became(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        done = desk.ended(desk.run("exit 7"))
        with _queued(desk) as run:
            shutil.copytree(done["folder"], run["folder"], ignore=shutil.ignore_patterns("control"))
            desk.conductor.kill(run["runId"], "ana")
            assert desk.ended(run)["exitCode"] == 7


def test_a_queued_run_that_is_killed_while_the_store_takes_nothing_stays_killed_after_a_restart(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.store.save_settings({"maxConcurrentRuns": 1})
        first = desk.run("sleep 60")
        desk.started(first)
        second = desk.run("touch never")
        desk.store.change_run = Mock(side_effect=Busy("full"))  # type: ignore[method-assign]
        desk.conductor.kill(second["runId"], "ana")
        assert desk.now(second)["status"] == "queued"
        desk.leave()
        with Desk(tmp_path) as following:
            ended = following.ended(second)
            assert (ended["status"], ended["reason"]) == ("killed", "Killed by ana while it was queued.")
            following.conductor.kill(first["runId"], "ana")
            following.ended(first)
    assert not (tmp_path / "never").exists()


def test_a_run_of_which_only_the_store_knows_is_not_called_ended(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        run = desk.admission.resolve(_wish(desk), Origin("tester"))
        desk.store.insert_run(run)
        with pytest.raises(Busy, match="ask again"):
            desk.conductor.kill(run["runId"], "ana")
        desk.conductor.find_out(run["runId"])
        with pytest.raises(Conflict):
            desk.ended(run) and desk.conductor.kill(run["runId"], "ana")


def _wish(desk: Desk) -> StartRequest:
    return StartRequest(content="true", agent_profile_id="sh", working_directory=str(desk.folder))


def test_a_run_whose_shim_is_of_an_earlier_server_is_watched_all_the_same(tmp_path: Path) -> None:
    """Two shims came to one folder: the engine knows the one that found it taken, and must follow the other."""
    with Desk(tmp_path) as desk:
        with _queued(desk) as run:
            folder = Folder(Path(run["folder"]))
            folder.path.mkdir(parents=True)
            held = take_lock(folder.lock)
            assert held is not None
        until(lambda: run["runId"] in desk.conductor._live, within=10)
        desk.settle()  # the step that asked for the shim is over
        until(lambda: desk.conductor._live[run["runId"]].pidfd is None, within=10)
        assert desk.now(run)["status"] == "queued"
        os.close(held)
        assert desk.ended(run)["status"] == "failed"


def test_a_limit_that_is_lowered_ends_no_run_and_one_that_is_raised_starts_the_next(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 2})
    ids = [start_run(shell, f"while ! [ -e go{number} ]; do sleep 0.02; done")["runId"] for number in range(5)]

    def running() -> list[int]:
        shown = [shell.api("GET", f"runs/{run_id}?output=none") for run_id in ids]
        return [number for number, run in enumerate(shown) if run["status"] == "running"]

    until(lambda: running() == [0, 1])
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    (shell.folder / "go0").touch()
    until(lambda: running() == [1])
    assert shell.wait_for_run(ids[0])["status"] == "completed"
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 3})
    until(lambda: running() == [1, 2, 3])
    for number in range(5):
        (shell.folder / f"go{number}").touch()
    for run_id in ids:
        assert shell.wait_for_run(run_id)["status"] == "completed"


def test_a_dead_shim_leaves_its_command_no_life_however_early_it_died(shell: House) -> None:
    """The shim is ended as soon as its command has said that it runs: nothing but the shim itself may know of it yet."""
    for number in range(5):
        run_id = start_run(shell, f"echo $$ > pid{number}; setsid sleep 300 & setsid sleep 301 & sleep 300")["runId"]
        pid = int(until(lambda at=shell.folder / f"pid{number}": at.exists() and at.read_text().strip()))
        shim = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(shim, signal.SIGKILL)
        assert shell.wait_for_run(run_id)["status"] == "failed"
        until(lambda mark=f"RUN_ID={run_id}": not _marked(mark))


def _marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and proc.is_alive(int(entry.name)):
            try:
                text = (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in text:
                found.append(int(entry.name))
    return found
