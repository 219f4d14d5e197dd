"""Processes as /proc shows them (proc(5)): a pid counts only together with its start time and boot."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """A living or dead-but-unreaped process."""

    pid: int
    start: int
    """Clock ticks between boot and its start: with the boot id this names a process for ever."""
    state: str
    cpu_seconds: float
    memory_bytes: int


def boot_id() -> str:
    """Return the id of this boot (random(4))."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def look_at(pid: int) -> Process | None:
    """Return what /proc says of a process, None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return None
    # The name stands in brackets and may hold anything, so count from the last one.
    fields = stat[stat.rfind(b")") + 2 :].split()
    if len(fields) < 22:
        return None
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    return Process(pid, int(fields[19]), fields[0].decode(), cpu, int(fields[21]) * _PAGE)


def descendants(root: int) -> list[Process]:
    """Return every process below `root` that is not yet reaped or a zombie, parents before children."""
    found: list[Process] = []
    waiting = [root]
    seen = {root}
    while waiting:
        for pid in _children(waiting.pop()):
            if pid in seen:
                continue
            seen.add(pid)
            waiting.append(pid)
            process = look_at(pid)
            if process and process.state not in "ZX":
                found.append(process)
    return found


def send(process: Process, number: int) -> bool:
    """Signal exactly this process, never one that got its pid later (pidfd_open(2)); say whether it was reached."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = look_at(process.pid)
        if now is None or now.start != process.start:
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def send_pidfd_kill(pidfd: int) -> None:
    """End the process that a pidfd names; nothing happens when it is gone."""
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found.extend(int(word) for word in file.read().split())
        except OSError:
            continue
    return found
