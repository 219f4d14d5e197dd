"""MongoDB under faults: three members, of which the primary dies, steps down, or all stop; and what must be in it after."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from airunner.spool.rawlog import whole_records
from tests.chaos.audit import Findings
from tests.chaos.load import Ledger
from tests.helpers.mongod import Mongod, ReplicaSet
from tests.helpers.wait import until

NAME = "chaos"
LONGEST_PAUSE = 4.0
FAULTS = {
    "primary killed": 8,
    "primary stepped down": 5,
    "primary stopped for a while": 3,
    "secondary killed": 2,
    "database stopped for a while": 3,
    "database away": 3,
}
"""What may happen to the database, and how often in relation to the rest."""


class Database:
    """A replica set of three, and its faults; each says whether it happened, and leaves three members that run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._set = ReplicaSet(folder, 3)
        self._chance = random.Random(seed)
        self.url = self._set.url(NAME)

    def __enter__(self) -> Database:
        self._set.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._set.stop()

    def primary_killed(self) -> bool:
        """End the primary as a power cut would, and start it again a while later."""
        return self._on_primary(self._kill)

    def primary_stepped_down(self) -> bool:
        """Have another member become primary."""
        return self._on_primary(step_down)

    def primary_stopped_for_a_while(self) -> bool:
        """Let the primary hang, so that another member takes its place or not."""
        return self._on_primary(lambda member: self._pause([member]))

    def secondary_killed(self) -> bool:
        """End another member."""
        primary = self._set.primary()
        self._kill(self._chance.choice([member for member in self._set.members if member is not primary]))
        return True

    def database_stopped_for_a_while(self) -> bool:
        """Let all members hang: connections stay, nothing is answered."""
        self._pause(self._set.members)
        return True

    def database_away(self) -> bool:
        """End all members, and start them again."""
        for member in self._set.members:
            member.kill()
        time.sleep(self._chance.uniform(0, 1.5))
        for member in self._set.members:
            member.start()
        return True

    def audit(self, ledger: Ledger, data: Path, findings: Findings) -> int:
        """Compare the copies of output with the files of the runs' folders; return how many bytes there are."""
        with MongoClient(self.url) as client:
            runs, output = client[NAME]["aiRunnerRuns"], client[NAME]["aiRunnerOutput"]
            with contextlib.suppress(AssertionError):  # those that are left are found below
                until(lambda: runs.count_documents({"_keys.uncopied": True}) == 0, within=30, every=0.1)
            copied = 0
            for entry in ledger.all():
                files = _joined(output.find({"runId": entry.run_id}).sort("_id", 1), entry.run_id, findings)
                copied += sum(map(len, files.values()))
                folder = next(data.glob(f"runs/*/{entry.run_id}"), None)
                if folder is None:
                    continue  # it never started
                for path in [*folder.glob("output.*"), *folder.glob("timing")]:
                    there, here = path.read_bytes(), files.get(path.name, b"")
                    if here != there[: whole_records(len(there)) if path.name == "timing" else None]:
                        sentence = f"{path.name} of {entry.run_id} has {len(there)} bytes, its copy {len(here)}"
                        findings.add("bytes lost", sentence)
            return copied

    def _on_primary(self, act: Callable[[Mongod], Any]) -> bool:
        primary = self._set.primary()
        if primary is not None:
            act(primary)
        return primary is not None

    def _kill(self, member: Mongod) -> None:
        member.kill()
        time.sleep(self._chance.uniform(0, 3))
        member.start()

    def _pause(self, members: list[Mongod]) -> None:
        for member in members:
            member.signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.2, LONGEST_PAUSE))
        for member in members:
            member.signal(signal.SIGCONT)


def step_down(primary: Mongod) -> None:
    with contextlib.suppress(PyMongoError), primary.client() as client:  # the last answer may be cut
        client.admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=5)


def _joined(chunks: Any, run_id: str, findings: Findings) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for chunk in chunks:
        known = files.setdefault(chunk["file"], b"")
        if chunk["at"] != len(known):
            findings.add("doubled", f"a chunk of {chunk['file']} of {run_id} is at {chunk['at']}, not {len(known)}")
        files[chunk["file"]] = known + chunk["data"]
    return files
