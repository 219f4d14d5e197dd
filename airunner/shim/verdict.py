"""From wait status and cause to the exit record: the status says what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from airunner.shim.stop import name_of
from airunner.spool.procs import Process

KILL, TIMEOUT, MEMORY, PROCESSES = "kill", "timeout", "memory", "processes"
_OVER_LIMIT: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("cpuSeconds", "used more CPU time"),
    signal.SIGXFSZ: ("fileSizeMB", "wrote a larger file"),
}
_NUMBERS = frozenset(int(number) for number in signal.valid_signals())
_STATUS = {KILL: "killed", TIMEOUT: "timeout", MEMORY: "failed", PROCESSES: "failed"}
_MOST_NAMES = 10


@dataclass(slots=True)
class Outcome:
    """How a command ended, as the shim saw it."""

    status: int = 0
    """Of wait(2)."""
    cause: str | None = None
    """Why we stopped it, if we did."""
    by: str = ""
    """Who asked for that."""
    duration: float = 0.0
    survivors: list[Process] = field(default_factory=list)
    lost_output: bool = False
    out_of_memory: bool = False
    """Whether the kernel killed anything for memory meanwhile."""
    busiest_seconds: float = 0.0
    """The most CPU time that one of its processes was seen to have used."""
    cpu_seconds: float = 0.0
    """The CPU time of all of them."""


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


def explain(outcome: Outcome, minutes: float, limits: Mapping[str, int]) -> str | None:
    """Return the record's reason: a few sentences, or None when the exit code says it all.

    `minutes` is the run's timeout, `limits` the profile's.
    """
    parts = [_stopped(outcome, minutes, limits) if outcome.cause else _ended(outcome, limits)]
    if outcome.survivors:
        names = ", ".join(f"{process.pid} ({process.state})" for process in outcome.survivors[:_MOST_NAMES])
        more = len(outcome.survivors) - _MOST_NAMES
        parts.append(f"These processes could not be ended: {names}{f' and {more} more' if more > 0 else ''}.")
    if outcome.lost_output:
        parts.append("The end of the output was lost: the disk was full.")
    return " ".join(filter(None, parts)) or None


def _signal_of(status: int) -> int:
    """Return the number of the signal that a wait status tells of, itself or in a shell's words; 0 for none."""
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    number = os.WEXITSTATUS(status) - 128
    return number if number in _NUMBERS else 0


def _stopped(outcome: Outcome, minutes: float, limits: Mapping[str, int]) -> str:
    if outcome.cause == KILL:
        return f"Killed by {outcome.by}." if outcome.by else "Killed."
    if outcome.cause == TIMEOUT:
        return f"Stopped after its timeout of {minutes:g} min."
    if outcome.cause == PROCESSES:
        return f"Stopped because it had more than {limits['processes']} processes (the profile's limit)."
    return f"Stopped because its processes used more than {limits['memoryMB']} MB of memory (the profile's limit)."


def _ended(outcome: Outcome, limits: Mapping[str, int]) -> str | None:
    number = _signal_of(outcome.status)
    if number == signal.SIGKILL and outcome.busiest_seconds >= limits.get("cpuSeconds", float("inf")):
        number = signal.SIGXCPU  # it did not heed that one, so the kernel sent the other (setrlimit(2))
    limit, did = _OVER_LIMIT.get(number, ("", ""))
    if limit in limits and (os.WIFSIGNALED(outcome.status) or _was_used_up(outcome, limit, limits)):
        return f"Ended because a process {did} than the profile allows ({limit}: {limits[limit]})."
    if number == signal.SIGKILL and outcome.out_of_memory:
        return "Ended by the kernel, which was out of memory."
    return f"Ended by {name_of(number)}, which airunner did not send." if os.WIFSIGNALED(outcome.status) else None


def _was_used_up(outcome: Outcome, limit: str, limits: Mapping[str, int]) -> bool:
    """Whether 128+n is a shell's word for that limit: any program may end with such a number."""
    # For the limit the kernel counts ticks, some of which were somebody else's in part; the time used it knows exactly.
    return limit == "cpuSeconds" and outcome.cpu_seconds >= 0.5 * limits[limit]


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
