"""A run's bytes as an asciicast v2 recording (asciinema's file format, version 2)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator

from airunner.spool.layout import Folder
from airunner.spool.rawlog import RESIZE, RawReader, read_marks

_PIECE = 64 * 1024


def cast_lines(folder: Folder, cols: int, rows: int) -> Iterator[bytes]:
    """Yield the header and an event for each stretch of output; what the cap left out is left out here, too."""
    yield json.dumps({"version": 2, "width": cols, "height": rows}).encode() + b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    reader = RawReader(folder.path)
    marks = read_marks(folder.timing)
    offset = 0
    for number, mark in enumerate(marks):
        seconds = round(mark.ms / 1000, 3)
        if mark.kind == RESIZE:
            yield json.dumps([seconds, "r", f"{mark.cols}x{mark.rows}"]).encode() + b"\n"
        end = marks[number + 1].offset if number + 1 < len(marks) else None
        while end is None or offset < end:
            piece = reader.read(offset, _PIECE if end is None else min(_PIECE, end - offset))
            offset = piece.omitted if piece.omitted is not None else offset + len(piece.data)
            text = decoder.decode(piece.data)
            if text:
                yield json.dumps([seconds, "o", text]).encode() + b"\n"
            if piece.omitted is None and not piece.data:
                break
