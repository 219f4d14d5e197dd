"""Records and documents: `snake_case` fields here, camelCase keys in the store and in JSON.

A document is a plain dict; its times are aware UTC datetimes cut to milliseconds, and what is empty is None.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from airunner.base.clock import to_iso

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Doc = dict[str, Any]

R = TypeVar("R", bound="DataclassInstance")


def to_doc(record: DataclassInstance) -> Doc:
    """Return the document of a record; maps and lists are copied one level deep, so that neither side sees changes."""
    return {key: _loose(getattr(record, name)) for name, key in _names(type(record))}


def from_doc(cls: type[R], doc: Doc) -> R:
    """Return the record of a document.

    Unknown keys are ignored and missing ones take the record's default; raises TypeError where there is none.
    """
    return cls(**{name: _loose(doc[key]) for name, key in _names(cls) if key in doc})


def encode(value: object) -> bytes:
    """Return compact JSON (RFC 8259) in UTF-8, times as ISO 8601 in UTC with milliseconds.

    Text that UTF-8 cannot carry (a lone surrogate) is sent escaped; raises ValueError for NaN and infinities.
    """
    try:
        return _READABLE.encode(value).encode()
    except UnicodeEncodeError:
        return _ESCAPED.encode(value).encode()


def camel(name: str) -> str:
    """Return the camelCase form of a field's name: `created_at` is `createdAt`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


@cache
def _names(cls: type[DataclassInstance]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.metadata.get("key") or camel(field.name)) for field in fields(cls))


def _loose(value: Any) -> Any:
    if isinstance(value, dict):
        return dict(value)
    return list(value) if isinstance(value, (list, tuple)) else value


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is UTC:  # the usual case, several times as fast as the general one
            return value.isoformat(timespec="milliseconds")[:-6] + "Z"
        return to_iso(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_READABLE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
_ESCAPED = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_plain)
