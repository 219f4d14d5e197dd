"""What /proc says about processes; none of these functions fails because a process has just ended."""

from __future__ import annotations

from pathlib import Path


def state(pid: int) -> str | None:
    """Return the state letter of proc(5) (`R`, `S`, `Z` …), or None when there is no such process."""
    fields = _stat(pid)
    return fields[0] if fields else None


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    return state(pid) not in (None, "Z", "X")


def started(pid: int) -> int | None:
    """Return the start time in ticks since boot: with the pid, it names one process for ever."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def parent(pid: int) -> int | None:
    """Return the pid of a process's parent."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def children(pid: int) -> list[int]:
    """Return the direct children of a process."""
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        for task in tasks:
            found += [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        return found
    return found


def descendants(pid: int) -> list[int]:
    """Return all processes below a process, parents first."""
    found: list[int] = []
    waiting = children(pid)
    while waiting:
        child = waiting.pop(0)
        found.append(child)
        waiting += children(child)
    return found


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process; empty for a zombie or none."""
    try:
        return [part.decode("utf-8", "replace") for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")][:-1]
    except OSError:
        return []


def find(text: str) -> list[int]:
    """Return the running processes with `text` in one of their arguments."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if any(text in part for part in command_line(pid))]


def memory_mb(pid: int) -> float:
    """Return the private memory of a process in MB (smaps_rollup: Private_Clean and Private_Dirty)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on: the name before them may hold blanks and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
