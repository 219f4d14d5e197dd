"""Forks the run's command on a fresh terminal (or pipes) in a session of its own.

A failure before exec is a sentence, reported through a close-on-exec pipe; silence on it is success.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import resource
import signal
import struct
import termios
from typing import NamedTuple

from airunner.spool.spec import Spec

_OOM_SCORE = b"300"  # the agent goes before the shim and the server do (proc(5), oom_score_adj)
_LAST_CPU_SECONDS = 5
_LIMITS = {
    "cpuSeconds": (resource.RLIMIT_CPU, 1),
    "openFiles": (resource.RLIMIT_NOFILE, 1),
    "processes": (resource.RLIMIT_NPROC, 1),
    "fileSizeMB": (resource.RLIMIT_FSIZE, 1024 * 1024),
    "coreMB": (resource.RLIMIT_CORE, 1024 * 1024),
}


class Child(NamedTuple):
    """The command's main process and our ends of its output: one terminal, or a pipe each for 1 and 2."""

    pid: int
    terminal: int | None
    out: int | None
    err: int | None


class SpawnFailed(Exception):
    """The command could not be started; the message is a sentence for the run's record."""


def spawn(spec: Spec) -> Child:
    """Fork and exec the command; raise SpawnFailed with the reason when it cannot be started."""
    try:
        ours, theirs = _open_terminal(spec) if spec.tty else _open_pipes()
    except OSError as error:
        raise SpawnFailed(f"No terminal or pipe could be opened: {error.strerror}.") from error
    report_read, report_write = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        for descriptor in (*ours, *theirs, report_read, report_write):
            os.close(descriptor)
        raise SpawnFailed(f"No process could be made: {error.strerror}.") from error
    if pid == 0:
        _become(spec, theirs, report_write)
    for descriptor in (*theirs, report_write):
        os.close(descriptor)
    failure = _read_report(report_read)
    if failure:
        for descriptor in ours:
            os.close(descriptor)
        os.waitpid(pid, 0)
        raise SpawnFailed(_sentence(failure, spec))
    for descriptor in ours:
        os.set_blocking(descriptor, False)
    return Child(pid, ours[0], None, None) if spec.tty else Child(pid, None, *ours)


def set_size(terminal: int, cols: int, rows: int) -> None:
    """Tell the terminal its size (ioctl_tty(2), TIOCSWINSZ)."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def _open_terminal(spec: Spec) -> tuple[tuple[int, ...], tuple[int, ...]]:
    master, slave = pty.openpty()
    set_size(slave, spec.cols, spec.rows)
    return (master,), (slave,)


def _open_pipes() -> tuple[tuple[int, ...], tuple[int, ...]]:
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    return (out_read, err_read), (null, out_write, err_write)


def _become(spec: Spec, theirs: tuple[int, ...], report: int) -> None:
    """Turn the forked process into the command. Never returns."""
    stage = "session"
    try:
        os.setsid()
        _take_streams(theirs)
        report = _move_up(report)
        os.closerange(3, report)
        os.closerange(report + 1, 1 << 20)
        stage = "limits"
        _raise_oom_score()
        _set_limits(spec.limits)
        stage = "directory"
        os.chdir(spec.cwd)
        stage = "signals"
        os.umask(0o022)
        _reset_signals()
        stage = "exec"
        os.execve(spec.argv[0], spec.argv, spec.env)
    except OSError as error:
        _report(report, f"{stage} {error.errno} {error.strerror}")
    except BaseException as error:
        _report(report, f"{stage} 0 {type(error).__name__}: {error}")
    finally:
        os._exit(127)


def _take_streams(theirs: tuple[int, ...]) -> None:
    if len(theirs) == 1:
        fcntl.ioctl(theirs[0], termios.TIOCSCTTY, 0)
        theirs = theirs * 3
    for number, descriptor in enumerate(theirs):
        os.dup2(descriptor, number, inheritable=True)


def _move_up(descriptor: int) -> int:
    # Out of the way of 0, 1 and 2, and still closed by exec.
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def _raise_oom_score() -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, _OOM_SCORE)
        os.close(descriptor)


def _set_limits(limits: dict[str, int]) -> None:
    for name, value in {"coreMB": 0, **limits}.items():
        if name not in _LIMITS:
            continue
        which, unit = _LIMITS[name]
        ceiling = resource.getrlimit(which)[1]
        wanted = value * unit
        hard = wanted + _LAST_CPU_SECONDS if which == resource.RLIMIT_CPU else wanted  # SIGXCPU first, SIGKILL later
        if ceiling != resource.RLIM_INFINITY:
            wanted, hard = min(wanted, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (wanted, hard))


def _reset_signals() -> None:
    # Ignored signals and the mask survive exec (execve(2)); an agent must start with neither.
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _report(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(descriptor, text.encode("utf-8", "replace")[:4000])


def _read_report(descriptor: int) -> str:
    with open(descriptor, "rb") as file:
        return file.read().decode("utf-8", "replace")


def _sentence(report: str, spec: Spec) -> str:
    stage, _, rest = report.partition(" ")
    number, _, text = rest.partition(" ")
    if stage == "directory":
        return f"The working directory {spec.cwd} cannot be entered: {text}."
    if stage == "limits":
        return f"The profile's limits could not be set: {text}."
    if stage == "exec" and number == str(errno.E2BIG):
        return "The command and its environment are too long for this system; use $PROMPT_FILE in the template."
    if stage == "exec":
        return f"The shell {spec.argv[0]} cannot be run: {text}."
    return f"The command could not be started ({stage}): {text}."
