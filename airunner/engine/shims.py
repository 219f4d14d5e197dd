"""Everything that talks to a shim: start one through the nursery, order it, look after one that is gone."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from airunner.base.errors import Busy
from airunner.base.files import make_private_folder, replace_file
from airunner.base.log import logger, pairs
from airunner.spool import control
from airunner.spool.layout import Folder
from airunner.spool.procs import boot_id, look_at
from airunner.spool.spec import Spec, pack
from airunner.spool.state import State

_SPEC_SECONDS = 10.0
_MORE_NURSERIES = 2
_PIPE_BYTES = 1024 * 1024
_log = logger("engine")


class Newborn(Protocol):
    """A shim that was just forked."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def pidfd(self) -> int:
        """A descriptor that names it (pidfd_open(2)); the taker closes it."""


class NurseryHandle(Protocol):
    """What the engine needs of the nursery."""

    def fork_shim(self, spec_pipe: int) -> Newborn:
        """Have a shim forked that reads its spec from the pipe."""

    def close(self) -> None:
        """Let the nursery end."""

    def end(self) -> None:
        """End it now, whatever state it is in, and collect it."""


class Shims:
    """Starts shims. `new_nursery` makes another nursery when the present one has ended."""

    def __init__(self, nursery: NurseryHandle, new_nursery: Callable[[], NurseryHandle]) -> None:
        self._nursery: NurseryHandle | None = nursery
        self._new_nursery = new_nursery
        self._lock = threading.Lock()

    def start(self, spec: Spec, facts: Mapping[str, Any]) -> int:
        """Make the run's folder and start its shim; return a pidfd of the shim.

        `facts` becomes the folder's `run.json`. Raises OSError when the folder or the process cannot be made.
        """
        folder = Folder(Path(spec.folder))
        make_private_folder(folder.path)
        replace_file(folder.run_json, json.dumps(facts, indent=1).encode(), durable=False)
        with self._lock:
            newborn, write = self._fork()
        try:
            _write_spec(write, pack(spec))
        except OSError:
            os.close(newborn.pidfd)
            raise
        finally:
            os.close(write)
        return newborn.pidfd

    def close(self) -> None:
        """Let the nursery end; the shims live on."""
        if self._nursery:
            self._nursery.close()

    def _fork(self) -> tuple[Newborn, int]:
        """Have a shim forked; return it and the descriptor that takes its spec.

        Without its spec a shim starts nothing, so asking again does no harm.
        """
        for _ in range(_MORE_NURSERIES):
            try:
                return self._ask()
            except (ConnectionError, TimeoutError) as error:
                _log.warning("nursery ended, starting another%s", pairs(error=error))
                if self._nursery:
                    self._nursery.end()
                self._nursery = None  # also when no other one can be made now
        return self._ask()

    def _ask(self) -> tuple[Newborn, int]:
        self._nursery = self._nursery or self._new_nursery()
        # A pipe for each asking: a nursery may have forked a shim before it ended, and that one reads its pipe, too.
        read, write = os.pipe()
        try:
            return self._nursery.fork_shim(read), write
        except BaseException:
            os.close(write)
            raise
        finally:
            os.close(read)


def order_kill(folder: Folder, by: str) -> bool:
    """Ask a run's shim to end it; say False when the folder does not take the order."""
    try:
        control.send(folder, control.KILL, by=by)
    except OSError as error:
        _log.warning("order not written%s", pairs(folder=folder.path, error=error))
        return False
    return True


def type_into(folder: Folder, data: bytes) -> bool:
    """Give bytes to a run's terminal; say False when its shim has ended. Raises Busy when they cannot be written."""
    try:
        return control.send(folder, control.INPUT, data=base64.b64encode(data).decode())
    except OSError as error:
        raise Busy(f"The input could not be handed over: {error.strerror}.") from error


def wake(folder: Folder) -> None:
    """Tell an adopted shim that there is a server again."""
    with contextlib.suppress(OSError):
        control.send(folder, control.HELLO)


def open_pidfd(state: State) -> int | None:
    """Return a pidfd of the shim that `state` names, None when that process is no more."""
    if state.boot_id != boot_id():
        return None
    try:
        descriptor = os.pidfd_open(state.shim_pid)
    except OSError:
        return None
    process = look_at(state.shim_pid)
    if process is None or process.start != state.shim_start:
        os.close(descriptor)
        return None
    return descriptor


def _write_spec(pipe: int, frame: bytes) -> None:
    """Write the whole frame to a shim that reads it at once; raise TimeoutError when it does not."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, min(_PIPE_BYTES, max(4096, len(frame))))
    os.set_blocking(pipe, False)
    poller = select.poll()
    poller.register(pipe, select.POLLOUT)
    until = time.monotonic() + _SPEC_SECONDS
    view = memoryview(frame)
    while view:
        try:
            view = view[os.write(pipe, view) :]
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError("the shim did not read its orders") from None
            poller.poll(100)
