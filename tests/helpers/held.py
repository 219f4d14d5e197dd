"""A job that keeps the embedded store's writer busy, so that others wait behind it."""

from __future__ import annotations

import sqlite3
import threading

from airunner.store.sqlite_writer import Writer


class Held:
    """A job that keeps the writer until it is let go."""

    def __init__(self, writer: Writer) -> None:
        self._begun, self._go = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=writer.do, args=(self._work,))
        self.thread.start()
        assert self._begun.wait(5)

    def _work(self, _: sqlite3.Connection) -> None:
        self._begun.set()
        assert self._go.wait(5)

    def let_go(self) -> None:
        self._go.set()
        self.thread.join(5)
