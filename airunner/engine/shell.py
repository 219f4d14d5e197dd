"""Asks the shell itself: whether a template parses (`-n`, POSIX sh(1)), and what PATH a login gives."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from airunner.engine.accounts import Account

_CHECK_SECONDS = 5
_LOGIN_SECONDS = 5
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def syntax_error(shell: str, script: str) -> str | None:
    """Return what the shell says against `script` without running it, None when it parses."""
    try:
        done = subprocess.run(
            [shell, "-n", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_SECONDS,
            env={"PATH": _SYSTEM_PATH, "LC_ALL": "C"},
            cwd="/",
            check=False,
        )
    except OSError as error:
        return f"the shell {shell} cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{shell} -n took longer than {_CHECK_SECONDS} s"
    if done.returncode == 0:
        return None
    text = done.stderr.decode("utf-8", "replace").strip()
    return text.splitlines()[0] if text else f"{shell} -n ended with {done.returncode}"


def login_path(account: Account, environ: Mapping[str, str]) -> str:
    """Return the PATH that the account's login shell sets; for our own, also what only the server's PATH has."""
    env = {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
    if "LANG" in environ:
        env["LANG"] = environ["LANG"]
    switch: dict[str, Any] = {}
    if account.is_other:
        switch = {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
    try:
        done = subprocess.run(
            [account.shell, "-lc", 'printf "\\n%s" "$PATH"'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LOGIN_SECONDS,
            env=env,
            cwd="/",
            check=False,
            **switch,
        )
        found = done.stdout.decode("utf-8", "replace").rpartition("\n")[2]
    except (OSError, subprocess.TimeoutExpired):
        found = ""
    servers = "" if account.is_other else environ.get("PATH", "")
    folders = [*found.split(":"), *servers.split(":"), *_SYSTEM_PATH.split(":")]
    return ":".join(dict.fromkeys(folder for folder in folders if folder.startswith("/")))
