"""The text form of stored documents: JSON in ASCII, with times as `{"\\u0000ms": milliseconds}`.

The key holds a NUL, which no text from outside may contain, so no document can look like a time by accident.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airunner.domain.query import milliseconds
from airunner.domain.record import Doc

_KEY = "\0ms"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(doc: Doc) -> str:
    """Return the text of a document; raise TypeError for a value that no document may hold, ValueError for NaN."""
    return _ENCODER.encode(doc)


def read(text: str) -> Doc:
    """Return the document of a text that `write` made."""
    found: Doc = _DECODER.decode(text)
    return found


def copy(doc: Doc) -> Doc:
    """Return a copy that shares nothing with `doc`, as if it had been kept and read again."""
    return read(write(doc))


def moment(ms: int) -> datetime:
    """Return the time of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def _time_out(value: object) -> dict[str, int]:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return {_KEY: milliseconds(value)}
    raise TypeError(f"a document cannot hold {value!r}")


def _time_in(found: dict[str, Any]) -> Any:
    return moment(found[_KEY]) if _KEY in found else found


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_time_out)
_DECODER = json.JSONDecoder(object_hook=_time_in)
