"""A line of clean text, and its styled spans."""

from __future__ import annotations

from typing import NamedTuple

Span = tuple[int, int, str]  # from, to, style


class Line(NamedTuple):
    """One line of clean text. `spans` are in characters of `text`; `at` is the time of its last change, in seconds."""

    text: str
    spans: tuple[Span, ...]
    at: float


Lines = list[Line]


def add_span(spans: list[Span], low: int, high: int, style: str) -> None:
    """Add a span at the end; one that goes on from the one before in the same style is joined to it."""
    if spans and spans[-1][1] == low and spans[-1][2] == style:
        low = spans.pop()[0]
    spans.append((low, high, style))
