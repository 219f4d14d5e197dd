"""Bytes in, events out: incremental UTF-8 and the state machine of a terminal's control sequences.

Never raises, whatever comes in, and any split of the bytes gives the same events: what is unfinished is kept (and bounded).
The states are those of ECMA-48 and of the VT500 parser; strings (OSC, DCS, SOS, PM, APC) are swallowed whole.

Nearly all input is text and whole sequences. It is cut at once into text and runs of controls, which a listener may know
from before; the state machine is only for what does not end within the piece at hand or breaks the grammar.
"""

from __future__ import annotations

import codecs
import re
from typing import Protocol

from airunner.transcript.codes import ESC
from airunner.transcript.widths import PERHAPS_SPECIAL

_MOST_PARAMETERS = 256  # characters kept of one sequence's numbers; the rest is dropped
_MOST_INTERMEDIATES = 4
_LEAST_PIECE, _FIRST_PIECE, _MOST_PIECE = 128, 4096, 32 * 1024  # characters cut at once
_NEAR = 512  # a sequence that begins this near to the end of a piece may just go on behind it

_STARTERS = r"[\x1b\x90\x98\x9b\x9d-\x9f]"  # what begins something longer
_SINGLE = r"[\x00-\x1a\x1c-\x1f\x80-\x8f\x91-\x97\x99\x9a\x9c]"
_SEQUENCE = r"\[[0-?]*+[@-~]"
_AFTER_ESC = (
    r"(?:\[[0-?]*+[ -/]++[@-~]|[0-OQ-WYZ\\`-~]|[ -/]++[0-~]"
    r"|\][^\x07\x18\x1a\x1b\x80-\x9f]*+(?:\x07|\x1b\\)|[PX^_][^\x18\x1a\x1b\x80-\x9f]*+\x1b\\)"
)
_AFTER_C1 = r"[0-?]*+[ -/]*+[@-~]"
_TOKEN = rf"\x1b{_SEQUENCE}|{_SINGLE}|\x1b{_AFTER_ESC}|\x9b{_AFTER_C1}"
# A run of controls, each whole; or a single starter, after which the states take over. The first character has a class
# of its own, for then the search for it is quick.
_CONTROLS = re.compile(
    rf"([\x00-\x1f\x80-\x9f](?:(?:(?<=\x1b){_SEQUENCE}|(?<!{_STARTERS})|(?<=\x1b){_AFTER_ESC}|(?<=\x9b){_AFTER_C1})"
    rf"(?:{_TOKEN})*+|))"
)
_TOKENS = re.compile(rf"\r\n|{_TOKEN}")
_PARTS_OF_SEQUENCE = re.compile(r"\x1b\[([<-?]?)([0-9:;]*)([ -/]*[@-~])")  # others are ill-formed, and ignored

_STRING_END = re.compile("[\x18\x1a\x1b\x80-\x9f]")
_OSC_END = re.compile("[\x07\x18\x1a\x1b\x80-\x9f]")

_GROUND, _ESCAPE, _ESCAPE_MORE, _CSI, _CSI_MORE, _CSI_IGNORE, _IN_STRING, _OSC = range(8)
_STRING_STARTS = {"P": _IN_STRING, "X": _IN_STRING, "^": _IN_STRING, "_": _IN_STRING, "]": _OSC, "[": _CSI}
_C1_STARTS = {
    "\x90": _IN_STRING,
    "\x98": _IN_STRING,
    "\x9e": _IN_STRING,
    "\x9f": _IN_STRING,
    "\x9d": _OSC,
    "\x9b": _CSI,
}


class Heard(Protocol):
    """The words for single controls."""

    def control(self, code: str) -> None:
        """One control character of C0, or of C1 (U+0080 to U+009F)."""

    def escape(self, name: str) -> None:
        """ESC with its intermediate and final characters: `7`, `(0`, `#8`."""

    def sequence(self, name: str, numbers: str) -> None:
        """CSI: `name` is prefix, intermediate and final characters (`m`, `?h`, `!p`); `numbers` what stood between them."""

    def swallowed(self) -> None:
        """A string sequence has ended."""


class Listener(Heard, Protocol):
    """The words the parser speaks."""

    def lines(self, text: str, position: int) -> int:
        """Take whole lines from `position` on, if they can be taken at once; return the position reached."""

    def play(self, parts: list[str], ordinary: bool) -> int:
        """Take text and runs of controls by turns, the first and the last are text (perhaps empty).

        `ordinary` says that all characters surely take one column.

        Returns how many were taken: all, or those before a run that `tokens_of` knows nothing of.
        """


class Parser:
    """Feeds a listener. One for each stream of bytes."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _GROUND
        self._prefix = ""
        self._numbers = ""
        self._middle = ""
        self._piece = _FIRST_PIECE

    def feed(self, data: bytes) -> None:
        """Take the next bytes; malformed UTF-8 becomes U+FFFD, a byte order mark nothing."""
        text = self._decoder.decode(data)
        for nothing in "\ufeff\x7f":  # a byte order mark; DEL, which is ignored in every state
            if nothing in text:
                text = text.replace(nothing, "")
        position, end = 0, len(text)
        while position < end:
            if self._state == _GROUND:
                reached = self._listener.lines(text, position)
                if reached > position:
                    self._piece = _LEAST_PIECE  # a screenful is left, then there may be more lines
                position = self._cut(text, reached) if reached < end else reached
            else:
                position = self._resume(text, position)

    def forget(self) -> None:
        """Drop what is unfinished: a part of the stream is missing."""
        self._decoder.reset()
        self._start(_GROUND)

    def _cut(self, text: str, position: int) -> int:
        """Pass a piece of the text on; return the position reached, which is inside a sequence when the state says so."""
        upto = position + self._piece
        if upto < len(text):
            upto = text.rfind("\n", position, upto) + 1 or upto
        piece = text[position:upto]
        parts = _CONTROLS.split(piece)
        taken = self._listener.play(parts, piece.isascii() or not PERHAPS_SPECIAL(piece))
        if taken == len(parts):
            self._piece = min(self._piece * 2, _MOST_PIECE)
            return min(upto, len(text))
        position += sum(map(len, parts[:taken]))
        if position + _NEAR < upto:
            self._piece = _LEAST_PIECE  # what is cut behind it is cut in vain
        self._odd(text[position])
        return position + 1

    def _odd(self, character: str) -> None:
        """ESC, CAN, SUB and C1 mean the same in every state."""
        if character == ESC:
            self._start(_ESCAPE)
        elif character in _C1_STARTS:
            self._start(_C1_STARTS[character])
        else:
            self._start(_GROUND)
            self._listener.control(character)

    def _start(self, state: int) -> None:
        self._state = state
        self._prefix = self._numbers = self._middle = ""

    def _resume(self, text: str, position: int) -> int:
        """Go on inside a sequence, from `position`; the position reached is returned."""
        if self._state in (_IN_STRING, _OSC):
            return self._skip_string(text, position)
        character = text[position]
        if character in "\x18\x1a\x1b" or "\x80" <= character <= "\x9f":
            self._odd(character)
        elif character < " ":
            self._listener.control(character)
        elif self._state in (_ESCAPE, _ESCAPE_MORE):
            self._in_escape(character)
        else:
            self._in_csi(character)
        return position + 1

    def _skip_string(self, text: str, position: int) -> int:
        end = (_OSC_END if self._state == _OSC else _STRING_END).search(text, position)
        if end is None:
            return len(text)
        self._start(_GROUND)
        self._listener.swallowed()
        if end[0] not in "\x07\x9c":
            self._odd(end[0])
        return end.end()

    def _in_escape(self, character: str) -> None:
        if character > "\x7f":
            self._start(_GROUND)
        elif character < "0":
            self._state = _ESCAPE_MORE
            self._middle = (self._middle + character)[:_MOST_INTERMEDIATES]
        elif self._state == _ESCAPE and character in _STRING_STARTS:
            self._start(_STRING_STARTS[character])
        else:
            name = self._middle + character
            self._start(_GROUND)
            self._listener.escape(name)

    def _in_csi(self, character: str) -> None:
        if character > "\x7f":
            if self._state != _CSI_IGNORE:
                self._start(_GROUND)
        elif character >= "@":
            self._end_csi(character)
        elif self._state == _CSI and character < "0":
            self._state, self._middle = _CSI_MORE, character
        elif self._state == _CSI_MORE and character < "0":
            self._middle = (self._middle + character)[:_MOST_INTERMEDIATES]
        elif self._state == _CSI and character < "<":
            self._numbers = (self._numbers + character)[:_MOST_PARAMETERS]
        elif self._state == _CSI and not self._numbers and not self._prefix:
            self._prefix = character
        else:
            self._state = _CSI_IGNORE

    def _end_csi(self, final: str) -> None:
        known = self._state != _CSI_IGNORE
        name, numbers = self._prefix + self._middle + final, self._numbers
        self._start(_GROUND)
        if known:
            self._listener.sequence(name, numbers)


def tokens_of(controls: str) -> list[str]:
    """The single controls of a run, CR LF as one; none for a character that only begins something."""
    return _TOKENS.findall(controls)


def tell(token: str, heard: Heard) -> None:
    """Say what one token of `tokens_of` is."""
    if token[0] == "\x9b":
        token = f"{ESC}[{token[1:]}"
    if token[0] != ESC:
        for code in token:
            heard.control(code)
    elif token[1] == "[":
        parts = _PARTS_OF_SEQUENCE.fullmatch(token)
        if parts:
            middle, final = parts[3][:-1][:_MOST_INTERMEDIATES], parts[3][-1]
            heard.sequence(parts[1] + middle + final, parts[2][:_MOST_PARAMETERS])
    elif token[1] in _STRING_STARTS:
        heard.swallowed()
    else:
        heard.escape(token[1:-1][:_MOST_INTERMEDIATES] + token[-1])
