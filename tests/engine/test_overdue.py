"""The second layer of the timeout: what its own shim does not end, the server ends, shim included; and no look harms."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from pathlib import Path

import pytest

from airunner.engine import conductor
from airunner.engine.live import Waits
from airunner.spool.layout import Folder
from airunner.spool.state import Exit, read_exit
from tests.helpers import proc
from tests.helpers.desk import Desk
from tests.helpers.wait import until

_SOON = Waits(sweep=0.2, overdue=0.5)


def test_a_shim_that_does_not_keep_its_deadline_is_ended_with_its_tree(tmp_path: Path) -> None:
    with Desk(tmp_path, _SOON) as desk:
        run = desk.run("setsid bash -c 'echo $$ > inner; exec sleep 300' & sleep 300", minutes=0.02)
        state = desk.started(run)
        inner = _pid_in(tmp_path / "inner")
        os.kill(state.shim_pid, signal.SIGSTOP)
        ended = desk.ended(run)
        assert ended["status"] == "timeout"
        assert "did not keep" in ended["reason"]
        until(lambda: not any(map(proc.is_alive, (state.shim_pid, state.pid, inner))))


def test_a_kill_that_the_shim_does_not_obey_is_done_by_the_server(tmp_path: Path) -> None:
    with Desk(tmp_path, _SOON) as desk:
        run = desk.run("sleep 300")
        state = desk.started(run)
        os.kill(state.shim_pid, signal.SIGSTOP)
        desk.conductor.kill(run["runId"], "ana")
        desk.conductor.kill(run["runId"], "ben")
        ended = desk.ended(run)
        assert (ended["status"], ended["reason"]) == ("killed", "Killed by ana.")
        until(lambda: not proc.is_alive(state.pid) and not proc.is_alive(state.shim_pid))


def test_a_shim_within_its_deadline_is_left_alone(tmp_path: Path) -> None:
    with Desk(tmp_path, Waits(sweep=0.05, overdue=0)) as desk:
        assert desk.ended(desk.run("sleep 1; exit 4"))["exitCode"] == 4


def test_a_ring_that_was_lost_is_made_up_for_by_the_sweep(tmp_path: Path) -> None:
    with Desk(tmp_path, _SOON) as desk:
        run = desk.run("while ! [ -e go ]; do sleep 0.01; done")
        desk.started(run)
        for live in desk.conductor._live.values():  # as when the kernel had no room for the watch
            desk.loop.call_soon(lambda pidfd=live.pidfd: desk.loop.unwatch(pidfd))
        desk.conductor.rang = lambda run_id, kind: None  # type: ignore[method-assign]
        (tmp_path / "go").touch()
        assert desk.ended(run)["status"] == "completed"


def test_a_look_that_raises_harms_no_other_run_and_no_run_stays_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Desk(tmp_path, _SOON) as desk:
        broken, other = desk.run("sleep 300"), desk.run("sleep 1; exit 3")
        state = desk.started(broken)
        desk.started(other)

        def read(folder: Folder) -> Exit | None:
            if str(folder.path) == broken["folder"]:
                raise OSError(errno.EIO, "Input/output error")
            return read_exit(folder)

        monkeypatch.setattr(conductor, "read_exit", read)
        os.kill(state.shim_pid, signal.SIGKILL)
        assert desk.ended(other)["exitCode"] == 3
        ended = desk.ended(broken)
        assert ended["status"] == "failed"
        assert "cannot be read" in ended["reason"]
        until(lambda: not proc.is_alive(state.pid))
        assert desk.ended(desk.run("exit 2"))["exitCode"] == 2


def test_a_folder_that_goes_while_the_run_lives_ends_it_when_its_time_is_over(tmp_path: Path) -> None:
    with Desk(tmp_path, _SOON) as desk:
        run = desk.run("sleep 300", minutes=0.02)
        state = desk.started(run)
        shutil.rmtree(run["folder"])
        assert desk.ended(run)["status"] in ("timeout", "failed")
        until(lambda: not proc.is_alive(state.pid))


def _pid_in(path: Path) -> int:
    return int(until(lambda: path.exists() and path.read_text().strip()))
