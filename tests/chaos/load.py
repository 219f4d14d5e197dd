"""A client that keeps asking for runs whatever happens to the server, and a ledger of what it was promised."""

from __future__ import annotations

import contextlib
import http.client
import random
import secrets
import threading
import time
from dataclasses import dataclass

from tests.chaos.work import Job, draw
from tests.helpers.server import API, House

Unreachable = (OSError, http.client.HTTPException)


@dataclass
class Entry:
    """One run that was asked for, and what was done to it."""

    job: Job
    key: str
    run_id: str = ""
    was_cut: bool = False
    """No answer came at first: the Idempotency-Key found out what had become of it."""


class Ledger:
    """Every run that the server accepted, by id. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._hurts: dict[str, set[str]] = {}

    def add(self, entry: Entry) -> None:
        """Note a run that was accepted."""
        with self._lock:
            self._entries[entry.run_id] = entry

    def all(self) -> list[Entry]:
        """Return the entries, oldest first."""
        with self._lock:
            return sorted(self._entries.values(), key=lambda entry: entry.job.number)

    def hurt(self, run_id: str, how: str) -> None:
        """Note what was done to a run: `killed` through the API, its `shim` or its `command` killed from outside."""
        with self._lock:
            self._hurts.setdefault(run_id, set()).add(how)

    def hurts(self, run_id: str) -> set[str]:
        """Return what was done to a run."""
        with self._lock:
            return set(self._hurts.get(run_id, ()))

    def __len__(self) -> int:
        return len(self._entries)


class Load:
    """Asks for one run after the other, each with a key of its own, until it is told to stop."""

    def __init__(self, house: House, ledger: Ledger, seed: int, most_waiting: int = 10) -> None:
        self._house = house
        self._ledger = ledger
        self._chance = random.Random(seed)
        self._most_waiting = most_waiting
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="load", daemon=True)
        self.refused: list[str] = []

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for no more; the last request is brought to its end."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the last request got no answer"

    def _work(self) -> None:
        number = 0
        while not self._stop.is_set():
            if number % 4 == 0:
                self._wait_for_room()
            number += 1
            self._ask(Entry(draw(number, self._chance), secrets.token_hex(8)))

    def _wait_for_room(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(*Unreachable, AssertionError, ValueError):
                if len(self._house.api("GET", "runs/active")) < self._most_waiting:
                    return
            time.sleep(0.03)

    def _ask(self, entry: Entry) -> None:
        """Ask until there is an answer: a key makes asking again safe."""
        job = entry.job
        body = {"content": job.prompt, "agentProfileId": job.profile, "timeout": job.timeout,
                "workingDirectory": str(self._house.folder)}  # fmt: skip
        while True:
            try:
                answer = self._house.request(
                    "POST", f"{API}/run", body, headers={"Idempotency-Key": entry.key}, timeout=5
                )
            except Unreachable:
                entry.was_cut = True
                time.sleep(0.02)
                continue
            if answer.status == 201:
                entry.run_id = answer.json["runId"]
                self._ledger.add(entry)
                return
            if answer.status != 503:
                self.refused.append(f"run {job.number} was refused: {answer.status} {answer.body[:300]!r}")
                return
            time.sleep(0.05)
