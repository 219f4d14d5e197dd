"""The run's bytes on disk: segments, the cap, reading while writing, the index of times."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from airunner.spool.rawlog import RESIZE, STDERR, STDOUT, Mark, RawLog, RawReader, list_segments, read_marks


def _log(folder: Path, cap: int = 10 * 1024 * 1024) -> RawLog:
    return RawLog(folder, folder / "timing", cap)


def test_read_when_written_in_parts_then_every_byte_comes_back(tmp_path: Path) -> None:
    log, reader = _log(tmp_path), RawReader(tmp_path)
    whole = os.urandom(3 * 1024 * 1024 + 17)
    for start in range(0, len(whole), 70_001):
        log.write(whole[start : start + 70_001], start)
        assert reader.read(start, 10).data == whole[start : start + 10]
    assert reader.size() == log.size == len(whole)
    assert b"".join(piece.data for piece in reader.pieces()) == whole
    assert reader.read(len(whole), 10).data == b""
    assert reader.read(10**9, 10).data == b""


def test_read_when_nothing_is_there_then_empty(tmp_path: Path) -> None:
    reader = RawReader(tmp_path / "none")
    assert reader.read(0, 10).data == b""
    assert reader.size() == 0
    assert list(reader.pieces()) == []


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=40), cap=st.integers(65_536, 300_000))
def test_cap_when_exceeded_then_head_and_tail_stay_and_the_gap_is_told(
    tmp_path_factory: object, sizes: list[int], cap: int
) -> None:
    folder = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    log = _log(folder, cap)
    whole = b"".join(bytes([number % 251]) * size for number, size in enumerate(sizes))
    place = 0
    for size in sizes:
        log.write(whole[place : place + size], place)
        place += size
    log.close()
    pieces = list(RawReader(folder).pieces())
    position = 0
    for piece in pieces:
        assert piece.offset == position
        if piece.omitted is None:
            assert piece.data == whole[position : position + len(piece.data)]
            position += len(piece.data)
        else:
            position = piece.omitted
    assert position == len(whole)
    kept = sum(len(piece.data) for piece in pieces)
    assert kept <= cap
    if len(whole) <= cap // 2:
        assert kept == len(whole)
    assert sum(1 for piece in pieces if piece.omitted is not None) <= 1


def test_reader_when_its_segment_goes_then_it_is_told_where_the_stream_goes_on(tmp_path: Path) -> None:
    log, reader = _log(tmp_path, 65_536), RawReader(tmp_path)
    log.write(b"a" * 40_000, 0)
    assert reader.read(39_000, 10).data == b"a" * 10
    log.write(b"b" * 400_000, 1)
    piece = reader.read(40_000, 10)
    seen = piece.omitted if piece.omitted is not None else piece.offset
    assert seen >= 40_000
    assert list_segments(tmp_path)[0] == 0


def test_marks_when_time_passes_or_the_stream_changes_then_one_each(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.write(b"aa", 5)
    log.write(b"bb", 10)
    log.write(b"cc", 60)
    log.write(b"dd", 61, STDERR)
    log.resize(62, 80, 24)
    log.write(b"ee", 63, STDERR)
    expected = [Mark(0, 5, STDOUT), Mark(4, 60, STDOUT), Mark(6, 61, STDERR), Mark(8, 62, RESIZE, 80, 24)]
    assert read_marks(tmp_path / "timing") == expected
    assert read_marks(tmp_path / "timing", 3) == expected[3:]


def test_write_when_the_disk_takes_a_part_then_the_rest_can_be_written_later(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.write(b"begin ", 0)
    os.close(log._descriptor)  # the disk fails
    before = log.size
    try:
        log.write(b"end", 1)
    except OSError:
        assert log.size == before
    log._descriptor = os.open(tmp_path / "output.0000000000000000", os.O_WRONLY | os.O_APPEND)
    log.write(b"end", 2)
    assert RawReader(tmp_path).read(0, 100).data == b"begin end"


def test_reader_when_files_are_damaged_then_nothing_is_read_that_cannot_be_of_the_run(tmp_path: Path) -> None:
    log = RawLog(tmp_path, tmp_path / "timing", 16 * 1024 * 1024)
    log.write(b"abc", 0)
    log.close()
    segment = tmp_path / "output.0000000000000000"
    os.truncate(segment, 1 << 40)
    reader = RawReader(tmp_path)
    assert reader.size() == sum(len(piece.data) for piece in reader.pieces()) == 1024 * 1024
    for name in ("output.txt", "output.", "output.1"):
        (tmp_path / name).touch()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    segment.unlink()
    segment.symlink_to(secret)
    assert list(RawReader(tmp_path).pieces()) == []
    segment.unlink()
    segment.mkdir()
    assert list(RawReader(tmp_path).pieces()) == []
    os.truncate(tmp_path / "timing", 1 << 40)
    assert len(read_marks(tmp_path / "timing")) == 1 << 19
