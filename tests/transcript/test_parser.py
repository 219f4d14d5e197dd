"""The parser: which events come out of which bytes, whatever the split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.transcript.parser import Parser, tell, tokens_of

Event = tuple[str, ...]


class Recorder:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def text(self, run: str) -> None:
        if self.events and self.events[-1][0] == "text":
            run = self.events.pop()[1] + run
        self.events.append(("text", run))

    def lines(self, text: str, position: int) -> int:
        return position

    def play(self, parts: list[str], ordinary: bool) -> int:
        for number, part in enumerate(parts):
            if number % 2 == 0:
                if part:
                    self.text(part)
                continue
            tokens = tokens_of(part)
            if not tokens:
                return number
            assert "".join(tokens) == part
            for token in tokens:
                tell(token, self)
        return len(parts)

    def control(self, code: str) -> None:
        self.events.append(("control", code))

    def escape(self, name: str) -> None:
        if name != "\\":  # the end of a string
            self.events.append(("escape", name))

    def sequence(self, name: str, numbers: str) -> None:
        self.events.append(("sequence", name, numbers))

    def swallowed(self) -> None:
        self.events.append(("swallowed",))


def events(*pieces: bytes) -> list[Event]:
    recorder = Recorder()
    parser = Parser(recorder)
    for piece in pieces:
        parser.feed(piece)
    return recorder.events


A, B = ("text", "a"), ("text", "b")

TABLE: list[tuple[bytes, list[Event]]] = [
    (b"ab", [("text", "ab")]),
    (b"a\r\nb", [A, ("control", "\r"), ("control", "\n"), B]),
    (b"\x07\x08\x00", [("control", "\x07"), ("control", "\x08"), ("control", "\x00")]),
    (b"a\x7fb", [("text", "ab")]),
    ("é漢🙂".encode(), [("text", "é漢🙂")]),
    (b"\xef\xbb\xbfa", [A]),
    (b"\xffa", [("text", "\ufffda")]),
    (b"\xe6\xbca", [("text", "\ufffda")]),
    (b"\xed\xa0\x80", [("text", "\ufffd\ufffd\ufffd")]),
    (b"\x1b[m", [("sequence", "m", "")]),
    (b"\x1b[1;31ma", [("sequence", "m", "1;31"), A]),
    (b"\x1b[38:2::1:2:3m", [("sequence", "m", "38:2::1:2:3")]),
    (b"\x1b[?1049h", [("sequence", "?h", "1049")]),
    (b"\x1b[>4;2m", [("sequence", ">m", "4;2")]),
    (b"\x1b[<u", [("sequence", "<u", "")]),
    (b"\x1b[!p", [("sequence", "!p", "")]),
    (b"\x1b[2 q", [("sequence", " q", "2")]),
    (b"\x1b[?2026$p", [("sequence", "?$p", "2026")]),
    (b"\x1b[1 !q", [("sequence", " !q", "1")]),
    (b"\x1b[3\n4C", [("control", "\n"), ("sequence", "C", "34")]),
    (b"\x1b[3\x7f4C", [("sequence", "C", "34")]),
    (b"\x1b[3\x18a", [("control", "\x18"), A]),
    (b"\x1b[3\x1b[4C", [("sequence", "C", "4")]),
    (b"\x1b[1?2ha", [A]),
    (b"\x1b[ 3qa", [A]),
    ("\x1b[3éa".encode(), [A]),
    ("\x1b[1?éha".encode(), [A]),
    (b"\x1b7\x1b8", [("escape", "7"), ("escape", "8")]),
    (b"\x1b(0\x1b(B", [("escape", "(0"), ("escape", "(B")]),
    (b"\x1b#8", [("escape", "#8")]),
    (b"\x1b\n7", [("control", "\n"), ("escape", "7")]),
    (b"\x1b\x1b7", [("escape", "7")]),
    (b"\x1b\x7f7", [("escape", "7")]),
    ("\x1béa".encode(), [A]),
    (b"\x1b]0;title\x07a", [("swallowed",), A]),
    (b"\x1b]8;;http://x\x1b\\a", [("swallowed",), A]),
    ("\x1b]0;✳ é\x07a".encode(), [("swallowed",), A]),
    (b"\x1b]0;a\nb\x07a", [("swallowed",), A]),
    (b"\x1b]0;a\x18a", [("swallowed",), ("control", "\x18"), A]),
    (b"\x1b]0;a\x1b[1Ca", [("swallowed",), ("sequence", "C", "1"), A]),
    (b"\x1bP+q544e\x1b\\a", [("swallowed",), A]),
    (b"\x1bPq\x07#0\x1b\\a", [("swallowed",), A]),
    (b"\x1b_Ga=q;AAAA\x1b\\a", [("swallowed",), A]),
    (b"\x1b^x\x1b\\\x1bXy\x1b\\a", [("swallowed",), ("swallowed",), A]),
    ("\x9b1Ca".encode(), [("sequence", "C", "1"), A]),
    ("\x9d0;t\x9ca".encode(), [("swallowed",), A]),
    ("\x90q\x9c\x98x\x9ca".encode(), [("swallowed",), ("swallowed",), A]),
    ("\x85\x84".encode(), [("control", "\x85"), ("control", "\x84")]),
    ("\x1b[1\x85a".encode(), [("control", "\x85"), A]),
]


@pytest.mark.parametrize(("data", "expected"), TABLE)
def test_events_of_whole_input_are_those_of_the_table(data: bytes, expected: list[Event]) -> None:
    assert events(data) == expected


@pytest.mark.parametrize(("data", "expected"), TABLE)
def test_events_split_at_every_byte_are_the_same(data: bytes, expected: list[Event]) -> None:
    assert events(*(data[i : i + 1] for i in range(len(data)))) == expected


@given(st.binary(max_size=200), st.integers(0, 200))
def test_events_of_random_bytes_are_the_same_for_any_split(data: bytes, place: int) -> None:
    assert events(data) == events(data[:place], data[place:])


def test_numbers_without_end_are_bounded_and_the_sequence_still_ends() -> None:
    data = b"\x1b[" + b"1" * 100_000 + b"Ca"
    heard = events(data)
    assert heard == events(data[:50_000], data[50_000:])
    assert heard[0][:2] == ("sequence", "C") and len(heard[0][2]) < 1000
    assert heard[1] == A


def test_a_string_without_end_swallows_all_and_keeps_nothing() -> None:
    recorder = Recorder()
    parser = Parser(recorder)
    parser.feed(b"\x1b]0;")
    for _ in range(100):
        parser.feed(b"x" * 10_000)
    assert recorder.events == []
    assert len(repr(vars(parser))) < 1000


def test_forget_drops_an_unfinished_sequence_and_character() -> None:
    for unfinished in (b"\x1b]0;ti", b"\x1b[3", b"\x1b", b"\xe6\xbc"):
        recorder = Recorder()
        parser = Parser(recorder)
        parser.feed(unfinished)
        parser.forget()
        parser.feed(b"a")
        assert recorder.events == [A]
