"""One server a store, also where the store is on another machine: who has it says so again and again."""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

from airunner.base.errors import AirunnerError, Conflict
from airunner.base.files import replace_file
from airunner.base.log import logger, pairs
from airunner.store.contract import Store

AGAIN_SECONDS = 10.0
_HELD_SECONDS = 3 * AGAIN_SECONDS
_log = logger("app")


class Holding:
    """The hold of one data folder on a store; the same folder takes it over at once after a crash."""

    def __init__(self, store: Store, data: Path, deed: str = "") -> None:
        """`deed` stands before the folder where others are told of it."""
        self._store = store
        self._holder = _own_id(data / "server.id")
        self._name = f"{deed}{socket.gethostname()}:{data}"

    def take(self, seconds: float = _HELD_SECONDS) -> None:
        """Take the store for some seconds; raise Conflict when another one has it, Busy when it does not answer."""
        other = self._store.hold(self._holder, self._name, seconds)
        if other is not None:
            raise Conflict(
                f"Another airunner server ({other}) has the store. Stop it first, or give this one a database of its own. "
                "If it was killed, its own data folder can go on at once, others half a minute later, an hour after a copy."
            )

    def keep(self) -> bool:
        """Take it once more; say whether it is ours still, as far as is known."""
        try:
            self.take()
        except Conflict as error:
            _log.error("the store was taken over while it could not be reached%s", pairs(error=error))
            return False
        except AirunnerError as error:
            _log.debug("store not held on to%s", pairs(error=error))
        return True

    def release(self) -> None:
        """Let others have it."""
        with contextlib.suppress(AirunnerError):
            self._store.hold(self._holder, self._name, 0)


def _own_id(path: Path) -> str:
    """Return the id of a data folder, which is made with it; raise OSError."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii", "replace")
    own = secrets.token_hex(16)
    replace_file(path, own.encode())
    return own
