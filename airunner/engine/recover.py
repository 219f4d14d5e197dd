"""At boot: what a run's folder says about its shim. The lock is the proof of life, a pid is not."""

from __future__ import annotations

import contextlib
import os
from enum import StrEnum
from pathlib import Path

from airunner.domain.record import Doc
from airunner.spool.layout import Folder
from airunner.spool.procs import look_at


class Found(StrEnum):
    """What a folder can say."""

    NEVER_STARTED = "never started"
    BURIED = "closed before it began"
    ALIVE = "alive"
    ENDED = "ended"
    LOST = "lost"


def inspect(folder: Folder) -> Found:
    """Read a folder's fate. The exit record is looked for last but one: it is written under the lock."""
    if folder.is_locked():
        return Found.ALIVE
    if folder.exit.exists():
        return Found.ENDED
    if folder.state.exists():
        return Found.LOST
    return Found.BURIED if folder.epitaph() else Found.NEVER_STARTED


def open_command(run: Doc) -> int | None:
    """Return a pidfd of a run's command, known by the `RUN_ID` it was started with; None when it runs no more.

    For a run whose folder cannot tell of it: its disk may not be mounted yet.
    """
    if run["pid"] is None:
        return None
    try:
        descriptor = os.pidfd_open(run["pid"])
    except OSError:
        return None
    try:
        known = Path(f"/proc/{run['pid']}/environ").read_bytes().split(b"\0")
    except OSError:
        known = []
    if f"RUN_ID={run['runId']}".encode() in known:
        return descriptor
    os.close(descriptor)
    return None


def open_keeper(run: Doc) -> int | None:
    """Return a pidfd of the shim of a run whose folder is out of reach; of its command, where no shim can be told.

    A shim is the parent of its command, and has the run's folder as its working directory, also when that was deleted.
    """
    command, before = open_command(run), look_at(run["pid"] or 0)
    if command is None or before is None:
        return command
    try:
        shim = os.pidfd_open(before.parent)
    except OSError:
        return command
    with contextlib.suppress(OSError):
        place, after = Path(f"/proc/{before.parent}/cwd").readlink(), look_at(before.pid)
        if str(place).removesuffix(" (deleted)") == run["folder"] and after and after.parent == before.parent:
            command, shim = shim, command
    os.close(shim)
    return command


def has_command(run: Doc) -> bool:
    """Say whether a run's command lives, whatever its folder says."""
    descriptor = open_command(run)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True
