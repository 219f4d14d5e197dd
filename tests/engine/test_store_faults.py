"""The store is locked, slow or damaged: requests are answered, agents go on, ends are written afterwards, once each."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airunner.api.glimpse import Glimpses
from airunner.base.bus import Bus
from airunner.base.errors import Busy
from airunner.domain.query import RunQuery
from tests.helpers import proc
from tests.helpers.desk import Desk
from tests.helpers.held import Held
from tests.helpers.runs import raw_output, start_run, wait_running
from tests.helpers.server import API, House, Reply
from tests.helpers.wait import until

pytestmark = pytest.mark.sqlite
_WITHIN = 2.5  # a call of the store takes two seconds at most
_TICK = "while ! [ -e {name} ]; do echo tick; sleep 0.05; done; echo x >> {name}-ended"


@contextlib.contextmanager
def locked(house: House) -> Iterator[None]:
    """Hold the store's file as another program may: nobody else can write."""
    link = sqlite3.connect(house.data / "airunner.db", isolation_level=None, timeout=5)
    link.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        link.execute("ROLLBACK")
        link.close()


def _ask(house: House, script: str, **headers: str) -> tuple[Reply, float]:
    """Ask for a run; return the answer and the seconds it took."""
    body = {"content": script, "agentProfileId": "sh", "workingDirectory": str(house.folder)}
    began = time.monotonic()
    return house.request("POST", f"{API}/run", body, headers=headers), time.monotonic() - began


def _seconds(house: House, method: str, path: str, expect: int = 200) -> float:
    began = time.monotonic()
    answer = house.request(method, f"{API}/{path}")
    assert answer.status == expect, answer.body
    return time.monotonic() - began


def _begin(house: House, name: str) -> str:
    run_id = str(start_run(house, _TICK.format(name=name))["runId"])
    wait_running(house, run_id)
    return run_id


def test_a_lock_of_a_second_is_waited_for_and_noticed_by_nobody(shell: House) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(shell):
            asked = pool.submit(_ask, shell, "echo patience")
            with contextlib.suppress(TimeoutError):
                asked.result(timeout=1)
        answer, _ = asked.result()
    assert answer.status == 201
    assert shell.wait_for_run(answer.json["runId"])["stdout"] == "patience\n"
    assert shell.api("GET", "runs")["total"] == 1


def test_while_the_store_is_locked_it_is_said_in_time_and_runs_go_on_and_end_once(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 2})
    going, doomed = _begin(shell, "going"), _begin(shell, "doomed")
    waiting = [start_run(shell, f"echo {number} >> order")["runId"] for number in range(5)]
    with locked(shell):
        refused, seconds = _ask(shell, "echo never >> order")
        assert shell.request("GET", "/healthz").status == 503
        assert (refused.status, refused.json["code"]) == (503, "store_locked")
        assert (int(refused.headers["retry-after"]) > 0, seconds < _WITHIN) == (True, True)
        quick = [_ask(shell, "echo never >> order") for _ in range(10)]
        assert {answer.status for answer, _ in quick} == {503}
        assert sorted(seconds for _, seconds in quick)[-3] < 0.5, "only who tries again for all waits"
        _sees_output(shell, going)
        for path in ("runs", "runs/active", f"runs/{going}", "settings", "profiles"):
            assert _seconds(shell, "GET", path) < 1
        assert _seconds(shell, "POST", f"runs/{doomed}/kill") < _WITHIN
        pids = [shell.api("GET", f"runs/{run_id}?output=none")["pid"] for run_id in (going, doomed)]
        (shell.folder / "going").touch()
        until(lambda: not any(map(proc.is_alive, pids)), within=10)
        assert _seconds(shell, "POST", f"runs/{waiting[4]}/kill") < 2 * _WITHIN
        until(lambda: (shell.folder / "order").exists(), within=10)
    assert shell.wait_for_run(going)["status"] == "completed"
    assert shell.wait_for_run(doomed)["status"] == "killed"
    assert [shell.wait_for_run(run_id)["status"] for run_id in waiting[:4]] == ["completed"] * 4
    assert sorted((shell.folder / "order").read_text().split()) == ["0", "1", "2", "3"]
    assert (shell.folder / "going-ended").read_text() == "x\n"
    assert shell.api("GET", "runs")["total"] == 7, "what was refused was not stored"
    assert set(raw_output(shell, going).split()) == {b"tick"}
    assert (shell.log().count("store away"), shell.log().count("store back")) == (1, 1)


def _sees_output(house: House, run_id: str) -> None:
    size = house.api("GET", f"runs/{run_id}/output?view=raw&from=0")["next"]
    began = time.monotonic()
    assert house.api("GET", f"runs/{run_id}/output?view=raw&from={size}&wait=5")["next"] > size
    assert time.monotonic() - began < 1


def test_many_requests_at_once_do_not_wait_for_each_other(shell: House) -> None:
    with locked(shell), ThreadPoolExecutor(30) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda number: _ask(shell, f"echo {number}"), range(60)))
        assert time.monotonic() - began < 2 * _WITHIN
        assert {answer.status for answer, _ in answers} == {503}
        assert max(seconds for _, seconds in answers) < 2 * _WITHIN
        assert shell.request("GET", "/healthz").status == 503
    until(lambda: shell.request("GET", "/healthz").status == 200)


def test_a_run_that_is_stored_after_it_was_refused_runs_once(tmp_path: Path) -> None:
    """The writer has begun with it when its caller gives up, and what the store shows meanwhile is that there is none."""
    with Desk(tmp_path) as desk:
        writer = desk.store._writer  # type: ignore[attr-defined]
        first, second = Held(writer), threading.Event()
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(writer.do, lambda link: second.wait(10))
            until(lambda: writer._queue.qsize() == 1)
            asked = pool.submit(desk.run, "echo x >> once")
            until(lambda: writer._queue.qsize() == 2)
            first.let_go()  # what waits is one batch now
            with pytest.raises(Busy, match="look whether it is there"):
                asked.result()
            desk.settle()
            assert desk.store.active_runs() == []
            second.set()
            with contextlib.suppress(Busy):
                slow.result()
        until(lambda: (tmp_path / "once").exists(), within=10)
        assert [desk.ended(run)["status"] for run in _all_runs(desk)] == ["completed"]
        assert (tmp_path / "once").read_text() == "x\n"


def test_an_end_that_is_stored_after_all_is_told_like_any_other(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        run = desk.run("printf '\\e[?1049hfull\\e[?1049l'; while ! [ -e go ]; do sleep 0.02; done")
        desk.started(run)
        change, is_first = desk.store.change_run, True

        def change_and_be_late(run_id: str, changes: Any, *, only_if: Any) -> Any:
            nonlocal is_first
            changed = change(run_id, changes, only_if=only_if)
            if "finishedAt" in changes and is_first:
                is_first = False
                raise Busy("late")
            return changed

        desk.store.change_run = change_and_be_late  # type: ignore[method-assign]
        (tmp_path / "go").touch()
        until(lambda: desk.now(run)["lastScreen"] == "full", within=10)
        assert not is_first


def _all_runs(desk: Desk) -> list[Any]:
    return desk.store.find_runs(RunQuery()).runs


def test_a_request_that_is_repeated_with_its_key_after_a_lock_runs_once(shell: House) -> None:
    key = {"Idempotency-Key": "one-and-the-same"}
    with locked(shell):
        for _ in range(3):
            assert _ask(shell, "echo x >> once", **key)[0].status == 503
    answers = [until(lambda: (answer := _ask(shell, "echo x >> once", **key)[0]).status == 201 and answer)]
    answers += [_ask(shell, "echo x >> once", **key)[0] for _ in range(3)]
    assert len({answer.json["runId"] for answer in answers}) == 1
    shell.wait_for_run(answers[0].json["runId"])
    assert (shell.folder / "once").read_text() == "x\n"
    assert shell.api("GET", "runs")["total"] == 1


def test_the_server_can_be_killed_while_ends_wait_for_the_store(shell: House) -> None:
    run_id = _begin(shell, "go")
    with locked(shell):
        pid = shell.api("GET", f"runs/{run_id}?output=none")["pid"]
        (shell.folder / "go").touch()
        until(lambda: not proc.is_alive(pid), within=10)
        shell.kill9()
    shell.start()
    run = shell.wait_for_run(run_id)
    assert (run["status"], run["exitCode"]) == ("completed", 0)
    assert (shell.folder / "go-ended").read_text() == "x\n"


def test_a_server_does_not_start_on_a_locked_store_and_says_so(shell: House) -> None:
    shell.stop()
    with locked(shell):
        done = _serve(shell.data)
    assert done.returncode == 1
    assert b"The store is locked by another process; try again in a moment. It is" in done.stderr


@pytest.mark.parametrize("first", [0, 4096], ids=["head", "pages"])
def test_a_server_does_not_start_on_a_damaged_store_and_says_what_to_do(house: House, first: int) -> None:
    house.stop()
    file = house.data / "airunner.db"
    damaged = file.read_bytes()[:first].ljust(file.stat().st_size, b"\xa5")
    file.write_bytes(damaged)
    done = _serve(house.data)
    said = done.stderr.decode()
    assert done.returncode == (1 if first else 2)
    assert said.startswith(f"airunner: The store {file} cannot be used: ")
    assert "move them away to begin with an empty store" in said
    assert file.read_bytes() == damaged
    for path in house.data.glob("airunner.db*"):
        path.unlink()
    house.start()
    assert house.api("GET", "runs")["total"] == 0


def _serve(data: Path) -> subprocess.CompletedProcess[bytes]:
    command = House(data.parent).cli_command("serve", "--port", "0", "--data", str(data))
    return subprocess.run(command, capture_output=True, timeout=30)


def test_a_store_that_turns_out_to_be_damaged_is_said_and_not_a_fault_of_the_request(shell: House) -> None:
    run_id = _begin(shell, "go")
    shell.api("PATCH", "settings", {"defaultTimeout": 31})  # so that nobody's memory of the file is good any more
    for name, head in (("airunner.db", 4096), ("airunner.db-wal", 32)):
        file = shell.data / name
        with file.open("r+b") as writing:
            writing.seek(head)
            writing.write(b"\xa5" * (file.stat().st_size - head))
    answers: list[Any] = [shell.request("GET", f"{API}/{path}") for path in ("profiles", "runs", "settings")]
    assert {answer.status for answer in answers} <= {200, 503}
    refused = [answer.json for answer in answers if answer.status == 503]
    assert refused and all("damaged" in answer["error"] for answer in refused)
    _sees_output(shell, run_id)
    assert shell.request("POST", f"{API}/runs/{run_id}/kill").status == 200


def test_a_run_that_was_seen_can_be_followed_while_the_store_is_away() -> None:
    class Away:
        gone = False
        keeps_output = False

        def get_run(self, run_id: str) -> dict[str, Any]:
            if self.gone:
                raise Busy("away")
            return {"runId": run_id, "status": "running"}

    store, bus, run_id = Away(), Bus(), "01k9z6bq4mfn3t8w2xyz"
    glimpses = Glimpses(store, bus, Path())  # type: ignore[arg-type]
    seen = glimpses.of(run_id)
    store.gone = True
    bus.ring("runs", run_id)
    assert glimpses.of(run_id) is seen
    with pytest.raises(Busy):
        glimpses.of("01k9z6bq4mfn3t8w2xya")
