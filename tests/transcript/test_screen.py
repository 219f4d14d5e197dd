"""The screen on small grids: what each order does to the rows and the cursor."""

from __future__ import annotations

import pytest

from airunner.transcript.edit import text_of
from airunner.transcript.parser import Parser
from airunner.transcript.player import Player
from airunner.transcript.screen import Screen


def drawn(data: str, columns: int = 5, rows: int = 3) -> Screen:
    screen = Screen(columns, rows, lambda row: None)
    Parser(Player(screen)).feed(data.encode())
    return screen


def shown(data: str, columns: int = 5, rows: int = 3) -> list[str]:
    return [text_of(row) for row in drawn(data, columns, rows).grid.rows]


ROWS: dict[str, tuple[str, list[str]]] = {
    "carriage return": ("10%\r50%\r100%", ["100%", "", ""]),
    "line feed keeps the column": ("ab\ncd", ["ab", "  cd", ""]),
    "backspace": ("abc\b\bX", ["aXc", "", ""]),
    "backspace at the margin": ("\b\ba", ["a", "", ""]),
    "tab": ("a\tb", ["a   b", "", ""]),
    "soft wrap": ("abcdefg", ["abcde", "fg", ""]),
    "waiting beyond the last column": ("abcde\rX", ["Xbcde", "", ""]),
    "a line of just the width wraps nothing": ("abcde\r\nf", ["abcde", "f", ""]),
    "no autowrap": ("\x1b[?7labcdefg", ["abcdg", "", ""]),
    "no autowrap, in pieces": ("\x1b[?7labcd\x1b[mef\x1b[mg", ["abcdg", "", ""]),
    "scrolling": ("1\r\n2\r\n3\r\n4", ["2", "3", "4"]),
    "cursor to column": ("ab\x1b[4Gc", ["ab c", "", ""]),
    "cursor to place": ("\x1b[2;3Hx\x1b[Hy\x1b[9;9Hz", ["y", "  x", "    z"]),
    "cursor by steps": ("abc\x1b[2Dx\x1b[By\x1b[3Cz\x1b[2Aw", ["axc w", "  y z", ""]),
    "next and preceding line": ("ab\x1b[Ec\x1b[Fd", ["db", "c", ""]),
    "vertical place": ("ab\x1b[3dc\x1b[1`d", ["ab", "", "d c"]),
    "erase to the end of line": ("abcde\x1b[3G\x1b[K", ["ab", "", ""]),
    "erase to the cursor": ("abcde\x1b[3G\x1b[1K", ["   de", "", ""]),
    "erase the line": ("abc\x1b[2Kd", ["   d", "", ""]),
    "erase below": ("1\r\n2\r\n3\x1b[2;1H\x1b[J", ["1", "", ""]),
    "erase above": ("1\r\n22\r\n3\x1b[2;1H\x1b[1J", ["", " 2", "3"]),
    "erase all": ("1\r\n2\x1b[2Jx", ["", " x", ""]),
    "erase characters": ("abcde\x1b[2G\x1b[2X", ["a  de", "", ""]),
    "insert characters": ("abcde\x1b[2G\x1b[2@", ["a  bc", "", ""]),
    "delete characters": ("abcde\x1b[2G\x1b[2P", ["ade", "", ""]),
    "insert mode": ("abc\r\x1b[4hX\x1b[4lY", ["XYbc", "", ""]),
    "insert lines": ("1\r\n2\r\n3\x1b[2H\x1b[Lx", ["1", "x", "2"]),
    "delete lines": ("1\r\n2\r\n3\x1b[H\x1b[Mx", ["x", "3", ""]),
    "scroll up": ("1\r\n2\r\n3\x1b[S", ["2", "3", ""]),
    "scroll down": ("1\r\n2\r\n3\x1b[T", ["", "1", "2"]),
    "scroll columns left": ("abc\r\nde\x1b[ @", ["bc", "e", ""]),
    "scroll columns right": ("abc\r\nde\x1b[2 A", ["  abc", "  de", ""]),
    "insert columns": ("abc\r\ndef\x1b[2G\x1b['}", ["a bc", "d ef", ""]),
    "delete columns": ("abc\r\ndef\x1b[2G\x1b['~", ["ac", "df", ""]),
    "scroll region": ("1\r\n2\r\n3\x1b[2;3r\x1b[3H\nx", ["1", "3", "x"]),
    "reverse index": ("1\r\n2\x1b[H\x1bMx", ["x", "1", "2"]),
    "index and next line": ("ab\x1bDc\x1bEd", ["ab", "  c", "d"]),
    "save and restore": ("ab\x1b7cd\x1b8X", ["abXd", "", ""]),
    "restore what was never saved": ("ab\r\ncd\x1b8X", ["Xb", "cd", ""]),
    "origin mode": ("\x1b[2;3r\x1b[?6h\x1b[Hx\x1b[?6l\x1b[Hy", ["y", "x", ""]),
    "repeat": ("ab\x1b[2b", ["abbb", "", ""]),
    "repeat after something else": ("ab\r\x1b[2b", ["ab", "", ""]),
    "line drawing": ("\x1b(0lqk\x1b(Blqk", ["┌─┐lq", "k", ""]),
    "shift out": ("\x1b)0a\x0eq\x0fq", ["a─q", "", ""]),
    "tab stops": ("\x1b[3g\x1b[3G\x1bH\r\tx", ["  x", "", ""]),
    "tab back": ("abcde\x1b[5G\x1b[Zx", ["xbcde", "", ""]),
    "line feed mode": ("ab\x1b[20h\ncd", ["ab", "cd", ""]),
    "reverse wrap": ("\x1b[?45habcdef\b\bX", ["abcdX", "f", ""]),
    "alignment": ("\x1b#8", ["EEEEE", "EEEEE", "EEEEE"]),
    "soft reset": ("\x1b[4h\x1b[?7l\x1b[2;3r\x1b[!p\x1b[Habc\rX", ["Xbc", "", ""]),
    "full reset": ("abc\x1bcd", ["d", "", ""]),
    "C1 controls": ("ab\x85c\x84d\x88\r\te", ["ab", "c", " de"]),
    "unknown sequences": ("a\x1b[99zb\x1b[?77hc\x1bZd\x1b[1$re", ["abcde", "", ""]),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_after_an_order_are_as_a_terminal_shows_them(name: str) -> None:
    data, expected = ROWS[name]
    assert shown(data) == expected


WIDE: dict[str, tuple[str, list[str]]] = {
    "two columns": ("漢a\x1b[3GX", ["漢X", "", ""]),
    "emoji of Unicode 12": ("🦦\x1b[3GX", ["🦦X", "", ""]),
    "does not fit": ("abcd漢e", ["abcd", "漢e", ""]),
    "does not fit without wrapping": ("\x1b[?7labcd漢", ["abcd", "", ""]),
    "first half overwritten": ("漢字\rX", ["X 字", "", ""]),
    "second half overwritten": ("漢字\x1b[2GX", [" X字", "", ""]),
    "half erased": ("漢字\x1b[3G\x1b[1K", ["", "", ""]),
    "half deleted": ("漢字\x1b[2G\x1b[P", [" 字", "", ""]),
    "split by inserting": ("漢字\x1b[2G\x1b[@", ["   字", "", ""]),
    "pushed half out": ("a漢字\r\x1b[@", [" a漢", "", ""]),
    "combining": ("e\u0301x", ["e\u0301x", "", ""]),
    "combining with a wide one": ("漢\u0301x\x1b[4GY", ["漢\u0301xY", "", ""]),
    "joiner": ("👍\u200d👍", ["👍\u200d👍", "", ""]),
    "mark with nothing to join": ("a\r\u0301", ["", "", ""]),
    "repeat of a wide one": ("漢\x1b[b", ["漢漢", "", ""]),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_and_combining_characters_take_their_columns(name: str) -> None:
    data, expected = WIDE[name]
    assert shown(data) == expected


@pytest.mark.parametrize(
    ("data", "cursor"),
    [
        ("abcde", (5, 0)),
        ("abcdef", (1, 1)),
        ("abcde\b", (3, 0)),
        ("abcde\t", (5, 0)),
        ("a\t", (4, 0)),
        ("\x1b[99;99H", (4, 2)),
        ("\x1b[99B", (0, 2)),
        ("\x1b[2;3r\x1b[3;1H\x1b[9A", (0, 1)),
        ("\x1b[2;3r\x1b[1;1H\x1b[9B", (0, 2)),
        ("\x1b[3;2r", (0, 0)),
        ("\x1b[" + "9" * 50 + "C", (4, 0)),
        ("\x1b[" + ";" * 200 + "C", (1, 0)),
        ("abc\r\n\x1b[?1049hx\x1b[?1049l", (0, 1)),
        ("ab\x1b[?1047h\x1b[2;4H\x1b[?1047l", (3, 1)),
    ],
)
def test_cursor_after_moves_is_on_the_grid(data: str, cursor: tuple[int, int]) -> None:
    grid = drawn(data).grid
    assert (grid.x, grid.y) == cursor


def test_huge_counts_take_no_longer_than_a_screen() -> None:
    for final in "@ABCDEFGHILMPSTXZb":
        screen = drawn(f"abc\x1b[2147483647{final}")
        assert len(screen.grid.rows) == 3
        assert all(len(text_of(row)) <= 5 for row in screen.grid.rows)


def test_alternate_screen_leaves_the_normal_one_as_it_was() -> None:
    screen = drawn("ab\r\ncd\x1b[?1049h\x1b[2J\x1b[Hxyz\r\nother")
    assert [text_of(row) for row in screen.normal.rows] == ["ab", "cd", ""]
    assert screen.lines_of_alternate() == ["xyz", "other"]
    Parser(Player(screen)).feed(b"\x1b[?1049le")
    assert [text_of(row) for row in screen.grid.rows] == ["ab", "cde", ""]
    assert screen.last_alternate == "xyz\nother"


def test_alternate_screen_is_empty_when_shown_again() -> None:
    screen = drawn("\x1b[?1049habc\x1b[?1049l\x1b[?1049h")
    assert screen.lines_of_alternate() == []
