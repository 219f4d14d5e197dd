"""Requests that wait for a change: woken by a ring of the bus or by their deadline; they hold no thread.

Everything here runs in the loop thread, except `Lot.heard`, which the bus calls in the thread that rings.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from airunner.base.bus import Bus, Change
from airunner.server.reply import Reply
from airunner.server.timers import Timer
from airunner.server.wire import Response, Terms

EVERYTHING = Change("*")
_NOISY = "output"  # the topic that `EVERYTHING` leaves out
_SHARE = 0.5  # of one core, for the waking of all that wait for one change
_BURST = 1.0  # seconds by which wake-ups may run ahead of that share
_COST = 50e-6  # seconds of one wake-up, until it was measured
_PACES = 1024


@dataclass(slots=True)
class Park:
    """What a handler returns to say "wake me" instead of an answer.

    `changes`: what to wait for; Change("*") means anything but the topic "output".
    `seen`: the bus's number taken before the handler looked; -1 means that there is news already, answer as soon as
    the pace of wake-ups allows. `seconds`: at most. `answer` runs in a worker; its argument says that the time is up;
    None means: stay parked.
    """

    changes: tuple[Change, ...]
    seen: int
    seconds: float
    answer: Callable[[bool], Response | None]


class Waiter(Protocol):
    """Whose request is parked."""

    def woken(self) -> None: ...
    def stay(self, ticket: Ticket, /) -> None: ...
    def deliver(self, reply: Reply, /) -> None: ...


class Ticket:
    """One parked request; `until` is its deadline in the loop's time."""

    __slots__ = ("park", "terms", "until", "waiter")

    def __init__(self, park: Park, terms: Terms, waiter: Waiter, until: float) -> None:
        self.park = park
        self.terms = terms
        self.waiter = waiter
        self.until = until


class Lot:
    """The parked requests, by what they wait for.

    Nothing is lost: a ticket is in the index before the bus is asked what rang since, and a ring is counted by the bus
    before its listeners look into the index; so one of the two sees the other.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        wake: Callable[[list[Ticket]], None],
        call_soon: Callable[[Callable[[], object]], object],
        call_later: Callable[[float, Callable[[], object]], Timer],
        now: Callable[[], float],
    ) -> None:
        self._bus = bus
        self._wake = wake
        self._call_soon = call_soon
        self._call_later = call_later
        self._pace = Pace(now)
        self._waiting: dict[Change, dict[Ticket, None]] = {}
        self._held: dict[Change, Timer] = {}
        self._rung: deque[Change] = deque()
        self._asked = False
        self._tickets: set[Ticket] = set()
        bus.listen(self.heard)

    def __len__(self) -> int:
        return len(self._tickets)

    def heard(self, change: Change) -> None:
        """Note a ring that somebody waits for. Any thread."""
        if self._is_wanted(change) or (_is_quiet(change) and self._is_wanted(EVERYTHING)):
            self._rung.append(change)
            if not self._asked:
                self._asked = True
                self._call_soon(self._answer_rings)

    def add(self, ticket: Ticket) -> None:
        """Park `ticket`, or wake it at once when one of its changes rang since it looked."""
        self._tickets.add(ticket)
        for change in ticket.park.changes:
            self._waiting.setdefault(change, {})[ticket] = None
        rang = [change for change in ticket.park.changes if self._rang_since(change, ticket.park.seen)]
        if rang:
            self._serve(rang, [ticket])

    def remove(self, ticket: Ticket) -> bool:
        """Take `ticket` out; say whether it was still parked."""
        if ticket not in self._tickets:
            return False
        self._tickets.discard(ticket)
        for change in ticket.park.changes:
            waiting = self._waiting.get(change)
            if waiting is not None:
                waiting.pop(ticket, None)
                if not waiting:
                    del self._waiting[change]
        return True

    def everyone(self) -> list[Ticket]:
        """Take out and return all tickets."""
        tickets = list(self._tickets)
        self._tickets.clear()
        self._waiting.clear()
        return tickets

    def measured(self, count: int, seconds: float) -> None:
        """Learn what the waking of `count` tickets cost."""
        self._pace.measured(count, seconds)

    def _is_wanted(self, change: Change) -> bool:
        return change in self._waiting and change not in self._held

    def _answer_rings(self) -> None:
        self._asked = False
        rung = set()
        while self._rung:
            rung.add(self._rung.popleft())
        if any(map(_is_quiet, rung)):
            rung.add(EVERYTHING)
        woken: dict[Ticket, None] = {}
        for change in rung:
            if change in self._waiting and self._allowed(change):
                woken |= self._waiting[change]
                self._pace.spend(change, len(self._waiting[change]))
        self._send_off(woken)

    def _serve(self, rang: list[Change], tickets: list[Ticket]) -> None:
        for change in rang:
            if self._allowed(change):
                self._pace.spend(change, len(tickets))
                self._send_off(tickets)
                return

    def _allowed(self, change: Change) -> bool:
        """Say whether those who wait for `change` may be woken now; else see to it that they are, later."""
        if change in self._held:
            return False
        wait = self._pace.wait(change)
        if wait <= 0:
            return True
        self._held[change] = self._call_later(wait, partial(self._let_go, change))
        return False

    def _let_go(self, change: Change) -> None:
        # Whoever rings from here on is heard; whoever rang before has been counted by the bus.
        self._held.pop(change, None)
        rang = functools.cache(partial(self._rang_since, change))
        late = [ticket for ticket in self._waiting.get(change, ()) if rang(ticket.park.seen)]
        if late:
            self._serve([change], late)

    def _send_off(self, tickets: Iterable[Ticket]) -> None:
        batch = [ticket for ticket in tickets if self.remove(ticket)]
        if batch:
            self._wake(batch)

    def _rang_since(self, change: Change, seen: int) -> bool:
        if change == EVERYTHING:
            return self._bus.since(seen, _is_quiet) != []
        return self._bus.rang_since((change,), seen)


class Pace:
    """Keeps the waking for one change that never stops ringing under half a core.

    Few waiters never notice: a wake-up is put off only when those before it used up the share and the burst.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._cost = _COST
        self._paid_until: dict[Change, float] = {}

    def wait(self, change: Change) -> float:
        """Return in how many seconds the next wake-up for `change` is allowed; 0 or less is now."""
        return self._paid_until.get(change, 0.0) - _BURST - self._now()

    def spend(self, change: Change, count: int) -> None:
        """Account for the waking of `count` tickets."""
        now = self._now()
        if len(self._paid_until) >= _PACES:
            self._paid_until = {key: until for key, until in self._paid_until.items() if until > now}
        self._paid_until[change] = max(now, self._paid_until.get(change, 0.0)) + count * self._cost / _SHARE

    def measured(self, count: int, seconds: float) -> None:
        """Learn from a batch, slowly: one odd answer must not slow down all."""
        self._cost = min(5e-3, max(_COST, 0.9 * self._cost + 0.1 * seconds / count))


def _is_quiet(change: Change) -> bool:
    return change.topic != _NOISY
