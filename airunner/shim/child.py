"""Forks the run's command on a fresh terminal (or pipes) in a session of its own.

A failure before exec is a sentence, reported through a close-on-exec pipe; silence on it is success.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import select
import signal
import struct
import termios
from collections.abc import Callable
from typing import NamedTuple

from airunner.base.files import write_all
from airunner.spool.spec import RunUser, Spec

_OOM_SCORE = b"300"  # the agent goes before the shim and the server do (proc(5), oom_score_adj)
_LAST_CPU_SECONDS = 5
_ASK_EVERY = 0.1
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
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


class Halted(Exception):
    """The start took so long that it was broken off."""

    def __init__(self, cause: str, pid: int) -> None:
        """`cause` is why; `pid` the process that was to become the command, which has been told to end."""
        super().__init__(cause)
        self.cause = cause
        self.pid = pid


def spawn(spec: Spec, halt: Callable[[], str | None]) -> Child:
    """Fork and exec the command; raise SpawnFailed with the reason when it cannot be started.

    Until it has begun `halt` is asked now and then whether to break off, and why: a directory or a program on a disk
    that does not answer may be waited for without end. Raises Halted then.
    """
    try:
        ours, theirs = _open_streams(spec)
        report_read, report_write = os.pipe()
    except OSError as error:
        if error.errno == errno.ENOSPC:  # pty(7)
            raise SpawnFailed(
                "No terminal could be opened: this machine has as many as it may (kernel.pty.max)."
            ) from error
        raise SpawnFailed(f"No terminal or pipe could be opened: {error.strerror}.") from error
    try:
        pid = os.fork()
    except OSError as error:
        for descriptor in {*ours, *theirs, report_read, report_write}:
            os.close(descriptor)
        raise SpawnFailed(f"No process could be made: {error.strerror}.") from error
    if pid == 0:
        _become(spec, theirs, report_write)
    for descriptor in {*theirs, report_write}:
        os.close(descriptor)
    try:
        failure = _read_report(report_read, pid, halt)
    except Halted:
        for descriptor in ours:
            os.close(descriptor)
        raise
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


def _open_streams(spec: Spec) -> tuple[tuple[int, ...], tuple[int, int, int]]:
    """Return our ends of the output, and the command's 0, 1 and 2."""
    ours, (source, out, err) = _open_terminal(spec) if spec.tty else _open_pipes()
    try:
        if spec.user:
            # Else the command could not open /dev/stdout or its terminal's name once more (proc(5), pts(4)).
            for descriptor in (out, err):
                os.fchown(descriptor, spec.user.uid, -1)
        given = _prompt_as_file(spec.prompt or "") if spec.prompt_is_input else source
    except OSError:
        for descriptor in {*ours, source, out, err}:
            os.close(descriptor)
        raise
    if given != source != out:
        os.close(source)
    return ours, (given, out, err)


def _open_terminal(spec: Spec) -> tuple[tuple[int, ...], tuple[int, int, int]]:
    master, slave = os.openpty()
    set_size(slave, spec.cols, spec.rows)
    return (master,), (slave, slave, slave)


def _open_pipes() -> tuple[tuple[int, ...], tuple[int, int, int]]:
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    return (out_read, err_read), (null, out_write, err_write)


def _prompt_as_file(prompt: str) -> int:
    """Return a file in memory that holds the prompt and ends there, and that nobody can change (memfd_create(2))."""
    descriptor = os.memfd_create("prompt", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        write_all(descriptor, prompt.encode())
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _become(spec: Spec, theirs: tuple[int, int, int], report: int) -> None:
    """Turn the forked process into the command. Never returns."""
    stage = "session"
    try:
        os.setsid()
        _take_streams(theirs, tty=spec.tty)
        report = _move_up(report)
        os.closerange(3, report)
        os.closerange(report + 1, 1 << 20)
        stage = "limits"
        _raise_oom_score()
        _set_limits(spec.limits)
        stage = "user"
        if spec.user:
            _become_user(spec.user)
        stage = "directory"
        os.chdir(spec.cwd)
        stage = "way"
        if os.getcwd() != spec.cwd:
            raise OSError(0, "elsewhere")
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


def _take_streams(theirs: tuple[int, int, int], *, tty: bool) -> None:
    if tty:
        fcntl.ioctl(theirs[1], termios.TIOCSCTTY, 0)
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


def _become_user(user: RunUser) -> None:
    """Lay down the rights of root for those of another user, for good (setresuid(2), capabilities(7))."""
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise OSError(errno.EPERM, "the rights of root could not be laid down")


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


def _read_report(descriptor: int, pid: int, halt: Callable[[], str | None]) -> str:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    report = b""
    try:
        while True:
            if poller.poll(_ASK_EVERY * 1000):
                data = os.read(descriptor, 4096)
                report += data
                if not data:
                    return report.decode("utf-8", "replace")
            elif cause := halt():
                os.kill(pid, signal.SIGKILL)
                raise Halted(cause, pid)
    finally:
        os.close(descriptor)


def _sentence(report: str, spec: Spec) -> str:
    stage, _, rest = report.partition(" ")
    number, _, text = rest.partition(" ")
    name = spec.user.name if spec.user else ""
    if stage == "user":
        return f"The command could not be run as {name}: {text}."
    if stage == "way":
        return f"The working directory {spec.cwd} now leads elsewhere."
    if stage == "directory":
        return f"The working directory {spec.cwd} cannot be entered{f' by {name}' if name else ''}: {text}."
    if stage == "limits":
        return f"The profile's limits could not be set: {text}."
    if stage == "exec" and number == str(errno.E2BIG):
        return "The command and its environment are too long for this system; use $PROMPT_FILE in the template."
    if stage == "exec" and name and number == str(errno.EAGAIN):
        return f"The user {name} has as many processes as the profile's limit (processes) allows."
    if stage == "exec":
        return f"The shell {spec.argv[0]} cannot be run: {text}."
    return f"The command could not be started ({stage}): {text}."
