"""Moments in a run's life, seen from outside: in its folder's files and in /proc."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers import proc
from tests.helpers.server import House

MOMENTS = (
    "queued",
    "folder",
    "run.json",
    "lock",
    "exit.draft",
    "state.json",
    "spawned",
    "output",
    "ended",
    "exit.json",
)
"""In their order: folder made (claimed), spec sent (the shim takes its lock), command spawned, its end, its record."""


class Watch:
    """Knows the run folders of a house, and waits for the next one to come to some moment."""

    def __init__(self, house: House) -> None:
        self._root = house.data / "runs"

    def known(self) -> set[str]:
        """Return the ids of the runs that have a folder."""
        return {run_id for month in _names(self._root) for run_id in _names(self._root / month)}

    def folder(self, run_id: str) -> Path | None:
        """Return a run's folder."""
        return next((path for month in _names(self._root) if (path := self._root / month / run_id).is_dir()), None)

    def next(self, known: set[str], moment: str, patience: float) -> Path | None:
        """Wait until a run that is not `known` comes to a moment; return its folder, None when none does."""
        until = time.monotonic() + patience
        folder = _spin(lambda: self._new(known), until)
        if folder is None or moment == "folder":
            return folder
        return folder if _spin(lambda: _has_come(folder, moment), until) else None

    def _new(self, known: set[str]) -> Path | None:
        for month in _names(self._root):
            new = sorted(set(_names(self._root / month)) - known)
            if new:
                return self._root / month / new[0]
        return None


def state_of(folder: Path) -> dict[str, Any]:
    """Return who runs the command, empty while nobody does."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((folder / "state.json").read_bytes()))
    return {}


def shim_of(folder: Path, nursery: int | None) -> int | None:
    """Return the pid of the living shim that has the folder: by its record, or by the lock that it has open."""
    state = state_of(folder)
    if state:
        pid = int(state["shim_pid"])
        return pid if proc.started(pid) == state["shim_start"] and proc.is_alive(pid) else None
    lock = str(folder / "lock")
    return next((pid for pid in proc.children(nursery or 0) if lock in _open_files(pid)), None)


def _has_come(folder: Path, moment: str) -> bool:
    if moment == "spawned":
        return bool(state_of(folder).get("pid"))
    if moment == "output":
        return any(name.startswith("output.") and os.path.getsize(folder / name) for name in _names(folder))
    if moment == "ended":
        pid = state_of(folder).get("pid")
        return bool(pid) and (not proc.is_alive(pid) or (folder / "exit.json").exists())
    return (folder / moment).exists()


def _spin(check: Callable[[], Any], until: float) -> Any:
    """Look again and again without a pause: these moments last for microseconds."""
    while time.monotonic() < until:
        found = check()
        if found:
            return found
    return None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _open_files(pid: int) -> set[str]:
    found = set()
    for number in _names(Path(f"/proc/{pid}/fd")):
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    return found
