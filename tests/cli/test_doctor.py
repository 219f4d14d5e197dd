"""doctor: looks, and says what to do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Call
from tests.cli.stub import Stub
from tests.helpers.runs import make_profile
from tests.helpers.server import House


def install(folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / name).touch(0o755)


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


def test_doctor_when_an_agent_is_on_the_path_then_it_is_found_and_what_it_lacks_is_said(
    call: Call, tmp_path: Path
) -> None:
    install(tmp_path / "bin", "aider")
    done = call("doctor", PATH=str(tmp_path / "bin"))
    found = findings(done.stdout)
    assert done.returncode == 0
    assert found["aider"][1].startswith(str(tmp_path / "bin/aider"))
    assert (found["aider"][0] == "note") == ("; No key" in found["aider"][1])
    assert found["codex"] == ("note", "not on PATH; npm install -g @openai/codex")
    assert not (tmp_path / "data").exists()


def test_doctor_when_there_are_profiles_then_it_says_which_are_ready_with_or_without_a_server(house: House) -> None:
    install(house.folder / "bin", "claude")
    env = {"PATH": str(house.folder / "bin"), "HOME": str(house.folder), "ANTHROPIC_API_KEY": "sk-the-key-itself"}
    make_profile(house, "good", 'claude -p -- "$PROMPT"', env=env)
    make_profile(house, "bad", 'no-such-agent "$PROMPT"')
    make_profile(house, "off", 'no-such-agent "$PROMPT"', enabled=False)
    for stop in (False, True):
        if stop:
            house.stop()
        done = house.cli("doctor")
        lines = [line for line in done.stdout.decode().splitlines() if " profile " in line]
        assert done.returncode == 0, done.stdout
        assert lines[0] == "ok      profile      good is ready."
        assert lines[1].startswith(
            "note    profile      bad: no-such-agent is not on the PATH of the runs. Install it, "
        )
        assert len(lines) == 2
        assert b"sk-the-key-itself" not in done.stdout


def test_doctor_when_a_server_knows_the_agents_then_its_word_counts(stub: Stub, call: Call) -> None:
    problem = {"code": "key_missing", "text": "No key.", "fix": "Give one.", "severity": "error"}
    agents = [
        {"type": "codex", "command": "codex", "installed": True, "path": "/srv/codex", "problems": []},
        {"type": "aider", "command": "aider", "installed": True, "path": "/srv/aider", "problems": [problem]},
        {"type": "custom", "command": "bash", "installed": True, "path": "/bin/bash", "problems": []},
    ]
    stub.canned["GET", "agents"] = 200, json.dumps(agents).encode()
    stub.canned["GET", "profiles"] = 200, json.dumps([{"slug": "one", "enabled": True}]).encode()
    stub.canned["GET", "profiles/one/readiness"] = 200, json.dumps({"ready": False, "problems": [problem]}).encode()
    found = findings(call("doctor").stdout)
    assert found["codex"] == ("ok", "/srv/codex")
    assert found["aider"] == ("note", "/srv/aider; No key. Give one.")
    assert found["profile"] == ("note", "one: No key. Give one.")
    assert "bash" not in found


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
