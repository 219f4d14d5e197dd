"""Ends of runs that are easily lost: output that helpers pass on late, starts that hang, folders that were emptied."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from airunner.shim.child import Halted, spawn
from airunner.spool.rawlog import RawLog, RawReader
from tests.helpers import proc
from tests.helpers.wait import until
from tests.shim.yard import ROOT, Yard, open_yard

_OFTEN = 5


# Output. Without a terminal: where one has it, the kernel hangs it up at the end of the command, for all others too (setsid(2)).


@pytest.mark.parametrize("helper", ["tee /dev/null", "sed -u s/^/said:/", "cat | cat"])
def test_output_when_a_helper_passes_it_on_then_its_end_is_kept(yard: Yard, helper: str) -> None:
    for _ in range(_OFTEN):
        record, output = yard.run(f"exec > >({helper}) 2>&1; seq 200; echo the last line", tty=False)
        assert record.status == "completed"
        assert output.split()[-1] == b"line"


def test_output_when_a_child_outlives_the_command_for_a_moment_then_its_words_are_kept(yard: Yard) -> None:
    record, output = yard.run("(sleep 0.02; echo late) & echo soon", tty=False)
    assert (record.status, output) == ("completed", b"soon\nlate\n")


def test_end_when_a_leftover_is_silent_or_never_stops_writing_then_it_is_not_waited_for(yard: Yard) -> None:
    for leftover in ("sleep 60", "yes"):
        began = time.monotonic()
        record, _ = yard.run(f"{leftover} & true", grace_seconds=0.2)
        assert time.monotonic() - began < 5
        assert record.status == "completed"
        assert record.duration_seconds is not None and record.duration_seconds < 3


def test_segment_when_it_cannot_be_closed_then_the_next_one_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RawLog(tmp_path, tmp_path / "timing", 4096 * 8)
    log.write(b"a" * 4096, 0)
    close = os.close

    def close_and_complain(descriptor: int) -> None:
        close(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "close", close_and_complain)
    log.write(b"b" * 4096, 0)
    log.close()
    monkeypatch.undo()
    assert [piece.data for piece in RawReader(tmp_path).pieces()] == [b"a" * 4096, b"b" * 4096]


# Starts that hang

_HANGING = """
import os, time

def hang():
    open({path!r}, "w").write(str(os.getpid()))
    time.sleep(300)

os.getcwd = hang
"""


def test_start_when_it_hangs_then_it_can_be_broken_off(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getcwd", lambda: time.sleep(300))
    before = os.listdir("/proc/self/fd")
    with pytest.raises(Halted) as halted:
        spawn(yard.spec("true"), lambda: "kill")
    assert os.listdir("/proc/self/fd") == before
    assert os.waitpid(halted.value.pid, 0)[1] == signal.SIGKILL


def test_run_when_its_start_hangs_then_its_deadline_and_a_kill_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = tmp_path / "hung"
    (tmp_path / "sitecustomize.py").write_text(_HANGING.format(path=str(hung)))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    yard = open_yard(tmp_path)
    job = yard.start("touch never", timeout_seconds=0.5, cwd=str(tmp_path))
    record = yard.wait(job)
    assert (record.status, record.exit_code) == ("timeout", None)
    assert record.reason is not None
    assert f"{tmp_path} or /bin/bash did not answer" in record.reason
    hung.unlink()
    job = yard.start("touch never", cwd=str(tmp_path))
    pid = int(until(lambda: hung.exists() and hung.read_text()))
    job.kill("ana")
    record = yard.wait(job)
    assert record.status == "killed"
    assert (record.reason or "").startswith("Killed by ana. The command had not begun")
    assert not proc.is_alive(pid)
    assert not (tmp_path / "never").exists()
    yard.nursery.end()


# Folders


def test_record_when_the_folder_was_emptied_then_it_is_there_all_the_same(yard: Yard, tmp_path: Path) -> None:
    go = tmp_path / "go"
    job = yard.start(f"while ! [ -e {go} ]; do sleep 0.02; done; exit 7")
    until(lambda: "pid_start" in job.folder.state.read_text() if job.folder.state.exists() else False)
    for file in job.folder.path.iterdir():
        file.unlink()
    go.touch()
    record = yard.wait(job)
    assert (record.status, record.exit_code) == ("failed", 7)
