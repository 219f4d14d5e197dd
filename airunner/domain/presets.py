"""The families of agents in one table: how each is installed, where it finds its key, and drafts of profiles for it.

The forms are those that end by themselves, ask nothing, and take every prompt as it is: one that begins with `-` too,
which most agents read as an option unless `--` stands before it or `=` joins it to its option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

Preset = Mapping[str, Any]


class Place(NamedTuple):
    """A file that gives an agent its key: `file` in the folder that `variable` names, else in `folder` of the home.

    With `holds`, it counts only when one of these words is in it.
    """

    variable: str
    folder: str
    file: str
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family. `keys` are names of variables, `*` allowed, of which any will do; the first is the usual one.

    `needs_key` says whether a run without key is sure to fail: not where a free model or a file in the working directory
    may do. `without_key` says what happens then; `given_by` are options that name a key or its place themselves.
    """

    type: str
    name: str
    command: str
    install_hint: str = ""
    keys: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    given_by: tuple[str, ...] = ()
    needs_key: bool = False
    without_key: str = ""
    log_in: str = ""
    prompt_form: str = ""
    presets: tuple[Preset, ...]


def _preset(agent_type: str, name: str, slug: str, template: str, **fields: Any) -> Preset:
    draft = {"name": name, "slug": slug, "agentType": agent_type, "invocationTemplate": template, "requiresTTY": True}
    return MappingProxyType({**draft, **fields})


_CLAUDE = Family(
    type="claude-code",
    name="Claude Code",
    command="claude",
    install_hint="npm install -g @anthropic-ai/claude-code",
    keys=(
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY",
    ),
    places=(
        Place("CLAUDE_CONFIG_DIR", ".claude", ".credentials.json"),
        Place("CLAUDE_CONFIG_DIR", ".claude", "settings.json", ("apiKeyHelper", "ANTHROPIC_", "CLAUDE_CODE_USE_")),
        Place("CLAUDE_CONFIG_DIR", "", ".claude.json", ("primaryApiKey",)),
        Place("", "/etc/claude-code", "managed-settings.json", ("apiKeyHelper", "ANTHROPIC_", "CLAUDE_CODE_USE_")),
    ),
    given_by=("--settings",),
    needs_key=True,
    without_key="It ends at once with “Not logged in”.",
    log_in="claude auth login",
    prompt_form='claude -p -- "$PROMPT"',
    presets=(
        _preset(
            "claude-code",
            "Claude Code",
            "claude-code",
            'claude -p --dangerously-skip-permissions -- "$PROMPT"',
            env={"IS_SANDBOX": "1"},  # else it refuses that option to root; only exactly 1 counts
        ),
        _preset(
            "claude-code",
            "Claude Code (read only)",
            "claude-code-read-only",
            'claude -p --permission-mode plan -- "$PROMPT"',
        ),
    ),
)
_CODEX = Family(
    type="codex",
    name="Codex",
    command="codex",
    install_hint="npm install -g @openai/codex",
    keys=("CODEX_API_KEY", "CODEX_ACCESS_TOKEN"),  # not OPENAI_API_KEY, which it reads only when somebody logs in
    places=(Place("CODEX_HOME", ".codex", "auth.json"),),
    given_by=("--oss", "--profile", "-p", "--config", "-c"),
    needs_key=True,
    without_key="Its calls are refused as not authenticated.",
    log_in="codex login --device-auth",
    prompt_form='codex exec -- "$PROMPT"',
    presets=(
        _preset(
            "codex",
            "Codex",
            "codex",
            'codex exec --dangerously-bypass-approvals-and-sandbox --skip-git-repo-check -- "$PROMPT"',
            stopSignals=("INT", "TERM"),  # on INT it ends its own tools first, on TERM it leaves them
        ),
        _preset(
            "codex",
            "Codex (read only)",
            "codex-read-only",
            'codex exec --sandbox read-only --skip-git-repo-check -- "$PROMPT"',
            stopSignals=("INT", "TERM"),
        ),
    ),
)
_OPENCODE = Family(
    type="opencode",
    name="OpenCode",
    command="opencode",
    install_hint="npm install -g opencode-ai",
    keys=(
        "ANTHROPIC_API_KEY",
        "*_API_KEY",
        "OPENCODE_CONFIG",
        "OPENCODE_CONFIG_CONTENT",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "GITHUB_TOKEN",
    ),
    places=(
        Place("XDG_DATA_HOME", ".local/share", "opencode/auth.json"),
        Place("XDG_CONFIG_HOME", ".config", "opencode/opencode.json"),
        Place("XDG_CONFIG_HOME", ".config", "opencode/opencode.jsonc"),
    ),
    given_by=("--attach",),
    without_key="It uses a free model of its maker, if it can reach one.",
    log_in="opencode auth login",
    # As an argument it would put a prompt that has a blank into quotes, and a backslash before each quote in it.
    prompt_form='opencode run --auto < "$PROMPT_FILE"',
    presets=(
        _preset("opencode", "OpenCode", "opencode", 'opencode run --auto < "$PROMPT_FILE"'),
        _preset("opencode", "OpenCode (read only)", "opencode-read-only", 'opencode run --agent plan < "$PROMPT_FILE"'),
    ),
)
_QUIET_GEMINI = {
    "COLORTERM": "truecolor",  # else it begins with a warning about colours
    "GEMINI_CLI_NO_RELAUNCH": "true",  # else it is two processes, of which the first ignores signals
}
_GEMINI = Family(
    type="gemini-cli",
    name="Gemini CLI",
    command="gemini",
    install_hint="npm install -g @google/gemini-cli",
    keys=(
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_GENAI_USE_GCA",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    places=(
        Place("GEMINI_CLI_HOME", "", ".gemini/oauth_creds.json"),
        Place("GEMINI_CLI_HOME", "", ".gemini/gemini-credentials.json"),
        Place("GEMINI_CLI_HOME", "", ".gemini/.env"),
        Place("GEMINI_CLI_HOME", "", ".env"),
    ),
    without_key="It ends at once with exit code 41, unless the working directory has an .env file with the key.",
    log_in="gemini",
    prompt_form='gemini --prompt="$PROMPT"',
    # Without a terminal: its notes go to stderr, and would land in the middle of the answer.
    presets=(
        _preset(
            "gemini-cli",
            "Gemini CLI",
            "gemini-cli",
            'gemini --yolo --skip-trust --prompt="$PROMPT"',
            requiresTTY=False,
            env=_QUIET_GEMINI,
        ),
        _preset(
            "gemini-cli",
            "Gemini CLI (read only)",
            "gemini-cli-read-only",
            'gemini --approval-mode plan --skip-trust --prompt="$PROMPT"',
            requiresTTY=False,
            env=_QUIET_GEMINI,
        ),
    ),
)
# `--yes-always` says yes to sending statistics and to installing a browser for each address in a prompt, too.
_AIDER_QUIETLY = (
    "aider --yes-always --no-pretty --no-analytics --no-detect-urls --no-gitignore --no-check-update"
    " --no-show-release-notes --no-show-model-warnings"
)
_AIDER = Family(
    type="aider",
    name="Aider",
    command="aider",
    install_hint="python3 -m pip install aider-install && aider-install",
    keys=("OPENAI_API_KEY", "*_API_KEY", "OLLAMA_API_BASE", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"),
    places=(
        Place("", "", ".aider.conf.yml"),
        Place("", ".aider", "oauth-keys.env"),
        Place("", "", ".env"),
    ),
    given_by=("--api-key", "--openai-api-key", "--anthropic-api-key", "--config", "-c", "--env-file", "--set-env"),
    without_key="It waits five minutes for a log-in in a browser, unless the repository has an .env file with the key.",
    prompt_form='aider --yes-always --message="$PROMPT"',
    # Without a terminal: no spinner.
    presets=(
        _preset("aider", "Aider", "aider", f'{_AIDER_QUIETLY} --message="$PROMPT"', requiresTTY=False),
        _preset(
            "aider",
            "Aider (answers only)",
            "aider-answers-only",
            f'{_AIDER_QUIETLY} --chat-mode ask --message="$PROMPT"',
            requiresTTY=False,
        ),
    ),
)
_CUSTOM = Family(
    type="custom",
    name="Custom",
    command="bash",
    presets=(
        _preset("custom", "Shell", "shell", 'bash -c "$PROMPT"'),
        _preset("custom", "My agent", "my-agent", '/usr/local/bin/my-agent --auto "$PROMPT"'),
    ),
)
FAMILIES = (_CLAUDE, _CODEX, _OPENCODE, _GEMINI, _AIDER, _CUSTOM)


def family_of(program: str) -> Family | None:
    """Return the family of agents whose program has that name, without its folder; None for any other program."""
    return _BY_COMMAND.get(program)


_BY_COMMAND = {family.command: family for family in FAMILIES if family.type != "custom"}
