"""Clean text: lines handed out once, the live tail, spans, times, and what holds for any input whatever."""

from __future__ import annotations

import random
import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airunner.transcript.cleaner import Cleaner, clean
from airunner.transcript.line import Line

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def fed(*pieces: bytes, cols: int = 10, rows: int = 3) -> Cleaner:
    cleaner = Cleaner(cols, rows)
    for second, piece in enumerate(pieces):
        cleaner.feed(piece, float(second))
    return cleaner


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x", "x"),
        (b"x\r\n", "x\n"),
        (b"x\r\n\r\n\r\n", "x\n"),
        (b"\r\n\r\n", ""),
        (b"   \r\n", ""),
        (b"x  \r\ny", "x\ny"),
        (b"\r\nx", "\nx"),
        (b"10%\r50%\r100%\r\n", "100%\n"),
        (b"ab\x1b[31mcd\x1b[0m\r\n", "abcd\n"),
        (b"Welcome\x1b[9Gto\x1b[12GClaude", "Welcome to Claude"),
        (b"1\r\n2\x1b[1A", "1\n2\n"),
        (b"x\r\n\x1b[2J\x1b[H", ""),
        (b"abc\r", "abc"),
        (b"a\0b", "ab"),
        ("漢字\r\n".encode(), "漢字\n"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x\x1b[?1049hin\x1b[?1049l", "x"),
    ],
)
def test_clean_text_is_what_a_person_would_have_read(data: bytes, text: str) -> None:
    assert clean(data) == text


def test_line_feed_alone_is_a_new_line_in_newline_mode_only() -> None:
    assert clean(b"ab\ncd\n", newline_mode=True) == "ab\ncd\n"
    assert clean(b"ab\ncd\n") == "ab\n  cd\n"
    assert clean(b"ab\x1bc\x1b[20lcd\nef", newline_mode=True) == "cd\n  ef"
    assert clean(b"ab\x1bccd\nef", newline_mode=True) == "cd\nef"


def test_soft_wrapped_rows_are_one_line() -> None:
    long = "abcdefghij" * 7
    assert clean(long.encode() + b"\r\nx\r\n", 10, 3) == long + "\nx\n"
    assert clean(b"abcdefghi \r\n", 10, 3) == "abcdefghi\n"
    assert clean("abcdefghi漢".encode(), 10, 3) == "abcdefghi漢"


def test_lines_that_scrolled_off_are_handed_out_once_and_stay() -> None:
    cleaner = fed(b"1\r\n2\r\n3\r\n4\r\n5")
    assert texts(cleaner.take()) == ["1"]
    assert cleaner.take() == []
    assert texts(cleaner.tail()) == ["2", "3", "4", "5"]
    cleaner.feed(b"\x1b[2J\x1b[3J\x1b[H")
    assert texts(cleaner.tail()) == ["2"]
    cleaner.feed(b"\x1bcnew\r\n\n\n\n")
    assert texts(cleaner.take()) == ["2", "new"]


def test_a_line_is_not_handed_out_while_its_last_row_is_on_the_screen() -> None:
    cleaner = fed(b"a" * 45)
    assert cleaner.take() == []
    assert texts(cleaner.tail()) == ["a" * 45]
    cleaner.feed(b"\x1b[2K\rb\r\n\n\n\n")
    assert texts(cleaner.take()) == ["a" * 40, "b"]


def test_rows_lost_from_a_scroll_region_are_lost() -> None:
    assert clean(b"1\r\n2\r\n3\x1b[2;3r\x1b[3H\r\n\r\n4", 10, 3) == "1\n\n4"


def test_lines_leave_at_the_top_of_a_region_that_begins_there() -> None:
    assert clean(b"1\r\n2\r\nbox\x1b[1;2r\x1b[2H\r\n3\r\n4", 10, 3) == "1\n2\n3\n4\nbox\n"


def test_spans_hold_the_styled_runs_in_characters() -> None:
    [line] = fed("漢\x1b[1;31mab\x1b[0m cd\x1b[48;5;17;7m  \x1b[m".encode()).tail()
    assert line == Line("漢ab cd", ((1, 3, "bold fg-1"),), 0.0)


def test_spans_of_wrapped_rows_are_joined() -> None:
    [line] = fed(b"123456\x1b[38;2;1;2;255mabcdefgh\x1b[39mi").tail()
    assert line.spans == ((6, 14, "fg-#0102ff"),)


def test_spans_are_painted_over_and_erased() -> None:
    [line] = fed(b"\x1b[31mabcdef\x1b[3G\x1b[32mX\x1b[m\x1b[5Gy\x1b[6G\x1b[Kz").tail()
    assert line == Line("abXdyz", ((0, 2, "fg-1"), (2, 3, "fg-2"), (3, 4, "fg-1")), 0.0)


def test_time_of_a_line_is_that_of_its_last_change() -> None:
    cleaner = fed(b"1\r\n2\r\n", b"\x1b[A\x1b[Ax\x1b[2B\r", b"\x1b[1;31m3\x1b[2H")
    assert [(line.text, line.at) for line in cleaner.tail()] == [("x", 1.0), ("2", 0.0), ("3", 2.0)]


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"", False),
        (b"x", False),
        (b"x\r\n", True),
        (b"x\r\n\r\n\r\n\r\n\r\n", True),
        (b"x\r", False),
        (b"a" * 25, False),
        (b"1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[2J", True),
        (b"x\x1b[?1049hyy\r\n\r\n", False),
    ],
)
def test_ends_with_newline_when_the_cursor_has_left_the_last_line(data: bytes, ends: bool) -> None:
    assert fed(data).ends_with_newline is ends


def test_alternate_screen_shows_while_it_is_shown_and_is_kept_when_left() -> None:
    cleaner = fed(b"before\r\n")
    assert cleaner.alternate is None and cleaner.last_screen is None
    cleaner.feed(b"\x1b[?1049h\x1b[Hone\r\n\r\ntwo")
    assert cleaner.alternate == ["one", "", "two"] and cleaner.last_screen is None
    assert texts(cleaner.tail()) == ["before"]
    cleaner.feed(b"\x1b[?1049lafter")
    assert cleaner.alternate is None and cleaner.last_screen == "one\n\ntwo"
    assert texts(cleaner.tail()) == ["before", "after"]


def test_after_a_gap_text_goes_on_in_a_new_line() -> None:
    cleaner = fed(b"abc\x1b]0;tit")
    cleaner.gap()
    cleaner.feed(b"def\r\n")
    cleaner.gap()
    cleaner.feed(b"ghi")
    assert texts(cleaner.tail()) == ["abc", "def", "ghi"]


def test_resize_wraps_lines_anew_and_loses_none() -> None:
    cleaner = fed(b"1\r\nabcdefghijklm\r\nx", cols=10, rows=5)
    for cols, rows in ((4, 5), (20, 2), (3, 3), (10, 5), (200, 50)):
        cleaner.resize(cols, rows)
        cleaner.feed(b"y")
    lines = texts(cleaner.take()) + texts(cleaner.tail())
    assert lines == ["1", "abcdefghijklm", "xyyyyy"]


def test_resize_keeps_spans_and_wide_characters() -> None:
    cleaner = fed("\x1b[31m漢字漢字\x1b[m\r\n".encode(), cols=10, rows=4)
    cleaner.resize(5, 4)
    cleaner.resize(7, 4)
    [line] = cleaner.tail()
    assert (line.text, line.spans) == ("漢字漢字", ((0, 4, "fg-1"),))


def test_sizes_out_of_all_bounds_are_brought_into_them() -> None:
    for cols, rows in ((0, 0), (-5, -5), (1, 1), (10**9, 10**9)):
        cleaner = Cleaner(cols, rows)
        cleaner.feed(b"abc\r\nd")
        cleaner.resize(rows, cols)
        assert "".join(texts(cleaner.take() + cleaner.tail())).replace("\n", "") == "abcd"


def test_a_line_without_end_is_held_in_bounded_memory() -> None:
    cleaner = Cleaner(200, 5)
    for _ in range(20):
        cleaner.feed(b"x" * 2**20)
        taken = cleaner.take()
        if taken:
            break
    assert taken and all(2**17 < len(line.text) < 2**19 for line in taken)


def test_marks_without_end_on_one_character_are_bounded() -> None:
    text = clean(b"e" + "\u0301".encode() * 100_000 + b"x")
    assert text.startswith("e\u0301\u0301") and text.endswith("x") and len(text) < 100


def sequences() -> st.SearchStrategy[bytes]:
    """Bytes that are more often meant for a terminal than random ones are."""
    numbers = st.from_regex(r"[<-?]?[0-9]{0,3}(;[0-9]{0,3}){0,3}[ !$'\"]?", fullmatch=True)
    final = st.sampled_from("@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu}~")
    csi = st.builds(lambda middle, end: f"\x1b[{middle}{end}".encode(), numbers, final)
    modes = st.sampled_from(
        [b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?6h", b"\x1b[4h", b"\x1b[?7l", b"\x1b[?45h", b"\x1bc"]
    )
    words = st.sampled_from(
        ["abc def ", "漢字", "e\u0301", "👍\u200d", "\r\n", "\b\b", "\t", "\x1b7", "\x1b8", "\x1bM"]
    )
    return st.lists(st.one_of(csi, modes, words.map(str.encode), st.binary(max_size=4)), max_size=40).map(b"".join)


def whole(cleaner: Cleaner) -> tuple[list[Line], bool, list[str] | None, str | None]:
    return cleaner.take() + cleaner.tail(), cleaner.ends_with_newline, cleaner.alternate, cleaner.last_screen


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=300), sequences()), st.integers(2, 12), st.integers(1, 5))
@example(b"\xf0\x9f\x98", 2, 1)
def test_any_input_gives_text_without_control_characters(data: bytes, cols: int, rows: int) -> None:
    text = clean(data, cols, rows)
    assert not [character for character in text if unicodedata.category(character) == "Cc" and character != "\n"]
    assert "\n\n" not in text[-2:] and not any(line.endswith(" ") for line in text.split("\n"))


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=120), sequences()), st.integers(2, 12), st.integers(1, 5))
def test_any_input_split_at_every_byte_gives_the_same(data: bytes, cols: int, rows: int) -> None:
    one, many = Cleaner(cols, rows), Cleaner(cols, rows)
    one.feed(data)
    taken: list[Line] = []
    for place in range(len(data)):
        many.feed(data[place : place + 1])
        many.tail()
        taken += many.take()
    lines, *rest = whole(many)
    assert (taken + lines, *rest) == whole(one)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=200), sequences()), st.integers(2, 12), st.integers(1, 5))
def test_spans_lie_in_the_text_in_order_and_apart(data: bytes, cols: int, rows: int) -> None:
    cleaner = Cleaner(cols, rows)
    cleaner.feed(b"\x1b[1m" + data)
    for line in whole(cleaner)[0]:
        places = [place for low, high, _ in line.spans for place in (low, high)]
        assert places == sorted(places) and all(low < high and style for low, high, style in line.spans)
        assert not places or places[-1] <= len(line.text)


@settings(max_examples=100)
@given(sequences(), st.lists(st.tuples(st.integers(2, 12), st.integers(1, 5)), max_size=4))
def test_resizing_at_any_time_never_raises(data: bytes, sizes: list[tuple[int, int]]) -> None:
    cleaner = Cleaner(8, 3)
    step = max(1, len(data) // 4)
    for place, size in zip(range(0, len(data), step), sizes, strict=False):
        cleaner.feed(data[place : place + step])
        cleaner.resize(*size)
        grid = cleaner._screen.grid
        assert len(grid.rows) == size[1] and 0 <= grid.y < size[1] and 0 <= grid.x <= size[0]
        whole(cleaner)


@settings(max_examples=100)
@given(sequences())
def test_cleaning_clean_text_changes_nothing(data: bytes) -> None:
    text = clean(data, 80, 24)
    assert clean(text.encode(), 80, 24, newline_mode=True) == text


def test_a_sequence_cut_in_two_is_whole_again_whatever_was_seen_before() -> None:
    for begin in ("\x1b[", "\x9b"):
        clean(f"{begin}H{begin}2H".encode())
        cleaner = Cleaner(20, 4)
        cleaner.feed(f"ab{begin}".encode())
        cleaner.feed(b"2Dxy")
        assert texts(cleaner.tail()) == ["xy"]


@pytest.mark.slow
def test_a_minute_of_random_bytes_never_raises_nor_hangs_nor_grows() -> None:
    dice = random.Random(7)
    inputs = (
        lambda: dice.randbytes(2**14),
        lambda: bytes(dice.choices(b"\x1b[]P;?0123456789ABCHJKmhlr\r\n\b\t \x9b\x9d", k=2**13)),
        lambda: "".join(dice.choices("ab漢e\u0301🙂\ufe0f\r\n\x1b[31m\x1bM", k=2**13)).encode(),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        cols, rows = dice.choice(((120, 40), (80, 24), (2, 1), (300, 100)))
        cleaner = Cleaner(cols, rows, newline_mode=dice.random() < 0.5)
        for _ in range(8):
            data = dice.choice(inputs)()
            began = time.process_time()
            cleaner.feed(data)
            lines = cleaner.take()
            tail = cleaner.tail()
            assert time.process_time() - began < 5
            assert len(tail) <= rows + 1
            for line in (*lines, *tail):
                assert not _CONTROL.search(line.text) and len(line.text) < 2**20


def log_lines() -> st.SearchStrategy[bytes]:
    """Whole lines, many enough to be taken without a screen, with now and then something that needs one."""
    words = st.sampled_from(
        [
            "word ",
            "\x1b[31mred\x1b[0m ",
            "\x1b[44mpaper",
            "\x1b[m",
            "漢字",
            "e\u0301",
            "\u0301",
            "a\tb",
            "x" * 30,
            " ",
            "🙂\ufe0f",
        ]
    )
    line = st.lists(words, max_size=8).map("".join)
    odd = st.sampled_from(
        ["\x1b[3A\x1b[2Kup\r\n\n\n", "10%\r20%\r", "\x1b[2J", "\x1b[2;3r", "\x1b7\x1b8", "\n", "\x1b]0;t\x07", "\b"]
    )
    block = st.builds(
        lambda lines, times: "\r\n".join(lines * times) + "\r\n",
        st.lists(line, min_size=1, max_size=9),
        st.integers(1, 25),
    )
    return st.lists(st.one_of(block, odd), max_size=5).map(lambda parts: "".join(parts).encode())


@settings(max_examples=60, deadline=None)
@given(log_lines(), st.integers(2, 100), st.integers(1, 30), st.booleans(), st.randoms(use_true_random=False))
@example(
    b"\x1b[31mred\x1b[m  \r\n\tx\r\n" * 200 + b"\x1b[3A\x1b[2Kup\r\n\n\n" + b"ab\r\n" * 900,
    20,
    5,
    False,
    random.Random(1),
)
def test_lines_taken_without_a_screen_are_those_of_a_screen(
    data: bytes, cols: int, rows: int, newline_mode: bool, dice: random.Random
) -> None:
    one, many = (Cleaner(cols, rows, newline_mode=newline_mode) for _ in range(2))
    one.feed(data)
    place = 0
    while place < len(data):  # too little at a time for whole lines to be taken
        size = dice.randint(1, 300)
        many.feed(data[place : place + size])
        place += size
    assert whole(many) == whole(one)
