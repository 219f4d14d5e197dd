"""doctor: looks, and says what to do."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Call
from tests.cli.stub import Stub


def findings(stdout: str) -> dict[str, tuple[str, str]]:
    rows = [line.split(maxsplit=2) for line in stdout.splitlines()]
    return {what: (state, sentence) for state, what, sentence in rows}


def test_doctor_when_all_is_there_then_0_and_nothing_is_made(call: Call, tmp_path: Path) -> None:
    done = call("doctor")
    assert done.returncode == 0, done.stdout
    found = findings(done.stdout)
    for what in ("python", "libcrypto", "pidfd", "proc", "subreaper", "terminal", "shell", "data", "space", "store"):
        assert found[what][0] == "ok", found[what]
    assert found["server"][0] == "note"
    assert not (tmp_path / "data").exists()


def test_doctor_when_an_agent_is_on_the_path_then_it_is_found(call: Call, tmp_path: Path) -> None:
    agent = tmp_path / "bin/claude"
    agent.parent.mkdir()
    agent.touch(0o755)
    found = findings(call("doctor", PATH=str(agent.parent)).stdout)
    assert found["claude"] == ("ok", str(agent))
    assert found["codex"][0] == "note"
    assert "npm install" in found["codex"][1]


def test_doctor_when_the_data_folder_cannot_be_one_then_1_and_it_says_so(call: Call, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = call("doctor")
    assert done.returncode == 1
    assert findings(done.stdout)["data"][0] == "BROKEN"


def test_doctor_when_the_server_is_well_or_not_then_it_says_so(stub: Stub, call: Call) -> None:
    stub.canned["GET", "/healthz"] = 200, b'{"ok": true}'
    assert findings(call("doctor").stdout)["server"] == ("ok", f"{stub.url} is well.")
    stub.canned["GET", "/healthz"] = 503, b'{"ok": false}'
    done = call("doctor")
    assert findings(done.stdout)["server"][0] == "BROKEN"
    assert done.returncode == 1


def test_doctor_when_the_server_has_gone_then_it_is_a_note(stub: Stub, call: Call) -> None:
    stub.stop()
    done = call("doctor")
    assert done.returncode == 0
    assert findings(done.stdout)["server"][0] == "note"
