"""Recordings of real programs: the text must be what a terminal held at the end (NAME.xterm.txt)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from airunner.transcript.cleaner import Cleaner, clean

FOLDER = Path(__file__).parent / "recordings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.raw"))
_SMALL = 50_000  # bytes; up to here a recording is fed byte by byte
DROPS_MALFORMED = {"tool-sequences"}  # the terminal leaves malformed UTF-8 out, clean text shows U+FFFD


def recording(name: str) -> tuple[bytes, dict[str, Any], str]:
    facts = json.loads((FOLDER / f"{name}.json").read_text())
    return (FOLDER / f"{name}.raw").read_bytes(), facts, (FOLDER / f"{name}.xterm.txt").read_bytes().decode()


def without_final_newline(text: str, name: str) -> str:
    return (text.replace("\ufffd", "") if name in DROPS_MALFORMED else text).rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_clean_text_of_a_recording_is_what_the_terminal_held(name: str) -> None:
    data, facts, expected = recording(name)
    text = clean(data, facts["cols"], facts["rows"])
    assert without_final_newline(text, name) == expected.rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_recording_fed_in_any_pieces_gives_the_same_lines(name: str) -> None:
    data, facts, _ = recording(name)
    one, many = (Cleaner(facts["cols"], facts["rows"]) for _ in range(2))
    one.feed(data)
    sizes = (1,) if len(data) < _SMALL else (1, 2, 7, 100, 4096)
    generator = random.Random(name)
    lines = []
    place = 0
    while place < len(data):
        size = generator.choice(sizes)
        many.feed(data[place : place + size])
        lines += many.take()
        place += size
    assert lines + many.tail() == one.take() + one.tail()
    assert many.ends_with_newline == one.ends_with_newline
    assert many.last_screen == one.last_screen


@pytest.mark.parametrize("name", NAMES)
def test_clean_text_of_a_recording_is_clean_already(name: str) -> None:
    data, facts, _ = recording(name)
    text = clean(data, facts["cols"], facts["rows"])
    assert clean(text.encode(), facts["cols"], facts["rows"], newline_mode=True) == text


def test_lines_carry_the_time_of_the_read_that_changed_them_last() -> None:
    data, facts, _ = recording("tool-pytest")
    cleaner = Cleaner(facts["cols"], facts["rows"])
    place = 0
    for at, size in facts["timing"]:
        cleaner.feed(data[place : place + size], at)
        place += size
    times = [line.at for line in cleaner.take() + cleaner.tail() if line.text]
    assert times == sorted(times) and times[0] == facts["timing"][0][0]
