"""What the process tree uses: sampled while it runs, summed up at the end (getrusage(2))."""

from __future__ import annotations

import resource

from airunner.spool.procs import Process

_MB = 1024 * 1024


class Usage:
    """Collects samples of one tree; memory in MB (2^20 bytes), CPU in seconds and in percent of one core."""

    def __init__(self, now: float) -> None:
        self._peak_memory = 0.0
        self._peak_processes = 0
        self._peak_percent = 0.0
        self._percent = 0.0
        self._memory = 0.0
        self._processes = 0
        self._last = (now, 0.0)

    def sample(self, tree: list[Process], now: float) -> None:
        """Take in one look at the tree at monotonic time `now`."""
        cpu = _reaped_cpu() + sum(process.cpu_seconds for process in tree)
        then, before = self._last
        if now - then > 0.05:
            self._percent = max(0.0, (cpu - before) / (now - then) * 100)
            self._peak_percent = max(self._peak_percent, self._percent)
            self._last = (now, cpu)
        self._memory = sum(process.memory_bytes for process in tree) / _MB
        self._processes = len(tree)
        self._peak_memory = max(self._peak_memory, self._memory)
        self._peak_processes = max(self._peak_processes, self._processes)

    @property
    def memory_mb(self) -> float:
        """Resident memory of the tree at the last sample."""
        return self._memory

    def live(self) -> dict[str, float]:
        """Return the newest sample."""
        return {
            "cpuPercent": round(self._percent, 1),
            "memoryMB": round(self._memory, 1),
            "peakMemoryMB": round(self._peak_memory, 1),
            "cpuSeconds": round(self._last[1], 2),
            "processes": self._processes,
        }

    def total(self) -> dict[str, float]:
        """Return the sums and peaks; call it when the tree has been reaped."""
        # ru_maxrss (KB) is of the largest single process: it knows what lived shorter than a sample.
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return {
            "peakMemoryMB": round(max(self._peak_memory, largest), 1),
            "cpuSeconds": round(max(_reaped_cpu(), self._last[1]), 2),
            "peakCpuPercent": round(self._peak_percent, 1),
            "peakProcesses": max(self._peak_processes, 1),
        }


def _reaped_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
