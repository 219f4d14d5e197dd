"""Processes as /proc shows them, and how whole trees of them are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from airunner.spool.freeze import end_all
from airunner.spool.procs import (
    Process,
    children,
    descendants,
    environment_of,
    everyone,
    family,
    look_at,
    newest_pid,
    send,
)
from tests.helpers.wait import until


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours."""
    with subprocess.Popen(["sleep", "300"], env={"A": "b", "RUN_ID": "x y"}) as process:
        yield process
        process.kill()


def seen(pid: int) -> Process:
    process = look_at(pid)
    assert process is not None
    return process


def test_look_when_a_process_lives_then_its_family_is_told(sleeper: subprocess.Popen[bytes]) -> None:
    process = seen(sleeper.pid)
    assert (process.parent, process.session, process.is_alive) == (os.getpid(), os.getsid(0), True)
    assert process.key in {other.key for other in everyone()}
    assert process.key in {other.key for other in descendants(os.getpid())}
    assert sleeper.pid in children(os.getpid())


def test_look_when_it_has_ended_and_is_not_reaped_then_it_is_of_the_family_and_not_alive(
    sleeper: subprocess.Popen[bytes],
) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    until(lambda: not seen(sleeper.pid).is_alive)
    assert sleeper.pid in [process.pid for process in family(os.getpid())]
    assert sleeper.pid not in [process.pid for process in descendants(os.getpid())]


def test_look_when_nobody_has_the_pid_then_it_is_none() -> None:
    assert look_at(2**22) is None
    assert (children(2**22), environment_of(2**22)) == ([], frozenset())


def test_look_when_its_name_is_made_to_mislead_then_it_does_not() -> None:
    code = "import ctypes, sys, time; ctypes.CDLL(None).prctl(15, b') R 1 1 1'); print(flush=True); time.sleep(5)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        until(lambda: seen(process.pid).state == "S")
        assert seen(process.pid).parent == os.getpid()
        process.kill()


def test_environment_when_read_then_it_is_what_the_process_was_started_with(sleeper: subprocess.Popen[bytes]) -> None:
    until(lambda: b"A=b" in environment_of(sleeper.pid))  # between fork and exec it is still ours
    assert environment_of(sleeper.pid) - {b""} == {b"A=b", b"RUN_ID=x y"}


def test_newest_pid_when_one_is_started_then_it_is_his_or_a_later_one() -> None:
    before = newest_pid()
    with subprocess.Popen(["true"]) as process:
        pass
    assert newest_pid() >= process.pid > 0 or newest_pid() < before


def test_signal_when_the_start_is_another_then_it_is_not_sent(sleeper: subprocess.Popen[bytes]) -> None:
    process = seen(sleeper.pid)
    assert not send(process._replace(start=process.start + 1), signal.SIGKILL)
    assert not send(process._replace(pid=2**22), signal.SIGKILL)
    assert sleeper.poll() is None
    assert send(process, signal.SIGKILL)
    assert sleeper.wait(2) == -signal.SIGKILL


def test_end_when_one_is_stopped_then_it_ends_all_the_same(sleeper: subprocess.Popen[bytes]) -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    end_all(lambda: [seen(sleeper.pid)], 1.0)
    assert sleeper.wait(2) == -signal.SIGKILL


def test_end_when_nobody_can_be_reached_then_it_does_not_wait() -> None:
    phantom = Process(2**22, 1, "R", 1, 1, 1, 0.0, 0.0, 0)
    before = time.monotonic()
    end_all(lambda: [phantom], 5.0)
    assert time.monotonic() - before < 1


def test_end_when_there_is_always_somebody_new_then_it_is_bounded() -> None:
    pids = iter(range(2**22, 2**30))
    before = time.monotonic()
    end_all(lambda: [Process(next(pids), 1, "R", 1, 1, 1, 0.0, 0.0, 0)], 0.2)
    assert 0.2 <= time.monotonic() - before < 1
