"""Opens two stores while no server of the data folder runs, and copies one into the other."""

from __future__ import annotations

import contextlib
import os

from airunner.app.holding import Holding
from airunner.base.clock import Clock
from airunner.base.errors import Conflict, Invalid
from airunner.base.files import make_private_folder, take_lock
from airunner.config import Config
from airunner.engine.transfer import transfer
from airunner.store.open import is_there, open_store

_AT_MOST_SECONDS = 3600.0


def copy_store(config: Config, source: str, target: str, clock: Clock) -> dict[str, int]:
    """Copy everything from one store into another, empty one; return how many of each kind.

    Raises Conflict while a server uses the data folder or one of the stores, Invalid for a store that cannot be opened,
    and as `engine.transfer`.
    """
    if not is_there(source, config.data):
        raise Invalid(f"There is no store {source} to copy from; name its file, or its data folder with --data.")
    os.umask(0o077)
    make_private_folder(config.data)
    held = take_lock(config.data / "server.lock")
    if held is None:
        raise Conflict(f"A server uses the data folder {config.data}; stop it first. Its runs go on meanwhile.")
    try:
        with contextlib.ExitStack() as stack:
            opened = []
            for url, filling in ((source, False), (target, True)):
                opened.append(open_store(url, data_folder=config.data, clock=clock, filling=filling))
                stack.callback(opened[-1].close)
                holding = Holding(opened[-1], config.data, "copying from ")
                holding.take(_AT_MOST_SECONDS)
                stack.callback(holding.release)
            return transfer(opened[0], opened[1], config.data)
    finally:
        os.close(held)
