"""The listening socket: binds, accepts, and pauses when descriptors run out."""

from __future__ import annotations

import errno
import selectors
import socket
from collections.abc import Callable

from airunner.base.log import logger, pairs
from airunner.server.reactor import Reactor

_log = logger("server")
_BACKLOG = 4096
_AT_ONCE = 64  # then the others have their turn
_PAUSE_SECONDS = 1.0
_COMPLAIN_SECONDS = 60.0
_SHORTAGE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """Hands accepted sockets to `welcome`. Loop thread only."""

    def __init__(self, reactor: Reactor, welcome: Callable[[socket.socket, str], None]) -> None:
        self._reactor = reactor
        self._welcome = welcome
        self._socket: socket.socket | None = None
        self._listening = False
        self._complain_from = 0.0

    def bind(self, host: str, port: int) -> tuple[str, int]:
        """Listen; return the real address; raise OSError (socket.gaierror for a host that is none)."""
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except UnicodeError as fault:
            raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {host!r}") from fault
        family, _, _, _, address = found[0]
        self._socket = _open(family, address)
        self._listen()
        name = self._socket.getsockname()
        return str(name[0]), int(name[1])

    def resume(self) -> None:
        """Accept again, after a pause."""
        if self._socket is not None and not self._listening:
            self._listen()

    def close(self) -> None:
        """Stop listening; fine when closed."""
        sock, self._socket = self._socket, None
        if sock is not None:
            if self._listening:
                self._reactor.selector.unregister(sock.fileno())
            sock.close()

    def _listen(self) -> None:
        assert self._socket is not None  # noqa: S101  both callers have seen it
        self._reactor.selector.register(self._socket.fileno(), selectors.EVENT_READ, self._on_event)
        self._listening = True

    def _on_event(self, mask: int) -> None:
        for _ in range(_AT_ONCE):
            if self._socket is None:
                return
            try:
                sock, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as fault:
                if fault.errno in _SHORTAGE:
                    self._pause(fault)
                    return
                continue  # that client is gone again (accept(2): errors of the new socket)
            self._welcome(sock, _peer(address))

    def _pause(self, fault: OSError) -> None:
        now = self._reactor.now()
        if now >= self._complain_from:
            self._complain_from = now + _COMPLAIN_SECONDS
            _log.warning("accepting paused%s", pairs(reason=fault.strerror))
        assert self._socket is not None  # noqa: S101  it has just been asked
        self._reactor.selector.unregister(self._socket.fileno())
        self._listening = False
        self._reactor.call_later(_PAUSE_SECONDS, self.resume)


def _open(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted inherits it on Linux
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _peer(address: tuple[object, ...]) -> str:
    """Return the address alone; an IPv4 client of a dual-stack socket by its IPv4 name."""
    return str(address[0]).removeprefix("::ffff:")
