"""Trees that fork as fast as they can: the ladder wins, from whatever it starts, and the limits hold by sampling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airunner.shim.sampler import Sampler
from airunner.spool import procs
from airunner.spool.layout import Folder
from tests.helpers import proc
from tests.helpers.people import AM_ROOT
from tests.helpers.wait import until
from tests.shim.yard import Job, Yard

# A storm ends by itself after some seconds, and a bomb has at most so many processes: a test that fails harms nobody.
_STORM = """
import mmap, os, signal, sys, time
kind, most, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
end, born = time.monotonic() + seconds, mmap.mmap(-1, 8)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "bomb":
    while time.monotonic() < end:
        count = int.from_bytes(born[:8], "little")
        if count < most:
            born[:8] = (count + 1).to_bytes(8, "little")
            os.fork()
else:
    for _ in range(most - 1):
        if os.fork() == 0:
            break
    while time.monotonic() < end:
        if os.fork():
            os._exit(0)
        os.setsid()
"""
GRACE = 0.3


@pytest.fixture
def storm(tmp_path: Path) -> str:
    """The command of a storm, but for its arguments."""
    path = tmp_path / "storm.py"
    path.write_text(_STORM)
    return f"python3 -IS {path}"


def count(job: Job) -> int:
    return len(proc.descendants(job.shim_pid))


@pytest.mark.parametrize("ends", ["kill", "timeout", "main process"])
@pytest.mark.parametrize("kind", ["bomb 200", "hop 6"])
def test_storm_when_its_run_ends_then_it_is_over(yard: Yard, storm: str, kind: str, ends: str) -> None:
    wait = "sleep 4" if ends == "main process" else "sleep 60"
    job = yard.start(
        f"{storm} {kind} 20 & {wait}", grace_seconds=GRACE, timeout_seconds=4.0 if ends == "timeout" else 60.0
    )
    until(lambda: proc.find(storm.split()[-1]))
    if ends == "kill":
        until(lambda: count(job) >= 6)
        job.kill()
    record = yard.wait(job, within=15)
    assert record.status == {"kill": "killed", "timeout": "timeout", "main process": "completed"}[ends]
    assert "could not be ended" not in (record.reason or "")
    assert proc.find(storm.split()[-1]) == []


def test_bomb_when_memory_is_limited_then_it_is_over(yard: Yard, storm: str) -> None:
    record, _ = yard.run(f"{storm} bomb 200 20", grace_seconds=GRACE, limits={"memoryMB": 100})
    assert record.status == "failed"
    assert record.reason == "Stopped because its processes used more than 100 MB of memory (the profile's limit)."
    assert proc.find(storm.split()[-1]) == []


def test_bomb_when_processes_are_limited_then_it_gets_no_grace_and_the_reason_names_the_limit(
    yard: Yard, storm: str
) -> None:
    if not AM_ROOT:  # the kernel holds it, for all that the user runs
        record, _ = yard.run(f"{storm} bomb 200 2", limits={"processes": 50})
        assert (record.usage or {}).get("peakProcesses", 0) <= 50
        return
    before = time.monotonic()
    record, _ = yard.run(f"{storm} bomb 300 20", grace_seconds=10.0, limits={"processes": 50})
    assert time.monotonic() - before < 5
    assert (record.status, record.signal) == ("failed", "SIGKILL")
    assert record.reason == "Stopped because it had more than 50 processes (the profile's limit)."
    assert proc.find(storm.split()[-1]) == []


def test_processes_when_a_few_too_many_then_they_have_their_grace(yard: Yard) -> None:
    script = "trap 'echo goodbye; exit 1' TERM; for i in {1..6}; do sleep 60 & done; wait"
    record, output = yard.run(script, grace_seconds=10.0, limits={"processes": 6})
    if AM_ROOT:
        assert record.reason == "Stopped because it had more than 6 processes (the profile's limit)."
        assert output == b"goodbye\r\n"
    assert record.status == "failed"


def test_processes_when_as_many_as_allowed_then_the_run_goes_on(yard: Yard) -> None:
    if AM_ROOT:  # else the limit counts what the user runs elsewhere too
        record, _ = yard.run("for i in {1..5}; do sleep 0.5 & done; wait", limits={"processes": 6})
        assert (record.status, (record.usage or {})["peakProcesses"]) == ("completed", 6)


def test_processes_when_an_old_tree_may_have_grown_then_it_is_looked_at_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[int] = []
    newest = [1000]

    def walk(root: int) -> Iterator[procs.Process]:
        walks.append(root)
        return iter([])

    monkeypatch.setattr(procs, "newest_pid", lambda: newest[0])
    monkeypatch.setattr(procs, "family", walk)
    sampler = Sampler(Folder(tmp_path), {"processes": 20}, now=0.0)
    sampler.look(0.0)
    sampler.look(1000.0)
    walks.clear()
    # Below the highest pid come low ones again: then nothing is known.
    for given, looks in ((0, 0), (20, 0), (1, 1), (21, 2), (-900, 3), (3, 3)):
        newest[0] += given
        assert sampler.due < 1002
        sampler.look(sampler.due)
        assert len(walks) == looks, given
