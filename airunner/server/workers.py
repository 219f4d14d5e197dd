"""A few threads that run handlers. They never touch a socket: what they make goes back to the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import AirunnerError, Broken, NotFound
from airunner.base.log import logger
from airunner.server.parking import Park, Ticket
from airunner.server.reply import Encoder, Reply, Stream
from airunner.server.wire import Request, Response, Terms

_log = logger("server")
Job = Callable[[], object]
Render = Callable[[AirunnerError], Response]


class Workers:
    """A fixed number of daemon threads and one queue; a job that raises is logged and survived."""

    def __init__(self, count: int) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True) for number in range(count)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Have `job` run by one of them. Any thread may call."""
        self._jobs.put(job)

    def stop(self, seconds: float) -> None:
        """Let the threads end after what is queued; wait at most so long."""
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                _log.exception("job failed")
            del job  # what it holds must not live until the next one


class Desk:
    """Where a request meets its handler, and its answer becomes bytes."""

    def __init__(
        self,
        handle: Callable[[Request], Response | Park],
        *,
        render: Render,
        bus: Bus,
        clock: Clock,
        base_path: str = "",
    ) -> None:
        self._handle = handle
        self._render = render
        self._bus = bus
        self._encoder = Encoder(clock)
        self._base = base_path

    def answer(self, request: Request) -> Reply | Park:
        """Run the handler; never raises."""
        try:
            response = self._enter(request)
            if isinstance(response, Park):
                return response
            return _begun(self._encoder.encode(response, request.terms))
        except Exception as fault:
            return self.refuse(fault, request.terms)

    def wake(self, ticket: Ticket, time_is_up: bool) -> Reply | None:
        """Ask a parked request for its answer; None: it stays parked, and has looked. Never raises."""
        seen = self._bus.number
        try:
            response = ticket.park.answer(time_is_up)
            if response is None and not time_is_up:
                ticket.park.seen = seen
                return None
            if response is None:
                raise Broken("The answer to a parked request is missing.")
            return _begun(self._encoder.encode(response, ticket.terms))
        except Exception as fault:
            return self.refuse(fault, ticket.terms)

    def refuse(self, fault: Exception, terms: Terms) -> Reply:
        """Return the answer for an error; what is not for the client is logged."""
        if not isinstance(fault, AirunnerError):
            _log.error("handler failed", exc_info=fault)
            fault = Broken("Something went wrong here. The server's log has the details.")
        try:
            return self._encoder.encode(self._render(fault), terms)
        except Exception:
            _log.exception("error answer failed")
            return self._encoder.encode(Response(500, {"connection": "close"}), terms)

    def _enter(self, request: Request) -> Response | Park:
        base = self._base
        if base:
            if request.path == base and request.method in ("GET", "HEAD"):
                return Response(308, {"Location": f"{base}/"})
            if not request.path.startswith(base + "/"):
                raise NotFound("There is nothing at this address.")
            request.path = request.path[len(base) :]
        return self._handle(request)


def _begun(reply: Reply) -> Reply:
    """Return a reply with the first piece of its stream, so that what fails at once is an answer of its own."""
    stream = reply.rest
    if stream is None:
        return reply
    data, more = stream.pull()
    if not more:
        stream.close()
    return Reply(reply.data + data, stream if more else None, reply.keep)


def pull(stream: Stream) -> tuple[bytes, bool] | None:
    """Return the next bytes of a streamed body and whether there are more; None when it failed, which is logged."""
    try:
        return stream.pull()
    except Exception:
        _log.exception("streamed answer failed")
        return None
