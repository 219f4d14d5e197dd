"""Which store the houses of the tests have: SQLite, or with AIRUNNER_TEST_STORE=mongodb a database on a real mongod."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.helpers.mongod import ReplicaSet

IS_MONGODB = os.environ.get("AIRUNNER_TEST_STORE", "sqlite") == "mongodb"


class Databases:
    """Databases of one replica set, which starts with the first of them and ends with this process."""

    def __init__(self) -> None:
        self._running: ReplicaSet | None = None
        self._free: list[str] = []
        self._count = 0

    def lend(self) -> str:
        """Return the URL of an empty database."""
        running = self._running or self._start()
        if self._free:
            return self._free.pop()
        self._count += 1
        return running.url(f"house{self._count}")

    def give_back(self, url: str) -> None:
        """Empty a database, and keep it for the next house: making its indexes takes a while."""
        assert self._running is not None
        self._running.empty(url.rpartition("/")[2].partition("?")[0])
        self._free.append(url)

    def _start(self) -> ReplicaSet:
        folder = Path(tempfile.mkdtemp(prefix="mongod-"))
        self._running = ReplicaSet(folder, 1)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(self._running.stop)
        self._running.start()
        return self._running


databases = Databases()
