"""profiles against a stand-in server."""

from __future__ import annotations

import json

from tests.cli.conftest import Call
from tests.cli.stub import Stub

PROFILE = {"slug": "claude", "name": "Claude", "agentType": "claude-code", "enabled": True, "invocationTemplate": "c"}


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
    done = call("profiles", "create", "--name", "Claude", "--template", 'c "$PROMPT"', "--env", "K=v=w", "--no-tty")
    assert (done.returncode, done.stdout) == (0, "profile claude created.\n")
    assert stub.asked("POST", "profiles") == [
        {
            "name": "Claude",
            "agentType": "custom",
            "invocationTemplate": 'c "$PROMPT"',
            "env": {"K": "v=w"},
            "requiresTTY": False,
            "acknowledgedDangers": [],
        }
    ]


def test_profiles_when_shown_or_deleted_then_by_slug(stub: Stub, call: Call) -> None:
    stub.canned["GET", "profiles/claude"] = 200, json.dumps(PROFILE).encode()
    stub.canned["DELETE", "profiles/claude"] = 200, b'{"success": true}'
    assert json.loads(call("profiles", "show", "claude").stdout) == PROFILE
    assert call("profiles", "delete", "claude").stdout == "profile claude deleted.\n"
    done = call("profiles", "show", "../x")
    assert (done.returncode, done.stderr) == (1, "airunner: There is no profiles/..%2Fx.\n")
