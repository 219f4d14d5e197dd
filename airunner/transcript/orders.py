"""What each control code, escape and sequence orders the screen to do. What is in no table here has no effect on text.

Names and numbers are those of ECMA-48, the VT510 manual and xterm's "ctlseqs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from airunner.transcript import codes
from airunner.transcript.edit import Row, delete, insert
from airunner.transcript.screen import Screen
from airunner.transcript.style import numbers_of, write_with

Numbers = tuple[int, ...]
Change = Callable[[Row, int, int, int, str], None]


class Orders:
    """The parser's listener: passes text on to a screen, and carries out everything else on it."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.text = screen.text

    def newline(self) -> None:
        """CR LF."""
        screen = self._screen
        screen.joinable = 0
        screen.grid.x = 0
        screen.grid.line_feed()

    def control(self, code: str) -> None:
        """One control character; those of C1 are ESC and a letter in one."""
        self._screen.joinable = 0
        order = _CONTROLS.get(code)
        if order is not None:
            order(self._screen)

    def escape(self, name: str) -> None:
        """ESC and what follows."""
        screen = self._screen
        screen.joinable = 0
        order = _ESCAPES.get(name)
        if order is not None:
            order(screen)
        elif len(name) == 2 and name[0] in codes.CHARACTER_SLOTS:
            screen.set_slot(codes.CHARACTER_SLOTS[name[0]], codes.CHARACTER_SETS.get(name[1]))

    def sequence(self, name: str, numbers: str) -> None:
        """CSI and what follows."""
        screen = self._screen
        width, screen.joinable = screen.joinable, 0
        if name == "m":
            screen.set_pen(write_with(screen.modes.pen, numbers))
        elif name == "b":
            screen.repeat(width, numbers_of(numbers)[0] or 1)
        else:
            order = _SEQUENCES.get(name)
            if order is not None:
                order(screen, numbers_of(numbers))

    def swallowed(self) -> None:
        """A title, a link, a picture: nothing to show."""
        self._screen.joinable = 0


def _return(screen: Screen) -> None:
    screen.grid.x = 0


def _next_line(screen: Screen) -> None:
    screen.grid.x = 0
    screen.grid.index()


def _set_tab(screen: Screen) -> None:
    if screen.grid.x < screen.modes.columns:
        screen.grid.tabs.add(screen.grid.x)


def _ascii(screen: Screen) -> None:
    screen.use_slot(0)
    screen.set_slot(0, None)


def _to(screen: Screen, numbers: Numbers) -> None:
    column = numbers[1] or 1 if len(numbers) > 1 else 1
    screen.grid.place(column - 1, (numbers[0] or 1) - 1)


def _to_column(screen: Screen, numbers: Numbers) -> None:
    grid = screen.grid
    grid.place((numbers[0] or 1) - 1, grid.y)


def _to_row(screen: Screen, numbers: Numbers) -> None:
    grid = screen.grid
    grid.place(grid.x, (numbers[0] or 1) - 1)


def _lines_down(screen: Screen, numbers: Numbers) -> None:
    screen.grid.down(numbers[0] or 1)
    screen.grid.x = 0


def _lines_up(screen: Screen, numbers: Numbers) -> None:
    screen.grid.up(numbers[0] or 1)
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
            grid.rows[y].wrapped = False


def _change_row(screen: Screen, y: int, change: Change, start: int, count: int) -> None:
    modes, row = screen.modes, screen.grid.rows[y]
    change(row, start, count, modes.columns, modes.paper)
    row.at = modes.now


def _erase_cells(screen: Screen, numbers: Numbers) -> None:
    grid = screen.grid
    grid.restrict()
    grid.erase_cells(grid.rows[grid.y], grid.x, grid.x + (numbers[0] or 1))


def _set_modes(screen: Screen, numbers: Numbers, on: bool) -> None:
    if codes.INSERT in numbers:
        screen.modes.insert = on
    if codes.NEW_LINE in numbers:
        screen.modes.newline = on


def _set_private_modes(screen: Screen, numbers: Numbers, on: bool) -> None:
    for number in numbers:
        if number == codes.ORIGIN:
            screen.modes.origin = on
            screen.grid.place(0, 0)
        elif number == codes.AUTOWRAP:
            screen.modes.autowrap = on
        elif number == codes.REVERSE_WRAP:
            screen.modes.reverse_wrap = on
        elif number == codes.CHARACTER_SETS_US and on:
            for slot in range(4):
                screen.set_slot(slot, None)
        else:
            _switch_screen(screen, number, on)


def _switch_screen(screen: Screen, number: int, on: bool) -> None:
    """47, 1047: the other screen; 1048: the cursor; 1049: both."""
    if on and number in codes.SAVE_CURSOR:
        screen.save_cursor()
    if number in codes.ALTERNATE and on:
        screen.show_alternate()
    elif number in codes.ALTERNATE:
        screen.show_normal()
    if not on and number in codes.SAVE_CURSOR:
        screen.restore_cursor()


_ESCAPES: Final[Mapping[str, Callable[[Screen], None]]] = {
    "7": Screen.save_cursor,  # DECSC
    "8": Screen.restore_cursor,  # DECRC
    "D": lambda screen: screen.grid.index(),  # IND
    "E": _next_line,  # NEL
    "H": _set_tab,  # HTS
    "M": lambda screen: screen.grid.reverse_index(),  # RI
    "c": Screen.full_reset,  # RIS
    "n": lambda screen: screen.use_slot(2),  # LS2
    "o": lambda screen: screen.use_slot(3),  # LS3
    "|": lambda screen: screen.use_slot(3),  # LS3R
    "}": lambda screen: screen.use_slot(2),  # LS2R
    "~": lambda screen: screen.use_slot(1),  # LS1R
    "%@": _ascii,
    "%G": _ascii,
    "#8": Screen.align,  # DECALN
}

_CONTROLS: Final[Mapping[str, Callable[[Screen], None]]] = {
    "\n": lambda screen: screen.grid.line_feed(),
    "\x0b": lambda screen: screen.grid.line_feed(),  # VT
    "\x0c": lambda screen: screen.grid.line_feed(),  # FF
    "\r": _return,
    "\b": lambda screen: screen.grid.back(),
    "\t": lambda screen: screen.grid.tab(),
    "\x0e": lambda screen: screen.use_slot(1),  # SO
    "\x0f": lambda screen: screen.use_slot(0),  # SI
    "\x84": _ESCAPES["D"],
    "\x85": _ESCAPES["E"],
    "\x88": _ESCAPES["H"],
}

_SEQUENCES: Final[Mapping[str, Callable[[Screen, Numbers], None]]] = {
    "@": lambda screen, numbers: _change_here(screen, insert, numbers[0] or 1),  # ICH
    "P": lambda screen, numbers: _change_here(screen, delete, numbers[0] or 1),  # DCH
    "X": _erase_cells,  # ECH
    " @": lambda screen, numbers: _change_between_margins(screen, delete, 0, numbers[0] or 1),  # SL
    " A": lambda screen, numbers: _change_between_margins(screen, insert, 0, numbers[0] or 1),  # SR
    "'}": lambda screen, numbers: _change_between_margins(screen, insert, screen.grid.x, numbers[0] or 1),  # DECIC
    "'~": lambda screen, numbers: _change_between_margins(screen, delete, screen.grid.x, numbers[0] or 1),  # DECDC
    "A": lambda screen, numbers: screen.grid.up(numbers[0] or 1),  # CUU
    "B": lambda screen, numbers: screen.grid.down(numbers[0] or 1),  # CUD
    "C": lambda screen, numbers: screen.grid.move(numbers[0] or 1, 0),  # CUF
    "D": lambda screen, numbers: screen.grid.move(-(numbers[0] or 1), 0),  # CUB
    "E": _lines_down,  # CNL
    "F": _lines_up,  # CPL
    "G": _to_column,  # CHA
    "H": _to,  # CUP
    "I": lambda screen, numbers: screen.grid.tab(numbers[0] or 1),  # CHT
    "J": lambda screen, numbers: screen.grid.erase_display(numbers[0]),  # ED
    "?J": lambda screen, numbers: screen.grid.erase_display(numbers[0]),  # DECSED
    "K": lambda screen, numbers: screen.grid.erase_line(numbers[0]),  # EL
    "?K": lambda screen, numbers: screen.grid.erase_line(numbers[0]),  # DECSEL
    "L": lambda screen, numbers: screen.grid.insert_lines(numbers[0] or 1),  # IL
    "M": lambda screen, numbers: screen.grid.delete_lines(numbers[0] or 1),  # DL
    "S": lambda screen, numbers: screen.grid.scroll_up(numbers[0] or 1),  # SU
    "T": lambda screen, numbers: screen.grid.scroll_down(numbers[0] or 1),  # SD
    "Z": lambda screen, numbers: screen.grid.tab_back(numbers[0] or 1),  # CBT
    "`": _to_column,  # HPA
    "a": lambda screen, numbers: screen.grid.move(numbers[0] or 1, 0),  # HPR
    "d": _to_row,  # VPA
    "e": lambda screen, numbers: screen.grid.move(0, numbers[0] or 1),  # VPR
    "f": _to,  # HVP
    "g": lambda screen, numbers: screen.grid.clear_tabs(numbers[0]),  # TBC
    "h": lambda screen, numbers: _set_modes(screen, numbers, True),  # SM
    "l": lambda screen, numbers: _set_modes(screen, numbers, False),  # RM
    "?h": lambda screen, numbers: _set_private_modes(screen, numbers, True),  # DECSET
    "?l": lambda screen, numbers: _set_private_modes(screen, numbers, False),  # DECRST
    "!p": lambda screen, numbers: screen.soft_reset(),  # DECSTR
    "r": _set_margins,  # DECSTBM
    "s": lambda screen, numbers: screen.save_cursor(),  # SCOSC
    "u": lambda screen, numbers: screen.restore_cursor(),  # SCORC
}
