"""What the engine knows of a run that has a shim, and what it needs of the server's loop."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from airunner.domain.record import Doc
from airunner.engine.orphans import end_orphans
from airunner.spool.layout import Folder
from airunner.spool.procs import Process, descendants, send, send_pidfd_kill


class Watcher(Protocol):
    """The server's loop, as far as the engine needs it."""

    def call_soon(self, action: Callable[[], None]) -> None:
        """Run `action` in the loop's thread."""

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back in the loop's thread whenever the descriptor is readable."""

    def unwatch(self, descriptor: int) -> None:
        """Stop watching."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the engine waits, in seconds."""

    sweep: float = 15.0
    """Between two looks at every live run."""
    overdue: float = 20.0
    """Behind deadline and grace: the shim's own SIGKILL phase is 10 s; what outlives that is ours to end."""


USUAL = Waits()
_LONGEST_GRACE = 600.0  # until a run's own is known


@dataclass(slots=True)
class Live:
    """A run with a shim."""

    run_id: str
    folder: Folder
    ends_by: float
    """Monotonic time after which the server itself ends shim and tree."""
    grace: float = _LONGEST_GRACE
    """Seconds that its processes have to end when they are told to."""
    pidfd: int | None = None
    started: bool = False
    directory: str = ""
    schedule_id: str | None = None
    ended_as: tuple[str, str] | None = None
    """Status and reason, should the shim come to its end without an exit record: it was told to end, or was ended."""

    @staticmethod
    def of(run: Doc, ends_by: float) -> Live:
        """Return what is known of a run before its shim is."""
        folder = Folder(Path(run["folder"]))
        return Live(run["runId"], folder, ends_by, directory=run["workingDirectory"], schedule_id=run["scheduleId"])

    def shim_is_gone(self) -> bool:
        """Say whether the shim has ended; one that was never seen counts as gone."""
        if self.pidfd is None:
            return True
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        return bool(poller.poll(0))


def end_shim(live: Live) -> None:
    """End a shim that cannot be asked, and its tree; that it is gone is then seen as for any other."""
    tree: list[Process] = []
    if live.pidfd is not None:
        shim = _pid_of(live.pidfd)
        tree = descendants(shim)
        if _pid_of(live.pidfd) != shim:
            tree = []  # it was reaped meanwhile, and its pid can be another's
        send_pidfd_kill(live.pidfd)
    end_orphans(live.folder)
    for process in tree:  # a folder that is gone tells of nobody
        send(process, signal.SIGKILL)


def go_on(live: Live) -> None:
    """Let a shim that somebody has stopped obey; to any other it means nothing (signal(7), SIGCONT)."""
    if live.pidfd is not None:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(live.pidfd, signal.SIGCONT)


def _pid_of(pidfd: int) -> int:
    """Return the pid behind a pidfd (pidfd_open(2), fdinfo); -1 when that process is reaped."""
    text = Path(f"/proc/self/fdinfo/{pidfd}").read_text("ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pid:"))


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
