"""No process of a run outlives it: children of every kind, ended by a kill, a timeout, or the main process's end."""

from __future__ import annotations

import itertools
import os
import signal
import time
from pathlib import Path

import pytest

from airunner.shim.stop import Ladder
from airunner.shim.verdict import Outcome, explain
from airunner.spool.procs import Process, look_at
from tests.helpers import proc
from tests.helpers.wait import until
from tests.shim.yard import ROOT, Job, Yard, open_yard

GRACE = 0.5
_PTY = "import os, pty, sys; os.setsid() if os.fork() == 0 else os._exit(0); pty.spawn(sys.argv[1:])"
KINDS = {
    "plain": "{sleep} &",
    "deaf": "trap '' TERM INT HUP; {sleep} & trap - TERM INT HUP",
    "stopped": "{sleep} & kill -STOP $!",
    "stopped and deaf": "trap '' TERM; {sleep} & trap - TERM; kill -STOP $!",
    "nohup": "nohup {sleep} > /dev/null 2>&1 &",
    "setsid": "setsid {sleep} &",
    "double fork": "(setsid sh -c '{sleep} & exit' &)",
    "orphan that holds the terminal": "(({sleep} &) &)",
    "another user": "su nobody -s /bin/sh -c 'exec {sleep}' &",  # without root it waits for his password
    "without environment": "(env -i /usr/bin/setsid {sleep} &)",
    "terminal of its own": f"python3 -c '{_PTY}' {{sleep}} &",
    "other name": "(exec 0<&- 1>&- 2>&- -a '[kworker/0:1]' {sleep}) &",
    "talker": "yes {mark} &",
    "talker elsewhere": "setsid yes {mark} > /dev/null &",
}
KEPT = ("nohup", "setsid", "double fork", "without environment")
_marks = itertools.count(os.getpid() * 1000)


class Litter:
    """A run that has made children of one kind."""

    def __init__(self, yard: Yard, kind: str, go: Path, **changes: object) -> None:
        self.kind = kind
        self.mark = f"300.{next(_marks)}"
        script = KINDS[kind].format(sleep=f"sleep {self.mark}", mark=self.mark)
        self.job: Job = yard.start(
            f"{script}\nwhile ! [ -e {go} ]; do sleep 0.02; done", grace_seconds=GRACE, **changes
        )
        self.born: dict[int, int | None] = {}

    def is_up(self) -> bool:
        """Say whether the child runs; note who belongs to the run."""
        main = proc.children(self.job.shim_pid)[:1]
        grown = [pid for pid in proc.find(self.mark) if pid not in main]
        self.born = {pid: proc.started(pid) for pid in proc.descendants(self.job.shim_pid)}
        return bool(set(grown) & set(self.born))

    def left(self) -> list[int]:
        """Return who still lives."""
        known = [pid for pid, start in self.born.items() if proc.is_alive(pid) and proc.started(pid) == start]
        return sorted({*known, *filter(proc.is_alive, proc.find(self.mark))})


def make_litters(yard: Yard, go: Path, kinds: tuple[str, ...] = tuple(KINDS), **changes: object) -> list[Litter]:
    litters = [Litter(yard, kind, go, **changes) for kind in kinds]
    for litter in litters:
        until(litter.is_up, within=15)
    return litters


def test_kill_when_the_tree_is_of_any_kind_then_nobody_is_left(yard: Yard, tmp_path: Path) -> None:
    litters = make_litters(yard, tmp_path / "go")
    before = time.monotonic()
    for litter in litters:
        litter.job.kill("ana")
    for litter in litters:
        record = yard.wait(litter.job)
        assert (litter.kind, record.status, record.reason) == (litter.kind, "killed", "Killed by ana.")
        assert (litter.kind, litter.left()) == (litter.kind, [])
    assert time.monotonic() - before < GRACE + 2


def test_main_process_when_it_ends_then_nobody_of_any_kind_is_left(yard: Yard, tmp_path: Path) -> None:
    litters = make_litters(yard, tmp_path / "go")
    before = time.monotonic()
    (tmp_path / "go").touch()
    for litter in litters:
        record = yard.wait(litter.job)
        assert (litter.kind, record.status, record.reason) == (litter.kind, "completed", None)
        assert (litter.kind, litter.left()) == (litter.kind, [])
    assert time.monotonic() - before < GRACE + 2


def test_timeout_when_the_tree_is_of_any_kind_then_nobody_is_left(yard: Yard, tmp_path: Path) -> None:
    litters = make_litters(yard, tmp_path / "go", timeout_seconds=4.0)
    for litter in litters:
        record = yard.wait(litter.job)
        assert (litter.kind, record.status, litter.left()) == (litter.kind, "timeout", [])
        assert (record.duration_seconds or 0) < 4 + GRACE + 2


def test_leftovers_when_kept_then_those_that_survive_a_hang_up_live_on(yard: Yard, tmp_path: Path) -> None:
    litters = make_litters(yard, tmp_path / "go", KEPT, keep_leftovers=True)
    (tmp_path / "go").touch()
    for litter in litters:
        assert yard.wait(litter.job).status == "completed"
        left = litter.left()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left, litter.kind


@pytest.mark.parametrize("ends", ["kill", "timeout"])
def test_main_process_when_it_is_deaf_then_it_is_gone_two_seconds_after_its_grace(yard: Yard, ends: str) -> None:
    limit = 1.0 if ends == "timeout" else 60.0
    job = yard.start("trap '' TERM; echo up; while :; do sleep 0.05; done", grace_seconds=GRACE, timeout_seconds=limit)
    until(lambda: b"up" in job.output())
    before = time.monotonic()
    if ends == "kill":
        job.kill()
    record = yard.wait(job)
    assert time.monotonic() - before < min(limit, 2.0) + GRACE + 2
    assert (record.status, record.signal) == ("timeout" if ends == "timeout" else "killed", "SIGKILL")


def test_stopped_process_when_told_to_end_then_it_goes_on_and_ends_in_its_own_way(yard: Yard) -> None:
    script = "trap 'echo goodbye; exit 0' TERM; echo up; kill -STOP $$; while :; do sleep 0.05; done"
    job = yard.start(script, grace_seconds=5.0)
    main = until(lambda: proc.children(job.shim_pid))[0]
    until(lambda: proc.state(main) == "T")
    job.kill()
    record = yard.wait(job, within=4)
    assert (record.status, record.exit_code) == ("killed", 0)
    assert b"goodbye" in job.output()


def test_process_when_its_main_thread_alone_has_ended_then_it_is_ended_like_others(yard: Yard) -> None:
    code = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); "
    code += "print('up', flush=True); ctypes.CDLL(None).syscall(60, 0)"  # exit(2), of this thread
    job = yard.start(f'setsid python3 -c "{code}" & sleep 60', grace_seconds=GRACE)
    until(lambda: b"up" in job.output())
    thread = until(lambda: [pid for pid in proc.descendants(job.shim_pid) if proc.state(pid) == "Z"])[0]
    job.kill()
    assert yard.wait(job).status == "killed"
    assert look_at(thread) is None


_FAILING = """
import os
import airunner.shim.pump as pump

def fail(self):
    if os.path.exists({path!r}):
        raise RuntimeError("out of luck")
    tick(self)

tick, pump.Pump._tick = pump.Pump._tick, fail
"""


def test_shim_when_it_fails_then_its_log_says_why_and_nobody_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_FAILING.format(path=str(tmp_path / "fail")))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    yard = open_yard(tmp_path)
    litters = make_litters(yard, tmp_path / "go", ("deaf", "setsid", "without environment", "other name"))
    (tmp_path / "fail").touch()
    for litter in litters:
        yard.wait_gone(litter.job)
        until(lambda litter=litter: not litter.left(), within=3)
        assert "RuntimeError: out of luck" in litter.job.folder.shim_log.read_text()
    yard.nursery.end()


# What cannot be ended


class Phantoms:
    """A tree of processes that no signal reaches: the kernel would show them so, uninterruptible or another user's."""

    def __init__(self, count: int) -> None:
        self.tree = [Process(2**22 + number, 1, "D", 1, 1, 1, 0.0, 0.0, 0) for number in range(count)]


def climb(ladder: Ladder, now: float) -> float:
    """Take the steps of a ladder, as its clock says; return when it gave up."""
    while not ladder.finished:
        due = ladder.step(now)
        assert due >= now
        now = due
    return now


@pytest.mark.parametrize("grace", [0.0, 0.5, 5.0])
def test_ladder_when_nothing_can_be_ended_then_it_gives_up_ten_seconds_after_the_grace(grace: float) -> None:
    phantoms = Phantoms(3)
    ladder = Ladder(["INT", "TERM"], grace, lambda: phantoms.tree, lambda: False, lambda tree: False, now=100.0)
    assert 10 <= climb(ladder, 100.0) - 100 - grace < 10.2
    assert ladder.survivors == phantoms.tree


def test_ladder_when_the_tree_outgrows_its_limits_then_there_is_no_grace() -> None:
    phantoms = Phantoms(3)
    ladder = Ladder(["TERM"], 60.0, lambda: phantoms.tree, lambda: False, lambda tree: len(tree) > 2, now=100.0)
    assert climb(ladder, 100.0) - 100 < 10.2


@pytest.mark.parametrize(
    ("busiest", "limits", "words"),
    [
        (6.2, {"cpuSeconds": 1}, "used more CPU time than the profile allows (cpuSeconds: 1)"),
        (0.9, {"cpuSeconds": 1}, "Ended by SIGKILL, which airunner did not send"),
        (6.2, {}, "Ended by SIGKILL, which airunner did not send"),
    ],
)
def test_cpu_when_a_process_did_not_heed_the_warning_then_the_reason_names_the_limit(
    busiest: float, limits: dict[str, int], words: str
) -> None:
    assert words in (explain(Outcome(status=signal.SIGKILL, busiest_seconds=busiest), 1, limits) or "")


def test_memory_when_the_kernel_ran_out_of_it_then_the_reason_says_so() -> None:
    for status in (signal.SIGKILL, (128 + signal.SIGKILL) << 8):  # of the main process itself, or in its shell's words
        assert (
            explain(Outcome(status=status, out_of_memory=True), 1, {})
            == "Ended by the kernel, which was out of memory."
        )
        assert "out of memory" not in (explain(Outcome(status=status), 1, {}) or "")


def test_survivors_when_there_are_some_then_the_reason_names_the_first_ten() -> None:
    outcome = Outcome(cause="kill", by="ana", survivors=Phantoms(12).tree)
    words = explain(outcome, 1, {}) or ""
    assert words.startswith("Killed by ana. These processes could not be ended: 4194304 (D), 4194305 (D), ")
    assert words.endswith("4194313 (D) and 2 more.")
