"""Looks whether the agents of profiles can start on this machine: program, key, user, and what is known to hang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from airunner.base.errors import Invalid
from airunner.domain.agents import Around, Call, Lack, Starts, habits, starts_of
from airunner.domain.presets import FAMILIES, Family
from airunner.domain.profile import Profile
from airunner.domain.record import Doc
from airunner.domain.settings import Settings
from airunner.domain.shellbase import OPAQUE
from airunner.engine.accounts import Account, account_of
from airunner.engine.logins import Surroundings, lacking_key, refuses_root
from airunner.engine.resolve import Environment
from airunner.engine.rights import ENTER, may, state_of

_NOT_FILES = frozenset(
    {":", ".", "source", "eval", "exec", "read", "builtin", "command", "export", "set", "trap", "wait"}
)
_SHOWN_FOLDERS = 3  # of PATH, in a sentence
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class AgentLooker:
    """Looks; starts no agent, only the login shell that knows the PATH. Of the server's own `environ` only names are told."""

    def __init__(self, environment: Environment, environ: Mapping[str, str]) -> None:
        self._environment = environment
        self._servers = frozenset(environ)

    def families(self, settings: Settings) -> list[Doc]:
        """Return each family with its presets: whether it is installed for the server's user, and what it still lacks."""
        account = account_of(None)
        path = self._environment.base(settings, account)["PATH"]
        return [self._family(family, shutil.which(family.command, path=path), settings) for family in FAMILIES]

    def lacks(self, profile: Profile, settings: Settings) -> list[Lack]:
        """Return what a run of this profile would miss, errors first. Its template's own errors are not looked for."""
        try:
            account = account_of(profile.run_as_user)
        except Invalid as error:
            return [Lack("unknown_user", error.message, "Choose another user in the profile, or none.")]
        found = dict.fromkeys([*_switched_off(profile), *self._found(profile, settings, account)])
        return sorted(found, key=lambda lack: lack.severity != "error")

    def _family(self, family: Family, path: str | None, settings: Settings) -> Doc:
        profile = Profile.from_input(family.presets[0], id="", now=_NEVER)
        lacks = [lack for lack in self.lacks(profile, settings) if lack.code != "not_on_path"]
        return {
            "type": family.type,
            "name": family.name,
            "command": family.command,
            "installed": path is not None or family.type == "custom",
            "path": path,
            "presets": [dict(preset) for preset in family.presets],
            "problems": [asdict(lack) for lack in lacks],
            "installHint": family.install_hint,
        }

    def _found(self, profile: Profile, settings: Settings, account: Account) -> Iterator[Lack]:
        if not _can_run(profile.shell, account):
            text = f"The shell {profile.shell} is not there, or {account.name} may not run it."
            yield Lack("shell_missing", text, "Choose another shell in the profile, such as /bin/sh.")
        starts = starts_of(profile.invocation_template)
        env = {**self._environment.base(settings, account), **profile.env, **starts.assigned}
        around = Surroundings(env, account, env.get("HOME") or account.home, self._servers)
        for call in starts.calls:
            if call.here:
                yield from _program(call, starts, around, account)
            if call.here and (key := lacking_key(call, around)):
                yield key
            if call.here and account.uid == 0 and call.family and call.family.type == "claude-code":
                yield from filter(None, [refuses_root(call, around)])
            is_fed = call.fed or not profile.requires_tty or profile.prompt_via == "stdin"
            yield from habits(call, Around(profile.requires_tty, is_fed, env))


def _switched_off(profile: Profile) -> Iterator[Lack]:
    if not profile.enabled:
        yield Lack("profile_disabled", "The profile is switched off; it takes no runs.", "Switch it on.", "warning")


def _program(call: Call, starts: Starts, around: Surroundings, account: Account) -> Iterator[Lack]:
    """What keeps the program of a call from being started; nothing where that cannot be known."""
    name = _expanded(call.program, around.home)
    if name is None or name in starts.defined or not _is_looked_for(call, name, starts):
        return
    searched = around.env.get("PATH", "")
    path = shutil.which(name, path=searched)
    install = f"Install it (`{call.family.install_hint}`)" if call.family else "Install it"
    if path:
        if not _can_run(path, account):
            text = f"{path} cannot be run by {account.name}: it or one of its folders is closed to that user."
            # Access control lists may say otherwise.
            fix = f"Install it where {account.name} can reach it, or open it to that user."
            yield Lack("not_executable", text, fix, "warning")
    elif name.startswith("/"):
        text = f"There is no program {name}."
        yield Lack("not_on_path", text, f"{install}, or write another path into the template.")
    elif "PATH" not in starts.assigned:
        text = f"{name} is not on the PATH of the runs."
        fix = f"{install}, or write its absolute path into the template. Looked in: {_shortened(searched)}."
        yield Lack("not_on_path", text, fix)


def _shortened(path: str) -> str:
    folders = path.split(":")
    more = len(folders) - _SHOWN_FOLDERS
    return ", ".join(folders[:_SHOWN_FOLDERS]) + (f" and {more} more" if more > 0 else "")


def _is_looked_for(call: Call, name: str, starts: Starts) -> bool:
    """Agents, absolute paths, and a program that is all there is; among several others some may be tried in vain."""
    if call.family or name.startswith("/"):
        return True
    return "/" not in name and len(starts.calls) == 1 and name not in _NOT_FILES


def _expanded(program: str, home: str) -> str | None:
    """The program's name as far as it can be known: with the home, None with other values in it."""
    for start in ("~/", "$HOME/", "${HOME}/"):
        if program.startswith(start):
            program = f"{home}/{program.removeprefix(start)}"
    is_plain = program and not set(program) & set(f"${OPAQUE}`*?[~")
    return program if is_plain else None


def _can_run(path: str, account: Account) -> bool:
    """Whether a user can reach and execute a file."""
    try:
        return bool(shutil.which(path)) and may(state_of(Path(os.path.realpath(path)), account), account, ENTER)
    except OSError:
        return False
