"""Whether agents can start here: programs, keys, log-ins and users, with programs and homes made for the test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airunner.domain.agents import Lack, starts_of
from airunner.domain.presets import FAMILIES
from airunner.domain.profile import Profile
from airunner.domain.settings import Settings
from airunner.engine import agents as agents_module
from airunner.engine.accounts import Account, LoginPaths, account_of
from airunner.engine.agents import AgentLooker
from airunner.engine.logins import Surroundings, lacking_key, refuses_root
from airunner.engine.resolve import Environment

NOW = datetime(2024, 5, 1, tzinfo=UTC)
SECRET = "sk-the-key-itself"
CLAUDE = 'claude -p -- "$PROMPT"'

Look = Callable[..., list[Lack]]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The PATH of the runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the runs."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def install(folder: Path, *names: str) -> None:
    """Put programs there that do nothing."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def agents_on(path: object, **servers: str) -> AgentLooker:
    return AgentLooker(Environment(servers, LoginPaths(lambda account: str(path))), servers)


@pytest.fixture
def look(bin_folder: Path, home: Path) -> Look:
    """What a profile with the given template lacks."""

    def lacks(
        template: str, servers: dict[str, str] | None = None, passed: tuple[str, ...] = (), **fields: Any
    ) -> list[Lack]:
        fields["env"] = {"HOME": str(home), "IS_SANDBOX": "1", **fields.get("env", {})}
        profile = Profile.from_input({"name": "x", "invocationTemplate": template, **fields}, id="x", now=NOW)
        return agents_on(bin_folder, **(servers or {})).lacks(profile, Settings(pass_env=passed))

    return lacks


def codes(lacks: list[Lack]) -> list[tuple[str, str]]:
    return [(lack.code, lack.severity) for lack in lacks]


# Programs


def test_program_when_not_on_the_path_of_the_runs_then_an_error_says_what_to_do_and_where_it_was_looked_for(
    look: Look, bin_folder: Path
) -> None:
    (lack,) = look(CLAUDE, env={"ANTHROPIC_API_KEY": SECRET})
    assert (lack.code, lack.severity) == ("not_on_path", "error")
    assert lack.text == "claude is not on the PATH of the runs."
    assert "npm install -g @anthropic-ai/claude-code" in lack.fix
    assert lack.fix.endswith(f" Looked in: {bin_folder}.")
    (lack,) = look(CLAUDE, env={"ANTHROPIC_API_KEY": SECRET, "PATH": "/a:/b:/c:/d:/e"})
    assert lack.fix.endswith(" Looked in: /a, /b, /c and 2 more.")
    install(bin_folder, "claude")
    assert look(CLAUDE, env={"ANTHROPIC_API_KEY": SECRET}) == []


def test_program_when_the_agent_type_says_otherwise_then_the_template_counts(look: Look, bin_folder: Path) -> None:
    install(bin_folder, "claude")
    lacks = look('codex exec --skip-git-repo-check -- "$PROMPT"', agentType="claude-code", env={"CODEX_API_KEY": "k"})
    assert codes(lacks) == [("not_on_path", "error")]
    assert lacks[0].text.startswith("codex is not")


def test_program_when_named_by_a_path_then_that_is_looked_at(look: Look, home: Path, tmp_path: Path) -> None:
    lost = f'{tmp_path}/opt/agent "$PROMPT"'
    assert [(lack.code, lack.text) for lack in look(lost)] == [
        ("not_on_path", f"There is no program {tmp_path}/opt/agent.")
    ]
    (home / "bin").mkdir()
    install(home / "bin", "agent", "claude")
    for template in ('~/bin/agent "$PROMPT"', '$HOME/bin/agent "$PROMPT"', '"${HOME}/bin/agent" "$PROMPT"'):
        assert look(template) == [], template
    assert codes(look('~/bin/other "$PROMPT"')) == [("not_on_path", "error")]


def test_program_when_it_cannot_be_known_then_nothing_is_said(look: Look) -> None:
    for template in (
        'export PATH="/opt/x:$PATH"; claude -p -- "$PROMPT"',
        '. ~/.nvm/nvm.sh; claude -p -- "$PROMPT"',
        'su - nobody -c "claude -p -- \\"\\$PROMPT\\""',
        '"$AGENT" "$PROMPT"',
        './agent "$PROMPT"',
        'which some-agent && some-agent "$PROMPT"',
        'mine() { echo "$1"; }; mine "$PROMPT"',
        'eval "$PROMPT"',
    ):
        assert look(template, env={"ANTHROPIC_API_KEY": SECRET}) == [], template


def test_program_when_it_is_all_there_is_then_it_must_be_there(look: Look) -> None:
    assert codes(look('some-agent "$PROMPT"')) == [("not_on_path", "error")]


def test_program_when_the_profile_has_a_path_of_its_own_then_that_counts(look: Look, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    install(tmp_path / "own", "claude")
    assert look(CLAUDE, env={"PATH": str(tmp_path / "own"), "ANTHROPIC_API_KEY": SECRET}) == []


def test_shell_when_missing_then_it_is_an_error(look: Look, tmp_path: Path) -> None:
    assert ("shell_missing", "error") in codes(look('x=1; true "$PROMPT"', shell=str(tmp_path / "zsh")))


# Users


def test_user_when_unknown_then_nothing_else_is_looked_at(look: Look) -> None:
    (lack,) = look(CLAUDE, runAsUser="nobody-of-that-name")
    assert (lack.code, lack.severity) == ("unknown_user", "error")
    assert "nobody-of-that-name" in lack.text


def test_user_when_another_one_then_programs_in_closed_folders_are_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Account("somebody", 54_321, 54_321, (54_321,), str(home), "/bin/sh")
    monkeypatch.setattr(agents_module, "account_of", lambda name: other)
    with tempfile.TemporaryDirectory() as name:  # tmp_path lies in folders that are closed to others
        install(Path(name), "agent")
        profile = Profile.from_input({"name": "x", "invocationTemplate": f'{name}/agent "$PROMPT"'}, id="x", now=NOW)
        (lack,) = agents_on("/bin").lacks(profile, Settings())
        assert (lack.code, lack.severity) == ("not_executable", "warning")
        assert "somebody" in lack.text
        Path(name).chmod(0o711)
        assert agents_on("/bin").lacks(profile, Settings()) == []
        (Path(name) / "agent").chmod(0o740)
        assert codes(agents_on("/bin").lacks(profile, Settings())) == [("not_executable", "warning")]


@pytest.mark.parametrize(
    ("sandbox", "words", "is_refused"),
    [
        ("", "--dangerously-skip-permissions", True),
        ("true", "--dangerously-skip-permissions", True),
        ("1", "--dangerously-skip-permissions", False),
        ("", "--permission-mode bypassPermissions", True),
        ("", "--permission-mode=bypassPermissions", True),
        ("", "--permission-mode plan", False),
    ],
)
def test_root_when_permissions_are_skipped_then_only_the_value_1_lets_it(
    home: Path, sandbox: str, words: str, is_refused: bool
) -> None:
    (call,) = starts_of(f'claude -p {words} -- "$PROMPT"').calls
    around = Surroundings({"IS_SANDBOX": sandbox}, account_of(None), str(home), frozenset())
    lack = refuses_root(call, around)
    assert (lack is not None) == is_refused
    assert lack is None or (lack.code, lack.severity) == ("root_refused", "error")


def test_root_when_the_settings_skip_permissions_then_it_is_refused_too(home: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude/settings.json").write_text('{"permissions": {"defaultMode": "bypassPermissions"}}')
    (call,) = starts_of(CLAUDE).calls
    assert refuses_root(call, Surroundings({}, account_of(None), str(home), frozenset()))


@pytest.mark.parametrize(("uid", "is_refused"), [(0, True), (1_000, False)])
def test_root_when_the_account_is_not_root_then_nothing_is_refused(
    look: Look, bin_folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, uid: int, is_refused: bool
) -> None:
    install(bin_folder, "claude")
    account = Account("one", uid, uid, (uid,), str(home), "/bin/sh")
    monkeypatch.setattr(agents_module, "account_of", lambda name: account)
    said = look('claude -p --dangerously-skip-permissions -- "$PROMPT"', env={"IS_SANDBOX": "yes"})
    assert ("root_refused" in {lack.code for lack in said}) == is_refused


# Keys and log-ins

TEMPLATES = {family.type: family.presets[0]["invocationTemplate"] for family in FAMILIES if family.keys}
KEYS = [
    ("claude-code", "ANTHROPIC_API_KEY", "error"),
    ("claude-code", "CLAUDE_CODE_OAUTH_TOKEN", "error"),
    ("codex", "CODEX_API_KEY", "error"),
    ("opencode", "OPENROUTER_API_KEY", "warning"),
    ("gemini-cli", "GEMINI_API_KEY", "warning"),
    ("aider", "DEEPSEEK_API_KEY", "warning"),
]


def key_of(template: str, home: Path, env: dict[str, str], servers: tuple[str, ...] = ()) -> Lack | None:
    (call,) = starts_of(template).calls
    return lacking_key(call, Surroundings(env, account_of(None), str(home), frozenset(servers)))


@pytest.mark.parametrize(("agent", "variable", "severity"), KEYS, ids=[variable for _, variable, _ in KEYS])
def test_key_when_no_variable_and_no_log_in_gives_one_then_it_is_said(
    home: Path, agent: str, variable: str, severity: str
) -> None:
    template = TEMPLATES[agent]
    lack = key_of(template, home, {variable: ""})
    assert lack and (lack.code, lack.severity) == ("key_missing", severity)
    assert key_of(template, home, {variable: SECRET}) is None
    offered = key_of(template, home, {}, (variable, "SOMETHING_ELSE"))
    assert offered and f"The server has {variable}: name it in the setting passEnv" in offered.fix


@pytest.mark.parametrize(
    ("agent", "file", "text", "counts"),
    [
        ("claude-code", ".claude/.credentials.json", "{}", True),
        ("claude-code", ".claude/.credentials.json", "", False),
        ("claude-code", ".claude/settings.json", '{"apiKeyHelper": "/x"}', True),
        ("claude-code", ".claude/settings.json", '{"model": "opus"}', False),
        ("claude-code", ".claude.json", '{"numStartups": 3}', False),
        ("claude-code", ".claude.json", '{"primaryApiKey": "x"}', True),
        ("codex", ".codex/auth.json", "{}", True),
        ("codex", ".codex/config.toml", 'model = "x"', False),
        ("codex", ".codex/config.toml", "not toml [", False),
        ("opencode", ".local/share/opencode/auth.json", "{}", True),
        ("opencode", ".config/opencode/opencode.jsonc", "{}", True),
        ("gemini-cli", ".gemini/oauth_creds.json", "{}", True),
        ("gemini-cli", ".gemini/.env", "GEMINI_API_KEY=x", True),
        ("aider", ".aider.conf.yml", "model: x", True),
    ],
)
def test_key_when_there_is_a_file_then_it_counts_if_it_can_hold_one(
    home: Path, agent: str, file: str, text: str, counts: bool
) -> None:
    path = home / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert (key_of(TEMPLATES[agent], home, {}) is None) == counts


def test_key_when_a_variable_moves_the_folder_then_it_is_looked_for_there(home: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved/auth.json").write_text("{}")
    assert key_of(TEMPLATES["codex"], home, {})
    assert key_of(TEMPLATES["codex"], home, {"CODEX_HOME": str(tmp_path / "moved")}) is None


def test_key_when_a_provider_of_codex_names_its_variable_then_that_one_is_needed(home: Path) -> None:
    config = home / ".codex/config.toml"
    config.parent.mkdir()
    provider = 'model_provider = "mine"\n[model_providers.mine]\nbase_url = "http://127.0.0.1:1"\n'
    config.write_text(provider + 'env_key = "MY_KEY"\n')
    lack = key_of(TEMPLATES["codex"], home, {"CODEX_API_KEY": SECRET})
    assert lack and "MY_KEY" in lack.text
    assert key_of(TEMPLATES["codex"], home, {"MY_KEY": SECRET}) is None
    config.write_text(provider)
    assert key_of(TEMPLATES["codex"], home, {}) is None


def test_key_when_codex_has_only_that_of_openai_then_the_right_name_is_told(home: Path) -> None:
    lack = key_of(TEMPLATES["codex"], home, {"OPENAI_API_KEY": SECRET})
    assert lack and "CODEX_API_KEY" in lack.fix


def test_key_when_the_file_of_opencode_names_a_variable_then_that_one_is_needed(home: Path) -> None:
    config = home / ".config/opencode/opencode.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"provider": {"x": {"options": {"apiKey": "{env:MY_KEY}"}}}}')
    lack = key_of(TEMPLATES["opencode"], home, {})
    assert lack and "MY_KEY" in lack.text
    assert key_of(TEMPLATES["opencode"], home, {"MY_KEY": SECRET}) is None


def test_key_when_gemini_has_another_address_then_it_needs_to_know_how_to_log_in(home: Path) -> None:
    env = {"GEMINI_API_KEY": SECRET, "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1"}
    lack = key_of(TEMPLATES["gemini-cli"], home, env)
    assert lack and (lack.code, lack.severity) == ("config_missing", "error")
    (home / ".gemini").mkdir()
    (home / ".gemini/settings.json").write_text('{"security": {"auth": {"selectedType": "gemini-api-key"}}}')
    assert key_of(TEMPLATES["gemini-cli"], home, env) is None


def test_key_when_the_template_itself_gives_it_then_nothing_is_said(look: Look, bin_folder: Path, home: Path) -> None:
    install(bin_folder, "claude", "aider")
    assert look(f"ANTHROPIC_API_KEY=$(cat ~/key) {CLAUDE}") == []
    assert key_of("aider --yes --api-key openai=x --message=$PROMPT", home, {}) is None
    assert key_of('codex exec -c model_provider=mine -- "$PROMPT"', home, {}) is None


def test_key_when_passed_on_from_the_server_then_it_counts(look: Look, bin_folder: Path) -> None:
    install(bin_folder, "claude")
    servers = {"ANTHROPIC_API_KEY": SECRET}
    assert codes(look(CLAUDE, servers)) == [("key_missing", "error")]
    assert look(CLAUDE, servers, passed=("ANTHROPIC_API_KEY",)) == []


def test_files_when_they_are_no_files_then_looking_ends_at_once(home: Path) -> None:
    for name in (".claude/settings.json", ".codex/config.toml", ".gemini/settings.json"):
        (home / name).parent.mkdir()
        os.mkfifo(home / name)
    (home / ".config/opencode/opencode.json").mkdir(parents=True)
    for template in TEMPLATES.values():
        key_of(template, home, {"GOOGLE_GEMINI_BASE_URL": "x"})
    assert key_of(TEMPLATES["claude-code"], Path("/proc/self/mem"), {})
    assert key_of(TEMPLATES["claude-code"], Path("/nul\0"), {})


def test_lacks_when_many_then_errors_come_first_and_no_key_is_told(look: Look) -> None:
    said = look('claude "$PROMPT"; aider "$PROMPT"', env={"OPENAI_API_KEY": SECRET})
    severities = [lack.severity for lack in said]
    assert severities == sorted(severities)
    assert {"not_on_path", "key_missing", "stays_open", "asks"} <= {lack.code for lack in said}
    assert SECRET not in repr(said)


def test_profile_when_switched_off_then_that_is_told_and_is_no_error(look: Look, bin_folder: Path) -> None:
    install(bin_folder, "claude")
    (lack,) = look(CLAUDE, env={"ANTHROPIC_API_KEY": SECRET}, enabled=False)
    assert (lack.code, lack.severity) == ("profile_disabled", "warning")


# Families


def test_families_when_listed_then_each_says_whether_it_is_here(bin_folder: Path) -> None:
    install(bin_folder, "codex")
    found = {row["type"]: row for row in agents_on(bin_folder).families(Settings())}
    assert list(found) == [family.type for family in FAMILIES]
    assert (found["codex"]["installed"], found["codex"]["path"]) == (True, str(bin_folder / "codex"))
    assert (found["aider"]["installed"], found["aider"]["path"]) == (False, None)
    assert found["custom"]["installed"]
    for row in found.values():
        assert row["presets"][0]["agentType"] == row["type"]
        assert all(problem["code"] != "not_on_path" for problem in row["problems"])
        assert row["installHint"] or row["type"] == "custom"
