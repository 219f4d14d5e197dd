"""Agents and the readiness of profiles through the API."""

from __future__ import annotations

import time
from pathlib import Path

from airunner.domain.profile import AGENT_TYPES
from tests.helpers.runs import make_profile
from tests.helpers.server import API, House

CLAUDE = 'claude -p -- "$PROMPT"'
SECRET = "sk-the-key-itself"


def install(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_agents_are_listed_and_each_preset_can_be_saved(shell: House) -> None:
    agents = shell.api("GET", "agents")
    assert [agent["type"] for agent in agents] == list(AGENT_TYPES)
    for agent in agents:
        assert set(agent) == {
            "type", "name", "command", "installed", "path", "presets", "problems", "installHint",
        }  # fmt: skip
        assert all(problem["text"] and problem["fix"] for problem in agent["problems"])
        for preset in agent["presets"]:
            made = shell.api("POST", "profiles", preset, expect=201)
            assert (made["agentType"], made["slug"]) == (agent["type"], preset["slug"])
            assert set(made["env"]) == set(preset.get("env", {}))
    assert agents[-1]["installed"]


def test_agents_are_found_on_the_path_of_the_runs(tmp_path: Path) -> None:
    install(tmp_path / "bin", "codex")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    with House(tmp_path / "house", environ=environ) as house:
        found = {agent["type"]: agent for agent in house.api("GET", "agents")}
    assert found["codex"]["installed"]
    assert found["codex"]["path"].endswith("/codex")


def test_the_list_of_agents_takes_no_time(shell: House) -> None:
    def once() -> float:
        start = time.perf_counter()
        shell.api("GET", "agents")
        return time.perf_counter() - start

    assert min(once() for _ in range(8)) < 0.05


def test_a_profile_is_ready_when_its_agent_and_key_are_there(shell: House, tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    make_profile(shell, "readily", CLAUDE, env=env, agentType="claude-code")
    answer = shell.api("GET", "profiles/readily/readiness")
    assert answer["ready"] is False
    assert [problem["code"] for problem in answer["problems"]] == ["not_on_path", "key_missing"]
    assert all(set(problem) == {"code", "text", "fix", "severity"} for problem in answer["problems"])
    install(tmp_path / "bin", "claude")
    shell.api("PATCH", "profiles/readily", {"env": {"ANTHROPIC_API_KEY": SECRET}})
    assert shell.api("GET", "profiles/readily/readiness") == {"ready": True, "problems": [], "cautions": []}


def test_a_profile_that_may_hang_is_ready_with_a_warning(shell: House, tmp_path: Path) -> None:
    install(tmp_path / "bin", "claude")
    env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "ANTHROPIC_API_KEY": SECRET}
    make_profile(shell, "screen", 'claude "$PROMPT"', env=env)
    answer = shell.request("GET", f"{API}/profiles/screen/readiness")
    assert answer.json["ready"] is True
    assert {problem["code"] for problem in answer.json["problems"]} == {"stays_open", "prompt_as_option"}
    assert SECRET.encode() not in answer.body


def test_a_profile_that_is_off_says_so(shell: House) -> None:
    make_profile(shell, "off-for-now", 'true "$PROMPT"', enabled=False)
    answer = shell.api("GET", "profiles/off-for-now/readiness")
    assert answer["ready"] is True
    assert [(problem["code"], problem["severity"]) for problem in answer["problems"]] == [
        ("profile_disabled", "warning")
    ]


def test_a_profile_whose_shell_has_gone_is_not_ready(shell: House, tmp_path: Path) -> None:
    zsh = tmp_path / "zsh"
    zsh.symlink_to("/bin/sh")
    make_profile(shell, "shellless", 'true "$PROMPT"', shell=str(zsh))
    assert shell.api("GET", "profiles/shellless/readiness") == {"ready": True, "problems": [], "cautions": []}
    zsh.unlink()
    answer = shell.api("GET", "profiles/shellless/readiness")
    assert answer["ready"] is False
    assert [problem["code"] for problem in answer["problems"]] == ["shell_missing"]


def test_a_template_that_the_shell_no_longer_takes_is_not_ready(shell: House, tmp_path: Path) -> None:
    picky = tmp_path / "ksh"
    picky.symlink_to("/bin/sh")
    make_profile(shell, "picky", 'true "$PROMPT"', shell=str(picky))
    picky.unlink()
    picky.write_text("#!/bin/sh\necho no such syntax >&2; exit 2\n")
    picky.chmod(0o755)
    answer = shell.api("GET", "profiles/picky/readiness")
    assert [(problem["code"], problem["text"]) for problem in answer["problems"]] == [
        ("template_invalid", "no such syntax")
    ]


def test_readiness_and_agents_answer_viewers_and_refuse_what_they_do_not_know(shell: House) -> None:
    viewer = shell.api("POST", "tokens", {"name": "looker", "role": "viewer"}, expect=201)["token"]
    for path in ("agents", "profiles/sh/readiness"):
        assert shell.request("GET", f"{API}/{path}", token=viewer).status == 200
        assert shell.request("GET", f"{API}/{path}", token=None).status == 401
        shell.api("GET", path, expect=400, page="1")
    shell.api("GET", "profiles/nowhere/readiness", expect=404)
