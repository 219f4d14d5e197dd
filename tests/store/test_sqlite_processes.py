"""SQLite: one file and several real processes: claims, locks, kill -9."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airunner.base.clock import SystemClock
from airunner.base.errors import Busy
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.store.makers import a_run

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import sys, time, sqlite3
from pathlib import Path
from airunner.base.clock import SystemClock
from airunner.base.errors import Conflict
from airunner.base.ids import Ids
from airunner.domain.run import new_run
from airunner.store.open import open_store
folder = Path(sys.argv[1])
clock = SystemClock()
ids = Ids(clock)
def say(text): print(text, flush=True)
def a_run(**more): return new_run(runId=ids.new(), queuedAt=clock.now(), workingDirectory="/srv", **more)
def opened(): return open_store("sqlite", data_folder=folder, clock=clock)
"""


class Other:
    """Another process that works on the same file."""

    def __init__(self, folder: Path, code: str) -> None:
        command = [sys.executable, "-c", PRELUDE + code, str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def others() -> Iterator[list[Other]]:
    """The processes of a test; those that still run are ended."""
    started: list[Other] = []
    yield started
    for other in started:
        other.kill()


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    opened = open_store("sqlite", data_folder=data_dir, clock=SystemClock())
    yield opened
    opened.close()


def test_run_when_the_writer_is_killed_right_after_insert_then_it_is_there(data_dir: Path, others: list[Other]) -> None:
    others.append(
        Other(data_dir, "store = opened()\nwhile True:\n    run = a_run(); store.insert_run(run); say(run['runId'])\n")
    )
    promised = [others[0].line() for _ in range(20)]
    others[0].process.kill()
    assert others[0].process.stdout
    promised += others[0].process.stdout.read().split()
    whole = [run_id for run_id in promised if len(run_id) == 20]
    store = open_store("sqlite", data_folder=data_dir, clock=SystemClock())
    missing = [run_id for run_id in whole if store.get_run(run_id) is None]
    store.close()
    assert len(whole) >= 20
    assert missing == []


def test_claims_when_two_processes_race_then_each_run_has_one_winner(
    data_dir: Path, others: list[Other], store: Store
) -> None:
    runs = [a_run() for _ in range(40)]
    for run in runs:
        store.insert_run(run)
    code = """
store = opened()
say("ready"); sys.stdin.readline()
for run in store.active_runs():
    if store.change_run(run["runId"], {"status": "running", "node": sys.argv[0]}, only_if=["queued"]): say(run["runId"])
say("end")
"""
    others += [Other(data_dir, code) for _ in range(2)]
    assert [other.line() for other in others] == ["ready", "ready"]
    for other in others:
        other.go()
    won = [list(iter(other.line, "end")) for other in others]
    assert sorted(won[0] + won[1]) == sorted(run["runId"] for run in runs)


def test_fires_when_two_processes_race_then_each_time_has_one_run(
    data_dir: Path, others: list[Other], store: Store
) -> None:
    code = """
store = opened()
say("ready"); sys.stdin.readline()
won = 0
for second in range(30):
    try:
        store.insert_run(a_run(scheduleId="s", scheduledFor=clock.now().replace(2026, 3, 12, 14, 32, second, 0)))
        won += 1
    except Conflict:
        pass
say(won)
"""
    others += [Other(data_dir, code) for _ in range(2)]
    assert [other.line() for other in others] == ["ready", "ready"]
    for other in others:
        other.go()
    assert sum(int(other.line()) for other in others) == 30
    assert len(store.active_runs()) == 30


def test_reading_when_another_process_writes_then_it_never_waits_or_sees_half(
    data_dir: Path, others: list[Other], store: Store
) -> None:
    store.insert_run({**a_run(), "a": 0, "b": 0})
    [run] = store.active_runs()
    code = f"""
store = opened()
say("ready"); number = 0
while True:
    number += 1
    store.change_run({run["runId"]!r}, {{"a": number, "b": number}}, only_if=["queued"])
"""
    others.append(Other(data_dir, code))
    assert others[0].line() == "ready"
    seen, longest = set(), 0.0
    while len(seen) < 50:
        begin = time.monotonic()
        now = store.get_run(run["runId"])
        longest = max(longest, time.monotonic() - begin)
        assert now and now["a"] == now["b"]
        seen.add(now["a"])
    assert longest < 1


def test_store_when_another_process_holds_all_of_it_then_busy_in_time(
    data_dir: Path, others: list[Other], store: Store
) -> None:
    code = """
link = sqlite3.connect(folder / "airunner.db", isolation_level=None)
link.execute("BEGIN IMMEDIATE")
say("held"); sys.stdin.readline()
link.execute("ROLLBACK"); say("free")
"""
    run = a_run()
    others.append(Other(data_dir, code))
    assert others[0].line() == "held"
    begin = time.monotonic()
    with pytest.raises(Busy) as caught:
        store.insert_run(run)
    assert time.monotonic() - begin < 2.5
    assert caught.value.headers["Retry-After"]
    assert store.get_run(run["runId"]) is None
    others[0].go()
    assert others[0].line() == "free"
    store.insert_run(run)
    assert store.active_runs() == [run]


def test_open_when_another_process_holds_the_file_alone_then_busy_in_time(data_dir: Path, others: list[Other]) -> None:
    open_store("sqlite", data_folder=data_dir, clock=SystemClock()).close()
    code = """
link = sqlite3.connect(folder / "airunner.db", isolation_level=None)
link.execute("PRAGMA locking_mode = EXCLUSIVE"); link.execute("BEGIN EXCLUSIVE")
say("held"); sys.stdin.readline()
"""
    others.append(Other(data_dir, code))
    assert others[0].line() == "held"
    begin = time.monotonic()
    with pytest.raises(Busy, match="locked by another process"):
        open_store("sqlite", data_folder=data_dir, clock=SystemClock())
    assert time.monotonic() - begin < 2.5
