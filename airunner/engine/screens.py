"""Keeps the last alternate screen of full-screen programs in the records of their runs, after these have ended.

It has a thread of its own: a long output takes a second to be cleaned, and the engine must not wait for that.
"""

from __future__ import annotations

import re
from pathlib import Path

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import Busy
from airunner.domain.record import Doc
from airunner.domain.states import FINISHED
from airunner.engine.steps import Steps
from airunner.spool.layout import Folder
from airunner.spool.rawlog import RESIZE, Mark, RawReader, read_marks
from airunner.store.contract import Store
from airunner.transcript.cleaner import Cleaner

_RETRY_SECONDS = 5.0
# DECSET 47, 1047 or 1049, alone or among others (XTerm Control Sequences). What is before the question mark is not
# looked at, for that makes the search eight times as fast; text that looks like it costs a cleaning in vain.
_SWITCH = re.compile(rb"\?[0-9;]*(?:47|104[79])[;h]")
_LONGEST_SWITCH = 64
_LED_IN_BY = 64 * 1024  # bytes before the first switch: they put the cursor where the program found it


class Screens:
    """Looks at each run that ended; nothing happens to one that never left the normal screen."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._steps = Steps(clock, "screens")

    def start(self) -> None:
        """Begin."""
        self._steps.start()

    def stop(self) -> None:
        """End after the run that is being looked at."""
        self._steps.stop()

    def look(self, run: Doc) -> None:
        """Have a run looked at that has ended. Thread-safe."""
        if run["requiresTTY"] and run["outputBytes"]:
            self._steps.put(self._keep, run)

    def _keep(self, run: Doc) -> None:
        screen = last_screen(Folder(Path(run["folder"])), run["cols"], run["rows"])
        if screen:
            self._save(run["runId"], screen)

    def _save(self, run_id: str, screen: str) -> None:
        try:
            self._store.change_run(run_id, {"lastScreen": screen}, only_if=FINISHED)
        except Busy:
            self._steps.later(_RETRY_SECONDS, lambda: self._save(run_id, screen))
            return
        self._bus.ring("runs", run_id)


def last_screen(folder: Folder, cols: int, rows: int) -> str | None:
    """Return the last alternate screen in a run's output: as it was left, or as it stood when the output ended."""
    reader = RawReader(folder.path)
    first = _first_switch(reader)
    if first is None:
        return None
    cleaner = Cleaner(cols, rows)
    sizes = [mark for mark in read_marks(folder.timing) if mark.kind == RESIZE]
    for piece in reader.pieces(max(0, first - _LED_IN_BY)):
        if piece.omitted is not None:
            cleaner.gap()
        else:
            _feed(cleaner, piece.offset, piece.data, sizes)
        cleaner.take()
    shown = cleaner.alternate
    return ("\n".join(shown) if shown is not None else None) or cleaner.last_screen


def _first_switch(reader: RawReader) -> int | None:
    before = b""
    for piece in reader.pieces():
        found = _SWITCH.search(before + piece.data)
        if found:
            return piece.offset - len(before) + found.start()
        before = piece.data[-_LONGEST_SWITCH:]
    return None


def _feed(cleaner: Cleaner, offset: int, data: bytes, sizes: list[Mark]) -> None:
    """Feed bytes that begin at a stream offset, and take the terminal's sizes where they changed."""
    fed = 0
    while sizes and sizes[0].offset < offset + len(data):
        size = sizes.pop(0)
        upto = max(fed, size.offset - offset)
        cleaner.feed(data[fed:upto])
        cleaner.resize(size.cols, size.rows)
        fed = upto
    cleaner.feed(data[fed:])
