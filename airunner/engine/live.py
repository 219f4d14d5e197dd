"""What the engine knows of a run that has a shim, and what it needs of the server's loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

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
