"""Bytes in, events out: incremental UTF-8 and the state machine of a terminal's control sequences.

Never raises, whatever comes in, and any split of the bytes gives the same events: what is unfinished is kept (and bounded).
The states are those of ECMA-48 and of the VT500 parser; strings (OSC, DCS, SOS, PM, APC) are swallowed whole.
"""

from __future__ import annotations

import codecs
import re
from typing import Protocol

from airunner.transcript.codes import ESC

_MOST_PARAMETERS = 256  # characters kept of one sequence's numbers; the rest is dropped
_MOST_INTERMEDIATES = 4

# What ends the fast path: nearly all input is one of these, whole within one read.
_TOKEN = re.compile(
    r"([^\x00-\x1f\x7f-\x9f]+)"  # 1 text
    r"|(\r\n)"  # 2 the end of a line
    rf"|\x1b\[([<-?]?)([0-9:;]{{0,{_MOST_PARAMETERS}}})([ -/]?)([@-~])"  # 3-6 a control sequence
    r"|([\x00-\x17\x19\x1c-\x1f])"  # 7 a control character
)
_STRING_END = re.compile("[\x18\x1a\x1b\x80-\x9f]")
_OSC_END = re.compile("[\x07\x18\x1a\x1b\x80-\x9f]")

_GROUND, _ESCAPE, _ESCAPE_MORE, _CSI, _CSI_MORE, _CSI_IGNORE, _STRING, _OSC = range(8)
_STRING_STARTS = {"P": _STRING, "X": _STRING, "^": _STRING, "_": _STRING, "]": _OSC, "[": _CSI}
_C1_STARTS = {"\x90": _STRING, "\x98": _STRING, "\x9e": _STRING, "\x9f": _STRING, "\x9d": _OSC, "\x9b": _CSI}


class Listener(Protocol):
    """The words the parser speaks."""

    def text(self, run: str) -> None:
        """Printable characters, at least one, no control character among them."""

    def newline(self) -> None:
        """Carriage return and line feed together, the commonest pair there is."""

    def control(self, code: str) -> None:
        """One control character of C0, or of C1 (U+0080 to U+009F)."""

    def escape(self, name: str) -> None:
        """ESC with its intermediate and final characters: `7`, `(0`, `#8`."""

    def sequence(self, name: str, numbers: str) -> None:
        """CSI: `name` is prefix, intermediate and final characters (`m`, `?h`, `!p`); `numbers` what stood between them."""

    def swallowed(self) -> None:
        """A string sequence has ended."""


class Parser:
    """Feeds a listener. One for each stream of bytes."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _GROUND
        self._prefix = ""
        self._numbers = ""
        self._middle = ""

    def feed(self, data: bytes) -> None:
        """Take the next bytes; malformed UTF-8 becomes U+FFFD, a byte order mark nothing."""
        text = self._decoder.decode(data)
        if "\ufeff" in text:
            text = text.replace("\ufeff", "")
        position, end = 0, len(text)
        while position < end:
            position = self._run(text, position) if self._state == _GROUND else self._resume(text, position)

    def forget(self) -> None:
        """Drop what is unfinished: a part of the stream is missing."""
        self._decoder.reset()
        self._start(_GROUND)

    def _run(self, text: str, position: int) -> int:
        listener = self._listener
        say, newline, control, sequence = listener.text, listener.newline, listener.control, listener.sequence
        for token in iter(_TOKEN.scanner(text, position).match, None):  # type: ignore[attr-defined]
            kind = token.lastindex
            if kind == 1:
                say(token[1])
            elif kind == 2:
                newline()
            elif kind == 6:
                prefix, numbers, middle, final = token.group(3, 4, 5, 6)
                sequence(prefix + middle + final, numbers)
            else:
                control(token[7])
            position = token.end()
        if position < len(text):
            self._odd(text[position])
            position += 1
        return position

    def _odd(self, character: str) -> None:
        """What the fast path leaves: ESC, CAN, SUB, DEL, C1; they mean the same in every state."""
        if character == ESC:
            self._start(_ESCAPE)
        elif character in _C1_STARTS:
            self._start(_C1_STARTS[character])
        elif character == "\x9c" or character == "\x7f":
            self._start(_GROUND)
        else:
            self._start(_GROUND)
            self._listener.control(character)

    def _start(self, state: int) -> None:
        self._state = state
        self._prefix = self._numbers = self._middle = ""

    def _resume(self, text: str, position: int) -> int:
        """Go on inside a sequence, from `position`; the position reached is returned."""
        if self._state in (_STRING, _OSC):
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
        if end[0] != "\x07":
            self._odd(end[0])
        return end.end()

    def _in_escape(self, character: str) -> None:
        if character == "\x7f":
            return
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
        if character == "\x7f":
            return
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
