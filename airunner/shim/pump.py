"""The shim's one loop: output to the log, orders from the server, deadline, samples, the end of the tree.

Runs in a single thread. Nothing here waits for anything but poll(2).
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import signal
import struct
import time
from collections.abc import Iterator
from typing import Any

from airunner.shim import child as children
from airunner.shim import verdict
from airunner.shim.sampler import Sampler
from airunner.shim.stop import Ladder
from airunner.shim.wake import boottime, empty, go_along, go_first, wake_on_child
from airunner.spool import bell as rings
from airunner.spool import control, procs
from airunner.spool.layout import Folder
from airunner.spool.rawlog import STDERR, STDOUT, RawLog
from airunner.spool.spec import Spec

_BATCH = 64 * 1024
_RING_EVERY = 0.002
_RETRY_WRITE = 0.5
_GIVE_UP_WRITING = 10.0  # less than the server waits for an end that it ordered
_DRAIN_BYTES = 1024 * 1024
_DRAIN_SECONDS = 0.2
_DRAIN_PAUSE = 0.01
_LONGEST_POLL = 10.0  # poll(2) does not count suspended time, the deadline does


class Pump:
    """Drives one command from its start to the end of its process tree."""

    def __init__(
        self, spec: Spec, folder: Folder, started: children.Child, log: RawLog, bell: rings.Bell, control_fd: int,
        orders: control.Orders, sampler: Sampler, deadline: float,
    ) -> None:  # fmt: skip
        self._spec = spec
        self._folder = folder
        self._child = started
        self._log = log
        self._bell = bell
        self._orders = orders
        self._sampler = sampler
        self._deadline = deadline
        self._began = boottime()
        self._poller = select.poll()
        self._streams: dict[int, int] = {}
        self._held: list[tuple[bytes, int]] = []
        self._give_up_at = float("inf")
        self._retry_at = float("inf")
        self._ring_at = float("inf")
        self._rang = 0.0
        self._typed = b""
        self._ladder: Ladder | None = None
        self._ladder_at = float("inf")
        self._main_gone = False
        self._alone = False
        self._gave_up = False
        self.outcome = verdict.Outcome()
        self._control_fd = control_fd
        self._open_streams()

    def run(self) -> verdict.Outcome:
        """Return when the main process has ended and its tree with it (or is left alone, as the profile says)."""
        go_first()
        wake = wake_on_child()
        self._poller.register(wake, select.POLLIN)
        self._poller.register(self._control_fd, select.POLLIN)
        self._obey()
        self._reap()
        while not self._finished():
            for descriptor, _ in self._poller.poll(max(0.0, self._next_due() - time.monotonic()) * 1000):
                if descriptor == wake:
                    empty(wake)
                elif descriptor == self._control_fd:
                    empty(self._control_fd)
                    self._obey()
                elif descriptor in self._streams:
                    go_along()  # it can be much: there we take our turn
                    self._take(descriptor)
                    go_first()
            self._reap()
            self._tick()
        return self.outcome

    # The command's end

    def _finished(self) -> bool:
        return self._main_gone and self._ladder is None and not self._held and not self._has_leftovers()

    def _has_leftovers(self) -> bool:
        """Whether descendants outlived the main process and are to be ended. All orphans are our children."""
        return not (self._alone or self._gave_up or self._spec.keep_leftovers)

    def _reap(self) -> None:
        """Collect every child that ended: the main process, and orphans that came to us as their sub-reaper."""
        while True:
            try:
                pid, status, _ = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._alone = True
                return
            self._alone = False
            if pid == 0:
                return
            if pid == self._child.pid:
                self._end_main(status)

    def _end_main(self, status: int) -> None:
        self.outcome.status = status
        self.outcome.duration = boottime() - self._began
        self._main_gone = True
        left = self._deadline - boottime()
        self._give_up_writing(0.0 if self.outcome.cause else left)
        self._listen_again()
        self._drain()
        for descriptor in list(self._streams):
            self._drop(descriptor, close=True)
        self._sampler.end()

    def _drain(self) -> None:
        """Read what is still to come: what stands there, and what helpers (`exec > >(tee log)`) have yet to pass on.

        They are waited for as long as there are any, up to a bound that a leftover which never ends cannot stretch; not
        on a terminal: at the end of its session's leader the kernel hangs it up for all of them (setsid(2)).
        """
        until = time.monotonic() + _DRAIN_SECONDS
        limit = self._received() + _DRAIN_BYTES
        while True:
            self._reap()
            took = [self._take(descriptor) for descriptor in list(self._streams)]
            left = until - time.monotonic()
            if left <= 0 or self._received() >= limit or not self._streams:
                return
            if not any(took):
                if self._alone:
                    return
                time.sleep(min(left, _DRAIN_PAUSE))

    def _received(self) -> int:
        return self._log.size + sum(len(data) for data, _ in self._held)

    def _stop(self, cause: str, by: str = "") -> None:
        if self._main_gone:
            self._give_up_writing(0.0)
        if self.outcome.cause or self._main_gone:
            return
        self.outcome.cause, self.outcome.by = cause, by
        self._start_ladder()

    def _start_ladder(self) -> None:
        now = time.monotonic()
        spec, sampler = self._spec, self._sampler
        sampler.allow()
        grace = 0.0 if sampler.ran_away else spec.grace_seconds
        self._ladder = Ladder(spec.stop_signals, grace, _tree, lambda: self._alone, sampler.outgrows, now)
        self._ladder_at = now

    # Output

    def _open_streams(self) -> None:
        for descriptor, kind in ((self._child.terminal, STDOUT), (self._child.out, STDOUT), (self._child.err, STDERR)):
            if descriptor is not None:
                self._streams[descriptor] = kind
                self._poller.register(descriptor, select.POLLIN)

    def _take(self, descriptor: int) -> bool:
        """Read what is there, up to a batch; say whether there was anything."""
        parts = []
        size = 0
        ended = False
        while size < _BATCH:
            try:
                data = os.read(descriptor, _BATCH)
            except BlockingIOError:
                break
            except OSError:  # EIO: nobody has the terminal open (pty(7))
                data = b""
            if not data:
                ended = True
                break
            parts.append(data)
            size += len(data)
        if parts:
            self._keep(b"".join(parts), self._streams[descriptor])
        if ended:
            self._drop(descriptor, close=descriptor != self._child.terminal)
        return bool(parts)

    def _listen_again(self) -> None:
        """Take the terminal back after nobody had it open: somebody may have opened it again."""
        terminal = self._child.terminal
        if terminal is not None and terminal not in self._streams:
            self._streams[terminal] = STDOUT
            self._poller.register(terminal, 0 if self._held else select.POLLIN)

    def _drop(self, descriptor: int, *, close: bool) -> None:
        self._streams.pop(descriptor, None)
        try:
            self._poller.unregister(descriptor)
        except KeyError:
            pass
        if close:
            os.close(descriptor)

    def _keep(self, data: bytes, kind: int) -> None:
        if self._held:
            self._held.append((data, kind))
            return
        before = self._log.size
        try:
            self._log.write(data, self._elapsed_ms(), kind)
        except OSError:
            if self._folder.is_removed():
                return  # no place will ever take it
            # A full disk: stop reading (the agent waits at its terminal) and try again until there is room.
            now = time.monotonic()
            self._held.append((data[self._log.size - before :], kind))
            self._retry_at = now + _RETRY_WRITE
            for descriptor in self._streams:
                self._poller.modify(descriptor, 0)
        self._ring_at = min(self._ring_at, self._rang + _RING_EVERY)

    def _write_held(self) -> None:
        held, self._held = self._held, []
        self._retry_at = float("inf")
        for data, kind in held:
            self._keep(data, kind)  # after a failure the rest is held again, in order
        if not self._held:
            for descriptor in self._streams:
                self._poller.modify(descriptor, select.POLLIN)
        elif time.monotonic() >= self._give_up_at:
            self._held = []
            self.outcome.lost_output = True

    def _give_up_writing(self, seconds: float) -> None:
        """Let go of output that no disk takes: the command has ended, and whoever waits for that must not for ever."""
        self._give_up_at = min(self._give_up_at, time.monotonic() + max(_GIVE_UP_WRITING, seconds))

    def _elapsed_ms(self) -> int:
        return int((boottime() - self._began) * 1000)

    # Orders and time

    def _obey(self) -> None:
        for order in self._orders.read():
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError, struct.error):  # a broken order
                self._obey_one(order)

    def _obey_one(self, order: dict[str, Any]) -> None:
        op = order.get("op")
        if op == control.KILL:
            self._stop(verdict.KILL, str(order.get("by") or ""))
        elif op == control.HELLO:
            self._bell.close()
            self._ring_at = 0.0
        elif op == control.INPUT and self._child.terminal in self._streams:
            self._typed += base64.b64decode(str(order.get("data") or ""), validate=False)
            self._type()
        elif op == control.RESIZE and self._child.terminal in self._streams:
            cols, rows = int(order["cols"]), int(order["rows"])
            children.set_size(self._child.terminal or 0, cols, rows)
            self._log.resize(self._elapsed_ms(), cols, rows)

    def _type(self) -> None:
        with contextlib.suppress(OSError):  # it takes no more for now
            while self._typed:
                self._typed = self._typed[os.write(self._child.terminal or 0, self._typed[:4096]) :]

    def _next_due(self) -> float:
        now = time.monotonic()
        deadline = now + _LONGEST_POLL
        if not self.outcome.cause and not self._main_gone:
            deadline = min(deadline, now + max(0.0, self._deadline - boottime()))
        if self._typed:
            deadline = min(deadline, now + 0.05)
        return min(deadline, self._sampler.due, self._ladder_at, self._ring_at, self._retry_at)

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._retry_at:
            self._write_held()
        if now >= self._ring_at:
            self._ring(now)
        if boottime() >= self._deadline:
            self._stop(verdict.TIMEOUT)
        if self._typed and self._child.terminal in self._streams:
            self._type()
        if now >= self._sampler.due:
            self._look(now)
        if self._main_gone and self._ladder is None and self._has_leftovers():
            self._start_ladder()
        if self._ladder and (now >= self._ladder_at or self._alone):
            self._ladder_at = self._ladder.step(now)
            # While the main process is unreaped its end is still to come, with its status.
            if self._ladder.finished and (self._main_gone or self._ladder.survivors):
                self._end_ladder(self._ladder)
            elif self._ladder.finished:
                self._ladder_at = now + 0.01

    def _end_ladder(self, ladder: Ladder) -> None:
        self.outcome.survivors = ladder.survivors
        self._gave_up = bool(ladder.survivors) or not self._alone
        self._ladder, self._ladder_at = None, float("inf")
        if not self._main_gone:
            self._end_main(signal.SIGKILL)  # it cannot be ended, so its status will never come

    def _ring(self, now: float) -> None:
        rung = self._bell.ring(self._spec.run_id, rings.OUTPUT)
        self._rang = now
        self._ring_at = float("inf") if rung else now + 0.05

    def _look(self, now: float) -> None:
        passed = self._sampler.look(now)
        if passed:
            self._stop(passed)
        self._listen_again()


def _tree() -> Iterator[procs.Process]:
    return (process for process in procs.family(os.getpid()) if process.is_alive)
