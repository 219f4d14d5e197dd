"""What the engine knows of a run that has a shim, and what it needs of the server's loop."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from airunner.domain.record import Doc
from airunner.spool.layout import Folder


class Watcher(Protocol):
    """The server's loop, as far as the engine needs it."""

    def call_soon(self, action: Callable[[], None]) -> None:
        """Run `action` in the loop's thread."""

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back in the loop's thread whenever the descriptor is readable."""

    def unwatch(self, descriptor: int) -> None:
        """Stop watching."""


@dataclass(slots=True)
class Live:
    """A run with a shim."""

    run_id: str
    folder: Folder
    ends_by: float
    """Monotonic time after which the server itself ends shim and tree."""
    pidfd: int | None = None
    started: bool = False
    ended_as: tuple[str, str] | None = None
    """Status and reason, when it was the server that ended a shim which could not be asked."""

    def shim_is_gone(self) -> bool:
        """Say whether the shim has ended; one that was never seen counts as gone."""
        if self.pidfd is None:
            return True
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        return bool(poller.poll(0))


def forget_pidfd(watcher: Watcher, pidfd: int) -> None:
    """Stop watching a shim and close its descriptor, both in the loop's thread: it may be in the selector still."""

    def forget() -> None:
        watcher.unwatch(pidfd)
        os.close(pidfd)

    watcher.call_soon(forget)


def facts(run: Doc) -> dict[str, Any]:
    """Return what a run's `run.json` says of it: nothing secret, and no prompt."""
    names = ("runId", "agentProfileName", "workingDirectory", "timeout", "cols", "rows", "requiresTTY", "node")
    return {name: run.get(name) for name in names}
