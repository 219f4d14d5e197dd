"""From wait status and cause to the exit record: the status says what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence

from airunner.shim.stop import name_of
from airunner.spool.procs import Process

KILL, TIMEOUT, MEMORY = "kill", "timeout", "memory"
_OVER_LIMIT: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("cpuSeconds", "used more CPU time"),
    signal.SIGXFSZ: ("fileSizeMB", "wrote a larger file"),
}
_NUMBERS = frozenset(int(number) for number in signal.valid_signals())
_STATUS = {KILL: "killed", TIMEOUT: "timeout", MEMORY: "failed"}


def judge(status: int, cause: str | None) -> tuple[str, int, str | None]:
    """Return run status, exit code and signal name for a wait status and the reason we stopped it for, if we did.

    A process ended by signal n has exit code 128+n, as shells say it; a shell's own 128+n names the signal too.
    """
    number = _signal_of(status)
    code = 128 + number if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    named = name_of(number) if number else None
    if cause:
        return _STATUS[cause], code, named
    return ("completed" if code == 0 else "failed"), code, named


def explain(
    cause: str | None,
    by: str,
    minutes: float,
    status: int | None,
    survivors: Sequence[Process],
    out_of_memory: bool,
    limits: Mapping[str, int],
) -> str | None:
    """Return the record's reason: one or two sentences, or None when the exit code says it all."""
    parts = []
    if cause == KILL:
        parts.append(f"Killed by {by}." if by else "Killed.")
    elif cause == TIMEOUT:
        parts.append(f"Stopped after its timeout of {minutes:g} min.")
    elif cause == MEMORY:
        parts.append("Stopped because its processes used more memory than the profile allows.")
    elif status is not None and (why := _ended_by(status, out_of_memory, limits)):
        parts.append(why)
    if survivors:
        names = ", ".join(f"{process.pid} ({process.state})" for process in survivors[:10])
        parts.append(f"These processes could not be ended: {names}.")
    return " ".join(parts) or None


def _signal_of(status: int) -> int:
    """Return the number of the signal that a wait status tells of, itself or in a shell's words; 0 for none."""
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    number = os.WEXITSTATUS(status) - 128
    return number if number in _NUMBERS else 0


def _ended_by(status: int, out_of_memory: bool, limits: Mapping[str, int]) -> str | None:
    number = _signal_of(status)
    limit, did = _OVER_LIMIT.get(number, ("", ""))
    if limit in limits:
        return f"Ended because a process {did} than the profile allows ({limit}: {limits[limit]})."
    if not os.WIFSIGNALED(status):
        return None
    if number == signal.SIGKILL and out_of_memory:
        return "Ended by the kernel, which was out of memory."
    return f"Ended by {name_of(number)}, which airunner did not send."


def oom_kills() -> int:
    """Return how many processes the kernel has killed for memory since boot (proc(5), vmstat)."""
    try:
        with open("/proc/vmstat", "rb") as file:
            for line in file:
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
