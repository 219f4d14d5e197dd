"""The terminal's two screens, the pen and the character sets: how text is written.

What control codes and sequences order is in `orders.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from airunner.transcript.edit import NOTHING, Row, as_cells, combine, insert, put, settle, text_of
from airunner.transcript.grid import Grid, Modes, Saved
from airunner.transcript.style import PLAIN
from airunner.transcript.widths import MARKED, PERHAPS_SPECIAL, TAIL, WITH_MARKS, WITH_WIDE, columns_of

_MOST_REPEATED = 10_000


class Screen:
    """The normal screen and the alternate one. `on_scroll_off` gets each row that leaves the normal one at its top."""

    def __init__(
        self, columns: int, rows: int, on_scroll_off: Callable[[Row | None], None], newline_mode: bool = False
    ) -> None:
        self.modes = Modes(columns, rows, newline=newline_mode)
        self._newline_mode = newline_mode
        self._on_scroll_off = on_scroll_off
        self.normal = Grid(self.modes, on_scroll_off)
        self.alternate = Grid(self.modes)
        self.grid = self.normal
        self.last_alternate: str | None = None  # as a program left it
        self.joinable = 0  # the width of the character just written, 0 after anything else: what a mark can join
        self._slots: list[dict[int, str] | None] = [None] * 4
        self._slot = 0
        self._charset: dict[int, str] | None = None
        self.writes_simply = True  # a character that fits is just put where the cursor is

    def note_modes(self) -> None:
        """To be called when a mode of writing has changed."""
        self.writes_simply = self.modes.autowrap and not self.modes.insert and self._charset is None

    @property
    def in_alternate(self) -> bool:
        """True while a program shows its own screen."""
        return self.grid is not self.normal

    def lines_of_alternate(self) -> list[str]:
        """The rows of the alternate screen, without blank ones at the end."""
        lines = [text_of(row).rstrip(" ") for row in self.alternate.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    # Writing

    def text(self, run: str) -> None:
        """Write characters at the cursor."""
        if self._charset is not None:
            run = run.translate(self._charset)
        if not run.isascii() and PERHAPS_SPECIAL(run):
            run = columns_of(run)
            if MARKED in run or not self.modes.autowrap:
                self._write_pieces(run)
                return
        self._write(run)
        self.joinable = 2 if run[-1] == TAIL else 1

    def _write_pieces(self, columns: str) -> None:
        for plain, wide, mark in (WITH_MARKS if self.modes.autowrap else WITH_WIDE)(columns):
            if plain:
                self._write(plain)
                self.joinable = 2 if plain[-1] == TAIL else 1
            elif wide:
                self._write_wide(wide)
            else:
                self._write_mark(mark)

    def repeat(self, width: int, count: int) -> None:
        """REP: the character just written, which took `width` columns, again; a mark cannot join it."""
        grid = self.grid
        row, place = grid.row(grid.y), grid.x - width
        settle(row)
        cells = row.text if row.cells is None else row.cells
        if width and 0 <= place < len(cells) and cells[place] not in (TAIL, NOTHING):
            self.text(cells[place] * min(count, _MOST_REPEATED))
        self.joinable = 0

    def _write(self, run: str) -> None:
        grid, modes = self.grid, self.modes
        columns = modes.columns
        if not modes.autowrap:
            run = self._within_row(run)
        position, length = 0, len(run)
        while position < length:
            if grid.x >= columns:
                grid.wrap()
            row, x = grid.row(grid.y), grid.x
            piece = run[position : position + columns - x]
            if run[position + len(piece) : position + len(piece) + 1] == TAIL:
                piece = piece[:-1]
                if not piece:
                    self._leave_last_column()
                    continue
            if modes.insert:
                insert(row, x, len(piece), columns, modes.pen.style)
            put(row, x, piece, modes.pen.style)
            row.at = modes.now
            grid.x = x + len(piece)
            position += len(piece)

    def _within_row(self, run: str) -> str:
        """Without wrapping, what does not fit is written over the last column: only the last character of it stays."""
        self.grid.x = min(self.grid.x, self.modes.columns - 1)
        room = self.modes.columns - self.grid.x
        return run if len(run) <= room else run[: room - 1] + run[-1]

    def _write_wide(self, character: str) -> None:
        """Without wrapping, what does not fit is left out."""
        grid, modes = self.grid, self.modes
        self.joinable = 2
        if grid.x + 2 > modes.columns:
            grid.x = modes.columns - 1
        else:
            self._write(character)

    def _leave_last_column(self) -> None:
        """A wide character does not fit: the column that is left is emptied, the line goes on below."""
        grid = self.grid
        grid.erase_cells(grid.y, grid.x, self.modes.columns)
        grid.wrap()

    def _write_mark(self, mark: str) -> None:
        """A character without width joins the one before; where there is none it gets a cell."""
        grid, modes = self.grid, self.modes
        row = grid.row(grid.y)
        row.at = modes.now
        if self.joinable:
            combine(row, grid.x, mark)
        else:
            if grid.x < modes.columns:
                as_cells(row)
                put(row, grid.x, mark, modes.pen.style)
            grid.x += 1

    def is_at_new_line(self) -> bool:
        """True when the next line would just scroll the normal screen, whatever is in it."""
        grid, modes = self.grid, self.modes
        return (
            grid is self.normal
            and (grid.x, grid.y, grid.top, grid.bottom) == (0, modes.rows - 1, 0, modes.rows - 1)
            and grid.rows[grid.y] is None
            and self.writes_simply
        )

    def start_over(self) -> None:
        """Let all that is above the cursor scroll off at once; the cursor is at the top of an empty screen."""
        grid = self.grid
        for row in grid.rows[: grid.y]:
            self._on_scroll_off(row)
        grid.base += grid.y
        grid.rows = [None] * self.modes.rows
        grid.y = 0

    # Character sets

    def use_slot(self, slot: int) -> None:
        """Shift to one of the four character sets."""
        self._slot = slot
        self._charset = self._slots[slot]
        self.note_modes()

    def set_slot(self, slot: int, charset: dict[int, str] | None) -> None:
        """Designate one of the four character sets; None is ASCII."""
        self._slots[slot] = charset
        if slot == self._slot:
            self.use_slot(slot)

    def _reset_charsets(self) -> None:
        self._slots = [None] * 4
        self.use_slot(0)

    # Screens

    def show_alternate(self) -> None:
        """To an empty alternate screen; the cursor stays where it is."""
        if not self.in_alternate:
            self.alternate.fill()
            self.alternate.x, self.alternate.y = self.grid.x, self.grid.y
            self.grid = self.alternate

    def show_normal(self) -> None:
        """Back to the normal screen; what the alternate one showed is kept as `last_alternate`."""
        if self.in_alternate:
            self.last_alternate = "\n".join(self.lines_of_alternate()) or self.last_alternate
            self.normal.x, self.normal.y = self.grid.x, self.grid.y
            self.alternate.reset()
            self.grid = self.normal

    def save_cursor(self) -> None:
        """DECSC."""
        grid = self.grid
        grid.saved = Saved(grid.x, grid.base + grid.y, self.modes.pen, self._charset)

    def restore_cursor(self) -> None:
        """DECRC; to the top left corner when nothing was saved."""
        grid, saved = self.grid, self.grid.saved
        grid.x, grid.y = saved.column, max(saved.row - grid.base, 0)
        self.modes.pen = saved.pen
        self._charset = saved.charset
        self.note_modes()
        grid.restrict()

    def soft_reset(self) -> None:
        """DECSTR: modes, margins, pen and character sets as at the start; nothing is erased."""
        grid, modes = self.grid, self.modes
        grid.reset_margins()
        modes.insert = modes.origin = modes.reverse_wrap = False
        modes.autowrap = True
        self.modes.pen = PLAIN
        self._reset_charsets()
        grid.saved = Saved(0, grid.base)

    def full_reset(self) -> None:
        """RIS: everything as at the start. What has scrolled off stays."""
        self.show_normal()
        self.soft_reset()
        self.modes.newline = self._newline_mode
        for grid in (self.normal, self.alternate):
            grid.reset()
            grid.saved = Saved()

    def align(self) -> None:
        """DECALN: the screen full of E."""
        self.grid.place(0, 0)
        for y in range(self.modes.rows):
            row = self.grid.row(y)
            row.clear()
            row.wrapped = False
            put(row, 0, "E" * self.modes.columns, self.modes.pen.style)
            row.at = self.modes.now
        self.grid.place(0, 0)
