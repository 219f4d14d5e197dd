"""Whole lines of log: text, colours and line ends that would just scroll through the screen, taken without one.

Nothing on such a line can change any more once a screenful of others has followed it, so its text is what stands
between the line ends, and its colours are the pen's.
"""

from __future__ import annotations

import re

from airunner.transcript.codes import ESC
from airunner.transcript.grid import TAB, Modes
from airunner.transcript.line import Line, Lines, Span
from airunner.transcript.style import PLAIN, Pen
from airunner.transcript.widths import LOOSE_MARK, PERHAPS_SPECIAL

_MOST = 256 * 1024  # characters taken at once
_LEAST = 2048  # fewer are not worth it
# What may not be in such lines: any control but CR, LF, TAB, and ESC in any sequence but SGR.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f](?:(?<!\x1b)|(?!\\[[0-9;:]{0,256}m))")
_LONE = re.compile("\r(?!\n)|(?<!\r)\n")
_SGR = re.compile("\x1b\\[([0-9;:]*)m")


def whole_lines(text: str, position: int, modes: Modes, usual_tabs: bool) -> tuple[int, Lines, Pen]:
    """Return the position after the lines of log at `position`, these lines, and the pen after them.

    A screenful is left in front of what is no log, for that may still change it.
    """
    end = _end_of_log(text, position, modes)
    while end > position:
        block = text[position:end]
        lines = (block.replace("\r\n", "\n") if modes.newline else block).split("\n" if modes.newline else "\r\n")
        lines.pop()
        taken, pen = _read(lines, ESC not in block and "\t" not in block, modes, usual_tabs)
        if len(taken) == len(lines):
            return end, taken, pen
        end = _back(text, position, _after(text, position, len(taken)), modes.rows)
    return position, [], modes.pen


def _end_of_log(text: str, position: int, modes: Modes) -> int:
    limit = min(len(text), position + _MOST)
    if limit - position < _LEAST:
        return position
    odd = _ODD.search(text, position, limit)
    limit = odd.start() if odd else limit
    if not text.isascii():
        mark = LOOSE_MARK(text, position, limit)
        limit = mark.start() if mark else limit
    if modes.newline:
        end = text.find("\r", position, limit)
        while end >= 0 and text[end + 1 : end + 2] == "\n":
            end = text.find("\r", end + 1, limit)
        limit = limit if end < 0 else end
    elif (
        not text.count("\r", position, limit)
        == text.count("\n", position, limit)
        == text.count("\r\n", position, limit)
    ):
        lone = _LONE.search(text, position, limit)
        limit = lone.start() if lone else limit
    end = _back(text, position, text.rfind("\n", position, limit) + 1, modes.rows)
    return end if end - position >= _LEAST // 2 else position


def _back(text: str, position: int, end: int, count: int) -> int:
    """Return where the last `count` lines before `end` begin, or `position` if that is later."""
    for _ in range(count):
        if end <= position:
            return position
        end = text.rfind("\n", position, end - 1) + 1
    return max(position, end)


def _after(text: str, position: int, count: int) -> int:
    for _ in range(count):
        position = text.find("\n", position) + 1
    return position


def _read(lines: list[str], plain: bool, modes: Modes, usual_tabs: bool) -> tuple[Lines, Pen]:
    """Return the lines up to the first that needs a screen, and the pen after them; `plain` without ESC and TAB."""
    now, pen = modes.now, modes.pen
    taken: Lines = []
    if pen.paper:
        return taken, pen
    if plain and pen is PLAIN:
        new_line = tuple.__new__  # half the time of Line(…), which would do the same
        return [new_line(Line, (line.rstrip(" "), (), now)) for line in lines], pen
    for line in lines:
        if ESC in line:
            if "\t" in line:
                break
            new, pen = _coloured(line, pen, now)
            if pen.paper:
                break
            taken.append(new)
            continue
        if "\t" in line:
            line = line.expandtabs(TAB)
            if (
                len(line) >= modes.columns
                or not usual_tabs
                or pen is not PLAIN
                or (not line.isascii() and PERHAPS_SPECIAL(line))
            ):
                break
        line = line.rstrip(" ")
        taken.append(Line(line, ((0, len(line), pen.style),) if pen.style and line else (), now))
    return taken, pen


def _coloured(line: str, pen: Pen, now: float) -> tuple[Line, Pen]:
    parts = _SGR.split(line)
    text = "".join(parts[::2])
    stripped = text.rstrip(" ")
    spans: list[Span] = []
    place = len(parts[0])
    if place and pen.style:
        spans.append((0, place, pen.style))
    codes = iter(parts)
    next(codes)
    for numbers, piece in zip(codes, codes):  # noqa: B905 - there is an even number of them
        pen = pen.turns.get(numbers) or pen.after(numbers)
        if piece:
            start, place = place, place + len(piece)
            style = pen.style
            if style:
                if spans and spans[-1][2] == style and spans[-1][1] == start:
                    start = spans.pop()[0]
                spans.append((start, place, style))
    if spans and spans[-1][1] > len(stripped):
        spans = [(low, min(high, len(stripped)), style) for low, high, style in spans if low < len(stripped)]
    return Line(stripped, tuple(spans), now), pen
