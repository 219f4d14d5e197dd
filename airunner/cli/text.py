"""Text for a terminal: tables, times, and names that cannot move its cursor."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime

from airunner.base.clock import from_iso

_GAP = "  "


def note(sentence: str) -> None:
    """Say something beside the output, on stderr."""
    print(f"airunner: {sentence}", file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """Print a JSON value for people and for jq."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns; on a terminal the last column is cut at its edge."""
    lines = [tuple(heads), *(tuple(plain(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    edge = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        text = _GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        print(text if edge is None or len(text) <= edge else text[: edge - 1] + "…")


def plain(value: object) -> str:
    """Return one line of printable text: a name from elsewhere must not send control sequences."""
    if value is None or value == "":
        return "-"
    return "".join(c if c.isprintable() else " " for c in str(value))


def local_time(iso: object) -> str:
    """Return a time of the API in the zone of this machine, or `-`."""
    if not isinstance(iso, str):
        return "-"
    try:
        return from_iso(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return plain(iso)


def local_moment(iso: object) -> str:
    """Return a time of the API with the zone that this machine has then: summer time may begin before it comes."""
    try:
        return from_iso(str(iso)).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if iso else "-"
    except ValueError:
        return plain(iso)


def zone_name() -> str:
    """Return the name of this machine's time zone, such as CET."""
    return datetime.now().astimezone().tzname() or "local"


def duration(seconds: object) -> str:
    """Return seconds as `0.3s`, `12s`, `4m 05s` or `2h 03m`, or `-`."""
    if not isinstance(seconds, int | float):
        return "-"
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"
