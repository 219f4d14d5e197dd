"""MongoDB goes away or hangs while runs go on: refusals come at once, watching and ending work, nothing is lost."""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.helpers import proc
from tests.helpers.mongod import Mongod, ReplicaSet
from tests.helpers.runs import make_profile, raw_output, start_run, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until

_NAME = "faults"
_TALK = "echo early; while ! [ -e go ]; do sleep 0.02; done; echo late; while ! [ -e end ]; do sleep 0.02; done; exit 3"
_KILLED = "Killed by environment."


class Fault:
    """Something that keeps a database from answering, and its end."""

    def __init__(self, member: Mongod, how: str) -> None:
        self._member = member
        self._how = how
        self.is_on = False

    def begin(self) -> None:
        """From now on nothing is answered."""
        self.is_on = True
        if self._how == "hangs":
            self._member.signal(signal.SIGSTOP)
        elif self._how == "killed":
            self._member.kill()
        else:
            self._member.stop()

    def end(self) -> None:
        """It answers again."""
        self.is_on = False
        if self._how == "hangs":
            self._member.signal(signal.SIGCONT)
        else:
            self._member.start()


@pytest.fixture(params=["hangs", "killed", "ended"])
def fault(request: pytest.FixtureRequest, own_set: ReplicaSet) -> Iterator[Fault]:
    """One way to be away."""
    own_set.empty(_NAME)
    fault = Fault(own_set.members[0], request.param)
    yield fault
    if fault.is_on:
        fault.end()
    until(own_set.primary, within=30)


@pytest.fixture(scope="module")
def own_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    """A replica set of one, for this module's faults."""
    one = ReplicaSet(tmp_path_factory.mktemp("mongod"), 1)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def home(own_set: ReplicaSet, fault: Fault, tmp_path: Path) -> Iterator[House]:
    """A server whose database has the fault."""
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": own_set.url(_NAME)}) as house:
        make_profile(house)
        yield house


def test_database_when_it_does_not_answer_then_runs_go_on_and_afterwards_all_is_there(
    home: House, fault: Fault, own_set: ReplicaSet
) -> None:
    run_id, victim = start_run(home, _TALK)["runId"], start_run(home, "sleep 300")["runId"]
    pid = wait_running(home, victim)["pid"]
    wait_running(home, run_id)
    seen = home.api("GET", f"runs/{run_id}/output?view=raw&from=0&wait=5")
    fault.begin()
    body = {"content": "echo never", "agentProfileId": "sh", "workingDirectory": "/"}

    def ask() -> Any:
        return home.request("POST", f"{API}/run", body)

    for _ in range(3):  # the first ones may find out by waiting
        until(lambda: ask().status == 503, within=20)
    before = time.monotonic()
    for _ in range(20):
        refused = ask()
        assert refused.status == 503, refused.body
        assert int(refused.headers["retry-after"]) > 0
    assert time.monotonic() - before < 15, "who asks does not wait two seconds each time"

    (home.folder / "go").touch()
    found = b""
    while b"late" not in found:
        reply = home.request("GET", f"{API}/runs/{run_id}/output?view=raw&from={seen['next']}&wait=10")
        assert reply.status == 200, reply.body
        seen = reply.json
        found += base64.b64decode(seen["data"])
    assert home.request("POST", f"{API}/runs/{victim}/kill").status == 200
    until(lambda: not proc.is_alive(pid), within=20)
    (home.folder / "end").touch()

    fault.end()
    run = home.wait_for_run(run_id, within=40)
    assert (run["status"], run["exitCode"], run["stdout"]) == ("failed", 3, "early\nlate\n")
    ended = home.wait_for_run(victim, within=40)
    assert (ended["status"], ended["reason"]) == ("killed", _KILLED)
    assert {one["runId"] for one in home.api("GET", "runs")["runs"]} == {run_id, victim}
    assert home.wait_for_run(start_run(home, "echo back")["runId"])["stdout"] == "back\n"
    with MongoClient(own_set.url(_NAME)) as client:
        chunks = client[_NAME]["aiRunnerOutput"].find({"runId": run_id, "file": {"$regex": "^output"}})

        def copied() -> bool:
            return b"".join(chunk["data"] for chunk in chunks.rewind().sort("_id", 1)) == raw_output(home, run_id)

        until(copied, within=20, every=0.1)


@pytest.mark.parametrize("fault", ["killed"], indirect=True)
def test_database_when_it_is_away_at_the_start_then_the_server_says_so_and_its_runs_go_on(
    home: House, fault: Fault
) -> None:
    run_id = start_run(home, _TALK)["runId"]
    pid = wait_running(home, run_id)["pid"]
    home.kill9()
    fault.begin()
    with pytest.raises(AssertionError):
        home.start(within=30)
    log = max(home.folder.glob("serve-*.err"), key=lambda path: path.stat().st_mtime).read_text()
    assert "cannot be reached" in log and "Traceback" not in log
    assert proc.is_alive(pid)
    fault.end()
    home.start(within=30)
    (home.folder / "go").touch()
    (home.folder / "end").touch()
    run = home.wait_for_run(run_id)
    assert (run["exitCode"], run["stdout"]) == (3, "early\nlate\n")
