"""What a run used, also by children that lived shorter than a sample and by those of nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from airunner.spool.state import read_usage
from tests.helpers.wait import until
from tests.shim.yard import Yard


@pytest.fixture
def burner(tmp_path: Path) -> str:
    """A command that uses a quarter of a second of CPU time."""
    path = tmp_path / "burn.py"
    path.write_text("import time\nwhile time.process_time() < 0.25: pass")
    return f"python3 -IS {path}"


@pytest.fixture
def eater(tmp_path: Path) -> str:
    """A command that uses 90 MB for a moment."""
    path = tmp_path / "eat.py"
    path.write_text("x = bytearray(90 << 20)")
    return f"python3 -IS {path}"


@pytest.mark.parametrize("how", ["{command}", "({command} &) ; sleep 1", "(setsid sh -c '{inner}' &) ; sleep 1"])
def test_memory_when_a_child_is_short_lived_then_its_peak_counts(yard: Yard, eater: str, how: str) -> None:
    record, _ = yard.run(how.format(command=eater, inner=f"{eater} & exit"))
    assert 90 < (record.usage or {})["peakMemoryMB"] < 130


def test_memory_when_a_run_is_small_then_what_the_shim_has_is_not_its_own(yard: Yard) -> None:
    record, _ = yard.run("sleep 0.3")
    assert 0 < (record.usage or {})["peakMemoryMB"] < 8


@pytest.mark.parametrize(
    "how", ["{command}; {command}", "({command} &); (setsid {command} &) ; sleep 2", "{command} | {command}"]
)
def test_cpu_when_children_end_then_their_time_counts(yard: Yard, burner: str, how: str) -> None:
    record, _ = yard.run(how.format(command=burner), within=30)
    assert 0.48 <= (record.usage or {})["cpuSeconds"] < 0.9


def test_cpu_when_a_living_parent_has_reaped_children_then_it_is_seen_at_once(yard: Yard, burner: str) -> None:
    job = yard.start(f"{burner}; {burner}; sleep 60")
    # The kernel cuts user and system time to ticks of 10 ms each (proc_pid_stat(5)).
    until(lambda: (read_usage(job.folder) or {}).get("cpuSeconds", 0) >= 0.48, within=20)
    job.kill()
    usage = yard.wait(job).usage or {}
    assert usage["cpuSeconds"] < 0.9
    assert 30 < usage["peakCpuPercent"] < 125


def test_processes_when_many_then_the_peak_is_known(yard: Yard) -> None:
    record, _ = yard.run("for i in {1..11}; do sleep 0.4 & done; wait")
    assert (record.usage or {})["peakProcesses"] == 12
