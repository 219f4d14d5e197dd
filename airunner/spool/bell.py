"""Two FIFOs: shims ring the server ("this run has news"), the server rings a shim ("read your control log").

A ring is a hint: losing one loses nothing, the files are the truth.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from airunner.base.files import PRIVATE_FILE

STARTED, OUTPUT, EXITED = "s", "o", "x"
_ID_LENGTH = 20
_RECORD = _ID_LENGTH + 3  # "<id> <kind>\n": far below PIPE_BUF, so records of many writers never mix (pipe(7))


def make_fifo(path: Path) -> None:
    """Make a FIFO; fine when it is there."""
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, PRIVATE_FILE)


def open_reader(path: Path) -> int:
    """Open a FIFO for reading without ever seeing an end of file (O_RDWR, fifo(7))."""
    make_fifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def read_rings(descriptor: int) -> Iterator[tuple[str, str]]:
    """Yield each waiting `(run id, kind)`."""
    rest = b""
    while True:
        try:
            data = os.read(descriptor, _RECORD * 2048)
        except BlockingIOError:
            return
        rest += data
        *lines, rest = rest.split(b"\n")
        for line in lines:
            if len(line) == _RECORD - 1:
                yield line[:_ID_LENGTH].decode("ascii", "replace"), chr(line[-1])


class Bell:
    """A shim's end of the server's FIFO; knows how to wait for a server that is away."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None

    def ring(self, run_id: str, kind: str) -> bool:
        """Ring; say False when it should be tried again soon (the FIFO is full)."""
        if self._descriptor is None and not self._open():
            return True
        try:
            os.write(self._descriptor or 0, f"{run_id:{_ID_LENGTH}.{_ID_LENGTH}} {kind}\n".encode())
        except BlockingIOError:
            return False
        except OSError:
            self.close()
        return True

    def close(self) -> None:
        """Let go of the FIFO; the next ring looks for the server again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> bool:
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # ENXIO: no server reads it; ENOENT: there was never one here
            return False
        return True


def nudge(path: Path) -> bool:
    """Ring a shim's control FIFO; say False when no shim listens."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            return False
        raise
    try:
        os.write(descriptor, b"!")
    except BlockingIOError:
        pass  # full: the shim has enough reasons to look
    finally:
        os.close(descriptor)
    return True
