"""Time as an argument: the only callers of the system's clocks, and the one text form of a time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|z|[+-]\d\d:?\d\d)?)?\Z")


class Clock(Protocol):
    """What a room may ask about time; tests hand in one that they move themselves."""

    def now(self) -> datetime:
        """Return the wall time in UTC, cut to milliseconds."""

    def monotonic(self) -> float:
        """Return seconds that never go back (they may stand still during suspend)."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the wall time in UTC, cut to milliseconds."""
        return cut_to_ms(datetime.now(UTC))

    def monotonic(self) -> float:
        """Return CLOCK_MONOTONIC in seconds."""
        return time.monotonic()


def cut_to_ms(moment: datetime) -> datetime:
    """Return `moment` without what is below a millisecond: the precision every store keeps."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def from_epoch(seconds: float) -> datetime:
    """Return the UTC time of `seconds` since 1970, cut to milliseconds."""
    return cut_to_ms(datetime.fromtimestamp(seconds, UTC))


def to_iso(moment: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_iso(text: str) -> datetime:
    """Read ISO 8601 (a date alone is its midnight, no zone is UTC); raise ValueError."""
    match = _ISO.match(text.strip())
    if not match:
        raise ValueError(f"not a time in ISO 8601, such as 2026-03-12T14:32:10Z: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)
    return cut_to_ms(moment.replace(tzinfo=_zone(zone)).astimezone(UTC))


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
