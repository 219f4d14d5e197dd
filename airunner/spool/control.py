"""The control log: what the server asks of a shim, appended first and rung for afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airunner.base.files import PRIVATE_FILE, write_all
from airunner.spool.bell import nudge
from airunner.spool.layout import Folder

KILL, INPUT, RESIZE, HELLO = "kill", "input", "resize", "hello"


def send(folder: Folder, op: str, **details: Any) -> bool:
    """Append one order and ring the shim; say whether one listens. Raises OSError when it cannot be written."""
    # A line that a full disk cut off ends here, and takes none of this one with it.
    line = b"\n" + json.dumps({"op": op, **details}).encode() + b"\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(folder.control_log, flags, PRIVATE_FILE)
    try:
        write_all(descriptor, line)
    finally:
        os.close(descriptor)
    return nudge(folder.control_fifo)


class Orders:
    """Reads the orders of a control log, each once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def read(self) -> list[dict[str, Any]]:
        """Return the orders that are new; a line that is not whole waits, one that is broken is passed over."""
        try:
            with self._path.open("rb") as log:
                log.seek(self._position)
                data = log.read()
        except OSError:
            return []  # not there, or out of reach for now: the next ring looks again
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        return [order for line in whole.splitlines() if isinstance(order := _parse(line), dict)]


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
