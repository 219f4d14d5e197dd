"""Lines of clean text as JSON, kept in a file and found by number."""

from __future__ import annotations

import errno
import os
import tempfile
from array import array
from collections.abc import Iterable
from itertools import accumulate
from json.encoder import encode_basestring

from airunner.base.errors import Busy
from airunner.transcript.line import Line


def encoded(lines: Iterable[Line]) -> list[bytes]:
    """{"t": text, "s": spans, "at": seconds} for each line, put together by hand: it is done for every line there is."""
    done = []
    last, time = -1.0, ""
    for text, spans, at in lines:
        if at != last:
            last, time = at, repr(round(at, 2))
        styled = ",".join([f'[{low},{high},"{style}"]' for low, high, style in spans]) if spans else ""
        done.append(f'{{"t":{encode_basestring(text)},"s":[{styled}],"at":{time}}}'.encode())
    return done


class LineFile:
    """Encoded lines in an unnamed file, found by number; memory holds eight bytes a line."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(buffering=0, prefix="airunner-lines-")  # noqa: SIM115 - closed with its last user
        except OSError as error:
            raise _no_text(error) from error
        self._ends = array("Q", [0])
        self._recent: list[bytes] = []

    def __len__(self) -> int:
        return len(self._ends) - 1

    def extend(self, lines: list[bytes]) -> None:
        """Add lines at the end; raise Busy when the disk does not take them."""
        data = b"".join(lines)
        try:
            written = os.pwrite(self._file.fileno(), data, self._ends[-1])
        except OSError as error:
            raise _no_text(error) from error
        if written != len(data):
            raise _no_text(OSError(errno.ENOSPC, "No space left on device"))
        ends = accumulate(map(len, lines), initial=self._ends[-1])
        next(ends)
        self._ends.extend(ends)

    def get(self, number: int) -> bytes:
        """Return one line."""
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start)


def _no_text(error: OSError) -> Busy:
    why = error.strerror or "there is no temporary folder that takes files"
    return Busy(f"The clean text cannot be prepared: {why}; make room in the temporary folder (TMPDIR).")
