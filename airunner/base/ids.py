"""Ids that sort by the time they were made, and slugs."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from collections.abc import Callable
from datetime import datetime

from airunner.base.clock import Clock, from_epoch

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_RANDOM_BITS = 50
ID_LENGTH = 20
_ID = re.compile(rf"[{_ALPHABET}]{{{ID_LENGTH}}}\Z")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")


class Ids:
    """Makes 20-character ids: 50 bits of milliseconds, 50 random bits.

    Ids of one maker are strictly ascending, also within a millisecond and when the clock steps back.
    """

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        """Return an id that sorts behind all earlier ones of this maker."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        noise = int.from_bytes(self._random_bytes(8), "big") >> (64 - _RANDOM_BITS)
        with self._lock:
            self._last = max(milliseconds << _RANDOM_BITS | noise, self._last + 1)
            return _encode(self._last)


def is_id(text: str) -> bool:
    """Say whether `text` has the form of an id."""
    return bool(_ID.match(text))


def made_at(id: str) -> datetime:
    """Return when an id was made, in UTC; raise ValueError for text that is no id."""
    if not is_id(id):
        raise ValueError(f"not an id: {id!r}")
    number = 0
    for letter in id:
        number = number << 5 | _ALPHABET.index(letter)
    return from_epoch((number >> _RANDOM_BITS) / 1000)


def is_slug(text: str) -> bool:
    """Say whether `text` is a slug: lower-case letters, digits and inner hyphens, at most 64."""
    return bool(_SLUG.match(text))


def slug_of(name: str) -> str:
    """Return a slug made from a name, or an empty string where nothing of it can be used."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")


def _encode(number: int) -> str:
    digits = []
    for _ in range(ID_LENGTH):
        number, rest = number >> 5, number & 31
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))
