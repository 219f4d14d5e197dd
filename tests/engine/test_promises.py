"""What was promised is kept: order under a long queue, one run for one key, output wherever it was told to go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.helpers.runs import make_profile, raw_output, start_run, wait_running
from tests.helpers.server import API, House, Reply
from tests.helpers.wait import until

_MANY = 1000


def test_a_thousand_queued_runs_drain_in_order(shell: House) -> None:
    at_once = 4
    shell.api("PATCH", "settings", {"maxConcurrentRuns": at_once})
    make_profile(shell, "tiny", 'echo "$PROMPT" >> order', shell="/bin/sh")
    for _ in range(at_once):
        wait_running(shell, start_run(shell, "while ! [ -e go ]; do sleep 0.05; done")["runId"])
    for number in range(_MANY):
        start_run(shell, str(number), "tiny")
    assert shell.api("GET", "runs?status=queued&limit=1")["total"] == _MANY
    (shell.folder / "go").touch()
    until(lambda: not shell.api("GET", "runs?status=queued&status=running&limit=1")["runs"], within=80, every=0.2)
    order = [int(line) for line in (shell.folder / "order").read_text().split()]
    assert sorted(order) == list(range(_MANY))
    # They start in order; one that the system lets wait before it writes is overtaken by some that ran beside it.
    latest = -1
    for number in order:
        assert number > latest - _MANY // 10
        latest = max(latest, number)
    assert shell.api("GET", "runs?status=completed&limit=1")["total"] == _MANY + at_once


def _ask(house: House, key: str, content: str) -> Reply:
    body = {"content": content, "agentProfileId": "sh", "workingDirectory": str(house.folder)}
    return house.request("POST", f"{API}/run", body, headers={"Idempotency-Key": key})


def test_two_requests_with_one_key_and_another_body_at_once_start_one_run(shell: House) -> None:
    for key in ("a", "b", "c", "d"):
        with ThreadPoolExecutor(2) as threads:
            replies = list(threads.map(partial(_ask, shell, key), (f"echo 0 >> {key}", f"echo 1 >> {key}")))
        assert sorted(reply.status for reply in replies) == [201, 409]
        (accepted,) = (reply.json["runId"] for reply in replies if reply.status == 201)
        shell.wait_for_run(accepted)
        assert len((shell.folder / key).read_text().split()) == 1


def test_a_key_holds_across_restarts_also_when_the_server_was_killed(shell: House) -> None:
    first = _ask(shell, "k", "echo x >> once").json["runId"]
    for end in (shell.kill9, shell.stop):
        end()
        shell.start()
        again = _ask(shell, "k", "echo x >> once")
        assert (again.status, again.json["runId"]) == (201, first)
        assert _ask(shell, "k", "echo y >> once").status == 409
    shell.wait_for_run(first)
    assert (shell.folder / "once").read_text() == "x\n"


def test_a_rerun_is_refused_where_its_profile_is_gone_or_switched_off(shell: House) -> None:
    make_profile(shell, "other")
    run_id = start_run(shell, "exit 0", "other")["runId"]
    shell.wait_for_run(run_id)
    shell.api("PATCH", "profiles/other", {"enabled": False})
    assert shell.api("POST", f"runs/{run_id}/rerun", expect=409)["code"] == "profile_disabled"
    shell.api("DELETE", "profiles/other")
    assert shell.api("POST", f"runs/{run_id}/rerun", expect=400)["code"] == "profile_not_found"
    shell.api("POST", "runs/00000000000000000000/rerun", expect=404)


def test_a_rerun_with_a_key_is_made_once(shell: House) -> None:
    run_id = start_run(shell, "echo x >> count")["runId"]
    shell.wait_for_run(run_id)
    again = [
        shell.request("POST", f"{API}/runs/{run_id}/rerun", {}, headers={"Idempotency-Key": key}).json["runId"]
        for key in ("a", "a", "b", "a")
    ]
    assert (again[0] == again[1] == again[3] != again[2], run_id in again) == (True, False)
    for one in set(again):
        assert shell.wait_for_run(one)["status"] == "completed"
    assert (shell.folder / "count").read_text() == "x\n" * 3


def test_a_rerun_of_a_run_that_still_runs_is_one_more(shell: House) -> None:
    first = start_run(shell, "echo x >> starts; while ! [ -e go ]; do sleep 0.02; done; exit 4")["runId"]
    wait_running(shell, first)
    second = shell.api("POST", f"runs/{first}/rerun", expect=201)["runId"]
    wait_running(shell, second)
    (shell.folder / "go").touch()
    assert [shell.wait_for_run(run_id)["exitCode"] for run_id in (first, second)] == [4, 4]
    assert (shell.folder / "starts").read_text() == "x\nx\n"


def test_runs_in_every_place_they_were_written_to_are_taken_over_after_a_crash(shell: House, tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.2; done; exit 5"
    ids = [start_run(shell, script)["runId"]]
    for place in ("one", "two"):
        shell.api("PATCH", "settings", {"logDirectory": str(tmp_path / place)})
        ids.append(start_run(shell, script)["runId"])
    pids = [wait_running(shell, run_id)["pid"] for run_id in ids]
    shell.kill9()
    shell.start()
    shell.api("PATCH", "settings", {"logDirectory": None})
    for run_id, pid in zip(ids, pids, strict=True):
        assert raw_output(shell, run_id) == b"".join(b"line %d\r\n" % number for number in range(1, 9))
        run: Any = shell.wait_for_run(run_id)
        assert (run["exitCode"], run["pid"]) == (5, pid)
    assert [len(list(root.rglob("exit.json"))) for root in (shell.data, tmp_path / "one", tmp_path / "two")] == [
        1,
        1,
        1,
    ]
