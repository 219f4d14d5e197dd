"""The floor of free disk: below it runs wait in the queue, and page, API, command line and doctor say so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.disk import MB, mounted
from tests.helpers.people import AM_ROOT
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until

NEVER = 900_000_000  # MB: more than any disk has


def _floor(house: House, megabytes: int, **more: object) -> None:
    house.api("PATCH", "settings", {"minFreeDiskMB": megabytes, **more})


def _run(house: House, run_id: str) -> Any:
    return house.api("GET", f"runs/{run_id}?output=none")


def _held(house: House, run_id: str) -> Any:
    """Wait until a queued run says what keeps it."""
    return until(lambda: (run := _run(house, run_id))["status"] == "queued" and run["reason"], within=20)


def test_below_the_floor_runs_are_taken_and_wait_in_order_and_say_why(shell: House) -> None:
    going = start_run(shell, "while ! [ -e go ]; do sleep 0.02; done; echo end")["runId"]
    wait_running(shell, going)
    _floor(shell, NEVER, maxConcurrentRuns=1)
    ids = [start_run(shell, f"echo {number} >> order")["runId"] for number in range(4)]
    reason = _held(shell, ids[3])
    assert reason == (
        f"No run starts while less than {NEVER} MB are free for {shell.data}; "
        "make room there, or lower the setting minFreeDiskMB."
    )
    assert [(run["status"], run["reason"]) for run in shell.api("GET", "runs/active")[1:]] == [("queued", reason)] * 4
    assert {run["reason"] for run in shell.api("GET", "runs", status="queued")["runs"]} == {reason}
    assert shell.api("GET", "/healthz") == {"ok": True}
    (shell.folder / "go").touch()
    assert shell.wait_for_run(going)["stdout"] == "end\n", "what runs goes on"
    shell.api("POST", f"runs/{ids[1]}/kill")
    assert shell.wait_for_run(ids[1])["reason"] == "Killed by environment while it was queued."
    _floor(shell, 0)
    for run_id in (ids[0], ids[2], ids[3]):
        run = shell.wait_for_run(run_id)
        assert (run["status"], run["reason"]) == ("completed", None)
    assert (shell.folder / "order").read_text().split() == ["0", "2", "3"]


def test_held_runs_survive_a_restart_and_say_why_again(shell: House) -> None:
    _floor(shell, NEVER)
    run_id = start_run(shell, "echo at last")["runId"]
    reason = _held(shell, run_id)
    shell.kill9()
    shell.start()
    assert _held(shell, run_id) == reason
    _floor(shell, 0)
    assert shell.wait_for_run(run_id)["stdout"] == "at last\n"


def test_the_change_is_told_to_who_waits_for_news(shell: House) -> None:
    run_id = start_run(shell, "sleep 60")["runId"]
    wait_running(shell, run_id)
    _floor(shell, 0, maxConcurrentRuns=1)
    waiting = start_run(shell, "echo x")["runId"]
    assert _run(shell, waiting)["reason"] is None, "it waits for its turn only"
    start = shell.api("GET", "events")["next"]
    _floor(shell, NEVER)
    _held(shell, waiting)
    events = shell.api("GET", "events", since=start)["events"]
    assert {"topic": "runs", "id": waiting} in events


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes no runs until the test lets it."""
    if AM_ROOT:
        with mounted(tmp_path / "logs", 16) as disk:
            yield disk.path
    else:
        (tmp_path / "logs").mkdir()
        yield tmp_path / "logs"


def _close(logs: Path, yes: bool) -> None:
    if AM_ROOT:
        subprocess.run(["mount", "-o", f"remount,{'ro' if yes else 'rw'}", logs], check=True)
    else:
        logs.chmod(0o500 if yes else 0o700)


def test_runs_for_a_disk_without_room_wait_and_the_others_pass(shell: House, logs: Path) -> None:
    _floor(shell, 0, logDirectory=str(logs))
    _close(logs, True)
    held = start_run(shell, "echo late")["runId"]
    assert _held(shell, held) == f"No run starts while {logs} cannot be written to; make it writable again."
    _floor(shell, 0, logDirectory=None)
    assert shell.wait_for_run(start_run(shell, "echo early")["runId"])["stdout"] == "early\n"
    assert _run(shell, held)["status"] == "queued"
    _close(logs, False)
    assert shell.wait_for_run(held)["stdout"] == "late\n", "it is tried again by itself"


def test_the_command_line_says_what_it_waits_for_and_goes_on(shell: House) -> None:
    _floor(shell, NEVER)
    command = shell.cli_command("run", "echo at last", "--profile", "sh")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=shell.cli_environ(), cwd=shell.folder
    )
    assert process.stderr and process.stdout
    process.stderr.readline()
    line = process.stderr.readline().decode()
    assert f"waits. No run starts while less than {NEVER} MB are free for {shell.data};" in line
    _floor(shell, 0)
    assert process.stdout.read().decode().split() == ["at", "last"]
    assert process.wait(20) == 0
    process.stderr.close()
    process.stdout.close()


def test_doctor_agrees_with_and_without_the_server(house: House, tmp_path: Path) -> None:
    _floor(house, NEVER, logDirectory=str(tmp_path / "logs"))
    sentence = f"No run starts while less than {NEVER} MB are free for {house.data}; make room there,"
    for stop in (False, True):
        if stop:
            house.stop()
        done = house.cli("doctor")
        assert done.returncode == 1
        assert f"BROKEN  space        {sentence}" in done.stdout.decode()
    house.start()
    _floor(house, 0)
    assert "ok      space" in house.cli("doctor").stdout.decode()


def test_a_real_disk_below_the_floor_holds_runs_until_there_is_room(tmp_path: Path) -> None:
    if not AM_ROOT:
        refused = subprocess.run(["mount", "-t", "tmpfs", "none", tmp_path], capture_output=True)
        assert refused.returncode != 0, "who may mount without being root can do this test, too"
        return
    with mounted(tmp_path / "disk") as disk, House(disk.path / "house") as house:
        make_profile(house)
        _floor(house, 8)
        disk.fill(leave=6 * MB)
        run_id = start_run(house, "echo room")["runId"]
        assert f"less than 8 MB are free for {house.data}" in _held(house, run_id)
        disk.empty()
        assert house.wait_for_run(run_id)["stdout"] == "room\n"
