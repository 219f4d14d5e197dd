"""One row of the screen, and what can be done to it.

A row is a string, one character for a column; as soon as something on it is combined it is a list of cells, one string
for a column. TAIL stands in the second column of a wide character, NUL for a cell nothing was written in; at the end of
a row such cells are left out.

What is written to a row waits in `pieces` until somebody looks: most of what programs draw is drawn over unseen.
A row nothing was ever done to is None.
"""

from __future__ import annotations

from itertools import groupby

from airunner.transcript.widths import TAIL
from airunner.transcript.widths import width as width_of

NOTHING = "\0"
_MOST_MARKS = 64  # on one character; no script needs a tenth of it
_MANY_PIECES = 6  # from here on it is cheaper to take the row apart once
Run = tuple[int, int, str]  # from, to (columns), style
Piece = tuple[int, str | None, str]  # column, text, style; without a text: all is empty from that column on


class Row:
    """One row. `wrapped` says that it goes on with the line above; `at` is when it last changed."""

    __slots__ = ("at", "cells", "pieces", "runs", "text", "wrapped")

    def __init__(self, at: float = 0.0, wrapped: bool = False) -> None:
        self.text = ""
        self.cells: list[str] | None = None
        self.runs: list[Run] = []
        self.pieces: list[Piece] = []
        self.wrapped = wrapped
        self.at = at

    def clear(self) -> None:
        """Back to a row nothing was written in; `wrapped` stays."""
        self.text = ""
        self.cells = None
        self.runs = []
        self.pieces = []

    @property
    def is_fresh(self) -> bool:
        """True while all that was ever done to it is in `pieces`."""
        return not self.text and self.cells is None and not self.runs

    @property
    def is_blank(self) -> bool:
        """True when nothing is written in it."""
        settle(self)
        return not self.text and not self.cells


def settle(row: Row) -> None:
    """Carry out what waits in `pieces`."""
    pieces = row.pieces
    if not pieces:
        return
    row.pieces = []
    if row.cells is None:
        pieces = _append(row, pieces)
    if len(pieces) >= _MANY_PIECES:
        _take_apart(row, pieces)
        return
    for start, text, style in pieces:
        if text is None:
            erase(row, start, _length(row), "")
        else:
            _put(row, start, text, style)


def _append(row: Row, pieces: list[Piece]) -> list[Piece]:
    """Put in the pieces that stand one after the other, behind all that is there; return the others."""
    runs = row.runs
    length = max(len(row.text), runs[-1][1]) if runs else len(row.text)
    parts = [row.text.ljust(length, NOTHING) if pieces[0][0] >= length > len(row.text) else row.text]
    appended = 0
    for start, text, style in pieces:
        if start < length:
            break
        appended += 1
        if text is None:
            continue
        if start > length:
            parts.append(NOTHING * (start - length))
        parts.append(text)
        length = start + len(text)
        if style:
            if runs and runs[-1][1] == start and runs[-1][2] == style:
                start = runs.pop()[0]
            runs.append((start, length, style))
    row.text = "".join(parts).rstrip(NOTHING)
    return pieces[appended:]


def _take_apart(row: Row, pieces: list[Piece]) -> None:
    """Many pieces, some over others: column by column, put together again at the end."""
    cells = list(row.text) if row.cells is None else row.cells
    wide = TAIL in cells or TAIL in "".join([text for _, text, _ in pieces if text])
    styles: list[str] = []
    for start, end, style in row.runs:
        styles.extend([""] * (start - len(styles)))
        styles.extend([style] * (end - start))
    for start, text, style in pieces:
        if text is None:
            if wide:
                _halve(cells, start)
            del cells[start:], styles[start:]
            continue
        if len(cells) < start:
            cells.extend([NOTHING] * (start - len(cells)))
        if len(styles) < start:
            styles.extend([""] * (start - len(styles)))
        width = len(text)
        if wide:
            _halve(cells, start)
            _halve(cells, start + width)
        if width == 1:
            cells[start : start + 1] = (text,)
            styles[start : start + 1] = (style,)
        else:
            cells[start : start + width] = text
            styles[start : start + width] = [style] * width
    if row.cells is None:
        row.text = "".join(cells).rstrip(NOTHING)
    else:
        _shorten(cells)
    row.runs = []
    place = 0
    for style, same in groupby(styles):
        end = place + len(list(same))
        if style:
            row.runs.append((place, end, style))
        place = end


def put(row: Row, start: int, text: str, style: str) -> None:
    """Write `text`, all of it one column wide, from column `start`."""
    row.pieces.append((start, text, style))


def _put(row: Row, start: int, text: str, style: str) -> None:
    end = start + len(text)
    if row.cells is None:
        before = _whole(row.text, start, end).ljust(start, NOTHING)
        row.text = (before[:start] + text + before[end:]).rstrip(NOTHING)
    else:
        _open(row.cells, start, end)
        row.cells[start:end] = text
        _shorten(row.cells)
    if style or row.runs:
        row.runs = painted(row.runs, start, end, style)


def combine(row: Row, column: int, mark: str) -> None:
    """Join `mark`, which has no width, to the character that ends before `column`."""
    cells = as_cells(row)
    place = column - 1
    if place < len(cells):
        place -= cells[place] == TAIL and place > 0
        if cells[place] == NOTHING:
            cells[place] = mark
        elif len(cells[place]) < _MOST_MARKS:
            cells[place] += mark


def erase(row: Row, start: int, end: int, style: str) -> None:
    """Make columns `start` to `end` empty; `style` is the background they get, "" for none."""
    settle(row)
    _put(row, start, NOTHING * (end - start), style)


def insert(row: Row, start: int, count: int, columns: int, style: str) -> None:
    """Put `count` empty cells at `start`; what is pushed out at `columns` is lost."""
    cells = as_cells(row)
    count = min(count, columns - start)
    _open(cells, start, start)
    cells[start:start] = [NOTHING] * count
    _cut(cells, columns)
    head = painted(row.runs, start, columns, "")
    moved = [(max(low, start) + count, high + count, name) for low, high, name in row.runs if high > start]
    row.runs = head + [(low, min(high, columns), name) for low, high, name in moved if low < columns]
    row.runs = painted(row.runs, start, start + count, style)


def delete(row: Row, start: int, count: int, columns: int, style: str) -> None:
    """Take `count` cells out at `start`; empty ones come in at the end."""
    cells = as_cells(row)
    count = min(count, columns - start)
    _open(cells, start, start + count)
    del cells[start : start + count]
    _shorten(cells)
    head = painted(row.runs, start, columns, "")
    moved = [(max(low - count, start), high - count, name) for low, high, name in row.runs if high - count > start]
    row.runs = painted(head + moved, columns - count, columns, style)


def as_cells(row: Row) -> list[str]:
    """The row as a list of cells, from now on."""
    settle(row)
    if row.cells is None:
        row.cells = list(row.text)
        row.text = ""
    return row.cells


def painted(runs: list[Run], start: int, end: int, style: str) -> list[Run]:
    """The runs after columns `start` to `end` got `style` ("" takes the style away). They stay in order, apart and not empty."""
    if runs and runs[-1][1] > start:
        before = [(low, min(high, start), name) for low, high, name in runs if low < start]
        after = [(max(low, end), high, name) for low, high, name in runs if high > end]
    else:
        before, after = runs, []
    if not style or start >= end:
        return before + after
    if before and before[-1][1] == start and before[-1][2] == style:
        low, _, _ = before[-1]
        before, start = before[:-1], low
    if after and after[0][0] == end and after[0][2] == style:
        end = after[0][1]
        after = after[1:]
    return [*before, (start, end, style), *after]


def text_of(row: Row | None) -> str:
    """What stands in the row; cells nothing was written in are blanks, at the end they are left out."""
    if row is None:
        return ""
    settle(row)
    if row.cells is None:
        return row.text.replace(NOTHING, " ").replace(TAIL, "")
    return "".join(_without_stray_mark(row.cells)).replace(NOTHING, " ").replace(TAIL, "")


def spans_of(row: Row, shift: int = 0) -> list[Run]:
    """The styled runs of the row in characters of its text (not columns), moved by `shift`."""
    settle(row)
    if row.cells is None and TAIL not in row.text:
        length = len(row.text)
        return [(low + shift, min(high, length) + shift, name) for low, high, name in row.runs if low < length]
    starts = [shift]
    for cell in row.text if row.cells is None else row.cells:
        starts.append(starts[-1] + (0 if cell == TAIL else len(cell)))
    last = len(starts) - 1
    return [(starts[low], starts[min(high, last)], name) for low, high, name in row.runs if low < last]


def _length(row: Row) -> int:
    """How many columns are written or coloured, for an erasure that is to reach them all."""
    written = len(row.text) if row.cells is None else len(row.cells)
    return max(written, row.runs[-1][1]) if row.runs else written


def _whole(text: str, start: int, end: int) -> str:
    """The text of a row without the halves of wide characters that `start` and `end` cut in two."""
    if TAIL in text:
        for place in (start, end):
            if text[place : place + 1] == TAIL:
                text = text[: place - 1] + NOTHING + NOTHING + text[place + 1 :]
    return text


def _open(cells: list[str], start: int, end: int) -> None:
    """Make the list reach `start`, and empty what is left of wide characters that `start` and `end` cut in two."""
    if len(cells) < start:
        cells.extend([NOTHING] * (start - len(cells)))
    _halve(cells, start)
    _halve(cells, end)


def _halve(cells: list[str], place: int) -> None:
    if 0 < place < len(cells) and cells[place] == TAIL:
        cells[place - 1] = cells[place] = NOTHING


def _cut(cells: list[str], columns: int) -> None:
    _halve(cells, columns)
    del cells[columns:]
    _shorten(cells)


def _shorten(cells: list[str]) -> None:
    while cells and cells[-1] == NOTHING:
        cells.pop()


def _without_stray_mark(cells: list[str]) -> list[str]:
    """A mark that joined nothing has a cell, but no width: terminals leave it out at the end of a row."""
    last = cells[-1] if cells else ""
    return cells[:-1] if len(last) == 1 and last > NOTHING and width_of(last) == 0 else cells
