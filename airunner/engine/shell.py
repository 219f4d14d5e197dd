"""Asks the shell itself: whether a template parses (`-n`, POSIX sh(1)), and what PATH a login gives."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

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


def login_path(shell: str, environ: Mapping[str, str]) -> str:
    """Return the PATH that a login shell sets, followed by what only the server's own PATH has."""
    try:
        done = subprocess.run(
            [shell, "-lc", 'printf "\\n%s" "$PATH"'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LOGIN_SECONDS,
            env={name: environ[name] for name in ("HOME", "USER", "LOGNAME", "LANG") if name in environ},
            cwd="/",
            check=False,
        )
        found = done.stdout.decode("utf-8", "replace").rpartition("\n")[2]
    except (OSError, subprocess.TimeoutExpired):
        found = ""
    folders = [*found.split(":"), *environ.get("PATH", "").split(":"), *_SYSTEM_PATH.split(":")]
    return ":".join(dict.fromkeys(folder for folder in folders if folder.startswith("/")))
