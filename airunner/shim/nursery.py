"""The nursery: forked before any thread exists, holds all shim code in memory, forks shims, owns nothing else.

It ends with its server; the shims live on. One request on the socket is one descriptor, the read end of a spec pipe;
the answer is the shim's pid with a pidfd, which names that process even when its pid is used again (pidfd_open(2)).
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from airunner.shim.brood import Brood
from airunner.shim.wake import empty, wake_on_child

_ASK = b"shim"
_ANSWER = struct.Struct("<ii")  # pid or -1, errno


@dataclass(frozen=True, slots=True)
class Newborn:
    """A shim that was just forked."""

    pid: int
    pidfd: int


class Nursery:
    """The server's handle on its nursery. Used by one thread at a time."""

    def __init__(self, connection: socket.socket, pid: int, program: subprocess.Popen[bytes] | None = None) -> None:
        """`program` is the nursery where it is one of its own: kept, nobody but us collects it and frees its pid."""
        self._socket = connection
        self._program = program
        self.pid = pid

    def fork_shim(self, spec_pipe: int) -> Newborn:
        """Have a shim forked that reads its spec from `spec_pipe`; raise OSError when that cannot be done."""
        socket.send_fds(self._socket, [_ASK], [spec_pipe])
        data, descriptors, _, _ = socket.recv_fds(self._socket, _ANSWER.size, 1)
        if len(data) != _ANSWER.size:
            raise ConnectionError("the nursery has ended")
        pid, number = _ANSWER.unpack(data)
        if pid < 0 or not descriptors:
            number = number or errno.EMFILE  # its answer came, but we had no room for the descriptor (unix(7))
            raise OSError(number, os.strerror(number))
        return Newborn(pid, descriptors[0])

    def close(self) -> None:
        """Let the nursery end."""
        self._socket.close()

    def end(self) -> None:
        """End it now, whatever state it is in, and collect it; its shims live on."""
        self.close()
        if self._program:
            self._program.kill()
            self._program.wait()
            return
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def start_nursery() -> Nursery:
    """Fork the nursery. Call it before any thread is started."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        code = 1
        try:
            _serve(theirs)
            code = 0
        finally:
            os._exit(code)
    theirs.close()
    ours.settimeout(10)
    return Nursery(ours, pid)


class Source:
    """The program's own file, held open: a later nursery comes from what this server runs, even if it was replaced."""

    def __init__(self, program: str) -> None:
        self._program = os.path.abspath(program)
        self._descriptor_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._archive = os.open(self._program, os.O_RDONLY | os.O_CLOEXEC) if zipfile.is_zipfile(program) else None

    def new_nursery(self) -> Nursery:
        """Start a nursery in a fresh interpreter, for a server that has threads and so must not fork."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            kept = [theirs.fileno(), *([] if self._archive is None else [self._archive])]
            program = self._program if self._archive is None else f"/proc/self/fd/{self._archive}"
            child = subprocess.Popen(
                [sys.executable, program, "nursery", str(theirs.fileno())],
                pass_fds=kept,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        with contextlib.suppress(ProcessLookupError):  # it has ended already, which is told when it is asked
            # What the server raised for its own sake is not for agents.
            resource.prlimit(child.pid, resource.RLIMIT_NOFILE, self._descriptor_limit)
        ours.settimeout(10)
        return Nursery(ours, child.pid, child)


def serve_inherited(descriptor: int) -> None:
    """Be the nursery of the server at the other end of an inherited socket."""
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    _serve(connection)


def _serve(connection: socket.socket) -> None:
    from airunner.shim.main import become_subreaper, run_shim

    os.setsid()
    os.closerange(3, connection.fileno())
    os.closerange(connection.fileno() + 1, 1 << 20)
    become_subreaper()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    brood = Brood()
    wake = wake_on_child()
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    poller.register(wake, select.POLLIN)
    gc.collect()
    gc.freeze()
    while True:
        ready = [descriptor for descriptor, _ in poller.poll()]
        if wake in ready:
            empty(wake)
            brood.reap()
        if connection.fileno() in ready and not _obey(connection, brood, run_shim):
            return


def _obey(connection: socket.socket, brood: Brood, run: Callable[[int], None]) -> bool:
    """Fork the shim that is asked for; say False when nobody will ask any more."""
    data, descriptors, _, _ = socket.recv_fds(connection, len(_ASK), 4)
    if not data:
        return False
    for pipe in descriptors:
        pid = _fork(connection, pipe, run)
        if pid > 0:
            brood.shims.add(pid)
        os.close(pipe)
        _answer(connection, pid)
    if not descriptors:  # it was sent, but we had no room for it (unix(7))
        _answer(connection, -errno.EMFILE)
    return True


def _fork(connection: socket.socket, pipe: int, run: Callable[[int], None]) -> int:
    try:
        pid = os.fork()
    except OSError as error:
        return -(error.errno or 1)
    if pid == 0:
        code = 1
        try:
            connection.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            run(pipe)
            code = 0
        finally:
            os._exit(code)
    return pid


def _answer(connection: socket.socket, pid: int) -> None:
    if pid < 0:
        connection.send(_ANSWER.pack(-1, -pid))
        return
    try:
        descriptor = os.pidfd_open(pid)  # it is reaped between two orders only, so this is still the same process
    except OSError as error:
        connection.send(_ANSWER.pack(-1, error.errno or errno.EMFILE))  # the shim gets no spec and ends
        return
    try:
        socket.send_fds(connection, [_ANSWER.pack(pid, 0)], [descriptor])
    finally:
        os.close(descriptor)
