"""Follow a run's output by long-polls, across restarts of the server, from the place where it was."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from airunner.base.clock import Clock
from airunner.base.errors import Broken
from airunner.cli.client import Refused, Unreachable, part, segment
from airunner.cli.text import note

LONG, SHORT = 25, 1  # seconds a poll is held by the server: as a rule, and when there is something else to do
_AWAY = 60.0  # seconds without the server until it is given up
_PAUSE = 0.25
_SETTLED = 1.0  # seconds a line must rest before it is shown, once lines were seen to be drawn again


class Askable(Protocol):
    """The part of `client.Api` that polling needs."""

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer; raise Unreachable or Refused."""

    def find(self) -> bool:
        """Look again where the server is; say whether anything changed."""


class Pauser(Protocol):
    """Waits; a signal may break in."""

    def pause(self, seconds: float) -> None:
        """Wait so many seconds."""


class Poller:
    """Asks again and again, and bears a server that is away for up to a minute."""

    def __init__(self, api: Askable, pauser: Pauser, clock: Clock) -> None:
        self._api = api
        self._pauser = pauser
        self._clock = clock
        self._away_since: float | None = None

    def get(self, path: str, **query: Any) -> Any:
        """GET, tried again while the server is away; raise Unreachable after a minute, Refused for its errors."""
        while True:
            try:
                answer = self._api.get(path, **query)
            except (Unreachable, Refused) as error:
                self._bear(error)
                continue
            if self._away_since is not None:
                note("the server is back.")
            self._away_since = None
            return answer

    def _bear(self, error: Unreachable | Refused) -> None:
        """Return when it is worth asking again, else raise what went wrong."""
        if isinstance(error, Refused) and error.status not in (401, 503):
            raise error
        now = self._clock.monotonic()
        if self._away_since is None:
            if isinstance(error, Refused) and error.status == 401:
                self._find_or(error)
                return
            self._away_since = now
            note("the server is away; waiting for it.")
        if now - self._away_since > _AWAY:
            raise error
        self._pauser.pause(_PAUSE)
        self._look_again()

    def _find_or(self, error: Refused) -> None:
        """A server that was started again takes another local token; with the same one the answer stays no."""
        try:
            if self._api.find():
                return
        except Unreachable:
            return
        raise error

    def _look_again(self) -> None:
        try:
            self._api.find()
        except Unreachable:
            return  # it has not yet written down where it is


class RawOutput:
    """The bytes of a run, as they come; an iterator that can be asked on after an exception."""

    def __init__(self, poller: Poller, run_id: str, start: int = 0) -> None:
        self._poller = poller
        self._path = f"runs/{segment(run_id)}/output"
        self.offset = start
        self.wait = LONG
        self.status = ""
        self.done = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next bytes (perhaps none); raise StopIteration when the run has ended and all were given."""
        if self.done:
            raise StopIteration
        answer = self._poller.get(self._path, view="raw", **{"from": self.offset}, wait=self.wait)
        data, following = _decoded(part(answer, "data", str)), part(answer, "next", int)
        if answer.get("omitted"):
            first, last = answer["omitted"]
            note(f"{last - first} bytes are left out here: the output was over its limit.")
        self.offset, self.done, self.status = following, part(answer, "done", bool), answer.get("status", "")
        return data


class Line(NamedTuple):
    """One line of the clean feed: its text, and when it changed last, in seconds of the run."""

    text: str
    at: float


class Unroller:
    """Turns the clean feed, whose last lines change, into lines that are printed once.

    The last line is kept back while the run goes on. Once a printed line was drawn again (a spinner, a full screen),
    only lines that rested for a second are given, and what changed nevertheless is given again.
    """

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._given: list[str] = []
        self._same = 0  # so many given lines are known to stand as they were given
        self._restless = False

    def take(self, keep: int, lines: list[Line], *, final: bool, now: float) -> list[str]:
        """Take in one answer; return the lines to print. `now` is the run's own time, in seconds."""
        self._lines[keep:] = lines
        self._compare(min(self._same, keep))
        if self._same < len(self._given):
            if self._same == len(self._lines) and not final:
                return []  # the feed begins anew and has not come so far yet
            if self._same < len(self._lines):
                self._restless = True
            del self._given[self._same :]
        ready = self._ready(final, now)
        fresh = [line.text for line in self._lines[len(self._given) : ready]]
        self._given += fresh
        self._same = len(self._given)
        return fresh

    @property
    def holds_back(self) -> bool:
        """Say whether lines wait for their rest."""
        return self._restless and len(self._given) < len(self._lines)

    def _compare(self, known: int) -> None:
        self._same = known
        most = min(len(self._given), len(self._lines))
        while self._same < most and self._given[self._same] == self._lines[self._same].text:
            self._same += 1

    def _ready(self, final: bool, now: float) -> int:
        if final:
            return len(self._lines)
        ready = max(len(self._lines) - 1, len(self._given))
        if self._restless:
            for index in range(len(self._given), ready):
                if self._lines[index].at > now - _SETTLED:
                    return index
        return ready


def clean_lines(poller: Poller, run_id: str, clock: Clock) -> Iterator[str]:
    """Yield the clean lines of a run as they come, until it has ended."""
    unroller, version = Unroller(), None
    path = f"runs/{segment(run_id)}/output"
    newest, seen = 0.0, clock.monotonic()
    while True:
        wait = SHORT if unroller.holds_back else LONG
        answer = poller.get(path, view="clean", have=version, wait=wait)
        lines = [_line(line) for line in part(answer, "lines", list)]
        if lines and max(line.at for line in lines) > newest:
            newest, seen = max(line.at for line in lines), clock.monotonic()
        version, done, more = answer.get("version"), part(answer, "done", bool), bool(answer.get("more"))
        final = done and not more
        yield from unroller.take(part(answer, "keep", int), lines, final=final, now=newest + clock.monotonic() - seen)
        if final:
            return


def _line(line: Any) -> Line:
    at = line.get("at") if isinstance(line, dict) else None
    return Line(part(line, "t", str), float(at) if isinstance(at, int | float) else 0.0)


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Broken(
            "The server's answer holds output that is not base64; is it an airunner of this version?"
        ) from None
