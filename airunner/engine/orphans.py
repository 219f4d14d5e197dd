"""Ends what a dead shim left of its process tree: found by its records, its ancestry and the mark in its environment."""

from __future__ import annotations

import os
import time

from airunner.spool.freeze import end_all
from airunner.spool.layout import Folder
from airunner.spool.procs import Process, boot_id, environment_of, everyone, look_at
from airunner.spool.state import State, read_state

_PAUSE = 0.02
_FREEZE_SECONDS = 0.5


def end_orphans(folder: Folder, seconds: float = 5.0) -> list[int]:
    """End what a dead shim left of its tree; return the pids that could not be ended.

    A process is the run's when its pid and start time are on record; when it started after the shim and its
    environment has the run's RUN_ID; or when its parent or one of its session is the run's: the shim has started a
    session of its own for the command (setsid(2)), and nobody enters another's. Nothing is touched after a reboot.
    """
    state = read_state(folder)
    if state is None or state.boot_id != boot_id():
        return []
    kin = _Kin(folder, state)
    until = time.monotonic() + seconds
    while True:
        end_all(kin.find, _FREEZE_SECONDS)
        left = kin.find()
        if not left or time.monotonic() > until:
            return [process.pid for process in left]
        time.sleep(_PAUSE)


class _Kin:
    """Knows the processes of one run. Who was one stays one, whatever becomes of its parent."""

    def __init__(self, folder: Folder, state: State) -> None:
        self._since = state.shim_start
        self._our_session = os.getsid(0)
        self._mark = b"RUN_ID=" + folder.path.name.encode()
        self._known = _recorded(folder)
        if state.pid is not None and state.pid_start is not None:
            self._known.add((state.pid, state.pid_start))

    def find(self) -> list[Process]:
        """Return those that live. We are none of them, nor is anybody of our session, whatever a record says."""
        alive = [process for process in everyone() if self._may_be(process)]
        self._known.update(process.key for process in alive if self._mark in environment_of(process.pid))
        while True:
            ours = [process for process in alive if process.key in self._known]
            parents = {process.pid: process for process in ours}
            sessions = {process.session: process for process in ours}
            new = [
                process
                for process in alive
                if process.key not in self._known
                and (_is_kin(parents.get(process.parent), process) or _is_kin(sessions.get(process.session), process))
            ]
            if not new:
                return ours
            self._known.update(process.key for process in new)

    def _may_be(self, process: Process) -> bool:
        return process.is_alive and process.start >= self._since and process.session != self._our_session


def _is_kin(known: Process | None, other: Process) -> bool:
    """Say whether `known` is parent or of the session of `other`, also when pids are given to others meanwhile."""
    if known is None or other.session == 0:  # 0 is of another pid namespace
        return False
    before, now, after = look_at(known.pid), look_at(other.pid), look_at(known.pid)
    if not (before and now and after) or not before.start == after.start == known.start or now.start != other.start:
        return False
    return known.pid == now.parent or before.session == now.session == after.session


def _recorded(folder: Folder) -> set[tuple[int, int]]:
    try:
        lines = folder.tree.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return set()
    pairs_of = (line.split() for line in lines)
    return {(int(words[0]), int(words[1])) for words in pairs_of if len(words) == 2 and all(map(str.isdigit, words))}
