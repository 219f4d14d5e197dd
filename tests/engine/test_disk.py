"""The disk fills, closes or goes away at each moment of a run: nothing is lost, and what is wrong is said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import proc
from tests.helpers.disk import HEEDING, MB, WAYS, Limits, Mount, mounted
from tests.helpers.people import AM_ROOT
from tests.helpers.runs import make_profile, pid_in, raw_output, start_run, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until

_LINES = 60_000
_TALK = f"echo start; while ! [ -e go ]; do sleep 0.02; done; seq 1 {_LINES}; echo end; exit 4"
_TALKED = b"start\r\n" + b"".join(b"%d\r\n" % number for number in range(1, _LINES + 1)) + b"end\r\n"
_POLITE = "trap 'echo bye; exit 5' TERM; echo $$ > agent; while :; do sleep 0.02; done"

Disk = Limits | Mount


@pytest.fixture(params=WAYS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be filled."""
    if request.param == "limits":
        yield Limits(tmp_path)
    else:
        with mounted(tmp_path / "disk") as small:
            yield small


@pytest.fixture
def home(disk: Disk, tmp_path: Path) -> Iterator[House]:
    """A server with its data on that disk, and room for its agents elsewhere."""
    with _house(disk.path) as house:
        yield house


def _house(path: Path, *options: str) -> House:
    return House(path / "house", *options)


def _begin(house: House, script: str, **fields: Any) -> tuple[str, int]:
    run_id = start_run(house, script, **fields)["runId"]
    return run_id, int(wait_running(house, run_id)["pid"])


def _profile(house: House, **fields: Any) -> None:
    house.api("PATCH", "settings", {"minFreeDiskMB": 0})
    make_profile(house, **fields)


def _folder(house: House, run_id: str) -> Path:
    return next(house.data.rglob(f"*/{run_id}"))


def _status(house: House, run_id: str) -> str:
    return str(house.api("GET", f"runs/{run_id}?output=none")["status"])


def _waits_to_write(pid: int) -> bool:
    """Say whether a process sleeps in a write to its terminal or pipe (proc(5), syscall: number 1 is write)."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text().split()[0] == str(_WRITE)
    except OSError:
        return False


_WRITE = 1 if os.uname().machine == "x86_64" else 64


@pytest.mark.parametrize("tty", [True, False], ids=["tty", "pipes"])
def test_an_agent_waits_while_the_disk_is_full_and_goes_on_without_losing_a_byte(
    home: House, disk: Disk, tmp_path: Path, tty: bool
) -> None:
    _profile(home, requiresTTY=tty)
    run_id, pid = _begin(home, _TALK, workingDirectory=str(tmp_path))
    disk.fill(home)
    (tmp_path / "go").touch()
    until(lambda: any(map(_waits_to_write, (pid, *proc.descendants(pid)))), within=20)
    assert _status(home, run_id) == "running"
    assert home.request("GET", f"{API}/runs/{run_id}/log?raw=1").status == 200
    disk.empty()
    run = home.wait_for_run(run_id)
    assert (run["status"], run["exitCode"], run["reason"]) == ("failed", 4, None)
    assert raw_output(home, run_id) == (_TALKED if tty else _TALKED.replace(b"\r", b""))


def test_a_kill_on_a_full_disk_ends_all_and_is_recorded_when_there_is_room(
    home: House, disk: Disk, tmp_path: Path
) -> None:
    _profile(home)
    run_id, pid = _begin(home, _POLITE, workingDirectory=str(tmp_path))
    pid_in(tmp_path / "agent")
    disk.fill(home)
    home.api("POST", f"runs/{run_id}/kill")
    until(lambda: not proc.is_alive(pid), within=20)
    disk.empty()
    run = home.wait_for_run(run_id)
    assert (run["status"], run["reason"]) == ("killed", "Killed by environment.")
    if disk.keeps_what_is_taken:
        assert run["exitCode"] == 5, "it had its grace"
        assert run["stdout"].endswith("bye\n")


def test_output_that_no_disk_takes_is_given_up_after_a_kill_and_that_is_said(tmp_path: Path) -> None:
    if not AM_ROOT:
        return
    with mounted(tmp_path / "disk") as disk, House(tmp_path / "house") as house:
        _profile(house)
        house.api("PATCH", "settings", {"logDirectory": str(disk.path)})
        script = "while ! [ -e go ]; do sleep 0.02; done; echo unheard; touch said; sleep 300"
        run_id, _ = _begin(house, script, workingDirectory=str(tmp_path))
        disk.fill()
        (tmp_path / "go").touch()
        until((tmp_path / "said").exists)
        house.api("POST", f"runs/{run_id}/kill")
        run = house.wait_for_run(run_id, within=18)
        assert (run["status"], run["exitCode"], run["stdout"]) == ("killed", 143, "")
        assert run["reason"] == "Killed by environment. The end of the output was lost: the disk was full."


def test_an_answer_that_was_printed_on_a_full_disk_is_kept_until_there_is_room(
    home: House, disk: Disk, tmp_path: Path
) -> None:
    _profile(home)
    script = "while ! [ -e go ]; do sleep 0.02; done; echo the answer"
    run_id, pid = _begin(home, script, workingDirectory=str(tmp_path))
    disk.fill(home)
    (tmp_path / "go").touch()
    until(lambda: not proc.is_alive(pid), within=20)
    disk.empty()
    run = home.wait_for_run(run_id)
    assert (run["status"], run["exitCode"], run["reason"]) == ("completed", 0, None)
    assert run["stdout"] == "the answer\n"


def test_a_run_that_ends_on_a_full_disk_is_recorded_when_there_is_room(home: House, disk: Disk, tmp_path: Path) -> None:
    _profile(home)
    script = "while ! [ -e go ]; do sleep 0.02; done; exit 7"
    run_id, pid = _begin(home, script, workingDirectory=str(tmp_path))
    disk.fill(home)
    (tmp_path / "go").touch()
    until(lambda: not proc.is_alive(pid), within=20)
    if disk.keeps_what_is_taken:
        until(lambda: (_folder(home, run_id) / "exit.json").exists(), within=20)
    disk.empty()
    run = home.wait_for_run(run_id)
    assert (run["status"], run["exitCode"], run["reason"]) == ("failed", 7, None)


def test_a_deadline_holds_on_a_full_disk_though_the_agent_waits_for_it(home: House, disk: Disk, tmp_path: Path) -> None:
    _profile(home, killGraceSeconds=1)
    run_id, pid = _begin(home, _TALK, workingDirectory=str(tmp_path), timeout=0.05)
    disk.fill(home)
    (tmp_path / "go").touch()
    until(lambda: not proc.is_alive(pid), within=20)
    disk.empty()
    run = home.wait_for_run(run_id)
    assert run["status"] == "timeout"
    assert run["rawOutput"].encode().startswith(_TALKED[:500])


@pytest.mark.sqlite
def test_requests_on_a_full_disk_are_answered_and_writes_refused_with_a_sentence(home: House, disk: Disk) -> None:
    _profile(home)
    run_id, _ = _begin(home, "sleep 300")
    disk.fill(home)
    body = {"content": "x" * 100_000, "agentProfileId": "sh", "workingDirectory": "/"}
    # What fits into the room that the store's files have already is taken.
    until(lambda: home.request("POST", f"{API}/run", body).status == 503, within=20)
    for _ in range(3):
        refused = home.request("POST", f"{API}/run", body)
        assert refused.status == 503, refused.body
        assert int(refused.headers["retry-after"]) > 0
        assert "The store" in refused.json["error"] or "The disk of the store is full" in refused.json["error"]
    for path in ("runs", "runs/active", "profiles", "settings", f"runs/{run_id}?output=none", "agents"):
        assert home.request("GET", f"{API}/{path}").status == 200, path
    clean = home.request("GET", f"{API}/runs/{run_id}/log")
    assert clean.status == 200 or (clean.status == 503 and "make room in the temporary folder" in clean.json["error"])
    assert home.request("GET", "/healthz").status == 200
    disk.empty()
    until(lambda: home.request("POST", f"{API}/run", body).status == 201, within=10, every=0.2)


def test_samples_and_the_noted_pid_are_caught_up_with_when_there_is_room(disk: Disk, tmp_path: Path) -> None:
    with House(tmp_path / "house") as house:  # its store has room: only the folders of runs are on the full disk
        _profile(house)
        (tmp_path / "logs").mkdir(exist_ok=True)
        house.api("PATCH", "settings", {"logDirectory": str(disk.path / "logs")})
        run_id, pid = _begin(house, "while ! [ -e go ]; do sleep 0.02; done; sleep 300 & wait")
        disk.fill(house)
        (house.folder / "go").touch()
        child = until(lambda: [c for c in proc.children(pid) if "300" in proc.command_line(c)])[0]
        disk.empty()
        folder = next((disk.path / "logs").rglob(run_id))
        until(lambda: f"{child} {proc.started(child)}\n" in (folder / "tree").read_text(), within=10)
        until(lambda: (house.api("GET", f"runs/{run_id}")["resourceUsage"] or {}).get("processes", 0) >= 2)
        assert house.api("GET", f"runs/{run_id}?output=none")["pid"] == pid


def test_a_server_does_not_start_on_a_full_disk_and_takes_its_runs_over_when_there_is_room(tmp_path: Path) -> None:
    if not AM_ROOT:
        _refuses_a_closed_folder(tmp_path / "data")
        return
    with mounted(tmp_path / "disk") as disk, _house(disk.path) as house:
        _profile(house)
        run_id, pid = _begin(house, _TALK, workingDirectory=str(tmp_path))
        house.kill9()
        disk.fill()
        done = _start(house.data)
        assert done.returncode == 1
        said = done.stderr.decode().splitlines()[-1]
        assert "is full; make room. It is" in said or "No space left on device. Make room there" in said
        assert (done.stdout, "Traceback" in done.stderr.decode()) == (b"", False)
        disk.empty()
        house.start()
        assert house.api("GET", f"runs/{run_id}?output=none")["pid"] == pid
        (tmp_path / "go").touch()
        assert house.wait_for_run(run_id)["exitCode"] == 4
        assert raw_output(house, run_id) == _TALKED


def test_a_server_does_not_start_where_it_cannot_write(tmp_path: Path) -> None:
    if not AM_ROOT:
        _refuses_a_closed_folder(tmp_path / "data")
        return
    with mounted(tmp_path / "disk") as disk:
        with _house(disk.path):
            pass
        disk.read_only(True)
        done = _start(disk.path / "house" / "data")
        assert done.returncode == 1
        assert done.stderr.startswith(b"airunner: The data folder")
        assert b"Read-only file system" in done.stderr and b"Make it writable" in done.stderr


def _refuses_a_closed_folder(data: Path) -> None:
    data.mkdir(mode=0o500)
    done = _start(data)
    assert done.returncode == 1
    assert b"Make it writable for this user" in done.stderr


def _start(data: Path) -> subprocess.CompletedProcess[bytes]:
    command = House(data.parent).cli_command("serve", "--port", "0", "--data", str(data))
    return subprocess.run(command, capture_output=True, timeout=30)


def test_a_run_that_finds_no_room_at_its_start_waits_and_starts_once(tmp_path: Path) -> None:
    """The disk fills between the look at it and the shim's first file: the nursery is stopped meanwhile."""
    if not AM_ROOT:
        return
    with mounted(tmp_path / "disk") as disk, House(tmp_path / "house") as house:
        _profile(house)
        house.api("PATCH", "settings", {"logDirectory": str(disk.path / "logs")})
        os.kill(house.nursery, signal.SIGSTOP)
        run_id = start_run(house, "echo x >> once; cat once")["runId"]
        until(lambda: list(disk.path.rglob("run.json")))
        disk.fill()
        os.kill(house.nursery, signal.SIGCONT)
        run = until(lambda: (run := house.api("GET", f"runs/{run_id}"))["reason"] and run, within=20)
        assert run["status"] == "queued"
        assert run["reason"] == f"No run starts while the disk of {disk.path / 'logs'} is full; make room there."
        second = start_run(house, "echo y", workingDirectory="/")["runId"]
        until(lambda: house.api("GET", f"runs/{second}")["reason"], within=20)
        disk.empty()
        assert house.wait_for_run(run_id)["stdout"] == "x\n"
        assert house.wait_for_run(second)["stdout"] == "y\n"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[House]:
    """A server that heeds permission bits."""
    with House(tmp_path / "house", under=HEEDING) as house:
        _profile(house)
        yield house


def test_while_the_data_cannot_be_written_to_runs_go_on_and_nothing_is_lost(strict: House, tmp_path: Path) -> None:
    talking, pid = _begin(strict, _TALK, workingDirectory=str(tmp_path))
    folders = [strict.data, *(path for path in (strict.data / "runs").rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    (tmp_path / "go").touch()
    until(lambda: not proc.is_alive(pid), within=20)
    waiting = start_run(strict, "echo waited")["runId"]
    reason = until(lambda: strict.api("GET", f"runs/{waiting}")["reason"], within=20)
    assert reason == f"No run starts while {strict.data} cannot be written to; make it writable again."
    assert _status(strict, talking) == "running", "its end is not on the disk yet"
    for folder in folders:
        folder.chmod(0o700)
    run = strict.wait_for_run(talking)
    assert (run["exitCode"], run["reason"]) == (4, None)
    assert raw_output(strict, talking) == _TALKED
    assert strict.wait_for_run(waiting)["stdout"] == "waited\n"


def test_output_that_needs_another_file_waits_until_the_folder_takes_one(strict: House, tmp_path: Path) -> None:
    strict.api("PATCH", "settings", {"maxOutputBytes": 8 * MB})
    script = "while ! [ -e go ]; do sleep 0.02; done; yes 0123456789abcde | head -c 2500000; echo end"
    run_id, pid = _begin(strict, script, workingDirectory=str(tmp_path))
    folder = _folder(strict, run_id)
    folder.chmod(0o500)
    (tmp_path / "go").touch()
    until(lambda: any(map(_waits_to_write, proc.descendants(pid))), within=20)
    folder.chmod(0o700)
    assert strict.wait_for_run(run_id)["status"] == "completed"
    raw = raw_output(strict, run_id).replace(b"\r", b"")
    assert raw == (b"0123456789abcde\n" * 156_250) + b"end\n"


def test_runs_go_on_in_a_folder_that_is_taken_away_and_are_whole_when_it_is_back(shell: House, tmp_path: Path) -> None:
    """Moved, as a lazy unmount moves it out of sight; the shims have it still."""
    logs, away = tmp_path / "logs", tmp_path / "away"
    shell.api("PATCH", "settings", {"logDirectory": str(logs)})
    run_id, _ = _begin(shell, _TALK, workingDirectory=str(tmp_path))
    other, _ = _begin(shell, _TALK, workingDirectory=str(tmp_path))
    logs.rename(away)
    assert shell.api("GET", f"runs/{run_id}")["stdout"] == ""
    assert shell.wait_for_run(start_run(shell, "echo others are unharmed")["runId"])["status"] == "completed"
    shutil.rmtree(logs)
    away.rename(logs)
    (tmp_path / "go").touch()
    for one in (run_id, other):
        run = shell.wait_for_run(one)
        assert (run["exitCode"], run["reason"]) == (4, None)
        assert raw_output(shell, one) == _TALKED


def test_a_run_out_of_reach_at_a_restart_is_not_given_up_while_its_command_lives(shell: House, tmp_path: Path) -> None:
    """The disk of the runs is mounted late."""
    logs, away = tmp_path / "logs", tmp_path / "away"
    shell.api("PATCH", "settings", {"logDirectory": str(logs)})
    run_id, pid = _begin(shell, _TALK, workingDirectory=str(tmp_path))
    dead, dead_pid = _begin(shell, "sleep 300", workingDirectory=str(tmp_path))
    shell.kill9()
    os.kill(dead_pid, signal.SIGKILL)
    until(lambda: not proc.is_alive(dead_pid))
    logs.rename(away)
    shell.start()
    assert "cannot be reached" in shell.wait_for_run(dead)["reason"]
    assert shell.api("GET", f"runs/{run_id}?output=none")["pid"] == pid
    assert _status(shell, run_id) == "running"
    away.rename(logs)
    (tmp_path / "go").touch()
    run = shell.wait_for_run(run_id)
    assert (run["exitCode"], run["reason"]) == (4, None)
    assert raw_output(shell, run_id) == _TALKED


def test_a_run_that_ends_out_of_reach_is_failed_with_the_reason(shell: House, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shell.api("PATCH", "settings", {"logDirectory": str(logs)})
    run_id, _ = _begin(shell, _TALK, workingDirectory=str(tmp_path))
    logs.rename(tmp_path / "away")
    (tmp_path / "go").touch()
    run = shell.wait_for_run(run_id)
    assert run["status"] == "failed"
    assert run["reason"] == "Its folder was removed or cannot be reached, so the exit code is not known."
    assert next((tmp_path / "away").rglob("exit.json")).parent.name == run_id, "and yet it was written down"


def test_runs_whose_folders_are_deleted_go_on_and_their_end_is_known(shell: House, tmp_path: Path) -> None:
    script = "while ! [ -e go ]; do sleep 0.02; done; yes 0123456789abcde | head -c 2500000; touch wrote; exit 3"
    run_id, _ = _begin(shell, script, workingDirectory=str(tmp_path))
    doomed, agent = _begin(shell, "echo $$ > doomed; setsid -w sleep 300", workingDirectory=str(tmp_path))
    inner = until(lambda: proc.descendants(pid_in(tmp_path / "doomed")))[-1]
    until(lambda: not shutil.rmtree(shell.data / "runs", ignore_errors=True) and not (shell.data / "runs").exists())
    assert shell.wait_for_run(start_run(shell, "echo new")["runId"])["stdout"] == "new\n"
    (tmp_path / "go").touch()
    run = shell.wait_for_run(run_id)
    assert (tmp_path / "wrote").exists(), "the agent was not kept from its work"
    assert (run["status"], run["exitCode"]) == ("failed", 3)
    assert run["reason"] == "Its folder was removed while it ran, and its output with it."
    shell.api("POST", f"runs/{doomed}/kill")
    assert shell.wait_for_run(doomed)["status"] == "killed"
    until(lambda: not proc.is_alive(agent) and not proc.is_alive(inner))


def test_nothing_is_made_again_where_the_whole_data_folder_was_removed(shell: House, tmp_path: Path) -> None:
    _, pid = _begin(shell, "while ! [ -e go ]; do sleep 0.02; done", workingDirectory=str(tmp_path))
    shim = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    shell.kill9()
    until(lambda: not shutil.rmtree(shell.data, ignore_errors=True) and not shell.data.exists())
    (tmp_path / "go").touch()
    until(lambda: not proc.is_alive(shim), within=20)
    assert not shell.data.exists()


@pytest.mark.sqlite  # a store that keeps output shows it from there
def test_output_that_is_removed_while_somebody_views_it_ends_the_view(shell: House) -> None:
    run_id = start_run(shell, "seq 1 60000")["runId"]
    shell.wait_for_run(run_id)
    first = shell.api("GET", f"runs/{run_id}/output?view=raw&from=0")
    clean = shell.api("GET", f"runs/{run_id}/output?view=clean")
    shutil.rmtree(_folder(shell, run_id))
    raw = shell.api("GET", f"runs/{run_id}/output?view=raw&from={first['next']}&wait=20")
    assert (raw["done"], raw["next"]) == (True, first["next"])
    rest = shell.api("GET", f"runs/{run_id}/output?view=clean&have={clean['version']}&wait=20")
    assert rest["status"] == "completed"
    for form in ("", "?raw=1", "?format=cast", "?format=json"):
        assert shell.request("GET", f"{API}/runs/{run_id}/log{form}").status == 200
    assert shell.api("GET", f"runs/{run_id}")["rawOutput"] == ""
    assert shell.wait_for_run(start_run(shell, "echo others")["runId"])["stdout"] == "others\n"
