"""What the process tree uses: sampled while it runs, summed up at the end (getrusage(2))."""

from __future__ import annotations

import resource

from airunner.spool.procs import Process

_MB = 1024 * 1024
_SHORTEST_SPAN = 0.5  # seconds: over less, a clock of ten milliseconds says little of percents


class Usage:
    """Collects samples of one tree; memory in MB (2^20 bytes), CPU in seconds and in percent of one core.

    Make it before the command is forked: a child's peak memory begins with what it was forked with (fork(2)).
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._inherited = _peak_mb(resource.RUSAGE_SELF)
        self._peak_memory = 0.0
        self._peak_processes = 0
        self._peak_percent = 0.0
        self._percent = 0.0
        self._cpu = 0.0
        self._last = (now, 0.0)
        self.memory_mb = 0.0
        """Resident memory of the tree at the last sample."""
        self.processes = 0
        """How many there were at the last sample."""
        self.busiest_seconds = 0.0
        """The most CPU time that one process was seen to have used by itself."""

    def sample(self, family: list[Process], now: float) -> None:
        """Take in one look at the tree, those that ended and are not reaped too, at monotonic time `now`."""
        # What was reaped in between by a process that ended and ignored its children is lost: never go back.
        seen = sum(process.cpu_seconds + process.reaped_seconds for process in family)
        self._cpu = max(self._cpu, _reaped_cpu() + seen)
        then, before = self._last
        if now - then >= _SHORTEST_SPAN:
            self._percent = (self._cpu - before) / (now - then) * 100
            self._peak_percent = max(self._peak_percent, self._percent)
            self._last = (now, self._cpu)
        self.memory_mb = memory_of(family)
        self.processes = sum(process.is_alive for process in family)
        self.busiest_seconds = max([self.busiest_seconds, *(process.cpu_seconds for process in family)])
        self._peak_memory = max(self._peak_memory, self.memory_mb)
        self._peak_processes = max(self._peak_processes, self.processes)

    def live(self) -> dict[str, float]:
        """Return the newest sample."""
        return {
            "cpuPercent": round(self._percent, 1),
            "memoryMB": round(self.memory_mb, 1),
            "peakMemoryMB": round(self._peak_memory, 1),
            "cpuSeconds": round(self._cpu, 2),
            "processes": self.processes,
        }

    def total(self, now: float) -> dict[str, float]:
        """Return the sums and peaks; call it when the tree has been reaped, at monotonic time `now`."""
        # Of the largest single process, even if it lived shorter than a sample. What is not above our own peak may
        # have been ours when we forked: it counts only where nothing better is known.
        largest = _peak_mb(resource.RUSAGE_CHILDREN)
        counts = largest > self._inherited or not self._peak_memory
        cpu = max(self._cpu, _reaped_cpu())
        mean = cpu / max(now - self._began, 0.01) * 100
        return {
            "peakMemoryMB": round(max(self._peak_memory, largest if counts else 0.0), 1),
            "cpuSeconds": round(cpu, 2),
            "peakCpuPercent": round(max(self._peak_percent, mean), 1),
            "peakProcesses": max(self._peak_processes, 1),
        }


def memory_of(family: list[Process]) -> float:
    """Return the resident memory of some processes in MB; what they share counts for each."""
    return sum(process.memory_bytes for process in family) / _MB


def _peak_mb(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def _reaped_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
