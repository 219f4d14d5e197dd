"""Select Graphic Rendition (CSI m): the pen characters are written with, and its name as words.

Words: bold dim italic underline blink inverse hidden strike overline, fg-N and bg-N (0 to 255), fg-#rrggbb and bg-#rrggbb.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from airunner.transcript.codes import LARGEST_NUMBER, MOST_NUMBERS

_ON = {
    1: "bold", 2: "dim", 3: "italic", 4: "underline", 5: "blink", 6: "blink", 7: "inverse", 8: "hidden", 9: "strike",
    21: "underline", 53: "overline",
}  # fmt: skip
_OFF = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 25: ("blink",), 27: ("inverse",), 28: ("hidden",),
    29: ("strike",), 55: ("overline",),
}  # fmt: skip
_ORDER = ("bold", "dim", "italic", "underline", "blink", "inverse", "hidden", "strike", "overline")


_MOST_TURNS = 16384  # that are remembered, of all pens together
NEXT = "m"


class Pen:
    """`words` the attributes that are on, in one order; `ink` and `paper` the colours, "" for the default; `style` all as words.

    There is one for each style, and it remembers in `turns` what codes made of it: programs use few, again and again.
    """

    __slots__ = ("ink", "paper", "style", "turns", "words")

    def __init__(self, words: tuple[str, ...] = (), ink: str = "", paper: str = "") -> None:
        self.words = words
        self.ink = ink
        self.paper = paper
        self.style = " ".join((*words, *filter(None, (ink, paper))))
        self.turns: dict[str, Pen] = {}

    def after(self, codes: str) -> Pen:
        """The pen after `CSI codes m`, or after several of them, with NEXT between."""
        pen = self.turns.get(codes)
        if pen is None:
            pen = self
            for part in codes.split(NEXT):
                pen = _the(*_turned(pen, part))
            if next(_turns_made) % _MOST_TURNS == 0:
                _forget()
            self.turns[codes] = pen
        return pen


PLAIN = Pen()
_pens: dict[tuple[tuple[str, ...], str, str], Pen] = {}
_turns_made = count(1)


def _the(words: tuple[str, ...], ink: str, paper: str) -> Pen:
    """The one pen of this style."""
    if not (words or ink or paper):
        return PLAIN
    key = words, ink, paper
    return _pens.get(key) or _pens.setdefault(key, Pen(words, ink, paper))


def _forget() -> None:
    """Somebody draws with thousands of colours: begin anew. Pens that are in use go on, and remember nothing."""
    for pen in (PLAIN, *_pens.copy().values()):
        pen.turns.clear()
    _pens.clear()


@lru_cache(maxsize=4096)
def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers of a sequence, `5;3` -> (5, 3); an empty place is 0, and there is always one. Sub-numbers (`4:3`) are left out."""
    return tuple(_number(part.partition(":")[0]) for part in text.split(";", MOST_NUMBERS)[:MOST_NUMBERS])


def _turned(pen: Pen, text: str) -> tuple[tuple[str, ...], str, str]:
    words, ink, paper = set(pen.words), pen.ink, pen.paper
    parts = text.split(";", MOST_NUMBERS)[:MOST_NUMBERS]
    while parts:
        part = parts.pop(0)
        code = _number(part.partition(":")[0])
        if code == 0:
            words, ink, paper = set(), "", ""
        elif code in (38, 48, 58):
            colour = _colour_of(part.split(":")[1:], parts)
            ink = _named("fg", colour, ink) if code == 38 else ink
            paper = _named("bg", colour, paper) if code == 48 else paper
        elif code == 4 and part == "4:0":
            words.discard("underline")
        elif code in _ON:
            words.add(_ON[code])
        elif code in _OFF:
            words.difference_update(_OFF[code])
        else:
            ink, paper = _plain_colour(code, ink, paper)
    return tuple(word for word in _ORDER if word in words), ink, paper


def _number(text: str) -> int:
    if not text:
        return 0
    return min(int(text), LARGEST_NUMBER) if len(text) < 20 else LARGEST_NUMBER


def _named(side: str, colour: str, before: str) -> str:
    return f"{side}-{colour}" if colour else before


def _plain_colour(code: int, ink: str, paper: str) -> tuple[str, str]:
    if code == 39:
        return "", paper
    if code == 49:
        return ink, ""
    for first, bright in ((30, 0), (90, 8)):
        if first <= code < first + 8:
            return f"fg-{code - first + bright}", paper
        if first + 10 <= code < first + 18:
            return ink, f"bg-{code - first - 10 + bright}"
    return ink, paper


def _colour_of(inner: list[str], following: list[str]) -> str:
    """The colour after 38 or 48: `38:5:n`, `38:2:[space]:r:g:b`, `38:2:r:g:b`, or with semicolons, which are taken from `following`."""
    if inner:
        kind, values = inner[0], inner[1:]
        values = values[1:] if kind == "2" and len(values) > 3 else values
    else:
        kind = following.pop(0) if following else ""
        if ":" in kind:
            kind, *values = kind.split(":")
        else:
            count = {"5": 1, "2": 3}.get(kind, 0)
            values = following[:count]
            del following[:count]
    shades = [_number(value.partition(":")[0]) & 255 for value in (*values[:3], "", "", "")[:3]]
    if kind == "5":
        return str(shades[0])
    return "#{:02x}{:02x}{:02x}".format(*shades) if kind == "2" else ""
