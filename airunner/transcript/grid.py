"""A grid of rows with a cursor, margins and tab stops: the normal screen is one, the alternate screen another.

What scrolls off the top goes to `on_scroll_off`. Moves keep the cursor on the grid; after a character in the last column it
waits beyond it (x == columns) until the next one. Counts are bounded by the grid: no sequence takes longer than a screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from airunner.transcript.edit import NOTHING, Row, painted
from airunner.transcript.style import PLAIN, Pen

TAB = 8


@dataclass(slots=True)
class Modes:
    """What both screens share: the size, the pen, the switches, the time of the present feed."""

    columns: int
    rows: int
    newline: bool = False  # a line feed returns the carriage, too
    insert: bool = False
    origin: bool = False  # row 1 is the top margin
    autowrap: bool = True
    reverse_wrap: bool = False
    pen: Pen = PLAIN  # its style is what is written in, its paper what erased cells get
    now: float = 0.0


@dataclass(slots=True)
class Saved:
    """What DECSC keeps. `row` counts from the first row there ever was, so that it scrolls with the text."""

    column: int = 0
    row: int = 0
    pen: Pen = PLAIN
    charset: dict[int, str] | None = field(default=None)


class Grid:
    """The rows one sees, with all that moves on them."""

    def __init__(self, modes: Modes, on_scroll_off: Callable[[Row | None], None] | None = None) -> None:
        self.modes = modes
        self._on_scroll_off = on_scroll_off
        self.saved = Saved()
        self.reset()

    def reset(self) -> None:
        """Empty, cursor home, margins and tab stops as at the start; what was saved stays."""
        self.x = self.y = 0
        self.base = 0  # rows that have scrolled off
        self.fill()
        self.reset_margins()
        self.reset_tabs()

    def fill(self) -> None:
        """New empty rows in the pen's background."""
        count = self.modes.rows
        self.rows: list[Row | None] = [self.blank() for _ in range(count)] if self.modes.pen.paper else [None] * count

    def reset_tabs(self) -> None:
        """A tab stop every eight columns."""
        self.tabs = set(range(0, self.modes.columns, TAB))

    def has_usual_tabs(self) -> bool:
        """True while no program has moved them."""
        return self.tabs == set(range(0, self.modes.columns, TAB))

    def reset_margins(self) -> None:
        """The whole grid scrolls."""
        self.top, self.bottom = 0, self.modes.rows - 1

    def blank(self, wrapped: bool = False) -> Row | None:
        """A new empty row in the pen's background."""
        modes = self.modes
        if not (wrapped or modes.pen.paper):
            return None
        row = Row(modes.now, wrapped)
        if modes.pen.paper:
            row.runs = [(0, modes.columns, modes.pen.paper)]
        return row

    def row(self, y: int) -> Row:
        """The row, to be written in."""
        row = self.rows[y]
        if row is None:
            row = self.rows[y] = Row(self.modes.now)
        return row

    def part(self, y: int) -> None:
        """The row begins a line of its own."""
        row = self.rows[y]
        if row is not None:
            row.wrapped = False

    # The cursor

    def restrict(self, last: int | None = None) -> None:
        """Bring the cursor back onto the grid (inside the margins in origin mode)."""
        modes = self.modes
        self.x = min(modes.columns - 1 if last is None else last, max(0, self.x))
        low, high = (self.top, self.bottom) if modes.origin else (0, modes.rows - 1)
        self.y = min(high, max(low, self.y))

    def place(self, x: int, y: int) -> None:
        """To column `x` and row `y`, both from 0; rows count from the top margin in origin mode."""
        self.x = x
        self.y = y + self.top if self.modes.origin else y
        self.restrict()

    def move(self, x: int, y: int) -> None:
        """By `x` columns and `y` rows, from where the cursor is."""
        self.restrict()
        self.place(self.x + x, self.y + y)

    def up(self, count: int) -> None:
        """Up, not past the top margin when below it."""
        room = self.y - self.top
        self.move(0, -min(room, count) if room >= 0 else -count)

    def down(self, count: int) -> None:
        """Down, not past the bottom margin when above it."""
        room = self.bottom - self.y
        self.move(0, min(room, count) if room >= 0 else count)

    def back(self) -> None:
        """One column to the left; with reverse wrap on, from column 0 to the row it was wrapped from."""
        if not self.modes.reverse_wrap:
            self.restrict()
            self.x -= self.x > 0
            return
        self.restrict(self.modes.columns)
        if self.x > 0:
            self.x -= 1
        elif self.top < self.y <= self.bottom and self.row(self.y).wrapped:
            self.part(self.y)
            self.y -= 1
            self.x = self.modes.columns - 1
        self.restrict()

    def tab(self, count: int = 1) -> None:
        """To the next tab stop, or the last column; a cursor that waits beyond it stays."""
        last = self.modes.columns - 1
        if self.x > last:
            return
        for _ in range(min(count, self.modes.columns)):
            if self.x == last:
                break
            self.x = min((stop for stop in self.tabs if self.x < stop < last), default=last)

    def tab_back(self, count: int) -> None:
        """To the tab stop before, or the first column."""
        if self.x >= self.modes.columns:
            return
        for _ in range(min(count, self.modes.columns)):
            if self.x == 0:
                break
            self.x = max((stop for stop in self.tabs if stop < self.x), default=0)

    def clear_tabs(self, which: int) -> None:
        """0: the stop here; 3: all."""
        if which == 0:
            self.tabs.discard(self.x)
        elif which == 3:
            self.tabs.clear()

    # Lines

    def line_feed(self) -> None:
        """LF: one row down, scrolling at the bottom margin; the row reached begins a line of its own."""
        if self.modes.newline:
            self.x = 0
        if self.y == self.bottom:
            self.scroll()
        elif self.y < self.modes.rows - 1:
            self.y += 1
            self.part(self.y)
        if self.x >= self.modes.columns:
            self.x -= 1

    def wrap(self) -> None:
        """To the start of the next row, which goes on with the same line."""
        self.x = 0
        if self.y == self.bottom:
            self.scroll(wrapped=True)
            return
        self.y = min(self.y + 1, self.modes.rows - 1)
        self.row(self.y).wrapped = True

    def index(self) -> None:
        """IND: one row down, scrolling at the bottom margin."""
        self.restrict()
        if self.y == self.bottom:
            self.scroll()
        elif self.y < self.modes.rows - 1:
            self.y += 1
        self.restrict()

    def reverse_index(self) -> None:
        """RI: one row up, scrolling down at the top margin."""
        self.restrict()
        if self.y == self.top:
            del self.rows[self.bottom]
            self.rows.insert(self.top, self.blank())
        else:
            self.y -= 1
            self.restrict()

    def scroll(self, wrapped: bool = False) -> None:
        """One row up between the margins. From the top of the grid the row goes to the text, from a lower margin it is lost."""
        rows = self.rows
        row = rows.pop(self.top)
        rows.insert(self.bottom, self.blank(wrapped) if wrapped or self.modes.pen.paper else None)
        if self.top == 0 and self._on_scroll_off is not None:
            self.base += 1
            self._on_scroll_off(row)

    def drop_top(self) -> None:
        """The top row leaves, none comes in: the grid gets smaller."""
        row = self.rows.pop(0)
        self.y = max(self.y - 1, 0)
        if self._on_scroll_off is not None:
            self.base += 1
            self._on_scroll_off(row)

    def scroll_up(self, count: int) -> None:
        """SU: rows at the top margin are lost."""
        self._shift(self.top, self.bottom, count)

    def scroll_down(self, count: int) -> None:
        """SD: rows at the bottom margin are lost; the new ones have no background."""
        pen, self.modes.pen = self.modes.pen, PLAIN
        self._shift(self.bottom, self.top, count)
        self.modes.pen = pen

    def insert_lines(self, count: int) -> None:
        """IL: empty rows at the cursor, those at the bottom margin are lost."""
        self.restrict()
        if self.top <= self.y <= self.bottom:
            self._shift(self.bottom, self.y, count)
            self.x = 0

    def delete_lines(self, count: int) -> None:
        """DL: rows at the cursor go, empty ones come in at the bottom margin."""
        self.restrict()
        if self.top <= self.y <= self.bottom:
            self._shift(self.y, self.bottom, count)
            self.x = 0

    def _shift(self, out: int, into: int, count: int) -> None:
        """`count` times: take a row away at `out`, put an empty one in at `into`."""
        for _ in range(min(count, abs(out - into) + 1)):
            del self.rows[out]
            self.rows.insert(into, self.blank())

    # Erasing

    def erase_cells(self, y: int, start: int, end: int) -> None:
        """Cells `start` to `end` of a row become empty, in the pen's background."""
        modes = self.modes
        row, paper = self.rows[y], modes.pen.paper
        end = min(end, modes.columns)
        if start >= end or (row is None and not paper):
            return
        row = self.row(y)
        if row.text or row.cells or row.pieces:
            row.at = modes.now
        if paper or end < modes.columns:
            row.pieces.append((start, NOTHING * (end - start), paper))
        elif start == 0:
            row.clear()
        else:
            row.pieces.append((start, None, ""))

    def erase_rows(self, start: int, end: int) -> None:
        """Whole rows become empty and lines of their own."""
        modes = self.modes
        for y in range(start, min(end, modes.rows)):
            row = self.rows[y]
            if row is not None and (row.text or row.cells or row.pieces):
                row.at = modes.now
                row.clear()
                row.wrapped = False
                row.runs = painted([], 0, modes.columns, modes.pen.paper)
            else:
                self.rows[y] = self.blank()

    def erase_display(self, what: int) -> None:
        """ED: 0 from the cursor on, 1 to the cursor, 2 all. 3 (the text above the screen) takes nothing back here."""
        self.restrict(self.modes.columns)
        if what == 0:
            self._erase_here(self.x, self.modes.columns, self.x == 0)
            self.erase_rows(self.y + 1, self.modes.rows)
        elif what == 1:
            self._erase_here(0, self.x + 1, True)
            if self.x + 1 >= self.modes.columns and self.y + 1 < self.modes.rows:
                self.part(self.y + 1)
            self.erase_rows(0, self.y)
        elif what == 2:
            self.erase_rows(0, self.modes.rows)
        elif what == 3:
            self.base = 0

    def erase_line(self, what: int) -> None:
        """EL: 0 from the cursor on, 1 to the cursor, 2 all."""
        self.restrict(self.modes.columns)
        if what == 0:
            self._erase_here(self.x, self.modes.columns, self.x == 0)
        elif what == 1:
            self._erase_here(0, self.x + 1, False)
        elif what == 2:
            self._erase_here(0, self.modes.columns, True)

    def _erase_here(self, start: int, end: int, part: bool) -> None:
        self.erase_cells(self.y, start, end)
        if part:
            self.part(self.y)
