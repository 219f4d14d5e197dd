"""From profile, prompt and directory to the command: what the run's record shows and what its shim is told."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airunner.base.errors import Invalid
from airunner.domain import template
from airunner.domain.profile import Profile
from airunner.domain.settings import Settings
from airunner.spool.layout import Folder
from airunner.spool.spec import Spec

# Linux ends one string of argv or of the environment at 32 pages, its NUL included (execve(2), MAX_ARG_STRLEN).
_LONGEST_STRING = 131_072
LONGEST_PROMPT = _LONGEST_STRING - len("PROMPT=") - 1
_RESERVED = ("RUN_ID", "WORKING_DIR", "PROMPT_FILE", "PROMPT")


class Environment:
    """The base environment of every run: never the server's own, only what a login would give."""

    def __init__(self, environ: Mapping[str, str], login_path: Callable[[], str]) -> None:
        self._environ = environ
        self._login_path = login_path
        self._account = pwd.getpwuid(os.getuid())

    def base(self, settings: Settings) -> dict[str, str]:
        """Return PATH, HOME, LANG, TERM, USER, SHELL and what the setting `passEnv` names."""
        account = self._account
        values = {
            "PATH": self._login_path(),
            "HOME": account.pw_dir,
            "LANG": self._environ.get("LANG", "C.UTF-8"),
            "TERM": "xterm-256color",
            "USER": account.pw_name,
            "LOGNAME": account.pw_name,
            "SHELL": account.pw_shell or "/bin/sh",
        }
        passed = {name: self._environ[name] for name in settings.pass_env if name in self._environ}
        return {**values, **passed}

    @property
    def home(self) -> str:
        """The home directory of the account the runs use."""
        return self._account.pw_dir


def check_prompt_fits(reading: template.Reading, prompt: str) -> None:
    """Raise Invalid when the template cannot carry a prompt of that length, or nothing can."""
    if "\0" in prompt:
        raise Invalid(
            "The prompt holds a NUL character, which no command line can carry; remove it.",
            fields={"content": "holds a NUL character"},
        )
    size = len(prompt.encode())
    if reading.uses("PROMPT") and size > LONGEST_PROMPT:
        message = (
            f"The prompt has {size:,} bytes; an argument can carry at most {LONGEST_PROMPT:,}. "
            "Use $PROMPT_FILE in the profile's template for longer ones."
        )
        raise Invalid(message, code="prompt_too_long", fields={"content": message})


def shown_command(shell: str, invocation_template: str, prompt: str, directory: str, folder: Path) -> str:
    """Return what a person could paste into a shell to do the same (POSIX quoting)."""
    reading = template.read(invocation_template)
    values = {"WORKING_DIR": directory, "RUN_ID": folder.name, "PROMPT": prompt}
    used = [f"{name}={shlex.quote(value)}" for name, value in values.items() if reading.uses(name)]
    if reading.uses("PROMPT_FILE"):
        used.append(f"PROMPT_FILE={shlex.quote(str(Folder(folder).prompt))}")
    script = template.rewrite(invocation_template)
    words = [*used, shlex.quote(shell), "-c", shlex.quote(script)]
    return f"cd {shlex.quote(directory)} && {' '.join(words)}"


def launch_spec(
    run: Mapping[str, Any], profile: Profile, settings: Settings, environment: Environment, bell: Path
) -> Spec:
    """Return what the shim is told for a queued run, with the profile as it is now."""
    if os.path.realpath(run["workingDirectory"]) != run["workingDirectory"]:
        raise Invalid(f"the working directory {run['workingDirectory']} now leads elsewhere")
    folder = Folder(Path(run["folder"]))
    reading = template.read(run["template"])
    needs_file = reading.uses("PROMPT_FILE")
    env = {**environment.base(settings), **profile.env, **(run.get("env") or {})}
    env.update(RUN_ID=run["runId"], WORKING_DIR=run["workingDirectory"], PWD=run["workingDirectory"])
    env.pop("PROMPT", None)
    if needs_file:
        env["PROMPT_FILE"] = str(folder.prompt)
    if reading.uses("PROMPT"):
        env["PROMPT"] = run["promptContent"]
    return Spec(
        run_id=run["runId"],
        folder=str(folder.path),
        argv=[run["shell"], "-c", template.rewrite(run["template"])],
        env=env,
        cwd=run["workingDirectory"],
        prompt=run["promptContent"] if needs_file else None,
        bell=str(bell),
        tty=bool(run["requiresTTY"]),
        cols=run["cols"],
        rows=run["rows"],
        timeout_seconds=run["timeout"] * 60,
        cap_bytes=settings.max_output_bytes,
        stop_signals=list(profile.stop_signals),
        grace_seconds=profile.kill_grace_seconds,
        keep_leftovers=profile.leftovers == "keep",
        limits=dict(profile.limits),
    )


def reserved_names(env: Mapping[str, str]) -> list[str]:
    """Return the names in `env` that airunner sets itself."""
    return [name for name in _RESERVED if name in env]
