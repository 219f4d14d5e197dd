"""Give the screens another size: lines of the normal screen are wrapped anew, the alternate screen is cut or filled up."""

from __future__ import annotations

from airunner.transcript.edit import NOTHING, Row, as_cells, erase, painted
from airunner.transcript.grid import Grid
from airunner.transcript.screen import Screen
from airunner.transcript.widths import TAIL


def resize(screen: Screen, columns: int, rows: int) -> None:
    """Both screens, cursor and margins; rows that find no place any more leave at the top, as in scrolling."""
    modes = screen.modes
    before = modes.columns
    if (columns, rows) == (modes.columns, modes.rows):
        return
    modes.columns, modes.rows = columns, rows
    if columns != before:
        _rewrap(screen.normal, columns)
        for row in filter(None, screen.alternate.rows):
            erase(row, columns, max(before, columns), "")
        for grid in (screen.normal, screen.alternate):
            grid.reset_tabs()
    for grid in (screen.normal, screen.alternate):
        _fit_rows(grid, rows)
        grid.reset_margins()
        grid.x, grid.y = min(grid.x, columns), min(grid.y, rows - 1)


def _fit_rows(grid: Grid, rows: int) -> None:
    while len(grid.rows) > rows and len(grid.rows) - 1 > grid.y and (grid.rows[-1] is None or grid.rows[-1].is_blank):
        grid.rows.pop()
    while len(grid.rows) > rows:
        grid.drop_top()
    while len(grid.rows) < rows:
        grid.rows.append(None)


def _rewrap(grid: Grid, columns: int) -> None:
    """Every line of the grid in rows of `columns`, the cursor on the character it was on."""
    rows: list[Row | None] = []
    x = y = 0
    for line, offset in _lines_with_cursor(grid):
        place = len(rows)
        rows.extend(_cut(line, columns))
        if offset is not None:
            y = min(place + offset // columns, len(rows) - 1)
            x = min(offset - (y - place) * columns, columns)
    grid.rows, grid.x, grid.y = rows, x, y


def _lines_with_cursor(grid: Grid) -> list[tuple[Row, int | None]]:
    """The logical lines, each as one long row, and how far into it the cursor is."""
    lines: list[tuple[Row, int | None]] = []
    for y in range(len(grid.rows)):
        row = grid.row(y)
        here = grid.x if y == grid.y else None
        if row.wrapped and lines:
            line, offset = lines.pop()
            start = len(as_cells(line))
            line.cells = as_cells(line) + as_cells(row)
            line.runs += [(low + start, high + start, style) for low, high, style in row.runs]
            line.at = max(line.at, row.at)
            lines.append((line, offset if here is None else start + here))
        else:
            as_cells(row)
            lines.append((row, here))
    return lines


def _cut(line: Row, columns: int) -> list[Row]:
    cells = as_cells(line)
    rows: list[Row] = []
    start = 0
    while start < len(cells) or not rows:
        end = start + columns
        if end < len(cells) and cells[end] == TAIL:
            end -= 1
        row = Row(line.at, line.wrapped if not rows else True)
        row.cells = cells[start:end]
        runs = painted(painted(line.runs, 0, start, ""), end, max(end, len(cells)), "")
        row.runs = [(low - start, high - start, style) for low, high, style in runs if low < end]
        if all(len(cell) == 1 and cell != NOTHING for cell in row.cells):
            row.text, row.cells = "".join(row.cells), None
        rows.append(row)
        start = end
    return rows
