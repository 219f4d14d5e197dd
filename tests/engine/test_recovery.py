"""The server dies, the run does not: kill -9 at every moment, then a restart."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from airunner.engine import conductor
from airunner.spool.layout import Folder
from tests.helpers import proc
from tests.helpers.desk import Desk
from tests.helpers.runs import clean_lines, make_profile, pid_in, raw_output, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until

_COUNT = "for i in $(seq 1 {n}); do echo line $i; sleep 0.02; done; exit 3"


def _lines(count: int) -> bytes:
    return b"".join(b"line %d\r\n" % number for number in range(1, count + 1))


def test_kill_9_in_mid_run_then_restart_keeps_pid_bytes_and_exit_code(shell: House) -> None:
    run_id = start_run(shell, _COUNT.format(n=400))["runId"]
    before = wait_running(shell, run_id)
    until(lambda: b"line 5\r" in shell.request("GET", f"/api/modules/ai-runner/runs/{run_id}/log?raw=1").body)
    shell.kill9()
    shell.start()
    after = shell.api("GET", f"runs/{run_id}?output=none")
    assert (after["status"], after["pid"]) == ("running", before["pid"])
    assert [run["runId"] for run in shell.api("GET", "runs/active")] == [run_id]
    assert raw_output(shell, run_id) == _lines(400)
    assert clean_lines(shell, run_id) == [f"line {number}" for number in range(1, 401)]
    ended = shell.wait_for_run(run_id)
    assert (ended["status"], ended["exitCode"], ended["pid"]) == ("failed", 3, before["pid"])


def test_a_run_that_ends_while_the_server_is_down_is_complete_afterwards(shell: House) -> None:
    run_id = start_run(shell, _COUNT.format(n=20))["runId"]
    pid = wait_running(shell, run_id)["pid"]
    shell.kill9()
    until(lambda: not proc.is_alive(pid))
    shell.start()
    ended = shell.wait_for_run(run_id)
    assert (ended["status"], ended["exitCode"]) == ("failed", 3)
    assert raw_output(shell, run_id) == _lines(20)


def test_a_deadline_that_passes_while_the_server_is_down_is_timeout(shell: House) -> None:
    run_id = start_run(shell, "echo begun; sleep 60", timeout=0.02)["runId"]
    pid = wait_running(shell, run_id)["pid"]
    shell.kill9()
    until(lambda: not proc.is_alive(pid))
    shell.start()
    ended = shell.wait_for_run(run_id)
    assert (ended["status"], ended["stdout"]) == ("timeout", "begun\n")


def test_queued_runs_survive_the_server_and_run_once_each_in_order(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 1.5; echo 0 >> order")["runId"]
    waiting = [start_run(shell, f"echo {number} >> order")["runId"] for number in range(1, 6)]
    wait_running(shell, first)
    shell.kill9()
    shell.start()
    for run_id in (first, *waiting):
        assert shell.wait_for_run(run_id)["status"] == "completed"
    assert (shell.folder / "order").read_text().split() == ["0", "1", "2", "3", "4", "5"]


def test_kill_9_again_and_again_while_runs_start_loses_and_doubles_none(shell: House) -> None:
    started = []
    for attempt in range(6):
        started += [start_run(shell, f"echo {attempt}-{number} >> seen")["runId"] for number in range(8)]
        time.sleep(0.004 * attempt)  # another moment of the start each time; nothing is waited for
        shell.kill9()
        shell.start()
    for run_id in started:
        assert shell.wait_for_run(run_id)["status"] == "completed"
    seen = (shell.folder / "seen").read_text().split()
    assert sorted(seen) == sorted(f"{attempt}-{number}" for attempt in range(6) for number in range(8))


def test_a_dead_shim_is_noticed_and_its_agent_ended(shell: House) -> None:
    run_id = start_run(shell, "setsid bash -c 'echo $$ > inner; exec sleep 300' & echo hi; sleep 300")["runId"]
    agent = wait_running(shell, run_id)["pid"]
    inner = pid_in(shell.folder / "inner")
    shim = _parent(agent)
    until(lambda: _is_known(shell, inner))
    os.kill(shim, signal.SIGKILL)
    before = time.monotonic()
    ended = shell.wait_for_run(run_id)
    assert time.monotonic() - before < 3
    assert ended["status"] == "failed"
    assert "supervising process" in ended["reason"]
    assert ended["stdout"] == "hi\n"
    until(lambda: not proc.is_alive(agent) and not proc.is_alive(inner))


def test_a_shim_that_died_with_the_server_is_lost_and_not_started_again(shell: House) -> None:
    run_id = start_run(shell, "echo x >> once; sleep 300")["runId"]
    agent = wait_running(shell, run_id)["pid"]
    shim = _parent(agent)
    shell.kill9()
    os.kill(shim, signal.SIGKILL)
    shell.start()
    assert shell.wait_for_run(run_id)["status"] == "failed"
    until(lambda: not proc.is_alive(agent))
    assert (shell.folder / "once").read_text() == "x\n"


def test_a_dead_nursery_is_replaced(shell: House) -> None:
    nursery = proc.children(shell.pid)
    for pid in nursery:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(proc.is_alive, nursery)))
    for _ in range(3):
        run_id = start_run(shell, "echo still here")["runId"]
        assert shell.wait_for_run(run_id)["stdout"] == "still here\n"


def test_a_second_server_on_the_folder_refuses(shell: House) -> None:
    command = [*shell.cli_command("serve", "--port", "0"), "--data", str(shell.data)]
    second = subprocess.run(command, capture_output=True, timeout=20)
    assert second.returncode == 1
    assert b"Another airunner server" in second.stderr
    assert str(shell.pid).encode() in second.stderr
    assert second.stdout == b""


def test_stopping_the_server_leaves_runs_alone(shell: House) -> None:
    run_id = start_run(shell, "sleep 5; echo end")["runId"]
    pid = wait_running(shell, run_id)["pid"]
    assert shell.stop() == 0
    assert proc.is_alive(pid)
    shell.start()
    assert shell.wait_for_run(run_id)["stdout"] == "end\n"


def test_a_reused_pid_or_another_boot_is_never_signalled(shell: House) -> None:
    run_id = start_run(shell, "trap '' HUP; exec sleep 300")["runId"]
    agent = wait_running(shell, run_id)["pid"]
    shim, nursery = _parent(agent), proc.children(shell.pid)
    shell.kill9()
    until(lambda: not any(map(proc.is_alive, nursery)))  # which would end what a dead shim leaves
    os.kill(shim, signal.SIGKILL)
    folder = next((shell.data / "runs").rglob(run_id))
    state = folder / "state.json"
    text = state.read_text()
    boot = text.partition('"boot_id": "')[2].partition('"')[0]
    state.write_text(text.replace(boot, "00000000-0000-0000-0000-000000000000"))
    shell.start()
    assert shell.wait_for_run(run_id)["status"] == "failed"
    assert proc.is_alive(agent)
    os.kill(agent, signal.SIGKILL)


def test_a_run_whose_folder_is_gone_is_failed_after_a_restart_and_not_running_for_ever(shell: House) -> None:
    run_id = start_run(shell, "sleep 300")["runId"]
    agent = wait_running(shell, run_id)["pid"]
    shim = _parent(agent)
    shell.kill9()
    os.kill(shim, signal.SIGKILL)
    shutil.rmtree(next((shell.data / "runs").rglob(run_id)))
    shell.start()
    run = shell.wait_for_run(run_id)
    assert run["status"] == "failed"
    assert shell.api("GET", "runs/active") == []
    until(lambda: not proc.is_alive(agent))


def test_a_run_whose_folder_takes_no_orders_can_be_killed_all_the_same(shell: House) -> None:
    run_id = start_run(shell, "trap '' HUP; sleep 300")["runId"]
    agent = wait_running(shell, run_id)["pid"]
    folder = next((shell.data / "runs").rglob(run_id))
    (folder / "control.log").unlink(missing_ok=True)
    (folder / "control.log").mkdir()
    shell.api("POST", f"runs/{run_id}/kill")
    assert shell.wait_for_run(run_id)["status"] == "killed"
    until(lambda: not proc.is_alive(agent))


def test_one_folder_that_cannot_be_read_harms_no_other_run(shell: House) -> None:
    ids = [start_run(shell, "sleep 1; echo end")["runId"] for _ in range(2)]
    for run_id in ids:
        wait_running(shell, run_id)
    shell.kill9()
    (next((shell.data / "runs").rglob(ids[0])) / "exit.json").mkdir()
    shell.start()
    assert shell.wait_for_run(ids[1])["stdout"] == "end\n"
    assert shell.wait_for_run(ids[0])["status"] == "failed"


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def _is_known(house: House, pid: int) -> bool:
    return any(f"{pid} " in path.read_text() for path in (house.data / "runs").rglob("tree"))


def test_profile_survives_a_restart_and_so_does_the_history(house: House) -> None:
    make_profile(house, env={"KEY": "value-of-the-key"})
    run_id = start_run(house, "echo $KEY")["runId"]
    house.wait_for_run(run_id)
    house.restart()
    assert house.api("GET", "profiles")[0]["slug"] == "sh"
    assert house.api("GET", f"runs/{run_id}")["stdout"] == "value-of-the-key\n"


@pytest.mark.parametrize("ends", [False, True], ids=["readable again", "never again"])
def test_a_run_whose_folder_cannot_be_read_at_a_restart_is_not_given_up_while_its_command_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    monkeypatch.setattr(conductor, "RETRY_SECONDS", 0.05)
    reads, is_locked, refused = True, Folder.is_locked, 0

    def read(folder: Folder) -> bool:
        nonlocal refused
        if reads:
            return is_locked(folder)
        refused += 1
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Folder, "is_locked", read)
    with Desk(tmp_path) as desk:
        run = desk.run("while ! [ -e go ]; do sleep 0.02; done; exit 7")
        desk.started(run)
        desk.leave()
        reads = False
        with Desk(tmp_path) as following:
            until(lambda: refused > 20)
            assert following.now(run)["status"] == "running"
            reads = not ends
            (tmp_path / "go").touch()
            ended = following.ended(run)
    if ends:
        assert (ended["status"], "could not be read after a restart" in ended["reason"]) == ("failed", True)
    else:
        assert (ended["status"], ended["exitCode"]) == ("failed", 7)


@pytest.mark.parametrize("damage", ["", "{", "[" * 100_000, "[]", '{"other": 1}', "folder", "fifo"], ids=str.strip)
def test_a_record_of_the_end_that_is_damaged_while_the_server_is_down_is_called_so(shell: House, damage: str) -> None:
    run_id = start_run(shell, "while ! [ -e go ]; do sleep 0.02; done; exit 7")["runId"]
    wait_running(shell, run_id)
    shell.kill9()
    (shell.folder / "go").touch()
    record = next((shell.data / "runs").rglob(run_id)) / "exit.json"
    until(record.exists, within=10)
    until(lambda: not Folder(record.parent).is_locked())
    record.unlink()
    if damage == "folder":
        record.mkdir()
    elif damage == "fifo":
        os.mkfifo(record)
    else:
        record.write_text(damage)
    shell.start()
    run = shell.wait_for_run(run_id)
    assert (run["status"], run["exitCode"]) == ("failed", None)
    assert run["reason"] == "The records in its folder are damaged, so the exit code is not known."
    assert "Traceback" not in shell.log()


def test_a_run_whose_folder_was_deleted_before_a_restart_tells_its_end_and_can_be_killed(shell: House) -> None:
    ids = [start_run(shell, f"while ! [ -e {name} ]; do sleep 0.02; done; exit 7")["runId"] for name in ("go", "never")]
    pids = [wait_running(shell, run_id)["pid"] for run_id in ids]
    until(lambda: not shutil.rmtree(shell.data / "runs", ignore_errors=True) and not (shell.data / "runs").exists())
    shell.kill9()
    shell.start()
    assert {run["runId"] for run in shell.api("GET", "runs/active")} == set(ids)
    (shell.folder / "go").touch()
    run = shell.wait_for_run(ids[0])
    assert (run["exitCode"], "Its folder was removed" in run["reason"]) == (7, True)
    shell.api("POST", f"runs/{ids[1]}/kill")
    assert shell.wait_for_run(ids[1])["status"] == "killed"
    until(lambda: not any(map(proc.is_alive, pids)))


def test_a_shim_that_somebody_has_stopped_obeys_a_kill(shell: House) -> None:
    run_id = start_run(shell, "sleep 300")["runId"]
    shim = proc.parent(wait_running(shell, run_id)["pid"])
    assert shim is not None
    os.kill(shim, signal.SIGSTOP)
    until(lambda: proc.state(shim) == "T")
    shell.api("POST", f"runs/{run_id}/kill")
    assert shell.wait_for_run(run_id, within=10)["status"] == "killed"
