"""Whether an agent will find a key: in its variables, or in the files of a log-in under the run user's home.

Looks only at files that this user may read, and only into their first part; no value of a key leaves this file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from airunner.domain.agents import Call, Lack
from airunner.domain.fields import listed
from airunner.domain.presets import Family, Place
from airunner.engine.accounts import Account
from airunner.engine.rights import read_file

_LOOKED_AT = 262_144  # bytes of a file
_NAMED_VARIABLE = re.compile(r"\{env:([A-Za-z_]\w*)\}")
_SHOWN = 3  # names of variables in a sentence


class Surroundings(NamedTuple):
    """Where an agent would run: its environment, its user and home, and the names of the server's own variables."""

    env: Mapping[str, str]
    account: Account
    home: str
    servers: frozenset[str]


def lacking_key(call: Call, around: Surroundings) -> Lack | None:
    """Return that (or which) key is missing for a call of an agent, None when one is there or that cannot be known."""
    family = call.family
    if family is None or not family.keys or call.has(*family.given_by):
        return None
    special = _SPECIAL.get(family.type)
    if special:
        needs, found = special(call, around)
        if needs is not None or found:
            return needs
    if _given(family.keys, around.env) or any(_is_there(place, around) for place in family.places):
        return None
    return _no_key(family, around)


def refuses_root(call: Call, around: Surroundings) -> Lack | None:
    """Return that Claude Code will not start for root, None when it will. Call it for root only."""
    if around.env.get("IS_SANDBOX") == "1" or around.env.get("CLAUDE_CODE_BUBBLEWRAP"):
        return None
    asked = call.has("--dangerously-skip-permissions") or any("bypassPermissions" in word for word in call.words)
    if not asked and "bypassPermissions" not in _text(Place("CLAUDE_CONFIG_DIR", ".claude", "settings.json"), around):
        return None
    return Lack(
        "root_refused",
        "Claude Code does not skip its permissions for root: it ends at once with exit code 1.",
        "Give the profile the variable IS_SANDBOX with the value 1, or a user other than root (runAsUser).",
    )


def _no_key(family: Family, around: Surroundings) -> Lack:
    servers = sorted(name for name in around.servers if _given(family.keys, {name: "x"}))
    if servers:
        fix = f"The server has {listed(servers[:_SHOWN])}: name it in the setting passEnv, or give the profile its own."
    else:
        fix = f"Give the profile a variable such as {family.keys[0]} in its environment"
        fix += f", or log in as {around.account.name}: `{family.log_in}`" if family.log_in else ""
        fix += "."
    text = f"No key and no log-in of {family.name} was found for {around.account.name}. {family.without_key}".strip()
    return Lack("key_missing", text, fix, "error" if family.needs_key else "warning")


def _given(patterns: Iterable[str], env: Mapping[str, str]) -> bool:
    return any(env[name] and fnmatchcase(name, pattern) for pattern in patterns for name in env)


# What only one family has: each answers with what is missing, and whether a key was found for sure.


def _codex(call: Call, around: Surroundings) -> tuple[Lack | None, bool]:
    if any("provider" in word or "base_url" in word for word in call.words):
        return None, True
    try:
        config = tomllib.loads(_text(Place("CODEX_HOME", ".codex", "config.toml"), around))
    except tomllib.TOMLDecodeError:
        return None, False
    provider = _at(config, "model_providers", config.get("model_provider"))
    name = _at(provider, "env_key")
    if isinstance(name, str) and not around.env.get(name):
        return _lacking_variable("Codex", "config.toml", name), False
    if isinstance(provider, dict) and not provider.get("requires_openai_auth"):
        return None, True
    alone = around.env.get("OPENAI_API_KEY") and not _given(("CODEX_*",), around.env)
    if alone and not _is_there(Place("CODEX_HOME", ".codex", "auth.json"), around):
        text = "codex exec does not read OPENAI_API_KEY; its calls are refused as not authenticated."
        return Lack("key_missing", text, "Name the variable CODEX_API_KEY instead."), False
    return None, False


def _at(value: object, *keys: object) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _gemini(call: Call, around: Surroundings) -> tuple[Lack | None, bool]:
    settings = _text(Place("GEMINI_CLI_HOME", "", ".gemini/settings.json"), around)
    if around.env.get("GOOGLE_GEMINI_BASE_URL") and '"selectedType"' not in settings:
        return Lack(
            "config_missing",
            "With GOOGLE_GEMINI_BASE_URL alone Gemini CLI ends with “Invalid auth method selected.” and exit code 41.",
            'Write {"security": {"auth": {"selectedType": "gemini-api-key"}}} into ~/.gemini/settings.json.',
        ), False
    return None, False


def _opencode(call: Call, around: Surroundings) -> tuple[Lack | None, bool]:
    for file in ("opencode/opencode.json", "opencode/opencode.jsonc"):
        for name in _NAMED_VARIABLE.findall(_text(Place("XDG_CONFIG_HOME", ".config", file), around)):
            if not around.env.get(name):
                return _lacking_variable("OpenCode", file.rpartition("/")[2], name), False
    return None, False


def _lacking_variable(family: str, file: str, name: str) -> Lack:
    return Lack(
        "key_missing",
        f"{family}'s {file} takes its key from the variable {name}, which the run does not have.",
        f"Give the profile {name} in its environment, or name it in the setting passEnv.",
    )


_SPECIAL: dict[str, Callable[[Call, Surroundings], tuple[Lack | None, bool]]] = {
    "codex": _codex,
    "gemini-cli": _gemini,
    "opencode": _opencode,
}


# Files


def _path(place: Place, around: Surroundings) -> Path:
    folder = around.env.get(place.variable, "") if place.variable else ""
    return (Path(folder) if folder else Path(around.home) / place.folder) / place.file


def _is_there(place: Place, around: Surroundings) -> bool:
    """Whether a file gives a key; one that the user may not read gives none."""
    start = _start(place, around)
    if not place.holds:
        return bool(start)
    return len(start) == _LOOKED_AT or any(word.encode() in start for word in place.holds)


def _text(place: Place, around: Surroundings) -> str:
    return _start(place, around).decode("utf-8", "replace")


def _start(place: Place, around: Surroundings) -> bytes:
    """The beginning of a file, nothing when there is none that the user may read."""
    try:
        return read_file(Path(os.path.realpath(_path(place, around))), around.account, _LOOKED_AT)
    except (OSError, ValueError):
        return b""
