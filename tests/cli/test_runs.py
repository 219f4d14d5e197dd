"""run, runs, logs and kill against a stand-in server."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.cli.conftest import Call, Start
from tests.cli.stub import RUN, Stub
from tests.helpers.wait import until


def test_run_when_it_completes_then_output_is_exact_and_the_exit_code_is_the_agents(stub: Stub, call: Call) -> None:
    stub.output = "grün \x1b[31mrot\x1b[0m\r\nzwei".encode()
    stub.end("completed", 0)
    done = call("run", "hello", "--profile", "claude", "--timeout", "1.5", "--var", "A=b=c")
    assert (done.returncode, done.stdout) == (0, stub.output.decode().replace("\r\n", "\n"))
    assert stub.asked("POST", "run") == [
        {
            "content": "hello",
            "type": "inline",
            "agentProfileId": "claude",
            "workingDirectory": str(stub.data.parent),
            "timeout": 1.5,
            "variables": {"A": "b=c"},
        }
    ]


def test_run_when_it_is_asked_for_then_what_became_of_it_at_once(stub: Stub, call: Call) -> None:
    stub.end("completed", 0)
    for status, sentence in (("queued", f"airunner: run {RUN} is queued.\n"), ("skipped", "")):
        stub.canned["POST", "run"] = 201, json.dumps({"runId": RUN, "status": status}).encode()
        assert call("run", "x", "--profile", "p").stderr == sentence
    stub.canned["POST", "run"] = 201, json.dumps({"runId": RUN, "status": "running"}).encode()
    assert call("run", "x", "--profile", "p").stderr == f"airunner: run {RUN} started.\n"


def test_run_when_the_agent_fails_then_its_exit_code_is_ours(stub: Stub, call: Call) -> None:
    stub.end("failed", 7)
    done = call("run", "x", "--profile", "p")
    assert done.returncode == 7
    assert "failed" in done.stderr


def test_run_when_it_was_killed_though_the_agent_said_0_then_the_exit_code_is_1(stub: Stub, call: Call) -> None:
    stub.end("killed", 0)
    assert call("run", "x", "--profile", "p").returncode == 1


def test_run_when_there_is_no_exit_code_then_it_is_1_and_the_reason_is_said(stub: Stub, call: Call) -> None:
    stub.end("failed", None, "its supervisor died")
    done = call("run", "x", "--profile", "p")
    assert done.returncode == 1
    assert "its supervisor died" in done.stderr


def test_run_when_output_comes_bit_by_bit_then_each_bit_is_shown_at_once(stub: Stub, start: Start) -> None:
    process = start("run", "x", "--profile", "p")
    assert process.stdout is not None
    for piece in (b"one\n", b"two\n"):
        stub.output += piece
        assert process.stdout.readline() == piece
    stub.end("completed", 0)
    assert process.wait(5) == 0


def test_run_when_interrupted_then_the_run_is_killed_and_its_end_awaited(stub: Stub, start: Start) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        stub.record["status"] = "running"
        stub.seen.clear()
        process = start("run", "x", "--profile", "p")
        until(lambda: any(path.endswith("/output") for _, path, _, _ in stub.seen))
        process.send_signal(number)
        assert process.wait(5) == 143
        assert stub.asked("POST", f"runs/{RUN}/kill") == [None]


def test_run_when_interrupted_twice_then_it_is_left(stub: Stub, start: Start) -> None:
    stub.on_kill = lambda: None
    process = start("run", "x", "--profile", "p")
    until(lambda: any(path.endswith("/output") for _, path, _, _ in stub.seen))
    process.send_signal(signal.SIGINT)
    until(lambda: stub.asked("POST", f"runs/{RUN}/kill"))
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    assert b"Traceback" not in process.communicate()[1]


def test_run_when_the_server_restarts_then_output_goes_on_at_its_offset(stub: Stub, start: Start) -> None:
    process = start("run", "x", "--profile", "p")
    assert process.stdout is not None and process.stderr is not None
    stub.output = b"before\n"
    assert process.stdout.readline() == b"before\n"
    stub.stop()
    assert any(b"away" in line for line in process.stderr)
    stub.token = "air_another"
    stub.output += b"meanwhile\n"
    stub.start()
    stub.output += b"after\n"
    stub.end("completed", 3)
    out, err = process.communicate(timeout=10)
    assert out == b"meanwhile\nafter\n"
    assert process.returncode == 3
    assert b"back" in err


def test_run_when_detached_then_the_id_is_printed(stub: Stub, call: Call) -> None:
    done = call("run", "x", "--profile", "p", "--detach")
    assert (done.returncode, done.stdout) == (0, f"{RUN}\n")


def test_run_when_dry_then_the_command_is_printed(stub: Stub, call: Call) -> None:
    stub.canned["POST", "run"] = 200, json.dumps({"command": "claude -p x"}).encode()
    done = call("run", "x", "--profile", "p", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "claude -p x\n")
    assert stub.asked("POST", "run")[0]["dryRun"] is True


def test_run_when_the_prompt_is_a_dash_then_it_is_read_and_never_a_file(stub: Stub, call: Call) -> None:
    stub.end("completed", 0)
    call("run", "-", "--profile", "p", stdin="@not a file\n")
    assert stub.asked("POST", "run")[0]["content"] == "@not a file\n"
    assert stub.asked("POST", "run")[0]["type"] == "inline"


def test_run_when_the_prompt_names_a_file_then_it_is_a_reference(stub: Stub, call: Call) -> None:
    stub.end("completed", 0)
    call("run", "@prompts/x.md", "--profile", "p", "--dir", "sub/..")
    body = stub.asked("POST", "run")[0]
    assert (body["content"], body["type"]) == ("@prompts/x.md", "file-reference")
    assert Path(body["workingDirectory"]) == stub.data.parent


def test_run_when_refused_then_the_sentence_and_the_fields_are_shown(stub: Stub, call: Call) -> None:
    answer = {"error": "The run was refused.", "code": "invalid", "fields": {"timeout": "over the maximum of 120"}}
    stub.canned["POST", "run"] = 400, json.dumps(answer).encode()
    done = call("run", "x", "--profile", "p")
    assert done.returncode == 1
    assert done.stderr == "airunner: The run was refused.\n  timeout: over the maximum of 120\n"


def test_runs_when_listed_then_a_table_without_control_characters(stub: Stub, call: Call) -> None:
    stub.record |= {
        "agentProfileName": "Claude",
        "startedAt": "2026-03-12T14:32:10.000Z",
        "durationSeconds": 125.2,
        "workingDirectory": "/srv/x",
        "promptContent": "two\nlines \x1b[2J",
    }
    done = call("runs", "--status", "running", "--limit", "5")
    assert done.returncode == 0
    head, row = done.stdout.splitlines()
    assert head.split()[:4] == ["RUN", "STATUS", "EXIT", "AT"]
    assert row.split()[:6] == [RUN, "running", "-", "2026-03-12", "14:32:10", "2m"]
    assert "\x1b" not in row
    assert stub.seen[0][2] == {"limit": ["5"], "status": ["running"]}


def test_runs_when_one_never_started_then_when_it_was_queued_and_why(stub: Stub, call: Call) -> None:
    stub.record |= {"status": "skipped", "queuedAt": "2026-03-12T14:32:10.000Z", "promptPreview": "x" * 500}
    stub.record["reason"] = "The profile is locked."
    head, row = call("runs", "--pinned").stdout.splitlines()
    assert head.endswith("  REASON") and row.endswith("  " + "x" * 39 + "…  The profile is locked.")
    assert row.split()[1:5] == ["skipped", "-", "2026-03-12", "14:32:10"]
    assert stub.seen[0][2] == {"limit": ["20"], "pinned": ["true"]}


def test_runs_when_as_json_then_the_records(stub: Stub, call: Call) -> None:
    assert json.loads(call("runs", "--json").stdout)[0]["runId"] == RUN


def test_logs_when_not_followed_then_the_download_byte_for_byte(stub: Stub, call: Call) -> None:
    stub.output = b"clean\n"
    done = call("logs", RUN)
    assert (done.returncode, done.stdout) == (0, "clean\n")
    call("logs", RUN, "--raw")
    assert [query for _, path, query, _ in stub.seen if path.endswith("/log")] == [{}, {"raw": ["1"]}]


def test_logs_when_raw_is_followed_then_until_the_end(stub: Stub, start: Start) -> None:
    stub.output = b"a\r\nb"
    process = start("logs", "last", "-f", "--raw")
    assert process.stdout is not None
    assert process.stdout.read(4) == b"a\r\nb"
    stub.output += b"c"
    stub.end("completed", 5)
    assert process.communicate(timeout=5)[0] == b"c"
    assert process.returncode == 0


def test_logs_when_following_is_interrupted_then_the_run_goes_on(stub: Stub, start: Start) -> None:
    process = start("logs", "last", "-f", "--raw")
    until(lambda: any(path.endswith("/output") for _, path, _, _ in stub.seen))
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    assert stub.asked("POST", f"runs/{RUN}/kill") == []


def test_run_name_when_a_unique_beginning_then_that_run(stub: Stub, call: Call) -> None:
    stub.others = [{"runId": "01k9z6bq4mfn3t8w2abc", "promptContent": "01k9z6bq4mfn3t8w2xy"}]
    done = call("kill", "01K9Z6BQ4MFN3T8W2XY")
    assert done.returncode == 0
    assert stub.asked("POST", f"runs/{RUN}/kill") == [None]


def test_run_name_when_ambiguous_or_unknown_then_a_sentence(stub: Stub, call: Call) -> None:
    stub.others = [{"runId": "01k9z6bq4mfn3t8w2abc"}]
    done = call("kill", "01k9")
    assert done.returncode == 1
    assert RUN in done.stderr and "01k9z6bq4mfn3t8w2abc" in done.stderr
    assert "no run" in call("kill", "zzz").stderr
    assert "not a run" in call("kill", "../x").stderr
    assert stub.asked("POST", f"runs/{RUN}/kill") == []


def test_kill_when_the_run_has_ended_then_the_servers_sentence(stub: Stub, call: Call) -> None:
    stub.canned["POST", f"runs/{RUN}/kill"] = 409, b'{"error": "The run has ended.", "code": "conflict"}'
    done = call("kill", RUN)
    assert (done.returncode, done.stderr) == (1, "airunner: The run has ended.\n")
