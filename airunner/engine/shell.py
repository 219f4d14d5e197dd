"""Asks the shell itself: whether a template parses (`-n`, POSIX sh(1)), and what PATH a login gives."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from airunner.engine.accounts import Account, NoAnswer

_SECONDS = 5
_GRACE_SECONDS = 1
_KEPT = 262_144  # bytes of the end of what a shell says
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TELL_PATH = 'printf "\\nairunner PATH=%s\\n" "$PATH"'
_TOLD_PATH = re.compile(rb"^airunner PATH=(.*)$", re.MULTILINE)


def syntax_error(shell: str, script: str) -> str | None:
    """Return what the shell says against `script` without running it, None when it parses."""
    env = {"PATH": _SYSTEM_PATH, "LC_ALL": "C"}
    try:
        code, said = _run([shell, "-n", "-c", script], env)
    except OSError as error:
        return f"the shell {shell} cannot be run: {error.strerror}"
    if code is None:
        return f"{shell} -n took longer than {_SECONDS} s"
    if code == 0:
        return None
    text = said.decode("utf-8", "replace").strip()
    return text.splitlines()[0] if text else f"{shell} -n ended with {code}"


def login_path(account: Account, environ: Mapping[str, str]) -> str:
    """Return the PATH that the account's login shell sets; for our own, also what only the server's PATH has.

    Raises NoAnswer, with what is left without the shell, when that did not tell it.
    """
    env = {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
    if "LANG" in environ:
        env["LANG"] = environ["LANG"]
    switch: dict[str, Any] = {}
    if account.is_other:
        switch = {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
    told: list[bytes] = []
    with contextlib.suppress(OSError):
        told = _TOLD_PATH.findall(_run([account.shell, "-lc", _TELL_PATH], env, **switch)[1])
    found = told[-1].decode("utf-8", "replace") if told else ""
    servers = "" if account.is_other else environ.get("PATH", "")
    folders = [*found.split(":"), *servers.split(":"), *_SYSTEM_PATH.split(":")]
    path = ":".join(dict.fromkeys(folder for folder in folders if folder.startswith("/")))
    if not told:
        raise NoAnswer(path)
    return path


def _run(words: list[str], env: Mapping[str, str], **switch: Any) -> tuple[int | None, bytes]:
    """Run a shell to its end; return its exit code, None when it took too long, and the end of what it said.

    It has a session of its own, so that it cannot type into the server's terminal (ioctl_tty(2), TIOCSTI).
    """
    said, has_ended = b"", False
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        cwd="/",
        start_new_session=True,
        **switch,
    ) as process:
        assert process.stdout is not None  # noqa: S101  it was asked for
        try:
            said, has_ended = _listen(process.stdout.fileno(), process.pid)
        finally:
            _end(process, is_over=has_ended)
    return process.returncode if has_ended else None, said


def _end(process: subprocess.Popen[bytes], *, is_over: bool) -> None:
    """End a shell and what it started; gently, for what a log-in starts may hold a lock that only it takes away."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGTERM)  # it is not reaped yet, so this is its group and no other
    if is_over:
        return
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def _listen(pipe: int, pid: int) -> tuple[bytes, bool]:
    """Return what comes until the process ends, whoever else may have the pipe, and whether it ended in time."""
    until, said, has_ended = time.monotonic() + _SECONDS, b"", False
    poller = select.poll()
    pidfd = os.pidfd_open(pid)
    try:
        os.set_blocking(pipe, False)
        poller.register(pidfd, select.POLLIN)
        poller.register(pipe, select.POLLIN)
        while not has_ended and (left := until - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in poller.poll(left * 1000)}
            has_ended = pidfd in ready
            if pipe in ready:
                data = os.read(pipe, _KEPT)  # more than a pipe holds (pipe(7)): nothing of it is left behind
                said = (said + data)[-_KEPT:]
                if not data:
                    poller.unregister(pipe)
    finally:
        os.close(pidfd)
    return said, has_ended
