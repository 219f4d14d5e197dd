"""The queue: first in, first out, up to the limit, which may change at any time."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until


def _statuses(house: House, ids: list[str]) -> list[str]:
    return [house.api("GET", f"runs/{run_id}?output=none")["status"] for run_id in ids]


def test_over_the_limit_runs_queue_and_start_in_order(shell: House) -> None:
    script = "while ! [ -e go ]; do sleep 0.02; done; echo {n} >> order"
    ids = [start_run(shell, script.format(n=number))["runId"] for number in range(3)]
    ids += [start_run(shell, f"echo {number} >> order; sleep 0.05")["runId"] for number in range(3, 9)]
    until(lambda: _statuses(shell, ids) == ["running"] * 3 + ["queued"] * 6)
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    (shell.folder / "go").touch()
    for run_id in ids:
        assert shell.wait_for_run(run_id)["status"] == "completed"
    assert (shell.folder / "order").read_text().split()[3:] == ["3", "4", "5", "6", "7", "8"]


def test_a_higher_limit_holds_at_once(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    ids = [start_run(shell, "sleep 60")["runId"] for _ in range(4)]
    until(lambda: _statuses(shell, ids) == ["running", "queued", "queued", "queued"])
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 3})
    until(lambda: _statuses(shell, ids) == ["running", "running", "running", "queued"])


def test_a_queued_run_can_be_killed_and_never_starts(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 60")["runId"]
    second = start_run(shell, "touch never")["runId"]
    wait_running(shell, first)
    shell.api("POST", f"runs/{second}/kill")
    killed = shell.wait_for_run(second)
    assert (killed["status"], killed["startedAt"], killed["durationSeconds"]) == ("killed", None, None)
    assert "queued" in killed["reason"]
    shell.api("POST", f"runs/{first}/kill")
    assert shell.wait_for_run(first)["status"] == "killed"
    assert not (shell.folder / "never").exists()
    shell.api("POST", f"runs/{first}/kill", expect=409)


def test_a_profile_that_goes_while_a_run_waits_is_said_in_the_run(shell: House) -> None:
    make_profile(shell, "other")
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 60")["runId"]
    deleted = start_run(shell, "echo x", profile="other")["runId"]
    wait_running(shell, first)
    shell.api("DELETE", "profiles/other")
    shell.api("POST", f"runs/{first}/kill")
    run = shell.wait_for_run(deleted)
    assert (run["status"], run["exitCode"]) == ("failed", None)
    assert run["reason"] == "The profile other was deleted while the run waited."


def test_a_directory_that_goes_while_a_run_waits_is_said_in_the_run(shell: House, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 60")["runId"]
    second = start_run(shell, "echo x", workingDirectory=str(place))["runId"]
    wait_running(shell, first)
    place.rmdir()
    shell.api("POST", f"runs/{first}/kill")
    run = shell.wait_for_run(second)
    assert run["status"] == "failed"
    assert f"The working directory {place} cannot be entered" in run["reason"]
    assert run["stderr"] == run["reason"]


def test_a_hundred_short_runs_are_all_recorded_in_full(shell: House) -> None:
    ids = [start_run(shell, f"echo x{number}; exit $(({number} % 3))")["runId"] for number in range(100)]
    for number, run_id in enumerate(ids):
        run = shell.wait_for_run(run_id)
        assert (run["exitCode"], run["stdout"]) == (number % 3, f"x{number}\n")
        assert run["status"] == ("completed" if number % 3 == 0 else "failed")
        assert run["queuedAt"] <= run["startedAt"] <= run["finishedAt"]


def test_where_runs_are_written_can_be_moved_and_old_ones_stay_found(shell: House, tmp_path: Path) -> None:
    old = start_run(shell, "echo old")["runId"]
    shell.wait_for_run(old)
    shell.api("PATCH", "settings", {"logDirectory": str(tmp_path / "elsewhere")})
    new = start_run(shell, "echo new; sleep 1")["runId"]
    wait_running(shell, new)
    shell.kill9()
    shell.start()
    assert shell.wait_for_run(new)["stdout"] == "new\n"
    assert shell.api("GET", f"runs/{old}")["stdout"] == "old\n"
    assert list((tmp_path / "elsewhere").rglob(new))
