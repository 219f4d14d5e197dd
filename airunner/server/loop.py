"""The server: one selectors loop that owns all sockets, with workers behind it and parked requests beside it.

Only the loop thread touches a socket; `call_soon`, `call_later`, `run_in_worker` and `stop` may be called by any.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from airunner.base.bus import Bus
from airunner.base.clock import Clock, SystemClock
from airunner.base.errors import AirunnerError, Busy, Throttled
from airunner.server.channel import Channel
from airunner.server.connection import Client
from airunner.server.head import Heads
from airunner.server.limits import Limits, room_for_connections
from airunner.server.listener import Listener
from airunner.server.parking import Lot, Park, Ticket
from airunner.server.reactor import Reactor
from airunner.server.reply import Reply, Stream
from airunner.server.wire import Reader, Request, Response, Terms
from airunner.server.workers import Desk, Job, Render, Workers, pull

if TYPE_CHECKING:
    import ssl

    from airunner.server.tls import Greeter, TlsChannel

_SCRATCH_BYTES = 64 * 1024
_SLICE = 64  # answers of a batch handed to the loop at once
_TURNED_AWAY = 64  # clients over the limit that are still told so
_LAST_SECONDS = 0.5  # for jobs that are under way when all else has ended
_LOOPBACK = ("127.", "::1")


def render_plainly(error: AirunnerError) -> Response:
    """Return an error as the smallest JSON; used where no better one is given."""
    body = json.dumps({"error": error.message, "code": error.code, "fields": error.fields}).encode()
    return Response(error.status, {"Content-Type": "application/json", **error.headers}, body)


class Server(Reactor):
    """An HTTP server on one port.

    `handle` runs in a worker and returns a Response, or a Park to be woken; `render` makes the answers to what never
    reaches it. `base_path` is taken off every path.
    """

    def __init__(
        self,
        handle: Callable[[Request], Response | Park],
        bus: Bus,
        *,
        host: str,
        port: int,
        base_path: str = "",
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        workers: int = 4,
        render: Render = render_plainly,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        super().__init__(clock)
        self.limits = limits or Limits()
        self.scratch = memoryview(bytearray(_SCRATCH_BYTES))
        self.bodies_bytes = 0
        self.stopping = False
        self._address = (host, port)
        self._tls = tls
        self._room = room_for_connections(self.limits.connections)
        self._clients: set[Client] = set()
        self._greeting: set[Greeter] = set()
        self._per_peer: dict[str, int] = {}
        self._heads = Heads()
        self._listener = Listener(self, self._welcome)
        self._workers = Workers(workers)
        self._desk = Desk(handle, render=render, bus=bus, clock=clock, base_path=base_path.rstrip("/"))
        self._lot = Lot(bus, wake=self.wake, call_soon=self.call_soon, call_later=self.call_later, now=self.now)
        self._finished = False

    # For everybody.

    def bind(self) -> tuple[str, int]:
        """Listen; return the real host and port; raise OSError when that is impossible."""
        return self._listener.bind(*self._address)

    def run(self) -> None:
        """Serve until `stop`; the calling thread becomes the loop thread."""
        self.take_thread()
        self._workers.start()
        try:
            while not self._finished:
                self.turn()
        finally:
            self._shut()

    def stop(self, grace: float = 2.0) -> None:
        """End in good order: parked requests are answered, what is under way has `grace` seconds. Any thread."""
        self.call_soon(partial(self._wind_down, grace))

    def run_in_worker(self, job: Job) -> None:
        """Have `job` run by a worker; none is run any more when `run` has returned. Any thread."""
        self._workers.submit(job)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._clients) + len(self._greeting)

    @property
    def parked(self) -> int:
        """How many requests are parked."""
        return len(self._lot)

    # For clients, in the loop thread.

    def serve(self, client: Client, request: Request) -> None:
        """Have a worker answer `request`."""
        self._workers.submit(partial(self._answer, client, request))

    def refuse(self, error: AirunnerError, terms: Terms) -> Reply:
        """Return the answer for a request that reaches no handler."""
        return self._desk.refuse(error, terms)

    def park(self, ticket: Ticket) -> None:
        """Park a request; a server that stops answers it instead."""
        if self.stopping:
            self.wake([ticket], time_is_up=True)
        else:
            self._lot.add(ticket)

    def unpark(self, ticket: Ticket) -> bool:
        """Take a request out; say whether it was parked."""
        return self._lot.remove(ticket)

    def wake(self, tickets: list[Ticket], time_is_up: bool = False) -> None:
        """Have one worker ask all these parked requests for their answers."""
        for ticket in tickets:
            ticket.waiter.woken()
        self._workers.submit(partial(self._answer_parked, tickets, time_is_up))

    def pull(self, client: Client, stream: Stream) -> None:
        """Have a worker make the next piece of a streamed answer."""
        self._workers.submit(lambda: self.call_soon(partial(client.deliver_piece, stream, pull(stream))))

    def drop(self, stream: Stream) -> None:
        """Have a worker close a stream: its clean-up may take time."""
        self._workers.submit(stream.close)

    def forget(self, client: Client) -> None:
        """Note that a client is gone."""
        self._clients.discard(client)
        self._leave(client.peer)

    # In workers, and what they hand back.

    def _answer(self, client: Client, request: Request) -> None:
        outcome = self._desk.answer(request)
        if isinstance(outcome, Park):
            self.call_soon(partial(client.deliver_park, outcome))
        else:
            self.call_soon(partial(client.deliver, outcome))

    def _answer_parked(self, tickets: list[Ticket], time_is_up: bool) -> None:
        started = time.thread_time()
        for start in range(0, len(tickets), _SLICE):
            part = tickets[start : start + _SLICE]
            answers = [(ticket, self._desk.wake(ticket, time_is_up)) for ticket in part]
            self.call_soon(partial(self._deliver_all, answers))
        spent = time.thread_time() - started
        self.call_soon(partial(self._lot.measured, len(tickets), spent))

    def _deliver_all(self, answers: list[tuple[Ticket, Reply | None]]) -> None:
        for ticket, reply in answers:
            if reply is None:
                self.fenced(partial(ticket.waiter.stay, ticket))
            else:
                self.fenced(partial(ticket.waiter.deliver, reply))

    # Coming and going.

    def _welcome(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        refusal = self._too_many(peer)
        if refusal and (self._tls or self.connections >= self._room + _TURNED_AWAY):
            sock.close()
            return
        self._per_peer[peer] = self._per_peer.get(peer, 0) + 1
        try:
            if self._tls:
                self._greet(sock, peer)
            else:
                self._admit(sock, peer, refusal)
        except BaseException:
            self._leave(peer)
            sock.close()
            raise

    def _too_many(self, peer: str) -> AirunnerError | None:
        if self.connections >= self._room:
            return Busy("The server has as many connections as it can hold. Try again in a moment.")
        if self._per_peer.get(peer, 0) >= self.limits.connections_per_peer and not peer.startswith(_LOOPBACK):
            return Throttled("Too many connections from this address. Close some.", headers={"Retry-After": "2"})
        return None

    def _admit(self, channel: Channel, peer: str, refusal: AirunnerError | None = None) -> None:
        reader = Reader(self._heads, self.limits, peer=peer, secure=self._tls is not None)
        client = Client(self, channel, reader, peer)
        self._clients.add(client)
        client.begin()
        if refusal:
            client.turn_away(refusal)

    def _greet(self, sock: socket.socket, peer: str) -> None:
        from airunner.server.tls import greet

        assert self._tls is not None  # noqa: S101  the caller has seen it

        def done(channel: TlsChannel | None) -> None:
            self._greeting.discard(greeter)
            if channel is None:
                self._leave(peer)
            else:
                self._admit(channel, peer)

        greeter = greet(self, self._tls, sock, done)
        self._greeting.add(greeter)

    def _leave(self, peer: str) -> None:
        left = self._per_peer[peer] - 1
        if left:
            self._per_peer[peer] = left
        else:
            del self._per_peer[peer]
        if not self.stopping:
            self._listener.resume()
        elif not self.connections:
            self._finished = True

    def _wind_down(self, grace: float) -> None:
        if self.stopping:
            return
        self.stopping = True
        self._listener.close()
        self.call_later(grace, self._give_up)
        if parked := self._lot.everyone():
            self.wake(parked, time_is_up=True)
        for greeter in list(self._greeting):
            greeter.close()
        for client in list(self._clients):
            client.wind_down()
        self._finished = not self.connections

    def _give_up(self) -> None:
        self._finished = True

    def _shut(self) -> None:
        self.stopping = True
        self._listener.close()
        for client in list(self._clients):
            client.abort()
        for greeter in list(self._greeting):
            greeter.close()
        self._workers.stop(_LAST_SECONDS)
        self.close()
