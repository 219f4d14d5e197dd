"""Widths: the table of columns a character takes."""

from __future__ import annotations

import pytest

from airunner.transcript.widths import (
    LOOSE_MARK,
    MARKED,
    PERHAPS_SPECIAL,
    TAIL,
    WITH_MARKS,
    WITH_WIDE,
    columns_of,
    width,
)


@pytest.mark.parametrize(
    "character", ["a", "é", "─", "✳", "⠋", "\u00ad", "\u2028", "\ufffd", "🄰", "🕵", "❤", "☃", "\U0010ffff"]
)
def test_ordinary_characters_take_one_column(character: str) -> None:
    assert width(character) == 1
    assert character > "\uffff" or not PERHAPS_SPECIAL(character)


@pytest.mark.parametrize("character", ["漢", "か", "한", "！", "✅", "⌚", "🙂", "🚀", "🦦", "𠀀", "\u3000"])
def test_east_asian_wide_characters_and_emoji_take_two(character: str) -> None:
    assert width(character) == 2
    assert PERHAPS_SPECIAL(character)


@pytest.mark.parametrize(
    "character", ["\u0301", "\u200b", "\u200d", "\ufe0f", "\u20e3", "\u1160", "\u3099", "\U000e0100"]
)
def test_marks_and_joiners_take_none(character: str) -> None:
    assert width(character) == 0
    assert PERHAPS_SPECIAL(character)
    assert LOOSE_MARK(character) and not LOOSE_MARK("a" + character)


def test_columns_of_a_text_say_where_wide_characters_and_marks_are() -> None:
    assert columns_of("ab漢─e\u0301🙂") == f"ab漢{TAIL}─e{MARKED}\u0301🙂{TAIL}"


def test_columns_come_in_pieces_with_marks_or_with_wide_characters_alone() -> None:
    columns = columns_of("ab漢c\u0301🙂")
    assert WITH_MARKS(columns) == [(f"ab漢{TAIL}c", "", ""), ("", "", "\u0301"), (f"🙂{TAIL}", "", "")]
    assert WITH_WIDE(columns) == [
        ("ab", "", ""), ("", f"漢{TAIL}", ""), ("c", "", ""), ("", "", "\u0301"), ("", f"🙂{TAIL}", ""),
    ]  # fmt: skip
