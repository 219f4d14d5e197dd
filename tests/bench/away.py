"""Measures how long requests wait while a replica set of three hangs, dies or changes its primary.

`python3 -m tests.bench.away`; elections begin after two seconds without a primary (MongoDB's default is ten).
"""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.database import step_down
from tests.helpers.mongod import ReplicaSet
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until

_TALK = "while ! [ -e end ]; do echo more; sleep 0.1; done"
_SECONDS = 6.0


def main() -> None:
    """Print a table: one fault a row."""
    print(
        f"{'fault':<24}{'refused':>9}{'longest, s':>12}{'then, ms':>10}{'feed, ms':>10}{'kill, ms':>10}{'back, s':>9}"
    )
    with tempfile.TemporaryDirectory() as place:
        members = ReplicaSet(Path(place) / "set", 3)
        members.start()
        try:
            for number, (name, begin, end) in enumerate(_faults(members)):
                with House(
                    Path(place) / f"house{number}", environ={"AIRUNNER_STORE": members.url(f"away{number}")}
                ) as house:
                    make_profile(house)
                    _measure(house, name, begin, end)
                until(members.primary, within=30)
        finally:
            members.stop()


def _faults(members: ReplicaSet) -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    def all_(what: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: [what(member) for member in members.members]

    def primary() -> Any:
        return until(members.primary, within=30)

    dead: list[Any] = []

    def kill_primary() -> None:
        dead.append(primary())
        dead[-1].kill()

    return [
        ("primary steps down", lambda: step_down(primary()), lambda: None),
        ("primary killed (-9)", kill_primary, lambda: dead.pop().start()),
        ("all killed (-9)", all_(lambda one: one.kill()), all_(lambda one: one.start())),
        (
            "all hang (SIGSTOP)",
            all_(lambda one: one.signal(signal.SIGSTOP)),
            all_(lambda one: one.signal(signal.SIGCONT)),
        ),
    ]


def _measure(house: House, name: str, begin: Callable[[], Any], end: Callable[[], Any]) -> None:
    talker, victim = start_run(house, _TALK)["runId"], start_run(house, "sleep 300")["runId"]
    wait_running(house, talker)
    wait_running(house, victim)
    body = {"content": "true", "agentProfileId": "sh", "workingDirectory": "/"}
    took: list[float] = []
    feeds: list[float] = []
    begin()
    began = time.monotonic()
    killed = 0.0
    while time.monotonic() < began + _SECONDS:
        seconds, status = _timed(house, "POST", "run", body)
        if status == 503:
            took.append(seconds)
        feeds.append(_timed(house, "GET", f"runs/{talker}/output?view=clean&have=0")[0])
        if not killed and time.monotonic() > began + _SECONDS / 2:
            killed, status = _timed(house, "POST", f"runs/{victim}/kill", None)
            assert status == 200, status
        time.sleep(0.02)
    end()
    ended = time.monotonic()
    until(lambda: _timed(house, "POST", "run", body)[1] == 201, within=60)
    back = time.monotonic() - ended
    (house.folder / "end").touch()
    for run_id in (talker, victim):
        house.wait_for_run(run_id, within=60)
    waited = [one for one in took if one > 0.1]
    quick = [one for one in took if one <= 0.1]
    print(
        f"{name:<24}{len(took):>9}{max(took, default=0):>12.2f}{1000 * statistics.median(quick or [0]):>10.1f}"
        f"{1000 * max(feeds):>10.1f}{1000 * killed:>10.1f}{back:>9.2f}   waited: {[round(one, 2) for one in waited]}"
    )


def _timed(house: House, method: str, path: str, body: Any = None) -> tuple[float, int]:
    began = time.monotonic()
    status = house.request(method, f"{API}/{path}", body).status
    return time.monotonic() - began, status


if __name__ == "__main__":
    main()
