"""Switching modes: ANSI's by CSI n h and CSI n l, DEC's private ones with a question mark."""

from __future__ import annotations

from airunner.transcript import codes
from airunner.transcript.screen import Screen

Numbers = tuple[int, ...]


def shown_modes(numbers: Numbers) -> Numbers:
    """Those that change what is shown."""
    return tuple(number for number in numbers if number in (codes.INSERT, codes.NEW_LINE))


def shown_private_modes(numbers: Numbers) -> Numbers:
    """Those of DEC that change what is shown."""
    return tuple(number for number in numbers if number in codes.PRIVATE_MODES)


def set_modes(screen: Screen, numbers: Numbers, on: bool) -> None:
    """SM and RM."""
    if codes.INSERT in numbers:
        screen.modes.insert = on
    if codes.NEW_LINE in numbers:
        screen.modes.newline = on
    screen.note_modes()


def set_private_modes(screen: Screen, numbers: Numbers, on: bool) -> None:
    """DECSET and DECRST."""
    for number in numbers:
        if number == codes.ORIGIN:
            screen.modes.origin = on
            screen.grid.place(0, 0)
        elif number == codes.AUTOWRAP:
            screen.modes.autowrap = on
            screen.note_modes()
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
