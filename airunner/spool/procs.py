"""Processes as /proc shows them (proc(5)): a pid counts only together with its start time and boot."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """A living or dead-but-unreaped process."""

    pid: int
    start: int
    """Clock ticks between boot and its start: with the boot id this names a process for ever."""
    state: str
    threads: int
    parent: int
    session: int
    cpu_seconds: float
    """Its own, without its children's."""
    reaped_seconds: float
    """CPU time of children that ended and that it waited for."""
    memory_bytes: int

    @property
    def key(self) -> tuple[int, int]:
        """What names it for as long as the machine is up."""
        return self.pid, self.start

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet. One whose main thread alone has ended shows as a zombie and lives."""
        return self.state not in "ZX" or self.threads > 1


def boot_id() -> str:
    """Return the id of this boot (random(4))."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def newest_pid() -> int:
    """Return the pid that was given out last, of a process or a thread (proc(5), loadavg); 0 where that is hidden."""
    try:
        with open("/proc/loadavg", "rb") as file:
            return int(file.read().split()[4])
    except (OSError, ValueError, IndexError):
        return 0


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
    return Process(
        pid,
        start=int(fields[19]),
        state=fields[0].decode(),
        threads=int(fields[17]),
        parent=int(fields[1]),
        session=int(fields[3]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS,
        reaped_seconds=(int(fields[13]) + int(fields[14])) / _TICKS,
        memory_bytes=int(fields[21]) * _PAGE,
    )


def everyone() -> Iterator[Process]:
    """Yield every process of the machine that this one can see."""
    for name in os.listdir("/proc"):
        if name.isdigit() and (process := look_at(int(name))):
            yield process


def environment_of(pid: int) -> frozenset[bytes]:
    """Return the `NAME=value` strings that a process was started with; none when they are not ours to read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return frozenset(file.read().split(b"\0"))
    except OSError:
        return frozenset()


def children(pid: int) -> list[int]:
    """Return the pids of a process's own children, in the order of their birth; none when it is gone."""
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


def family(root: int) -> Iterator[Process]:
    """Yield every process below `root`, those that ended and are not reaped too; parents before children.

    `root` must be ourselves or one that is not reaped before the walk ends. Pids that are given to others while we look
    lead nowhere: a child counts when it says so itself, and its parent is the same before and after.
    """
    waiting: list[tuple[int, int | None]] = [(root, None)]
    seen = {root}
    while waiting:
        pid, start = waiting.pop()
        born = _born(pid)
        for process in born if start is None else _vouched(pid, start, list(born)):
            if process.pid not in seen:
                seen.add(process.pid)
                waiting.append((process.pid, process.start))
                yield process


def _born(pid: int) -> Iterator[Process]:
    """Yield the children of a process. Each is looked at before its own are: of one that has stopped all are found."""
    for child in reversed(children(pid)):  # the newest first: it may be gone soon
        if (process := look_at(child)) and process.parent == pid:
            yield process


def _vouched(pid: int, start: int, born: list[Process]) -> list[Process]:
    now = look_at(pid) if born else None
    return born if now and now.start == start else []


def descendants(root: int) -> list[Process]:
    """Return every living process below `root`, parents before children."""
    return [process for process in family(root) if process.is_alive]


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
