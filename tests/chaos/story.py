"""One story of faults: a house under load, a number of rounds, then the reckoning."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.audit import Findings, audit_processes, audit_runs
from tests.chaos.database import LONGEST_PAUSE, Database
from tests.chaos.faults import Faults
from tests.chaos.load import Ledger, Load
from tests.chaos.work import AGENT
from tests.helpers import proc
from tests.helpers.runs import make_profile
from tests.helpers.server import API, House
from tests.helpers.wait import until

_DRAIN_SECONDS = 90.0
KINDS = ("lost", "doubled", "stuck", "bytes lost", "wrong", "out of order", "processes left")


@dataclass
class Report:
    """What was done, what became of the runs, and what was found."""

    faults: Counter[str]
    runs: int
    cut: int
    statuses: Counter[str]
    findings: Findings
    seconds: float
    copied: int | None
    """Bytes of output in the database; None without one."""

    def table(self) -> str:
        """Return it for people to read."""
        rows = [("faults", sum(self.faults.values()))]
        rows += [(f"  {name}", count) for name, count in sorted(self.faults.items())]
        rows += [("runs accepted", self.runs), ("  of these, answer cut, found by their key", self.cut)]
        rows += [(f"  {status}", count) for status, count in sorted(self.statuses.items())]
        rows += [(kind, self.findings.count(kind)) for kind in KINDS]
        if self.copied is not None:
            rows.append(("bytes of output in the database", self.copied))
        lines = [f"{name:<46}{count:>8}" for name, count in rows]
        return "\n".join([*lines, f"{'seconds':<46}{self.seconds:>8.0f}"])


def tell(
    folder: Path, rounds: int, seed: int, say: Callable[[str], None] = lambda text: None, *, on_mongodb: bool = False
) -> Report:
    """Let `rounds` faults happen to a house in `folder` that is kept busy; return what became of it.

    `on_mongodb`: its store is a replica set of three, which has its faults, too.
    """
    began = time.monotonic()
    marks = {"command": f"CHAOS_MARK={secrets.token_hex(8)}", "server or shim": f"CHAOS_HOUSE={secrets.token_hex(8)}"}
    ledger, findings = Ledger(), Findings()
    environ = dict([marks["server or shim"].split("=")])
    with ExitStack() as stack:
        database = stack.enter_context(Database(folder / "mongodb", seed)) if on_mongodb else None
        if database:
            environ["AIRUNNER_STORE"] = database.url
        house = stack.enter_context(House(folder, environ=environ))
        _furnish(house, folder, dict([marks["command"].split("=")]))
        load, faults = Load(house, ledger, seed), Faults(house, ledger, seed, database)
        load.start()
        try:
            for number in range(rounds):
                faults.strike()
                say(f"{number + 1} of {rounds}: {sum(faults.done.values())} faults, {len(ledger)} runs")
        finally:
            load.stop()
        _drain(house)
        # A claim whose answer a hung database cut off is seen a while later, and others start meanwhile.
        order_seconds = {"order_seconds": 2 * LONGEST_PAUSE} if database else {}
        statuses = audit_runs(house, ledger, folder, findings, **order_seconds)
        copied = database.audit(ledger, house.data, findings) if database else None
        for sentence in load.refused:
            findings.add("wrong", sentence)
        _check_zombies(house, findings)
        house.close()
    until(lambda: not proc.is_alive(house.pid))
    audit_processes(marks, findings)
    cut = sum(entry.was_cut for entry in ledger.all())
    return Report(faults.done, len(ledger), cut, statuses, findings, time.monotonic() - began, copied)


def _furnish(house: House, folder: Path, env: dict[str, str]) -> None:
    (folder / "agent.sh").write_text(AGENT)
    (folder / "starts").touch()
    template = f'exec bash {folder}/agent.sh "$PROMPT"'
    fields = {"env": {**env, "CHAOS_FOLDER": str(folder)}, "killGraceSeconds": 0.5}
    make_profile(house, "agent", template, **fields)
    make_profile(house, "pipes", template, requiresTTY=False, **fields)
    house.api("PATCH", "settings", {"maxConcurrentRuns": 4})


def _drain(house: House) -> None:
    """Wait until nothing is active; what is after that is stuck, and found so."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    while house.request("GET", f"{API}/runs/active").body != b"[]" and time.monotonic() < deadline:
        time.sleep(0.1)


def _check_zombies(house: House, findings: Findings) -> None:
    dead = [pid for pid in proc.children(house.pid) if not proc.is_alive(pid)]
    if dead:
        findings.add("processes left", f"the server has not reaped {dead}")
