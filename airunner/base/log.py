"""Logging: one event, one line, fixed words first and key=value after; to stderr, never blocking on it."""

from __future__ import annotations

import json
import logging
import os
import select
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

ROOT = "airunner"


def logger(room: str) -> logging.Logger:
    """Return the logger of a room: `logger("engine")`."""
    return logging.getLogger(f"{ROOT}.{room}")


def set_up(*, form: str = "text", redact: Callable[[str], str] | None = None) -> None:
    """Send the house's log to stderr, as text or as JSON lines.

    A full or closed pipe drops lines, it never stops the server.
    """
    handler = _NeverBlocks(redact or (lambda text: text))
    handler.setFormatter(_JsonLine() if form == "json" else _TextLine())
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
    logging.raiseExceptions = False


def pairs(**values: object) -> str:
    """Return ` key=value …` for the end of a log line; a value with blanks is quoted."""
    return "".join(f" {key}={_plain(value)}" for key, value in values.items() if value is not None)


def _plain(value: object) -> str:
    text = str(value)
    return json.dumps(text) if not text or any(c <= " " or c == '"' for c in text) else text


class _NeverBlocks(logging.Handler):
    """Writes each line with one `write`, on a stderr that is asked first whether it takes one (poll(2))."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
        line = self._redact(self.format(record)).encode("utf-8", "backslashreplace") + b"\n"
        try:
            write_if_taken(sys.__stderr__.fileno() if sys.__stderr__ else 2, line)
        except (OSError, ValueError):
            return


def write_if_taken(descriptor: int, data: bytes) -> bool:
    """Write `data` if the other side takes it at once; say whether it did."""
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    ready = poller.poll(0)
    if not ready or not ready[0][1] & select.POLLOUT:
        return False
    # A pipe that polls writable takes PIPE_BUF bytes (pipe(7)); longer lines go in such pieces.
    for start in range(0, len(data), 4096):
        if start and not poller.poll(0):
            return False
        os.write(descriptor, data[start : start + 4096])
    return True


class _TextLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        room = record.name.removeprefix(f"{ROOT}.")
        text = f"{moment}Z {record.levelname.lower()} {room}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix(f"{ROOT}."),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
