"""Runs through the API: start, dry run, record, kill, rerun, list."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from airunner.domain.run import INTERNAL
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import API, House

FIELDS = [
    "runId",
    "promptId",
    "promptName",
    "scheduleId",
    "agentProfileId",
    "agentProfileName",
    "agentType",
    "promptContent",
    "workingDirectory",
    "command",
    "pid",
    "status",
    "exitCode",
    "stdout",
    "stderr",
    "rawOutput",
    "startedAt",
    "finishedAt",
    "durationSeconds",
    "triggeredBy",
    "resourceUsage",
    "queuedAt",
    "scheduledFor",
    "signal",
    "reason",
    "node",
    "sessionId",
    "usage",
    "git",
    "attempt",
    "pipelineRunId",
    "lastScreen",
    "startedBy",
]


def test_the_record_has_every_field(shell: House) -> None:
    started = start_run(shell, "printf 'a\\033[31mb\\033[0m\\n'; exit 5", timeout=0.5)
    assert started["status"] in ("queued", "running")
    run = shell.wait_for_run(started["runId"])
    assert set(FIELDS) <= set(run)
    assert (run["status"], run["exitCode"], run["stdout"], run["stderr"]) == ("failed", 5, "ab\n", "")
    assert run["rawOutput"] == "a\033[31mb\033[0m\r\n"
    assert (run["triggeredBy"], run["promptId"], run["scheduleId"], run["timeout"]) == ("manual", None, None, 0.5)
    assert isinstance(run["pid"], int)
    assert run["startedAt"].endswith("Z")
    assert run["durationSeconds"] < 5
    assert run["resourceUsage"]["peakMemoryMB"] > 0
    assert not set(INTERNAL) & set(run)


def test_streams_without_a_terminal_are_kept_apart(shell: House) -> None:
    make_profile(shell, "pipes", requiresTTY=False)
    run = shell.wait_for_run(start_run(shell, "echo out; echo err >&2; test -t 1 || echo no tty", "pipes")["runId"])
    assert (run["stdout"], run["stderr"]) == ("out\nno tty\n", "err\n")


def test_with_a_terminal_stdout_is_one(shell: House) -> None:
    run = shell.wait_for_run(start_run(shell, "test -t 1 && tty && echo err >&2; echo $TERM")["runId"])
    assert run["stdout"].startswith("/dev/pts/")
    assert run["stdout"].endswith("err\nxterm-256color\n")


@pytest.mark.parametrize("wanted", ["none", "full", "tail"])
def test_output_is_given_as_asked(shell: House, wanted: str) -> None:
    run_id = start_run(shell, "echo hi")["runId"]
    shell.wait_for_run(run_id)
    run = shell.api("GET", f"runs/{run_id}?output={wanted}")
    assert run.get("stdout") == (None if wanted == "none" else "hi\n")


def test_the_command_can_be_pasted_into_a_shell(shell: House) -> None:
    prompt = "echo it\\'s \"$HOME\" '$(id)'; pwd"
    run = shell.wait_for_run(start_run(shell, prompt)["runId"])
    pasted = subprocess.run(["/bin/sh", "-c", run["command"]], capture_output=True, text=True, env={"HOME": "/root"})
    assert run["stdout"].splitlines()[-1] == str(shell.folder)
    assert pasted.stdout.splitlines()[-1] == str(shell.folder)
    assert pasted.returncode == run["exitCode"] == 0


def test_the_environment_is_a_logins_and_not_the_servers(tmp_path: Path) -> None:
    with House(tmp_path / "h", environ={"DATABASE_PASSWORD": "hunter2", "PROXY_X": "yes"}) as house:
        make_profile(house, env={"MINE": "1", "TERM": "dumb"})
        house.api("PATCH", "settings", {"passEnv": ["PROXY_X"]})
        run = house.wait_for_run(start_run(house, "env", env={"ALSO": "2"})["runId"])
        seen = dict(line.split("=", 1) for line in run["stdout"].splitlines() if "=" in line)
    assert "DATABASE_PASSWORD" not in seen
    assert not [name for name in seen if name.startswith("AIRUNNER")]
    assert (seen["MINE"], seen["ALSO"], seen["TERM"], seen["PROXY_X"]) == ("1", "2", "dumb", "yes")
    assert seen["RUN_ID"] == run["runId"]
    assert seen["WORKING_DIR"] == run["workingDirectory"]
    assert "hunter2" not in run["command"]


def test_a_file_reference_is_read_relative_to_the_runs_directory(shell: House) -> None:
    (shell.folder / "job.md").write_text("echo from the file\n")
    for named in ("@job.md", "job.md", str(shell.folder / "job.md")):
        run = shell.wait_for_run(start_run(shell, named, type="file-reference")["runId"])
        assert run["promptContent"] == "echo from the file\n"
        assert run["stdout"] == "from the file\n"


def test_a_dry_run_says_the_command_and_starts_nothing(shell: House) -> None:
    before = shell.api("GET", "runs")["total"]
    body = {"content": "touch never", "agentProfileId": "sh", "workingDirectory": str(shell.folder), "dryRun": True}
    answer = shell.api("POST", "run", body)
    assert answer["command"].startswith(f"cd {shell.folder} && PROMPT='touch never' /bin/bash -c ")
    assert shell.api("GET", "runs")["total"] == before
    assert not (shell.folder / "never").exists()


def test_kill_ends_a_run_and_says_by_whom(shell: House) -> None:
    run_id = start_run(shell, "sleep 60")["runId"]
    wait_running(shell, run_id)
    assert shell.api("POST", f"runs/{run_id}/kill") == {"success": True}
    run = shell.wait_for_run(run_id)
    assert (run["status"], run["reason"]) == ("killed", "Killed by environment.")
    assert shell.api("POST", f"runs/{run_id}/kill", expect=409)["code"] == "already_finished"


def test_kill_straight_after_the_start_is_obeyed(shell: House) -> None:
    ids = [start_run(shell, "sleep 60")["runId"] for _ in range(6)]
    for run_id in ids:
        shell.api("POST", f"runs/{run_id}/kill")
    assert {shell.wait_for_run(run_id)["status"] for run_id in ids} == {"killed"}


def test_rerun_queues_the_same_again(shell: House) -> None:
    first = shell.wait_for_run(start_run(shell, "echo again", timeout=3)["runId"])
    second = shell.wait_for_run(shell.api("POST", f"runs/{first['runId']}/rerun", expect=201)["runId"])
    assert second["runId"] != first["runId"]
    assert (second["stdout"], second["timeout"]) == ("again\n", 3)


def test_one_idempotency_key_starts_one_run(shell: House) -> None:
    body = {"content": "echo x >> keyed", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    replies = []

    def post() -> None:
        replies.append(shell.request("POST", f"{API}/run", body, headers={"Idempotency-Key": "abc"}))

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status for reply in replies} == {201}
    ids = {reply.json["runId"] for reply in replies}
    assert len(ids) == 1
    shell.wait_for_run(ids.pop())
    assert (shell.folder / "keyed").read_text() == "x\n"
    other = shell.request("POST", f"{API}/run", {**body, "content": "y"}, headers={"Idempotency-Key": "abc"})
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")


def test_lists_filter_sort_and_page_without_output(shell: House) -> None:
    ids = [start_run(shell, f"echo needle-{number}; exit {number}")["runId"] for number in range(3)]
    for run_id in ids:
        shell.wait_for_run(run_id)
    page = shell.api("GET", "runs?search=NEEDLE-&sort=exitCode&limit=2")
    assert [run["exitCode"] for run in page["runs"]] == [0, 1]
    assert (page["total"], page["totalIsMore"]) == (3, False)
    rest = shell.api("GET", f"runs?search=NEEDLE-&sort=exitCode&limit=2&cursor={page['nextCursor']}")
    assert [run["exitCode"] for run in rest["runs"]] == [2]
    assert rest["nextCursor"] is None
    assert not {"stdout", "stderr", "rawOutput", "env", "folder"} & set(page["runs"][0])
    assert shell.api("GET", "runs?search=(zz")["runs"] == []
    failed = shell.api("GET", "runs?status=failed&search=needle-")
    assert failed["total"] == 2


def test_a_prompt_too_long_for_an_argument_is_refused_with_the_remedy(shell: House) -> None:
    body = {"content": "x" * 131_065, "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    refused = shell.api("POST", "run", body, expect=400)
    assert "131,064" in refused["error"]
    assert "$PROMPT_FILE" in refused["error"]
    make_profile(shell, "by-file", 'wc -c < "$PROMPT_FILE"')
    run = shell.wait_for_run(start_run(shell, "é" * 500_000, "by-file")["runId"])
    assert run["stdout"] == "1000000\n"


def test_the_longest_prompt_that_fits_arrives(shell: House) -> None:
    make_profile(shell, "length", 'printf %s "$PROMPT" | wc -c')
    run = shell.wait_for_run(start_run(shell, "x" * 131_064, "length")["runId"])
    assert run["stdout"] == "131064\n"


def test_live_use_is_shown_while_it_runs(shell: House) -> None:
    from tests.helpers.wait import until

    run_id = start_run(shell, "sleep 60")["runId"]
    use = until(lambda: shell.api("GET", f"runs/{run_id}?output=none")["resourceUsage"], within=10)
    assert use["processes"] >= 1
    assert shell.api("GET", "runs/active")[0]["resourceUsage"]
    shell.api("POST", f"runs/{run_id}/kill")
