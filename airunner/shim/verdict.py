"""From wait status and cause to the exit record: the status says what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from airunner.shim.stop import name_of
from airunner.spool.procs import Process

KILL, TIMEOUT, MEMORY = "kill", "timeout", "memory"
_STATUS = {KILL: "killed", TIMEOUT: "timeout", MEMORY: "failed"}


def judge(status: int, cause: str | None) -> tuple[str, int, str | None]:
    """Return run status, exit code and signal name for a wait status and the reason we stopped it for, if we did.

    A process ended by signal n has exit code 128+n, as shells say it; a shell's own 128+n names the signal too.
    """
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        code = 128 + number
        named: str | None = name_of(number)
    else:
        code = os.WEXITSTATUS(status)
        named = name_of(code - 128) if code - 128 in _NUMBERS else None
    if cause:
        return _STATUS[cause], code, named
    return ("completed" if code == 0 else "failed"), code, named


_NUMBERS = frozenset(int(number) for number in signal.valid_signals())


def explain(
    cause: str | None,
    by: str,
    minutes: float,
    status: int | None,
    survivors: Sequence[Process],
    out_of_memory: bool,
) -> str | None:
    """Return the record's reason: one or two sentences, or None when the exit code says it all."""
    parts = []
    if cause == KILL:
        parts.append(f"Killed by {by}." if by else "Killed.")
    elif cause == TIMEOUT:
        parts.append(f"Stopped after its timeout of {minutes:g} min.")
    elif cause == MEMORY:
        parts.append("Stopped because its processes used more memory than the profile allows.")
    elif status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL and out_of_memory:
            parts.append("Ended by the kernel, which was out of memory.")
        else:
            parts.append(f"Ended by {name_of(number)}, which airunner did not send.")
    if survivors:
        names = ", ".join(f"{process.pid} ({process.state})" for process in survivors[:10])
        parts.append(f"These processes could not be ended: {names}.")
    return " ".join(parts) or None


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
