"""profiles against a stand-in server."""

from __future__ import annotations

import json

from tests.cli.conftest import Call
from tests.cli.stub import Stub

PROFILE = {
    "id": "p1",
    "slug": "claude",
    "name": "Claude",
    "agentType": "claude-code",
    "enabled": True,
    "invocationTemplate": "c",
}


def test_profiles_when_listed_then_a_table_or_json(stub: Stub, call: Call) -> None:
    stub.canned["GET", "profiles"] = 200, json.dumps([PROFILE]).encode()
    rows = call("profiles").stdout.splitlines()
    assert [row.split() for row in rows] == [
        ["PROFILE", "NAME", "AGENT", "ENABLED", "TEMPLATE"],
        ["claude", "Claude", "claude-code", "yes", "c"],
    ]
    assert json.loads(call("profiles", "--json").stdout) == [PROFILE]


def test_profiles_when_created_then_the_draft_is_what_was_said(stub: Stub, call: Call) -> None:
    stub.canned["POST", "profiles"] = 201, json.dumps(PROFILE).encode()
    warnings = [{"code": "no_working_dir", "text": "No."}, {"code": "prompt_is_code", "text": "It is code."}]
    stub.canned["POST", "profiles/p1/validate"] = 200, json.dumps({"valid": True, "warnings": warnings}).encode()
    problems = [{"code": "key_missing", "text": "No key.", "fix": "Give one.", "severity": "error"}]
    stub.canned["GET", "profiles/p1/readiness"] = 200, json.dumps({"ready": False, "problems": problems}).encode()
    options = ["--env", "K=v=w", "--no-tty", "--prompt-via", "argument", "--run-as-user", "nobody"]
    done = call("profiles", "create", "--name", "Claude", "--template", 'c "$PROMPT"', *options)
    assert (done.returncode, done.stdout) == (0, "profile claude created.\n")
    assert done.stderr == "airunner: warning: It is code.\nairunner: error: No key. Give one.\n"
    assert stub.asked("POST", "profiles") == [
        {
            "name": "Claude",
            "invocationTemplate": 'c "$PROMPT"',
            "env": {"K": "v=w"},
            "requiresTTY": False,
            "promptVia": "argument",
            "runAsUser": "nobody",
        }
    ]


def test_profile_when_changed_then_only_what_was_said_is_sent(stub: Stub, call: Call) -> None:
    stub.canned["PATCH", "profiles/claude"] = 200, json.dumps(PROFILE).encode()
    stub.canned["POST", "profiles/p1/validate"] = 200, b"{}"
    stub.canned["GET", "profiles/p1/readiness"] = 200, b"{}"
    options = ["--env", "K=v", "--unset-env", "L", "--unset-env", "K", "--prompt-via", "", "--run-as-user", ""]
    done = call("profiles", "change", "claude", *options, "--off", "--tty", "--acknowledge", "")
    assert (done.returncode, done.stdout) == (0, "profile claude changed.\n")
    assert stub.asked("PATCH", "profiles/claude") == [
        {
            "env": {"K": "v", "L": None},
            "promptVia": None,
            "runAsUser": None,
            "enabled": False,
            "requiresTTY": True,
            "acknowledgedDangers": [],
        }
    ]
    done = call("profiles", "change", "claude")
    assert (done.returncode, done.stderr) == (
        2,
        "airunner: Nothing is to be changed: give an option, such as --template.\n",
    )
    for pair in (("--on", "--off"), ("--tty", "--no-tty")):
        assert call("profiles", "change", "claude", *pair).returncode == 2


def test_profile_when_locked_until_a_time_then_it_is_meant_here(stub: Stub, call: Call) -> None:
    locked = PROFILE | {"lock": {"until": "2027-07-01T08:00:00.000Z"}, "whileLocked": "skip"}
    stub.canned["POST", "profiles/claude/lock"] = 200, json.dumps(locked).encode()
    for until, sent in (
        ("2027-07-01T10:00", "2027-07-01T08:00:00.000Z"),
        ("2027-07-01T10:00:00Z", "2027-07-01T10:00:00.000Z"),
        ("soon", "soon"),
    ):
        done = call("profiles", "lock", "claude", "--until", until, TZ="Europe/Paris")
        assert done.stdout == "profile claude is locked until 2027-07-01 10:00:00 CEST; its runs are skipped.\n"
        assert stub.asked("POST", "profiles/claude/lock")[-1] == {"until": sent}


def test_profiles_when_shown_or_deleted_then_by_slug(stub: Stub, call: Call) -> None:
    stub.canned["GET", "profiles/claude"] = 200, json.dumps(PROFILE).encode()
    stub.canned["DELETE", "profiles/claude"] = 200, b'{"success": true}'
    assert json.loads(call("profiles", "show", "claude").stdout) == PROFILE
    assert call("profiles", "delete", "claude").stdout == "profile claude deleted.\n"
    done = call("profiles", "show", "../x")
    assert (done.returncode, done.stderr) == (1, "airunner: There is no profiles/..%2Fx.\n")
