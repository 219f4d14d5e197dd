"""Styles: what CSI m makes of the pen."""

from __future__ import annotations

import pytest

from airunner.transcript.style import NEXT, PLAIN, numbers_of


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("", ""),
        ("0", ""),
        ("1", "bold"),
        ("31", "fg-1"),
        ("1;31;44", "bold fg-1 bg-4"),
        ("91;107", "fg-9 bg-15"),
        ("38;5;208", "fg-208"),
        ("48;5;7", "bg-7"),
        ("38;2;1;2;255", "fg-#0102ff"),
        ("38:5:208", "fg-208"),
        ("38:2:1:2:3", "fg-#010203"),
        ("38:2::1:2:3", "fg-#010203"),
        ("38;5:208;1", "bold fg-208"),
        ("38;2;1;2;3;4", "underline fg-#010203"),
        ("38;5;1;4", "underline fg-1"),
        ("58;5;1;4", "underline"),
        ("38", ""),
        ("38;5", "fg-0"),
        ("38;9;1", "bold"),
        ("4:3", "underline"),
        ("4;4:0", ""),
        ("21", "underline"),
        ("1;2;3;4;5;7;8;9;53", "bold dim italic underline blink inverse hidden strike overline"),
        ("1;2;22", ""),
        ("31;39;44;49", ""),
        ("31;100", "fg-1 bg-8"),
        ("31;0;1", "bold"),
        ("1;;3", "italic"),
        ("999999999999999999999;1", "bold"),
        (":::;1", "bold"),
    ],
)
def test_codes_make_a_style_of_words(codes: str, style: str) -> None:
    assert PLAIN.after(codes).style == style


def test_codes_change_the_pen_they_are_given() -> None:
    pen = PLAIN.after("1;31").after("44;3")
    assert pen.style == "bold italic fg-1 bg-4"
    assert pen.after("") is PLAIN


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", (0,)),
        ("5", (5,)),
        ("5;3", (5, 3)),
        (";5", (0, 5)),
        ("5;", (5, 0)),
        ("4:3;1", (4, 1)),
        ("9" * 200, (2**31 - 1,)),
    ],
)
def test_numbers_of_a_sequence_are_bounded_and_at_least_one(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_of(text) == numbers


def test_numbers_beyond_the_thirty_second_are_left_out() -> None:
    assert numbers_of("1;" * 100) == (1,) * 32


def test_several_codes_at_once_are_as_one_after_the_other() -> None:
    assert PLAIN.after(NEXT.join(("1;31", "", "44"))) is PLAIN.after("44")


def test_pens_without_end_are_forgotten_and_stay_right() -> None:
    for number in range(40_000):
        pen = PLAIN.after(f"38;2;{number % 256};{number // 256};7")
        assert pen.style == f"fg-#{number % 256:02x}{number // 256:02x}07"
        assert pen.after("0") is PLAIN
