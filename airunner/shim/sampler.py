"""Looks at the run's process tree: often while it is young or grows, seldom when it is old; holds its limits.

Its memory, and its number of processes where the kernel does not bound it (root, RLIMIT_NPROC), are held by sampling.
"""

from __future__ import annotations

import json
import os
import time

from airunner.base.files import replace_file
from airunner.shim import verdict
from airunner.shim.usage import Usage, memory_of
from airunner.spool import procs
from airunner.spool.layout import Folder
from airunner.spool.procs import Process
from airunner.spool.state import State, write_state

_NEVER = float("inf")
_FIRST_SECONDS = 0.05
_PEEK_SECONDS = 0.1
_WRITE_SECONDS = 0.9
_MEMORY_SECONDS = 0.5  # where memory is limited, no sample is further away than this
_SHARE = 0.01  # of a core, that samples of a tree near its memory limit may cost


class Sampler:
    """Samples one tree, from just before the command's start. Times are monotonic seconds."""

    def __init__(self, folder: Folder, limits: dict[str, int], now: float) -> None:
        self._folder = folder
        self._known: set[tuple[int, int]] = set()
        self._began = now
        self._next_sample = now
        self._wrote = now - _WRITE_SECONDS + _FIRST_SECONDS
        self._newest_pid = 0
        self._most_memory: float = limits.get("memoryMB") or _NEVER
        self._most_processes: float = limits.get("processes") or _NEVER
        self._next_peek = now if limits.get("processes") else _NEVER
        self.usage = Usage(now)
        self.owed: State | None = None
        """A state that the disk did not take yet."""
        self.ran_away = False
        """Whether it had more than twice as many processes as allowed: then it gets no grace."""

    @property
    def due(self) -> float:
        """When to call `look` again."""
        return min(self._next_sample, self._next_peek)

    def end(self) -> None:
        """Sample no more: the command has ended."""
        self._next_sample = self._next_peek = _NEVER

    def look(self, now: float) -> str | None:
        """Do what is due; return verdict.MEMORY or verdict.PROCESSES when the tree has passed that limit."""
        if now >= self._next_peek:
            self._next_peek = now + _PEEK_SECONDS
            if self._may_have_outgrown():
                self._next_sample = now
        if now < self._next_sample:
            return None
        self._newest_pid = procs.newest_pid()
        family = self._walk()
        cost = time.monotonic() - now
        self.usage.sample(family, now)
        self._next_sample = now + self._interval(now - self._began, cost)
        self._record(family, now)
        if self.usage.processes > self._most_processes:
            return verdict.PROCESSES
        return verdict.MEMORY if self.usage.memory_mb > self._most_memory else None

    def allow(self) -> None:
        """Hear that the tree is being stopped: from here on, `outgrows` tells of what it grows beyond today."""
        self._most_memory = max(self._most_memory, self.usage.memory_mb)
        self._most_processes = max(self._most_processes, self.usage.processes)

    def outgrows(self, tree: list[Process]) -> bool:
        """Say whether a tree that is being stopped is past its limits and still grows."""
        return len(tree) > self._most_processes or memory_of(tree) > self._most_memory

    def _may_have_outgrown(self) -> bool:
        """Say whether so many pids were given out since the last sample that the tree can be past its limit."""
        given = procs.newest_pid() - self._newest_pid
        return not 0 <= given <= self._most_processes - self.usage.processes  # they begin again at the low ones

    def _walk(self) -> list[Process]:
        """Return the tree; of one that is far past its limit a part, for it may grow faster than it can be read."""
        far = 2 * self._most_processes
        family = []
        for process in procs.family(os.getpid()):
            family.append(process)
            if len(family) > far and sum(process.is_alive for process in family) > far:
                self.ran_away = True
                break
        return family

    def _interval(self, age: float, cost: float) -> float:
        usual = max(_FIRST_SECONDS, min(1.0, age / 2)) if age < 60 else 2.0 if age < 600 else 5.0
        if self._most_memory == _NEVER:
            return usual
        near = self.usage.memory_mb > self._most_memory / 2
        return min(usual, max(_PEEK_SECONDS, cost / _SHARE) if near else _MEMORY_SECONDS)

    def _record(self, family: list[Process], now: float) -> None:
        new = [process.key for process in family if process.key not in self._known]
        try:
            if self.owed:
                write_state(self._folder, self.owed, durable=False)
                self.owed = None
            if new:
                with self._folder.tree.open("a", encoding="ascii") as file:
                    file.writelines(f"{pid} {start}\n" for pid, start in new)
                self._known.update(new)
            if now - self._wrote >= _WRITE_SECONDS:
                self._wrote = now
                replace_file(self._folder.usage, json.dumps(self.usage.live()).encode(), durable=False)
        except OSError:
            pass  # a full disk costs samples, nothing else
