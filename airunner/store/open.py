"""The door to the stores: picks one by its URL and imports no other."""

from __future__ import annotations

from pathlib import Path

from airunner.base.clock import Clock
from airunner.base.errors import Invalid
from airunner.store.contract import Store

FILE_NAME = "airunner.db"


def is_there(url: str, data_folder: Path) -> bool:
    """Say whether there is a store already, as far as that can be known without opening it."""
    scheme, _, rest = url.strip().partition(":")
    return scheme != "sqlite" or _file(rest, data_folder).exists()


def open_store(url: str, *, data_folder: Path, clock: Clock, filling: bool = False) -> Store:
    """Open the store that `url` names, and make it when it is not there.

    `sqlite` is the file airunner.db in the data folder, `sqlite:PATH` another one (relative to the working directory);
    `mongodb://` and `mongodb+srv://` are addresses as pymongo has them.
    `filling` opens an empty one to copy another into it (`Store.filled`). Raises Invalid for what cannot be opened, Busy
    when another process holds it.
    """
    scheme, _, rest = url.strip().partition(":")
    if scheme == "sqlite":
        from airunner.store.sqlite import SqliteStore

        return SqliteStore(_file(rest, data_folder), clock, filling=filling)
    if scheme in ("mongodb", "mongodb+srv"):
        try:
            from airunner.store.mongo import MongoStore
        except ImportError as error:
            raise Invalid(f"The store needs pymongo, which is in airunner.pyz; here it is missing: {error}.") from error
        return MongoStore(url.strip(), clock, filling=filling)
    raise Invalid(f"The store must be sqlite, sqlite:PATH or a mongodb:// address; it is {scheme!r}.")


def _file(path: str, data_folder: Path) -> Path:
    if path.startswith("//"):
        path = path.removeprefix("//")  # sqlite:///srv/a.db, as other programs write it
    return Path(path).absolute() if path else data_folder / FILE_NAME
