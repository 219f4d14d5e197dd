"""The run's bytes: append-only segments with a fixed head and a rolling tail, and an index of times.

A segment is a file `output.OFFSET`, named after the stream offset of its first byte. The head is the first half of
the cap and stays; behind it the newest segments stay, the oldest go. What is missing between is the omitted middle.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from airunner.base.files import PRIVATE_FILE, open_plain, write_all

STDOUT, STDERR, RESIZE = 0, 1, 2
PREFIX = "output."
"""How the names of segments begin."""
_DIGITS = 16
LARGEST_SEGMENT = 1024 * 1024
_RECORD = struct.Struct("<QIHHHxx")  # offset, milliseconds, kind, cols, rows
# No stream comes so far. A damaged index may say so, and a file's offset is a signed number (pread(2)).
_FARTHEST = 1 << 62
_MOST_MARKS = 1 << 19
_TIME_STEP_MS = 40  # one index record in this time at most, unless the stream changes


class Mark(NamedTuple):
    """From `offset` on, bytes came `ms` milliseconds after the start from stream `kind`; a resize names the size."""

    offset: int
    ms: int
    kind: int
    cols: int = 0
    rows: int = 0


class Piece(NamedTuple):
    """Bytes from `offset`, or what is missing from there (`omitted` is where the stream goes on)."""

    offset: int
    data: bytes = b""
    omitted: int | None = None


class RawLog:
    """Writes one run's bytes, keeping at most `cap` of them. Used by the shim alone."""

    def __init__(self, folder: Path, timing: Path, cap: int) -> None:
        self._folder = folder
        self._segment_size = max(4096, min(LARGEST_SEGMENT, cap // 8))
        self._head_size = cap // 2 // self._segment_size * self._segment_size
        self._tail_segments = max(2, (cap - self._head_size) // self._segment_size)
        self._tail: list[int] = []
        self.size = 0
        self._room = 0
        self._descriptor = -1
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._timing = os.open(timing, flags, PRIVATE_FILE)
        self._timing_size = 0
        self._cap = cap
        self._last = Mark(0, -_TIME_STEP_MS, -1)

    def write(self, data: bytes, ms: int, kind: int = STDOUT) -> None:
        """Append bytes that came `ms` milliseconds after the start.

        Raises OSError when the disk does not take them; nothing of `data` that was taken is written twice when the
        caller tries again with `data[log.size - size_before:]`.
        """
        self._mark(ms, kind)
        view = memoryview(data)
        while view:
            if not self._room:
                self._next_segment()
            written = os.write(self._descriptor, view[: self._room])
            self._room -= written
            self.size += written
            view = view[written:]

    def resize(self, ms: int, cols: int, rows: int) -> None:
        """Record that the terminal has another size from here on."""
        self._append(Mark(self.size, ms, RESIZE, cols, rows))

    def close(self) -> None:
        """Let go of the files."""
        for descriptor in (self._descriptor, self._timing):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._descriptor = self._timing = -1

    def _mark(self, ms: int, kind: int) -> None:
        late = ms - self._last.ms >= _TIME_STEP_MS
        # Streams that alternate byte by byte must not make an index larger than the output may be.
        if late or (kind != self._last.kind and self._timing_size < self._cap):
            self._append(Mark(self.size, ms, kind))

    def _append(self, mark: Mark) -> None:
        try:
            write_all(self._timing, _RECORD.pack(*mark))
        except OSError:
            os.ftruncate(self._timing, self._timing_size)  # half a record would shift all that follow
            raise
        self._timing_size += _RECORD.size
        if mark.kind != RESIZE:
            self._last = mark

    def _next_segment(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._folder / f"{PREFIX}{self.size:016d}", flags, PRIVATE_FILE)
        before, self._descriptor, self._room = self._descriptor, descriptor, self._segment_size
        if before >= 0:
            with contextlib.suppress(OSError):  # whatever it says, the descriptor is gone (close(2))
                os.close(before)
        if self.size < self._head_size:
            return
        self._tail.append(self.size)
        if len(self._tail) > self._tail_segments:
            (self._folder / f"{PREFIX}{self._tail.pop(0):016d}").unlink(missing_ok=True)


class RawReader:
    """Reads one run's bytes by stream offset, while they are written or afterwards. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._start = -1
        self._end = 0
        self._descriptor = -1

    def read(self, offset: int, limit: int) -> Piece:
        """Return up to `limit` bytes from `offset`; an empty piece when there is none yet."""
        piece = self._read_open(offset, limit)
        return piece if piece else self._read_listed(offset, limit)

    def pieces(self, offset: int = 0, limit: int = 256 * 1024) -> Iterator[Piece]:
        """Yield all that is there now, from `offset` on."""
        while True:
            piece = self.read(offset, limit)
            if piece.omitted is None and not piece.data:
                return
            yield piece
            offset = piece.omitted if piece.omitted is not None else offset + len(piece.data)

    def size(self) -> int:
        """Return the offset behind the last byte."""
        segments = list_segments(self._folder)
        while segments:
            try:
                size = (self._folder / f"{PREFIX}{segments[-1]:016d}").lstat().st_size
                return segments[-1] + min(size, LARGEST_SEGMENT)
            except (FileNotFoundError, NotADirectoryError):
                segments.pop()
        return 0

    def close(self) -> None:
        """Let go of the open segment."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._start, self._end, self._descriptor = -1, 0, -1

    def __del__(self) -> None:
        self.close()

    def _read_open(self, offset: int, limit: int) -> Piece | None:
        if self._descriptor < 0 or not self._start <= offset < self._end:
            return None
        data = os.pread(self._descriptor, min(limit, self._end - offset), offset - self._start)
        return Piece(offset, data) if data else None

    def _read_listed(self, offset: int, limit: int) -> Piece:
        for _ in range(8):  # the oldest tail segment can go between the listing and the opening
            segments = list_segments(self._folder)
            index = sum(1 for start in segments if start <= offset) - 1
            following = segments[index + 1] if index + 1 < len(segments) else None
            if index >= 0 and self._open(segments[index], following):
                piece = self._read_open(offset, limit)
                if piece:
                    return piece
            elif index >= 0:
                continue
            if following is not None:
                return Piece(offset, omitted=following)
            return Piece(offset)
        return Piece(offset)

    def _open(self, start: int, following: int | None) -> bool:
        if start != self._start:
            descriptor = open_plain(self._folder / f"{PREFIX}{start:016d}")
            if descriptor is None:
                return False
            self.close()
            self._start, self._descriptor = start, descriptor
        # Whatever stands in the file: a segment of ours is no longer.
        self._end = min(following or sys.maxsize, start + LARGEST_SEGMENT)
        return True


def list_segments(folder: Path) -> list[int]:
    """Return the offsets of the segments that are there, ascending."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    numbers = (name[len(PREFIX) :] for name in names if name.startswith(PREFIX))
    return sorted(int(number) for number in numbers if number.isdecimal() and len(number) == _DIGITS)


def segment_name(start: int) -> str:
    """Return the name of the segment that begins at a stream offset."""
    return f"{PREFIX}{start:0{_DIGITS}d}"


def whole_records(size: int) -> int:
    """Return how much of an index of `size` bytes will stay: half a record may yet be taken back."""
    return size // _RECORD.size * _RECORD.size


def read_marks(timing: Path, first: int = 0) -> list[Mark]:
    """Return the index from record number `first` on, up to half a million; a record that is not whole waits."""
    descriptor = open_plain(timing)
    if descriptor is None:
        return []
    with open(descriptor, "rb") as file:
        file.seek(first * _RECORD.size)
        data = file.read(_MOST_MARKS * _RECORD.size)
    whole = len(data) // _RECORD.size * _RECORD.size
    return [Mark(min(offset, _FARTHEST), *rest) for offset, *rest in _RECORD.iter_unpack(data[:whole])]
