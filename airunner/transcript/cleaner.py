"""Bytes in; lines that will never change again out, once, and the live tail.

A line can never change again when its last row has scrolled off the normal screen; what is cleared later does not take it back.
Soft-wrapped rows are joined. Blanks at the end of a line are left out.
"""

from __future__ import annotations

from airunner.transcript.edit import Row, spans_of, text_of
from airunner.transcript.line import Line, Lines, Span, add_span
from airunner.transcript.parser import Parser
from airunner.transcript.player import Player
from airunner.transcript.resize import resize
from airunner.transcript.screen import Screen

_SMALLEST, _LARGEST = (2, 1), (2000, 1000)  # columns, rows
_LONGEST_LINE = 256 * 1024  # characters; a longer line is handed out in pieces: a viewer gets a changed line whole


class Cleaner:
    """A terminal of `cols` by `rows` with the text it has shown; `newline_mode` for output that was not written to a tty."""

    def __init__(self, cols: int = 120, rows: int = 40, *, newline_mode: bool = False) -> None:
        cols, rows = _bounded(cols, rows)
        self._screen = Screen(cols, rows, self._keep, newline_mode)
        self._parser = Parser(Player(self._screen, self._keep_lines))
        self._ready: Lines = []
        self._open: list[Row | None] = []  # rows scrolled off of a line that is not complete
        self._open_cells = 0
        self._last_at = 0.0  # of the line before: a blank line has no time of its own
        self._any_text = False  # in the lines that are complete

    def feed(self, data: bytes, at: float = 0.0) -> None:
        """Take the next bytes of the stream, read at `at`. Any split gives the same text; nothing raises."""
        self._screen.modes.now = at
        self._parser.feed(data)

    def resize(self, cols: int, rows: int) -> None:
        """The terminal has another size from now on: lines are wrapped anew."""
        resize(self._screen, *_bounded(cols, rows))

    def gap(self) -> None:
        """Part of the stream is missing: forget what is unfinished and go on with a new line."""
        self._parser.forget()
        grid = self._screen.grid
        if grid.x > 0:
            grid.x = 0
            grid.line_feed()

    def take(self) -> Lines:
        """The lines that can never change again and have not been taken yet."""
        ready, self._ready = self._ready, []
        return ready

    def tail(self) -> Lines:
        """The lines that may still change, without blank ones at the end."""
        at, lines = self._last_at, []
        for rows in self._groups():
            line = _joined(rows, at)
            at = line.at
            lines.append(line)
        while lines and not lines[-1].text:
            lines.pop()
        return lines

    @property
    def ends_with_newline(self) -> bool:
        """Whether the last line of the text is finished: False when there is no text, or the cursor is still on that line."""
        grid = self._screen.normal
        cursor = grid.row(grid.y)
        for rows in reversed(self._groups()):
            if any(row is not None and text_of(row).strip(" ") for row in rows):
                return not any(row is cursor for row in rows)
        return self._any_text

    @property
    def alternate(self) -> list[str] | None:
        """The alternate screen while it is shown."""
        return self._screen.lines_of_alternate() if self._screen.in_alternate else None

    @property
    def last_screen(self) -> str | None:
        """The last alternate screen of a program that has left it."""
        return self._screen.last_alternate

    def _keep(self, row: Row | None) -> None:
        """A row has left the screen at its top; only the next one tells whether its line goes on."""
        if self._open and (row is None or not row.wrapped):
            self._complete()
        self._open.append(row)
        self._open_cells += self._screen.modes.columns
        if self._open_cells > _LONGEST_LINE:
            self._complete()

    def _keep_lines(self, lines: Lines) -> None:
        """Lines have come and scrolled off."""
        if self._open:
            self._complete()
        self._ready += lines
        self._last_at = self._screen.modes.now
        self._any_text = self._any_text or any(line.text for line in lines)

    def _complete(self) -> None:
        line = _joined(self._open, self._last_at)
        self._open, self._open_cells = [], 0
        self._last_at = line.at
        self._any_text = self._any_text or bool(line.text)
        self._ready.append(line)

    def _groups(self) -> list[list[Row | None]]:
        """The rows of each line that may still change."""
        if len(self._open) > 1:
            self._open = [_merged(self._open)]
        groups = [list(self._open)] if self._open else []
        rows = self._screen.normal.rows
        used = len(rows)
        while used and rows[used - 1] is None:
            used -= 1
        for row in rows[:used]:
            if row is not None and row.wrapped and groups:
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups


def clean(data: bytes, cols: int = 120, rows: int = 40, *, newline_mode: bool = False) -> str:
    """The clean text of a whole stream: lines joined by newlines, without blank ones at the end."""
    cleaner = Cleaner(cols, rows, newline_mode=newline_mode)
    cleaner.feed(data)
    text = "\n".join(line.text for line in (*cleaner.take(), *cleaner.tail())).rstrip("\n")
    return text + "\n" if text and cleaner.ends_with_newline else text


def _bounded(cols: int, rows: int) -> tuple[int, int]:
    return max(_SMALLEST[0], min(cols, _LARGEST[0])), max(_SMALLEST[1], min(rows, _LARGEST[1]))


def _joined(rows: list[Row | None], at: float) -> Line:
    """The line that stands in some rows; `at` is its time when nothing was ever written in it."""
    row = rows[0] if len(rows) == 1 else _merged(rows)
    if row is None:
        return Line("", (), at)
    if len(row.pieces) == 1 and row.is_fresh:
        start, text, style = row.pieces[0]
        if text is not None and not start and text.isprintable():  # the commonest row: written once, from its start
            text = text.rstrip(" ")
            return Line(text, ((0, len(text), style),) if style and text else (), row.at)
    text = text_of(row).rstrip(" ")
    if not row.runs:
        return Line(text, (), row.at)
    length = len(text)
    spans: list[Span] = []
    for low, high, style in spans_of(row):
        if low < length:
            add_span(spans, low, min(high, length), style)
    return Line(text, tuple(spans), row.at)


def _merged(rows: list[Row | None]) -> Row:
    """Soft-wrapped rows as one long row."""
    written = [row for row in rows if row is not None]
    whole = Row(max(row.at for row in written), rows[0] is not None and rows[0].wrapped)
    texts = [text_of(row) for row in rows]
    whole.text = "".join(texts)
    length = 0
    for row, text in zip(rows, texts, strict=True):
        end = length + len(text)
        for low, high, style in spans_of(row, length) if row is not None and row.runs else ():
            if low < min(high, end):
                add_span(whole.runs, low, min(high, end), style)
        length = end
    return whole
