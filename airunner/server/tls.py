"""TLS: the settings, the handshake, and a socket that says "not now" as a plain one does.

Only imported when TLS is asked for, because `ssl` costs time and memory.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections.abc import Callable

from airunner.base.errors import Invalid
from airunner.server.connection import Hub
from airunner.server.timers import Timer

_RECORD_BYTES = 16 * 1024  # the most that one TLS record carries (RFC 8446 § 5.1)


def make_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context for a server, TLS 1.2 or newer; raise Invalid when the files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as fault:
        raise Invalid(f"The TLS certificate or key cannot be used: {fault}") from fault
    return context


class TlsChannel:
    """A TLS socket with the manners of a plain non-blocking one."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._socket = sock

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    def recv_into(self, buffer: memoryview, /) -> int:
        """Read one record; `buffer` must hold a whole one, so that nothing stays behind unseen by the selector."""
        try:
            return self._socket.recv_into(buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def send(self, data: bytes | memoryview, /) -> int:
        """Write at most one record."""
        try:
            return self._socket.send(memoryview(data)[:_RECORD_BYTES])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def shutdown(self, how: int, /) -> None:
        """Say good-bye in TLS (RFC 8446 § 6.1), then in TCP."""
        self._say_goodbye()
        self._socket.shutdown(how)

    def setsockopt(self, level: int, name: int, value: bytes, /) -> None:
        """Set a socket option."""
        self._socket.setsockopt(level, name, value)

    def close(self) -> None:
        """Say good-bye and close."""
        self._say_goodbye()
        self._socket.close()

    def _say_goodbye(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._socket.unwrap()


class Greeter:
    """A handshake on its way; becomes a client when it is done."""

    def __init__(self, hub: Hub, sock: ssl.SSLSocket, done: Callable[[TlsChannel | None], None]) -> None:
        self._hub = hub
        self._socket = sock
        self._done = done
        self._mask = selectors.EVENT_READ
        self._timer: Timer = hub.call_later(hub.limits.handshake_seconds, self.close)
        hub.selector.register(sock.fileno(), self._mask, self.on_event)

    def on_event(self, mask: int) -> None:
        """Go on with the handshake."""
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            self._listen(selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            self._listen(selectors.EVENT_WRITE)
        except (OSError, ValueError):
            self.close()
        else:
            self._let_go()
            self._done(TlsChannel(self._socket))

    def close(self) -> None:
        """Give up."""
        if self._mask:
            self._let_go()
            self._socket.close()
            self._done(None)

    def _listen(self, mask: int) -> None:
        if mask != self._mask:
            self._mask = mask
            self._hub.selector.modify(self._socket.fileno(), mask, self.on_event)

    def _let_go(self) -> None:
        self._mask = 0
        self._timer.cancel()
        self._hub.selector.unregister(self._socket.fileno())


def greet(hub: Hub, context: ssl.SSLContext, sock: socket.socket, done: Callable[[TlsChannel | None], None]) -> Greeter:
    """Begin the handshake on an accepted socket; `done` is told the channel, or None when it failed."""
    context.options |= ssl.OP_NO_RENEGOTIATION  # after the handshake, reading needs only reading
    wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    return Greeter(hub, wrapped, done)
