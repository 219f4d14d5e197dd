"""The faults: kill -9 of server, nursery, shims and commands, stopped processes, kills through the API.

Each comes at a random moment or at a chosen one of a run's life. Only processes of the house under test are touched.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from tests.chaos import database as databases
from tests.chaos.database import Database
from tests.chaos.load import Ledger, Unreachable
from tests.chaos.moments import MOMENTS, Watch, shim_of, state_of
from tests.helpers import proc
from tests.helpers.server import API, House
from tests.helpers.wait import until

FAULTS = {
    "server killed": 8,
    "server killed at a moment": 10,
    "server and nursery killed": 2,
    "server and shim killed": 3,
    "nursery killed": 3,
    "nursery killed at a moment": 3,
    "shim killed": 4,
    "shim killed at a moment": 6,
    "command killed": 2,
    "run killed by API": 5,
    "run killed by two clients": 3,
    "server stopped for a while": 2,
    "nursery stopped for a while": 2,
    "shim stopped for a while": 2,
    "limit changed": 3,
}
"""What may happen, and how often in relation to the rest."""

_PATIENCE = 2.0
_LET_RUN = 0.6


class Faults:
    """Makes one fault at a time happen in a house, or in its database; `done` counts those that did."""

    def __init__(self, house: House, ledger: Ledger, seed: int, database: Database | None = None) -> None:
        self._database = database
        self._weights = FAULTS | (databases.FAULTS if database else {})
        self._house = house
        self._ledger = ledger
        self._chance = random.Random(seed)
        self._watch = Watch(house)
        self.done: Counter[str] = Counter()

    def strike(self) -> None:
        """Wait a random while, then let a random fault happen; afterwards there is a server again."""
        time.sleep(self._chance.uniform(0, 0.25))
        name = self._chance.choices(list(self._weights), list(self._weights.values()))[0]
        method = name.replace(" ", "_").lower()
        happened = getattr(self, f"_{method}")() if name in FAULTS else getattr(self._database, method)()
        if happened:
            self.done[happened if isinstance(happened, str) else name] += 1
        self._revive()

    def _revive(self) -> None:
        if self._house.process and self._house.process.poll() is not None:
            time.sleep(self._chance.choice((0, 0, 0, 0.3, 1.0)))
            self._house.start()
            if self._chance.random() < _LET_RUN:
                self._wait_for_a_start()

    def _wait_for_a_start(self) -> None:
        """Let the next run start: a new server first asks a login shell for its PATH, and faults should hit runs, too."""
        starts = self._house.folder / "starts"
        size, until = starts.stat().st_size, time.monotonic() + _PATIENCE
        while starts.stat().st_size == size and time.monotonic() < until:
            time.sleep(0.01)

    # Servers

    def _server_killed(self) -> bool:
        self._house.kill9()
        return True

    def _server_killed_at_a_moment(self) -> str:
        moment = self._chance.choice(MOMENTS)
        came = self._await(moment)
        os.kill(self._house.pid, signal.SIGSTOP)
        time.sleep(self._chance.choice((0, 0, 0.05)))  # the others go on meanwhile
        self._house.kill9()
        return f"server killed at: {moment}" if came else "server killed"

    def _server_and_nursery_killed(self) -> bool:
        nursery = self._nursery()
        self._house.kill9()
        return _kill(nursery)

    def _server_and_shim_killed(self) -> bool:
        os.kill(self._house.pid, signal.SIGSTOP)
        self._shim_killed()
        self._house.kill9()
        return True

    def _server_stopped_for_a_while(self) -> bool:
        return self._pause(self._house.pid)

    # Nurseries

    def _nursery_killed(self) -> bool:
        return _kill(self._nursery())

    def _nursery_killed_at_a_moment(self) -> str | bool:
        nursery = self._nursery()
        moment = self._chance.choice(("folder", "run.json", "lock"))
        came = self._await(moment)
        return _kill(nursery) and (f"nursery killed at: {moment}" if came else "nursery killed")

    def _nursery_stopped_for_a_while(self) -> bool:
        return self._pause(self._nursery())

    # Shims and commands

    def _shim_killed(self) -> bool:
        folder = self._some_live_folder()
        return folder is not None and self._kill_shim(folder)

    def _shim_killed_at_a_moment(self) -> str | bool:
        moment = self._chance.choice(MOMENTS[3:-1])
        folder = self._await(moment)
        return folder is not None and self._kill_shim(folder) and f"shim killed at: {moment}"

    def _shim_stopped_for_a_while(self) -> bool:
        folder = self._some_live_folder()
        return folder is not None and self._pause(shim_of(folder, None))

    def _kill_shim(self, folder: Path) -> bool:
        shim = shim_of(folder, self._nursery())
        if shim is None:
            return False
        _stop(shim)  # what it has done by now is what it will have done
        if (folder / "exit.json").exists() or not proc.is_alive(shim):
            _continue(shim)
            return False
        self._ledger.hurt(folder.name, "shim")
        return _kill(shim)

    def _command_killed(self) -> bool:
        folder = self._some_live_folder()
        state = state_of(folder) if folder else {}
        pid = state.get("pid")
        if folder is None or not pid or proc.started(pid) != state["pid_start"]:
            return False
        self._ledger.hurt(folder.name, "command")
        return _kill(pid)

    # Kills through the API

    def _run_killed_by_api(self) -> bool:
        return self._kill_runs(1)

    def _run_killed_by_two_clients(self) -> bool:
        return self._kill_runs(2)

    def _kill_runs(self, clients: int) -> bool:
        with contextlib.suppress(*Unreachable):
            reply = self._house.request("GET", f"{API}/runs/active")
            active = reply.json if reply.status == 200 else []
            if active:
                run_id = self._chance.choice(active)["runId"]
                self._ledger.hurt(run_id, "killed")
                threads = [threading.Thread(target=self._kill_run, args=(run_id,)) for _ in range(clients)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                return True
        return False

    def _kill_run(self, run_id: str) -> None:
        with contextlib.suppress(*Unreachable):
            status = self._house.request("POST", f"{API}/runs/{run_id}/kill", timeout=10).status
            assert status in (200, 409, 503), status

    def _limit_changed(self) -> bool:
        with contextlib.suppress(*Unreachable):
            self._house.api("PATCH", "settings", {"maxConcurrentRuns": self._chance.randint(1, 6)}, expect=(200, 503))
            return True
        return False

    # Whom and when

    def _await(self, moment: str) -> Path | None:
        """Wait for the next run to come to a moment; return its folder, or None when there was none in time."""
        if moment == "queued":
            count, until = len(self._ledger), time.monotonic() + _PATIENCE
            while len(self._ledger) == count and time.monotonic() < until:
                pass
            return Path() if len(self._ledger) > count else None
        return self._watch.next(self._watch.known(), moment, _PATIENCE)

    def _nursery(self) -> int | None:
        return next(iter(self._house.nurseries()), None)

    def _some_live_folder(self) -> Path | None:
        found = [folder for entry in self._ledger.all()[-60:] if (folder := self._watch.folder(entry.run_id))]
        live = [folder for folder in found if not (folder / "exit.json").exists() and shim_of(folder, None)]
        return self._chance.choice(live) if live else None

    def _pause(self, pid: int | None) -> bool:
        if pid is None or not proc.is_alive(pid):
            return False
        _stop(pid)
        time.sleep(self._chance.uniform(0.05, 0.6))
        _continue(pid)
        return True


def _kill(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _stop(pid: int) -> None:
    """Stop a process and wait until it has stopped (or ended)."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        until(lambda: proc.state(pid) in ("T", "Z", "X", None))


def _continue(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
