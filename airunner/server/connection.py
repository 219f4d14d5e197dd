"""One client: its buffers, what it is doing, and by when it must have done it.

Runs in the loop thread only; nothing else touches a client's socket.
"""

from __future__ import annotations

import math
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from airunner.base.errors import AirunnerError, Busy
from airunner.server.channel import Channel, Outbox
from airunner.server.limits import Limits
from airunner.server.parking import Park, Ticket
from airunner.server.phase import Phase
from airunner.server.reply import CONTINUE, Reply, Stream
from airunner.server.timers import Deadline, Timer
from airunner.server.wire import Reader, Request, SlowClient, Terms

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_TOSSED_BYTES = 16 * 1024 * 1024
_LONGEST_PARK = 3600.0
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER without time: what was not taken is forgotten (socket(7))
_UNKNOWN = Terms(chunks=True, keep=False, head=False, gzip=False)


class Hub(Protocol):
    """What a client needs of the loop."""

    limits: Limits
    scratch: memoryview
    selector: selectors.BaseSelector
    now: Callable[[], float]
    bodies_bytes: int
    stopping: bool

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer: ...
    def serve(self, client: Client, request: Request) -> None: ...
    def park(self, ticket: Ticket) -> None: ...
    def unpark(self, ticket: Ticket) -> bool: ...
    def wake(self, tickets: list[Ticket], time_is_up: bool) -> None: ...
    def pull(self, client: Client, stream: Stream) -> None: ...
    def drop(self, stream: Stream) -> None: ...
    def refuse(self, error: AirunnerError, terms: Terms) -> Reply: ...
    def forget(self, client: Client) -> None: ...


@dataclass(slots=True, eq=False)
class Client:
    """A connection from accept to close."""

    _hub: Hub
    _socket: Channel
    _reader: Reader
    peer: str
    phase: Phase = Phase.ASKING
    _terms: Terms = _UNKNOWN
    _ticket: Ticket | None = None
    _out: Outbox = field(default_factory=Outbox)
    _stream: Stream | None = None
    _pulling: bool = False  # a worker has the stream
    _keep: bool = True
    _refused: bool = False
    _eof: bool = False
    _mask: int = 0
    _head_since: float = 0.0  # when it began to arrive; 0: not yet
    _body_since: float = 0.0
    _body_counted: int = 0
    _tossed: int = 0
    _deadline: Deadline = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = Deadline(self._on_time, self._hub.call_later, self._hub.now)

    # What the loop tells.

    def begin(self) -> None:
        """Wait for the first request."""
        self._become_idle()
        self._listen()

    def on_event(self, mask: int) -> None:
        """Go on: the socket can be read or written."""
        try:
            if mask & _WRITE and self._out.size:
                self._flush()
            if mask & _READ and self.phase is not Phase.GONE:
                self._read()
        except BaseException:
            self.close()
            raise

    def deliver(self, reply: Reply) -> None:
        """Send an answer that a worker made."""
        if self.phase is Phase.GONE:
            if reply.rest is not None:
                self._hub.drop(reply.rest)
            return
        self.phase = Phase.TAKING
        self._deadline.clear()
        self._ticket = None
        self._keep = reply.keep
        self._stream = reply.rest
        self._send(reply.data)

    def deliver_piece(self, stream: Stream, piece: tuple[bytes, bool] | None) -> None:
        """Send the next piece of a streamed answer; None: it failed, and the client must see that it is cut off."""
        self._pulling = False
        data, more = piece or (b"", False)
        if self.phase is Phase.GONE or not more:
            self._stream = None
            self._hub.drop(stream)
        if self.phase is Phase.GONE:
            return
        if piece is None:
            self.abort()
        else:
            self._send(data)

    def deliver_park(self, park: Park) -> None:
        """Wait, as the handler asked."""
        seconds = max(0.0, min(park.seconds, _LONGEST_PARK))  # NaN becomes 0
        self.stay(Ticket(park, self._terms, self, self._hub.now() + seconds))

    def stay(self, ticket: Ticket) -> None:
        """Wait, or go on waiting."""
        if self.phase is Phase.GONE:
            return
        if self._eof:
            self.close()
            return
        self.phase = Phase.PARKED
        self._ticket = ticket
        self._deadline.set(ticket.until)
        self._hub.park(ticket)

    def woken(self) -> None:
        """Note that a worker has its parked request."""
        self.phase = Phase.SERVED
        self._deadline.clear()

    def turn_away(self, error: AirunnerError) -> None:
        """Answer with `error`, whatever the client is sending, and close."""
        self._refused = True
        self.deliver(self._hub.refuse(error, _UNKNOWN))

    def wind_down(self) -> None:
        """The server stops: go if nothing is under way; else what is under way is the last."""
        if self.phase is Phase.ASKING:
            self.close()

    def abort(self) -> None:
        """Close without an orderly end."""
        if self.phase is not Phase.GONE:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self.close()

    def close(self) -> None:
        """Close, and let go of everything; fine when closed."""
        if self.phase is Phase.GONE:
            return
        if self._ticket is not None:
            self._hub.unpark(self._ticket)
        self.phase = Phase.GONE
        self._count(0)
        self._set_mask(0)
        self._deadline.cancel()
        if self._stream is not None and not self._pulling:
            self._hub.drop(self._stream)
        self._out.clear()
        self._socket.close()
        self._hub.forget(self)

    # Reading.

    def _read(self) -> None:
        try:
            size = self._socket.recv_into(self._hub.scratch)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if not size:
            self._hang_up()
        elif self.phase is Phase.LEAVING:
            self._tossed += size
            if self._tossed > _TOSSED_BYTES:
                self.close()
        else:
            self._reader.feed(bytes(self._hub.scratch[:size]))
            if self.phase is Phase.ASKING:
                self._advance()
            else:
                self._listen()

    def _hang_up(self) -> None:
        """The other side sends no more. It may still read (RFC 9112 § 9.6), but nobody waits parked half-closed."""
        self._eof = True
        if self.phase in (Phase.SERVED, Phase.TAKING):
            self._listen()
        else:
            self.close()

    def _advance(self) -> None:
        """Start on the next request if it is whole; else say by when it must be."""
        reader = self._reader
        try:
            request = reader.take()
            self._count(0 if request else reader.body_size or 0)
        except AirunnerError as error:
            self.turn_away(error)
            return
        if request is not None:
            self._head_since = self._body_since = 0.0
            self._terms = request.terms
            self.phase = Phase.SERVED
            self._deadline.clear()
            self._hub.serve(self, request)
        elif reader.unfinished:
            self._expect_more(reader.body_size)
        self._listen()

    def _expect_more(self, body_size: int | None) -> None:
        limits, now = self._hub.limits, self._hub.now()
        if body_size is None:
            if not self._head_since:
                self._head_since = now
                self._deadline.set(now + limits.head_seconds)
            return
        self._body_since = self._body_since or now
        self._deadline.set(self._body_since + limits.body_seconds + body_size / limits.body_rate)
        if self._reader.take_continue():
            self._send(CONTINUE)

    def _count(self, size: int) -> None:
        """Account for the bytes of a body on its way; raise Busy when all of them are too many."""
        hub = self._hub
        hub.bodies_bytes += size - self._body_counted
        self._body_counted = size
        if size and hub.bodies_bytes > hub.limits.bodies_bytes:
            raise Busy("Too many uploads at once. Try again in a moment.")

    # Writing.

    def _send(self, data: bytes) -> None:
        self._out.put(data)
        self._flush()

    def _flush(self) -> None:
        try:
            progress = self._out.drain(self._socket)
        except OSError:
            self.close()
            return
        if self.phase is Phase.TAKING:
            self._after_flush(progress=progress)
        self._listen()

    def _after_flush(self, *, progress: bool) -> None:
        hub = self._hub
        if self._stream is not None and not self._pulling and self._out.size < hub.limits.low_water:
            self._pulling = True
            hub.pull(self, self._stream)
        if self._out.size:
            if progress or self._deadline.when == math.inf:
                self._deadline.set(hub.now() + hub.limits.write_seconds)
        elif self._stream is not None:
            self._deadline.clear()  # it waits for us
        elif self._keep and not self._eof and not hub.stopping:
            self._next_request()
        else:
            self._leave()

    def _next_request(self) -> None:
        self.phase = Phase.ASKING
        self._become_idle()
        if self._reader.waiting:
            self._advance()

    def _leave(self) -> None:
        """Close; where the client may still be sending, only after it has read the answer.

        Closing with unread bytes makes the kernel send a reset, which can destroy the answer (RFC 9112 § 9.6).
        """
        if self._eof or not (self._refused or self._reader.unfinished):
            self.close()
            return
        self._count(0)
        self.phase = Phase.LEAVING
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self._deadline.set(self._hub.now() + self._hub.limits.linger_seconds)

    # Deadlines and interest.

    def _become_idle(self) -> None:
        # Whole seconds, so that many idle clients cost one wake-up of the loop.
        self._deadline.set(math.ceil(self._hub.now() + self._hub.limits.idle_seconds))

    def _on_time(self) -> None:
        if self.phase is Phase.PARKED and self._ticket is not None:
            if self._hub.unpark(self._ticket):
                self._hub.wake([self._ticket], time_is_up=True)
        elif self.phase is Phase.ASKING and self._reader.unfinished:
            self.turn_away(SlowClient("The request did not arrive in time."))
        elif self.phase is Phase.TAKING:
            self.abort()
        else:
            self.close()

    def _listen(self) -> None:
        """Ask the selector for what this phase needs."""
        if self.phase is Phase.GONE:
            return
        busy = self.phase is not Phase.ASKING and self.phase is not Phase.LEAVING
        full = busy and self._reader.waiting > self._hub.limits.ahead_bytes
        self._set_mask((0 if self._eof or full else _READ) | (_WRITE if self._out.size else 0))

    def _set_mask(self, mask: int) -> None:
        if mask == self._mask:
            return
        selector, descriptor, before = self._hub.selector, self._socket.fileno(), self._mask
        self._mask = mask
        if not mask:
            selector.unregister(descriptor)
        elif before:
            selector.modify(descriptor, mask, self.on_event)
        else:
            self._register(descriptor)

    def _register(self, descriptor: int) -> None:
        try:
            self._hub.selector.register(descriptor, self._mask, self.on_event)
        except OSError:  # the kernel has no room for one more watch (epoll_ctl(2): ENOSPC, ENOMEM)
            self._mask = 0
            self.close()
