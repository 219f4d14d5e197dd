"""From profile, prompt and directory to the command: what the run's record shows and what its shim is told."""

from __future__ import annotations

import shlex
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from airunner.base.errors import Invalid
from airunner.base.files import PRIVATE_FILE
from airunner.domain import template
from airunner.domain.fields import SET_BY_US
from airunner.domain.profile import Profile
from airunner.domain.settings import Settings
from airunner.engine.accounts import Account, LoginPaths, account_of
from airunner.spool import prompts
from airunner.spool.layout import Folder
from airunner.spool.spec import RunUser, Spec

# Linux ends one string of argv or of the environment at 32 pages, its NUL included (execve(2), MAX_ARG_STRLEN).
_LONGEST_STRING = 131_072
_TRIAL_MINUTES = 1


class Environment:
    """The base environment of every run: never the server's own, only what a login would give."""

    def __init__(self, environ: Mapping[str, str], logins: LoginPaths) -> None:
        self._environ = environ
        self._logins = logins

    def base(self, settings: Settings, account: Account) -> dict[str, str]:
        """Return PATH, HOME, LANG, TERM, USER, SHELL of an account and what the setting `passEnv` names."""
        values = {
            "PATH": self._logins.of(account),
            "HOME": account.home,
            "LANG": self._environ.get("LANG", "C.UTF-8"),
            "TERM": "xterm-256color",
            "USER": account.name,
            "LOGNAME": account.name,
            "SHELL": account.shell,
        }
        passed = {name: self._environ[name] for name in settings.pass_env if name in self._environ}
        return {**values, **passed}

    def expect(self, account: Account) -> None:
        """Find out beforehand what takes a while: a run of that account is to come."""
        self._logins.expect(account)

    def is_ready(self, user: str | None, then: Callable[[], None]) -> bool:
        """Say whether `base` answers at once for that user; where it would wait, call `then` as soon as it would not.

        One who cannot be had is no reason to wait: the start of the run will say so.
        """
        try:
            answer = self._logins.expect(account_of(user))
        except Invalid:
            return True
        if not answer.done():
            answer.add_done_callback(lambda _: then())
            return False
        return True


def values_of(run: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of the variables that a template may name, for one run."""
    return {
        "PROMPT": run["promptContent"],
        "PROMPT_FILE": run.get("promptFile") or str(Folder(Path(run["folder"])).prompt),
        "WORKING_DIR": run["workingDirectory"],
        "RUN_ID": run["runId"],
    }


def shared_prompt_file(reading: template.Reading, account: Account, new_path: Callable[[], Path]) -> str | None:
    """Return where the prompt's file goes when another user must read it, None when the run's own folder will do."""
    if reading.uses("PROMPT_FILE") and (reading.elsewhere or account.is_other):
        return str(new_path())
    return None


def check_prompt_fits(reading: template.Reading, values: Mapping[str, str]) -> None:
    """Raise Invalid when the template cannot carry a prompt of that length, or nothing can."""
    prompt = values["PROMPT"]
    if "\0" in prompt:
        raise Invalid(
            "The prompt holds a NUL character, which no command line can carry; remove it.",
            fields={"content": "holds a NUL character"},
        )

    def is_too_long(characters: int) -> bool:
        return reading.longest({**values, "PROMPT": prompt[:characters]}) >= _LONGEST_STRING

    if is_too_long(len(prompt)):
        most = bisect_left(range(1, min(len(prompt), _LONGEST_STRING)), True, key=is_too_long)
        carried = len(prompt[:most].encode())
        message = (
            f"The prompt has {len(prompt.encode()):,} bytes, of which the profile's template can carry {carried:,}. "
            "For longer ones use $PROMPT_FILE in the template (or promptVia: stdin)."
        )
        raise Invalid(message, code="prompt_too_long", fields={"content": message})


def shown_command(run: Mapping[str, Any], reading: template.Reading, account: Account) -> str:
    """Return what a person could paste into a shell to do the same (POSIX quoting)."""
    exported = reading.exports(values_of(run))
    # The run's own file is gone when it has ended. Inside of a text that is carried its name cannot be changed here.
    makes_file = "PROMPT_FILE" in exported and template.CARRY not in exported
    words = [
        'PROMPT_FILE="$PROMPT_FILE"' if name == "PROMPT_FILE" and makes_file else f"{name}={shlex.quote(value)}"
        for name, value in exported.items()
        if name not in template.ALWAYS_EXPORTED or reading.uses(name)
    ]
    if account.is_other:
        words += ["runuser", "-u", shlex.quote(account.name), "--"]
    words += [shlex.quote(run["shell"]), "-c", shlex.quote(template.rewrite(run["template"]))]
    prompt = f"printf %s {shlex.quote(run['promptContent'])}"
    file = f'PROMPT_FILE=$(mktemp) && {prompt} > "$PROMPT_FILE" && {_opened(reading, account)}' if makes_file else ""
    source = f"{prompt} | " if run["promptVia"] == "stdin" else ""
    return f"cd {shlex.quote(run['workingDirectory'])} && {file}{source}{' '.join(words)}"


def _opened(reading: template.Reading, account: Account) -> str:
    """The step of a shown command that opens the prompt's file to who must read it."""
    if reading.elsewhere:
        return 'chmod a+r "$PROMPT_FILE" && '
    return f'chown {shlex.quote(account.name)} "$PROMPT_FILE" && ' if account.is_other else ""


def trial_of(profile: Profile) -> Profile:
    """Return the profile as a quick test runs it: `echo` before its command, and a minute at most. Raises Invalid."""
    return replace(
        profile,
        invocation_template=trial_template(profile.invocation_template, profile.prompt_via),
        default_timeout=min(profile.default_timeout, _TRIAL_MINUTES),
    )


def trial_template(text: str, prompt_via: str | None) -> str:
    """Return a template with `echo` before its command. Raises Invalid where it is unclear what to put `echo` before."""
    if prompt_via == "stdin":
        raise Invalid(
            "The prompt goes to standard input here; there is nothing to put echo before. Run a short prompt instead.",
            code="test_unclear",
        )
    return template.echoed(text)


def launch_spec(
    run: Mapping[str, Any], profile: Profile, settings: Settings, environment: Environment, bell: Path
) -> Spec:
    """Return what the shim is told for a queued run, with the profile's bounds and variables as they are now.

    Raises Invalid when the run's user is no longer what he was.
    """
    account = account_of(run.get("runAsUser"))
    reading, values = template.read(run["template"]), values_of(run)
    to_file, to_input = reading.uses("PROMPT_FILE"), run.get("promptVia") == "stdin"
    env = {**environment.base(settings, account), **profile.env, **(run.get("env") or {})}
    env = {name: value for name, value in env.items() if name not in SET_BY_US}
    return Spec(
        run_id=run["runId"],
        folder=run["folder"],
        argv=[run["shell"], "-c", template.rewrite(run["template"])],
        env={**env, "PWD": run["workingDirectory"], **reading.exports(values)},
        cwd=run["workingDirectory"],
        prompt=run["promptContent"] if to_file or to_input else None,
        prompt_file=values["PROMPT_FILE"] if to_file else None,
        prompt_mode=_mode(run, reading),
        prompt_is_input=to_input,
        user=_run_user(account) if account.is_other else None,
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


def _mode(run: Mapping[str, Any], reading: template.Reading) -> int:
    if not run.get("promptFile"):
        return PRIVATE_FILE
    return prompts.EVERYBODYS if reading.elsewhere else prompts.OWNERS


def _run_user(account: Account) -> RunUser:
    return RunUser(account.name, account.uid, account.gid, list(account.groups))
