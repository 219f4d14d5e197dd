"""The colours of the page: every pair that is used together can be told apart (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).resolve().parent.parent.parent / "web/css/tokens.css").read_text("utf-8")
STATES = ("queued", "running", "completed", "failed", "timeout", "killed", "skipped")
GROUNDS = ("bg", "surface", "sunken", "hover", "accent-tint")
ANSI = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3", "accent-text") for ground in GROUNDS],
    *[(f"{state}-text", ground, TEXT) for state in STATES for ground in (*GROUNDS, f"{state}-tint")],
    *[(f"{state}-dot", ground, SHAPE) for state in STATES for ground in ("bg", "surface")],
    *[(f"ansi-{name}", "log-bg", TEXT) for name in (*ANSI, *(f"bright-{name}" for name in ANSI))],
    *[(f"ansi-{name}", ground, TEXT) for name in (*ANSI[1:7], "bright-black") for ground in ("hover", "accent-tint")],
    *[("ink", ground, TEXT) for ground in ("log-bg", "mark")],
    ("ink-3", "log-bg", TEXT),
    ("on-mark", "mark-now", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-danger", "danger", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "bg", TEXT),
    ("bg", "ink", TEXT),
    *[(line, ground, SHAPE) for line in ("line-control", "accent", "completed-area") for ground in ("bg", "surface")],
]


def colours(selector: str) -> dict[str, str]:
    """Return the colours that the rule with this selector declares."""
    found = re.search(re.escape(selector) + r" \{(.*?)\n\s*\}", SHEET, re.S)
    assert found, selector
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", found[1]))


LIGHT = colours(":root")
DARK = {**LIGHT, **colours(':root[data-theme="dark"]')}


def luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_every_pair_of_colours_has_the_contrast_it_needs(theme: str, palette: dict[str, str]) -> None:
    weak = [
        f"{front} on {ground}: {contrast(palette[front], palette[ground]):.2f} of {needed}"
        for front, ground, needed in PAIRS
        if contrast(palette[front], palette[ground]) < needed
    ]
    assert weak == [], theme


def test_dark_is_the_same_whether_wished_by_the_system_or_by_the_person() -> None:
    assert colours(':root:not([data-theme="light"])') == colours(':root[data-theme="dark"]')
