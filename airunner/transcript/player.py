"""Plays text and controls on a screen: the parser's listener.

A run of controls is looked up once; from then on it is a program: the orders in it with their arguments. Programs are
shared by all players, for programs draw with few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from airunner.transcript.bulk import whole_lines
from airunner.transcript.edit import settle
from airunner.transcript.line import Lines
from airunner.transcript.orders import CONTROLS, Order, escape_order, newline, repeat, sequence_order, set_pen, to
from airunner.transcript.parser import tell, tokens_of
from airunner.transcript.screen import Screen
from airunner.transcript.style import NEXT
from airunner.transcript.widths import PERHAPS_SPECIAL

Program = tuple[Order, ...]

_MOST_PROGRAMS, _MOST_PLACES = 4096, 16384
_LONGEST_KEPT = 1024  # characters of a run of controls that is remembered
_MOST_PIECES = 256  # that may wait in a row between two feeds
_NOTHING: Final[Program] = ((lambda screen, _: None, None),)  # a run without effect is remembered, too
_programs: dict[str, Program] = {}
_places: dict[str, Program] = {}  # by the sequence up to its H
_orders: dict[str, Order | None] = {}


class Player:
    """The parser's listener: passes text on to a screen, and carries out everything else on it."""

    def __init__(self, screen: Screen, on_lines: Callable[[Lines], None] = lambda lines: None) -> None:
        self._screen = screen
        self._on_lines = on_lines

    def lines(self, text: str, position: int) -> int:
        """Take whole lines that would just scroll through the screen."""
        screen = self._screen
        if not screen.is_at_new_line():
            return position
        upto, lines, pen = whole_lines(text, position, screen.modes, screen.grid.has_usual_tabs())
        if upto > position:
            screen.start_over()
            screen.modes.pen = pen
            screen.grid.base += len(lines)
            self._on_lines(lines)
        return upto

    def play(self, parts: list[str], ordinary: bool) -> int:
        """Write text and carry out controls, by turns."""
        screen, known = self._screen, _programs
        modes, grid, simply = screen.modes, screen.grid, screen.writes_simply
        columns, now = modes.columns, modes.now
        pairs = iter(parts)
        for text, controls in zip(pairs, pairs):  # noqa: B905 - the last text is alone
            if text:
                x = grid.x
                end = x + len(text)
                if simply and end <= columns and (ordinary or text.isascii() or not PERHAPS_SPECIAL(text)):
                    row = grid.rows[grid.y] or grid.row(grid.y)
                    row.pieces.append((x, text, modes.pen.style))
                    row.at = now
                    grid.x = end
                    screen.joinable = 1
                else:
                    screen.text(text)
            program = known.get(controls) or _program(controls)
            if program is None:
                left = len(list(pairs))
                self._settle()
                return len(parts) - left - 1
            for order, argument in program:
                order(screen, argument)
            screen.joinable = 0
            grid, simply = screen.grid, screen.writes_simply
        if parts[-1]:
            screen.text(parts[-1])
        self._settle()
        return len(parts)

    def _settle(self) -> None:
        for row in self._screen.grid.rows:
            if row is not None and len(row.pieces) > _MOST_PIECES:
                settle(row)

    def control(self, code: str) -> None:
        """One control character; those of C1 are ESC and a letter in one."""
        self._obey(CONTROLS.get(code))

    def escape(self, name: str) -> None:
        """ESC and what follows."""
        self._obey(escape_order(name))

    def sequence(self, name: str, numbers: str) -> None:
        """CSI and what follows."""
        self._obey(sequence_order(name, numbers))

    def swallowed(self) -> None:
        """A title, a link, a picture: nothing to show."""
        self._obey(None)

    def _obey(self, order: Order | None) -> None:
        if order is not None:
            order[0](self._screen, order[1])
        self._screen.joinable = 0


class _Reader:
    """Hears one token and knows its order."""

    def __init__(self) -> None:
        self.order: Order | None = None

    def control(self, code: str) -> None:
        self.order = CONTROLS.get(code)

    def escape(self, name: str) -> None:
        self.order = escape_order(name)

    def sequence(self, name: str, numbers: str) -> None:
        self.order = sequence_order(name, numbers)

    def swallowed(self) -> None:
        self.order = None


def _program(controls: str) -> Program | None:
    """The orders in a run of controls; None for a character that only begins something."""
    head, final, rest = controls.partition("H")
    to_place = _places.get(head) if final else None
    if to_place is None:
        return _read(controls)
    # There are thousands of places, but few things that are done there.
    return to_place + (_programs.get(rest) or _read(rest) or _NOTHING) if rest else to_place


def _read(controls: str) -> Program | None:
    tokens = tokens_of(controls)
    if not tokens:
        return None
    orders = [_order(token) for token in tokens]
    if orders[0] is not None and orders[0][0] is to and tokens[0][-1] == "H":
        _remember(_places, tokens[0][:-1], (orders[0],), _MOST_PLACES)
    # REP repeats a character that was just written, and not what came before another control.
    orders[1:] = [order for order in orders[1:] if order is not None and order[0] is not repeat]
    program = _joined(order for order in orders if order is not None) or _NOTHING
    _remember(_programs, controls, program, _MOST_PROGRAMS)
    return program


def _joined(orders: Iterable[Order]) -> Program:
    """The program of some orders; changes of the pen that follow each other are one."""
    program: list[Order] = []
    for order in orders:
        if program and order[0] is set_pen and program[-1][0] is set_pen:
            order = set_pen, program.pop()[1] + NEXT + order[1]
        program.append(order)
    return tuple(program)


def _remember(table: dict[str, Any], key: str, value: Any, most: int) -> None:
    if len(key) <= _LONGEST_KEPT:
        if len(table) >= most:
            table.clear()
        table[key] = value


def _order(token: str) -> Order | None:
    try:
        return _orders[token]
    except KeyError:
        return _remembered(token)


def _remembered(control: str) -> Order | None:
    if control == "\r\n":
        order: Order | None = (newline, None)
    else:
        reader = _Reader()
        tell(control, reader)
        order = reader.order
    _remember(_orders, control, order, _MOST_PROGRAMS)
    return order
