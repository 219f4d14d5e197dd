"""Runs that cannot start: each is `failed` with a sentence, none is tried again for ever, and the queue goes on."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from airunner.base.clock import SystemClock
from airunner.shim.nursery import Source
from airunner.store.open import open_store
from tests.helpers import proc
from tests.helpers.desk import Desk
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import API, ROOT, TOKEN, House
from tests.helpers.wait import until

_OFTEN = 3  # so many in a row, to see that nothing is used up


@contextmanager
def _waiting(house: House, *bodies: dict[str, Any]) -> Iterator[list[str]]:
    """Queue runs behind another one; leaving lets them start."""
    house.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(house, "while ! [ -e go ]; do sleep 0.02; done")["runId"]
    wait_running(house, first)
    yield [start_run(house, "touch never", **body)["runId"] for body in bodies]
    (house.folder / "go").touch()
    house.wait_for_run(first)
    (house.folder / "go").unlink()


def _check_failed(house: House, run_id: str, words: str) -> None:
    run = house.wait_for_run(run_id)
    assert (run["status"], run["exitCode"], run["durationSeconds"]) == ("failed", None, None)
    assert words in run["reason"], run["reason"]
    assert run["stderr"] == run["reason"]
    assert not (house.folder / "never").exists()


def _check_goes_on(house: House) -> None:
    assert house.wait_for_run(start_run(house, "echo on")["runId"])["stdout"] == "on\n"
    assert house.api("GET", "runs/active") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Path.unlink, "No such file or directory"),
        (lambda shell: shell.chmod(0o644), "Permission denied"),
        (lambda shell: shell.write_bytes(b"\x7fELF but not really"), "Exec format error"),
        (lambda shell: (shell.unlink(), shell.mkdir()), "Permission denied"),
        (lambda shell: shell.write_text("#!/no/such/interpreter\n"), "No such file or directory"),
    ],
    ids=["gone", "not executable", "no program", "a folder", "no interpreter"],
)
def test_shell_when_it_cannot_be_run_then_the_run_says_so(
    shell: House, change: Callable[[Path], object], words: str
) -> None:
    path = shell.folder / "bash"
    shutil.copy("/bin/bash", path)
    make_profile(shell, "own", shell=str(path))
    with _waiting(shell, *[{"profile": "own"}] * _OFTEN) as ids:
        change(path)
    for run_id in ids:
        _check_failed(shell, run_id, f"The shell {path} cannot be run: {words}.")
    _check_goes_on(shell)


@pytest.mark.parametrize("fate", ["removed", "a file", "a link elsewhere", "closed"])
def test_directory_when_it_changes_before_the_start_then_the_run_says_so(shell: House, fate: str) -> None:
    with public_folder() as folder:
        place = folder / "place"
        place.mkdir(mode=0o755)
        make_profile(shell, "other", runAsUser=OTHER.pw_name if AM_ROOT else None)
        body = {"profile": "other", "workingDirectory": str(place)}
        with _waiting(shell, body) as (run_id,):
            if fate == "closed":
                place.chmod(0o000)
            else:
                place.rmdir()
            if fate == "a file":
                place.touch()
            elif fate == "a link elsewhere":
                place.symlink_to("/")
        _check_failed(shell, run_id, f"The working directory {place}" if fate != "a link elsewhere" else "elsewhere")
    _check_goes_on(shell)


@pytest.mark.sqlite
def test_user_when_he_is_gone_before_the_start_then_the_run_says_so(shell: House) -> None:
    with _waiting(shell, {}) as (run_id,):
        shell.kill9()
        store = open_store("sqlite", data_folder=shell.data, clock=SystemClock())
        store.change_run(run_id, {"runAsUser": "nobody-of-that-name"}, only_if=["queued"])
        store.close()
        shell.start()
    _check_failed(shell, run_id, "There is no user nobody-of-that-name on this machine")
    _check_goes_on(shell)


def test_profile_when_it_is_switched_off_before_the_start_then_the_run_says_so(shell: House) -> None:
    make_profile(shell, "other")
    with _waiting(shell, {"profile": "other"}) as (run_id,):
        shell.api("PATCH", "profiles/other", {"enabled": False})
    _check_failed(shell, run_id, "The profile other was switched off while the run waited.")
    _check_goes_on(shell)


@pytest.mark.sqlite
def test_profile_when_its_record_is_broken_then_the_run_says_so_and_blocks_nobody(shell: House) -> None:
    make_profile(shell, "other")
    with _waiting(shell, {"profile": "other"}, {}) as (broken, after):
        with sqlite3.connect(shell.data / "airunner.db") as store:
            store.execute("UPDATE aiRunnerProfiles SET doc = json_set(doc, '$.stopSignals', 5) WHERE slug = 'other'")
        store.close()
    assert shell.wait_for_run(after)["status"] == "completed"
    run = shell.wait_for_run(broken)
    assert run["status"] == "failed"
    assert "could not be started" in run["reason"]


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        (resource.RLIMIT_NOFILE, 0, "as many files open as it may"),
        (resource.RLIMIT_NOFILE, 8, "Too many open files"),
        (resource.RLIMIT_AS, 1 << 18, "ended at once"),
    ],
    ids=["descriptors of the nursery", "descriptors of the shim", "memory of the shim"],
)
def test_limit_when_the_nursery_is_at_it_then_runs_say_so_until_it_is_lifted(
    shell: House, limit: int, value: int, words: str
) -> None:
    nursery = shell.nursery
    make_profile(shell, "by-file", 'touch never "$PROMPT_FILE"')
    soft, hard = resource.prlimit(nursery, limit)
    used = Path(f"/proc/{nursery}/statm").read_text().split()[0]
    room = int(used) * resource.getpagesize() + value if limit == resource.RLIMIT_AS else value or _first_free(nursery)
    resource.prlimit(nursery, limit, (room, hard))
    ids = [start_run(shell, "x" * 600_000, "by-file")["runId"] for _ in range(_OFTEN)]
    for run_id in ids:
        _check_failed(shell, run_id, words)
    if proc.is_alive(nursery):
        resource.prlimit(nursery, limit, (soft, hard))
    _check_goes_on(shell)


def _first_free(pid: int) -> int:
    """Return the limit at which a process cannot open one more file: descriptors are the lowest numbers that are free."""
    taken = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return next(number for number in range(len(taken) + 1) if number not in taken)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EAGAIN, "the limit of processes is reached"),
        (errno.ENOMEM, "not enough memory for another process"),
        (errno.EMFILE, "as many files open as it may"),
        (errno.ENFILE, "this machine has as many files open"),
        (errno.EPERM, "Operation not permitted"),
    ],
)
def test_fork_when_the_system_refuses_it_then_runs_say_so_until_it_does_not(
    tmp_path: Path, number: int, words: str
) -> None:
    with Desk(tmp_path) as desk:
        nursery = desk.shims._nursery

        def refuse(pipe: int) -> Any:
            raise OSError(number, os.strerror(number))

        works, nursery.fork_shim = nursery.fork_shim, refuse
        for _ in range(_OFTEN):
            run = desk.ended(desk.run("touch never"))
            assert run["status"] == "failed"
            assert words in run["reason"]
        nursery.fork_shim = works
        assert desk.ended(desk.run("exit 5"))["exitCode"] == 5


def test_server_when_it_has_as_many_files_open_as_it_may_then_runs_say_so_and_it_recovers(shell: House) -> None:
    with _waiting(shell, *[{}] * _OFTEN) as ids, contextlib.closing(shell.connect()) as kept:

        def ask(method: str, path: str, body: object = None) -> Any:
            fields = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            kept.request(method, f"{API}/{path}", json.dumps(body) if body else None, fields)
            return json.loads(kept.getresponse().read())

        assert len(ask("GET", "runs/active")) == _OFTEN + 1
        soft, hard = resource.prlimit(shell.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(shell.pid, resource.RLIMIT_NOFILE, (_first_free(shell.pid), hard))
        ask("PATCH", "settings", {"maxConcurrentRuns": 2})
        until(lambda: shell.log().count("run ended") == _OFTEN)
        resource.prlimit(shell.pid, resource.RLIMIT_NOFILE, (soft, hard))
    for run_id in ids:
        _check_failed(shell, run_id, "the server has as many files open as it may")
    _check_goes_on(shell)


def test_terminals_when_there_are_no_more_then_the_run_says_so(tmp_path: Path) -> None:
    if not AM_ROOT:
        _check_without_terminals_of_others(tmp_path)
        return
    few = "mount -t devpts -o newinstance,ptmxmode=0666,max=1 few /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx"
    with House(tmp_path / "h", under=("unshare", "--mount", "sh", "-ec", f'{few} && exec "$@"', "sh")) as house:
        make_profile(house)
        make_profile(house, "pipes", requiresTTY=False)
        first = start_run(house, "sleep 60")["runId"]
        wait_running(house, first)
        for _ in range(_OFTEN):
            _check_failed(house, start_run(house, "touch never")["runId"], "No terminal could be opened: this machine")
        assert house.wait_for_run(start_run(house, "echo on", "pipes")["runId"])["stdout"] == "on\n"
        house.api("POST", f"runs/{first}/kill")
        house.wait_for_run(first)
        _check_goes_on(house)


def _check_without_terminals_of_others(folder: Path) -> None:
    """Who may not mount has every terminal of the machine to use up; the shim's own limit is what can be reached."""
    with House(folder / "h") as house:
        make_profile(house)
        nursery = house.nursery
        soft, hard = resource.prlimit(nursery, resource.RLIMIT_NOFILE)
        resource.prlimit(nursery, resource.RLIMIT_NOFILE, (10, hard))
        _check_failed(house, start_run(house, "touch never")["runId"], "open")
        resource.prlimit(nursery, resource.RLIMIT_NOFILE, (soft, hard))
        _check_goes_on(house)


def test_processes_when_the_users_limit_is_reached_then_the_run_says_so(shell: House) -> None:
    if not AM_ROOT:
        make_profile(shell, "limited", "sleep 60", shell="/bin/sh", limits={"processes": 1}, promptVia="stdin")
        run = shell.wait_for_run(start_run(shell, "x", "limited")["runId"], within=60)
        assert run["exitCode"] and "fork" in run["stdout"]
        return
    with public_folder() as folder:
        limits = {"limits": {"processes": 1}, "runAsUser": OTHER.pw_name}
        make_profile(shell, "limited", 'read line; : "$PROMPT"', **limits)
        body = {"profile": "limited", "workingDirectory": str(folder)}
        # The one that changes its user is not counted, and one more may be there (execve(2), EAGAIN).
        for _ in range(2):
            wait_running(shell, start_run(shell, "x", **body)["runId"])
        run = shell.wait_for_run(start_run(shell, "x", **body)["runId"])
    assert run["status"] == "failed"
    assert run["reason"].startswith(f"The user {OTHER.pw_name} has as many processes as the profile's limit")
    for active in shell.api("GET", "runs/active"):
        shell.api("POST", f"runs/{active['runId']}/kill")
        shell.wait_for_run(active["runId"])
    _check_goes_on(shell)


def test_nursery_when_it_is_killed_again_and_again_then_runs_go_on_and_none_is_left_unburied(shell: House) -> None:
    for _ in range(_OFTEN):
        nursery = shell.nursery
        os.kill(nursery, signal.SIGKILL)
        until(lambda pid=nursery: not proc.is_alive(pid))
        _check_goes_on(shell)
    assert all(map(proc.is_alive, proc.children(shell.pid)))


def test_nursery_when_it_does_not_answer_then_another_one_is_asked_and_the_run_starts_once(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        stuck = desk.shims._nursery
        stuck._socket.settimeout(0.2)
        os.kill(stuck.pid, signal.SIGSTOP)
        run = desk.ended(desk.run("echo x >> once"))
        assert (run["status"], (tmp_path / "once").read_text()) == ("completed", "x\n")
        assert not proc.is_alive(stuck.pid)


def test_nursery_when_new_ones_end_at_once_too_then_the_run_says_so_and_the_next_one_runs(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        begin, left = desk.shims._new_nursery, 3

        def begin_in_vain() -> Any:
            nonlocal left
            nursery = begin()
            if left:
                left -= 1
                os.kill(nursery.pid, signal.SIGKILL)
            return nursery

        desk.shims._new_nursery = begin_in_vain
        os.kill(desk.shims._nursery.pid, signal.SIGKILL)
        run = desk.ended(desk.run("touch never"))
        assert run["status"] == "failed"
        assert "could not be started" in run["reason"]
        assert desk.ended(desk.run("exit 5"))["exitCode"] == 5
        assert not (tmp_path / "never").exists()


def test_nursery_when_no_other_one_can_be_made_then_runs_say_so_until_one_can(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        begin, desk.shims._new_nursery = desk.shims._new_nursery, Mock(side_effect=OSError(errno.EAGAIN, "no more"))
        os.kill(desk.shims._nursery.pid, signal.SIGKILL)
        for _ in range(_OFTEN):
            run = desk.ended(desk.run("touch never"))
            assert "no further process can be made" in run["reason"]
        desk.shims._new_nursery = begin
        assert desk.ended(desk.run("exit 5"))["exitCode"] == 5
        assert not (tmp_path / "never").exists()


def test_nursery_when_it_has_ended_then_its_pid_is_kept_until_it_is_replaced(tmp_path: Path) -> None:
    nursery = Source(str(ROOT / "airunner.py")).new_nursery()
    pid = nursery.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: proc.state(pid) == "Z")
    subprocess.run(["true"], check=True)  # collects what nobody holds any more
    assert proc.state(pid) == "Z"
    nursery.end()
    assert proc.state(pid) is None


def test_nursery_when_it_ends_between_fork_and_answer_then_the_run_starts_once(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        ending = desk.shims._nursery
        fork = ending.fork_shim

        def fork_and_end(pipe: int) -> Any:
            os.close(fork(pipe).pidfd)
            raise ConnectionError("the nursery has ended")

        ending.fork_shim = fork_and_end
        run = desk.ended(desk.run("echo x >> once"))
        assert (run["status"], (tmp_path / "once").read_text()) == ("completed", "x\n")
