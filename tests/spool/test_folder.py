"""Spec frames, exit records, orders, bells and locks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airunner.base.files import take_lock
from airunner.spool import bell, control
from airunner.spool.layout import Folder
from airunner.spool.procs import boot_id, descendants, look_at
from airunner.spool.spec import Spec, pack, unpack
from airunner.spool.state import Exit, State, read_exit, read_state, reserve_exit, write_exit, write_state

_SPEC = Spec("r" * 20, "/x", ["/bin/sh", "-c", "é\udc80"], {"A": "b\n"}, "/", "prompt ☃", "/bell", limits={"coreMB": 0})


def test_spec_when_packed_then_it_comes_back() -> None:
    assert unpack(pack(_SPEC)) == _SPEC


@given(st.binary(max_size=300) | st.integers(0, len(pack(_SPEC)) - 1).map(lambda cut: pack(_SPEC)[:cut]))
def test_spec_when_cut_or_foreign_then_none(frame: bytes) -> None:
    assert unpack(frame) is None


def test_exit_record_when_written_then_whole_and_its_draft_gone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert read_exit(folder) is None
    reserved = reserve_exit(folder)
    assert folder.exit_draft.stat().st_size >= 8192
    record = Exit("failed", 12.5, 1.5, exit_code=3, reason="x" * 4000, usage={"cpuSeconds": 1.0})
    write_exit(folder, reserved, record)
    assert read_exit(folder) == record
    assert not folder.exit_draft.exists()


def test_state_when_half_written_then_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    state = State(1, 2, boot_id(), 3.0, 4.0)
    write_state(folder, state, durable=True)
    assert read_state(folder) == state
    folder.state.write_text('{"shim_pid": 1')
    assert read_state(folder) is None


def test_orders_when_appended_then_each_is_read_once_and_broken_ones_passed_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    orders = control.Orders(folder.control_log)
    assert orders.read() == []
    assert control.send(folder, control.KILL, by="ana") is False  # nobody listens
    with folder.control_log.open("a") as log:
        log.write('not json\n[1]\n{"op": "res')
    assert orders.read() == [{"op": "kill", "by": "ana"}]
    with folder.control_log.open("a") as log:
        log.write('ize"}\n')
    assert orders.read() == [{"op": "resize"}]
    assert orders.read() == []


def test_bell_when_nobody_listens_then_it_waits_and_finds_the_next_listener(tmp_path: Path) -> None:
    ringer = bell.Bell(str(tmp_path / "bell"))
    assert ringer.ring("a" * 20, bell.OUTPUT) is True
    descriptor = bell.open_reader(tmp_path / "bell")
    assert ringer.ring("a" * 20, bell.OUTPUT) is True
    assert ringer.ring("b" * 20, bell.EXITED) is True
    assert list(bell.read_rings(descriptor)) == [("a" * 20, "o"), ("b" * 20, "x")]
    os.close(descriptor)
    assert ringer.ring("a" * 20, bell.OUTPUT) is True


def test_bell_when_full_then_it_says_so_and_nothing_is_half_written(tmp_path: Path) -> None:
    descriptor = bell.open_reader(tmp_path / "bell")
    ringer = bell.Bell(str(tmp_path / "bell"))
    rung = 0
    while ringer.ring("a" * 20, bell.OUTPUT):
        rung += 1
    assert len(list(bell.read_rings(descriptor))) == rung
    os.close(descriptor)


def test_lock_when_held_then_the_folder_is_alive_and_cannot_be_buried(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.is_locked() is False
    held = take_lock(folder.lock)
    assert held is not None
    assert folder.is_locked() is True
    assert take_lock(folder.lock) is None
    assert folder.bury() is False
    os.close(held)
    assert folder.is_locked() is False
    assert folder.bury() is True
    assert folder.tombstone.exists()


def test_a_process_is_known_by_pid_and_start(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "60"])
    seen = look_at(child.pid)
    assert seen is not None
    assert child.pid in [process.pid for process in descendants(os.getpid())]
    child.kill()
    child.wait()
    assert look_at(child.pid) is None
    assert look_at(2**30) is None
