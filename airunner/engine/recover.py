"""At boot: what a run's folder says about its shim. The lock is the proof of life, a pid is not."""

from __future__ import annotations

from enum import StrEnum

from airunner.spool.layout import Folder


class Found(StrEnum):
    """The four things a folder can say."""

    NEVER_STARTED = "never started"
    ALIVE = "alive"
    ENDED = "ended"
    LOST = "lost"


def inspect(folder: Folder) -> Found:
    """Read a folder's fate. The exit record is looked for last but one: it is written under the lock."""
    if folder.is_locked():
        return Found.ALIVE
    if folder.exit.exists():
        return Found.ENDED
    return Found.LOST if folder.state.exists() else Found.NEVER_STARTED
