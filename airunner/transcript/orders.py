"""What each control code, escape and sequence orders the screen to do. What is in no table here has no effect on text.

Names and numbers are those of ECMA-48, the VT510 manual and xterm's "ctlseqs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from airunner.transcript import codes
from airunner.transcript.edit import Row, delete, insert
from airunner.transcript.modes import Numbers, set_modes, set_private_modes, shown_modes, shown_private_modes
from airunner.transcript.screen import Screen
from airunner.transcript.style import numbers_of

Change = Callable[[Row, int, int, int, str], None]
Order = tuple[Callable[[Screen, Any], None], Any]


def escape_order(name: str) -> Order | None:
    """What ESC with `name` orders, and with which argument; None for nothing."""
    if len(name) == 2 and name[0] in codes.CHARACTER_SLOTS:
        return _set_slot, (codes.CHARACTER_SLOTS[name[0]], codes.CHARACTER_SETS.get(name[1]))
    order = _ESCAPES.get(name)
    return None if order is None else (order, None)


def sequence_order(name: str, numbers: str) -> Order | None:
    """What a CSI sequence orders, and with which argument; None for nothing."""
    if name == "m":
        return set_pen, numbers
    order = _SEQUENCES.get(name)
    if order is None:
        return None
    reader, function = order
    argument = reader(numbers_of(numbers))
    return None if argument == () else (function, argument)


def _count(numbers: Numbers) -> int:
    """The first number, 1 when it is left out."""
    return numbers[0] or 1


def _choice(numbers: Numbers) -> int:
    return numbers[0]


def _all(numbers: Numbers) -> Numbers:
    return numbers


def _place(numbers: Numbers) -> tuple[int, int]:
    """Row and column, from 0."""
    return (numbers[0] or 1) - 1, (numbers[1] or 1 if len(numbers) > 1 else 1) - 1


# The commonest orders are written out: what they do is done a million times a second.


def set_pen(screen: Screen, numbers: str) -> None:
    """SGR, one or more."""
    modes = screen.modes
    pen = modes.pen
    modes.pen = pen.turns.get(numbers) or pen.after(numbers)


def newline(screen: Screen, _: None) -> None:
    """CR LF."""
    grid = screen.grid
    grid.x = 0
    if grid.y == grid.bottom:
        grid.scroll()
    else:
        grid.line_feed()


def _return(screen: Screen, _: None) -> None:
    screen.grid.x = 0


def _back(screen: Screen, _: None) -> None:
    grid = screen.grid
    if 0 < grid.x < screen.modes.columns and not screen.modes.origin:
        grid.x -= 1
    else:
        grid.back()


def to(screen: Screen, place: tuple[int, int]) -> None:
    """CUP."""
    grid, modes = screen.grid, screen.modes
    screen.joinable = 0
    y, x = place
    if y < modes.rows and x < modes.columns and not modes.origin:
        grid.x, grid.y = x, y
    else:
        grid.place(x, y)


def _to_column(screen: Screen, count: int) -> None:
    grid = screen.grid
    if count <= screen.modes.columns and not screen.modes.origin:
        grid.x = count - 1
    else:
        grid.place(count - 1, grid.y)


def _to_row(screen: Screen, count: int) -> None:
    grid = screen.grid
    grid.place(grid.x, count - 1)


def _erase_line(screen: Screen, what: int) -> None:
    grid, modes = screen.grid, screen.modes
    if what == 1 or modes.pen.paper or modes.origin:
        grid.erase_line(what)
        return
    row = grid.rows[grid.y]
    if row is not None:
        row.at = modes.now
        if what == 2 or (what == 0 and grid.x == 0):
            row.clear()
            row.wrapped = False
        elif what == 0 and grid.x < modes.columns:
            row.pieces.append((grid.x, None, ""))


def _up(screen: Screen, count: int) -> None:
    grid, modes = screen.grid, screen.modes
    if grid.y - count >= grid.top and grid.x < modes.columns and not modes.origin:
        grid.y -= count
    else:
        grid.up(count)


def _down(screen: Screen, count: int) -> None:
    grid, modes = screen.grid, screen.modes
    if grid.y + count <= grid.bottom and grid.x < modes.columns and not modes.origin:
        grid.y += count
    else:
        grid.down(count)


def _right(screen: Screen, count: int) -> None:
    grid, modes = screen.grid, screen.modes
    if grid.x + count < modes.columns and not modes.origin:
        grid.x += count
    else:
        grid.move(count, 0)


def _left(screen: Screen, count: int) -> None:
    grid, modes = screen.grid, screen.modes
    if count <= grid.x < modes.columns and not modes.origin:
        grid.x -= count
    else:
        grid.move(-count, 0)


def repeat(screen: Screen, count: int) -> None:
    """REP."""
    width, screen.joinable = screen.joinable, 0
    screen.repeat(width, count)


def _next_line(screen: Screen, _: None) -> None:
    screen.grid.x = 0
    screen.grid.index()


def _set_tab(screen: Screen, _: None) -> None:
    if screen.grid.x < screen.modes.columns:
        screen.grid.tabs.add(screen.grid.x)


def _ascii(screen: Screen, _: None) -> None:
    screen.use_slot(0)
    screen.set_slot(0, None)


def _set_slot(screen: Screen, given: tuple[int, dict[int, str] | None]) -> None:
    screen.set_slot(*given)


def _lines_down(screen: Screen, count: int) -> None:
    screen.grid.down(count)
    screen.grid.x = 0


def _lines_up(screen: Screen, count: int) -> None:
    screen.grid.up(count)
    screen.grid.x = 0


def _set_margins(screen: Screen, numbers: Numbers) -> None:
    rows = screen.modes.rows
    top = numbers[0] or 1
    bottom = numbers[1] if len(numbers) > 1 else rows
    bottom = rows if bottom == 0 else min(bottom, rows)
    if top < bottom:
        screen.grid.top, screen.grid.bottom = top - 1, bottom - 1
        screen.grid.place(0, 0)


def _change_here(screen: Screen, change: Change, count: int) -> None:
    screen.grid.restrict()
    _change_row(screen, screen.grid.y, change, screen.grid.x, count)


def _change_between_margins(screen: Screen, change: Change, start: int, count: int) -> None:
    grid = screen.grid
    if grid.top <= grid.y <= grid.bottom:
        for y in range(grid.top, grid.bottom + 1):
            _change_row(screen, y, change, start % screen.modes.columns, count)
            grid.part(y)


def _change_row(screen: Screen, y: int, change: Change, start: int, count: int) -> None:
    modes, row = screen.modes, screen.grid.row(y)
    change(row, start, count, modes.columns, modes.pen.paper)
    row.at = modes.now


def _erase_cells(screen: Screen, count: int) -> None:
    grid = screen.grid
    grid.restrict()
    grid.erase_cells(grid.y, grid.x, grid.x + count)


_ESCAPES: Final[Mapping[str, Callable[[Screen, None], None]]] = {
    "7": lambda screen, _: screen.save_cursor(),  # DECSC
    "8": lambda screen, _: screen.restore_cursor(),  # DECRC
    "D": lambda screen, _: screen.grid.index(),  # IND
    "E": _next_line,  # NEL
    "H": _set_tab,  # HTS
    "M": lambda screen, _: screen.grid.reverse_index(),  # RI
    "c": lambda screen, _: screen.full_reset(),  # RIS
    "n": lambda screen, _: screen.use_slot(2),  # LS2
    "o": lambda screen, _: screen.use_slot(3),  # LS3
    "|": lambda screen, _: screen.use_slot(3),  # LS3R
    "}": lambda screen, _: screen.use_slot(2),  # LS2R
    "~": lambda screen, _: screen.use_slot(1),  # LS1R
    "%@": _ascii,
    "%G": _ascii,
    "#8": lambda screen, _: screen.align(),  # DECALN
}

CONTROLS: Final[Mapping[str, Order]] = {
    "\n": (lambda screen, _: screen.grid.line_feed(), None),
    "\x0b": (lambda screen, _: screen.grid.line_feed(), None),  # VT
    "\x0c": (lambda screen, _: screen.grid.line_feed(), None),  # FF
    "\r": (_return, None),
    "\b": (_back, None),
    "\t": (lambda screen, _: screen.grid.tab(), None),
    "\x0e": (lambda screen, _: screen.use_slot(1), None),  # SO
    "\x0f": (lambda screen, _: screen.use_slot(0), None),  # SI
    "\x84": (_ESCAPES["D"], None),
    "\x85": (_ESCAPES["E"], None),
    "\x88": (_ESCAPES["H"], None),
}

# How the numbers are read, and what is done with them.
_SEQUENCES: Final[Mapping[str, tuple[Callable[[Numbers], Any], Callable[[Screen, Any], None]]]] = {
    "@": (_count, lambda screen, count: _change_here(screen, insert, count)),  # ICH
    "P": (_count, lambda screen, count: _change_here(screen, delete, count)),  # DCH
    "X": (_count, _erase_cells),  # ECH
    " @": (_count, lambda screen, count: _change_between_margins(screen, delete, 0, count)),  # SL
    " A": (_count, lambda screen, count: _change_between_margins(screen, insert, 0, count)),  # SR
    "'}": (_count, lambda screen, count: _change_between_margins(screen, insert, screen.grid.x, count)),  # DECIC
    "'~": (_count, lambda screen, count: _change_between_margins(screen, delete, screen.grid.x, count)),  # DECDC
    "A": (_count, _up),  # CUU
    "B": (_count, _down),  # CUD
    "C": (_count, _right),  # CUF
    "D": (_count, _left),  # CUB
    "E": (_count, _lines_down),  # CNL
    "F": (_count, _lines_up),  # CPL
    "G": (_count, _to_column),  # CHA
    "H": (_place, to),  # CUP
    "I": (_count, lambda screen, count: screen.grid.tab(count)),  # CHT
    "J": (_choice, lambda screen, what: screen.grid.erase_display(what)),  # ED
    "?J": (_choice, lambda screen, what: screen.grid.erase_display(what)),  # DECSED
    "K": (_choice, _erase_line),  # EL
    "?K": (_choice, _erase_line),  # DECSEL
    "L": (_count, lambda screen, count: screen.grid.insert_lines(count)),  # IL
    "M": (_count, lambda screen, count: screen.grid.delete_lines(count)),  # DL
    "S": (_count, lambda screen, count: screen.grid.scroll_up(count)),  # SU
    "T": (_count, lambda screen, count: screen.grid.scroll_down(count)),  # SD
    "Z": (_count, lambda screen, count: screen.grid.tab_back(count)),  # CBT
    "`": (_count, _to_column),  # HPA
    "a": (_count, _right),  # HPR
    "b": (_count, repeat),  # REP
    "d": (_count, _to_row),  # VPA
    "e": (_count, lambda screen, count: screen.grid.move(0, count)),  # VPR
    "f": (_place, to),  # HVP
    "g": (_choice, lambda screen, which: screen.grid.clear_tabs(which)),  # TBC
    "h": (shown_modes, lambda screen, numbers: set_modes(screen, numbers, True)),  # SM
    "l": (shown_modes, lambda screen, numbers: set_modes(screen, numbers, False)),  # RM
    "?h": (shown_private_modes, lambda screen, numbers: set_private_modes(screen, numbers, True)),  # DECSET
    "?l": (shown_private_modes, lambda screen, numbers: set_private_modes(screen, numbers, False)),  # DECRST
    "!p": (_all, lambda screen, _: screen.soft_reset()),  # DECSTR
    "r": (_all, _set_margins),  # DECSTBM
    "s": (_all, lambda screen, _: screen.save_cursor()),  # SCOSC
    "u": (_all, lambda screen, _: screen.restore_cursor()),  # SCORC
}
