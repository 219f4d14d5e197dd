"""The live clean text of a run: raw bytes through the cleaner once, lines kept in a file, answers by version.

A feed is a view: it can be thrown away at any time and made again from the run's raw bytes.
"""

from __future__ import annotations

import json
import re
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from airunner.base.errors import Busy
from airunner.engine.line_file import LineFile, encoded
from airunner.spool.layout import Folder
from airunner.spool.rawlog import RESIZE, STDERR, STDOUT, Mark, RawReader, read_marks
from airunner.transcript.cleaner import Cleaner
from airunner.transcript.line import Line

_STEP_BYTES = 64 * 1024
_BATCH_BYTES = 1024 * 1024  # cleaned for one answer; the rest follows with the next
_FIRST_BYTES = 128 * 1024  # for the first answer: something to look at, soon
MOST_LINES = 5000
_VERSION = re.compile(r"[0-9]{1,15}\.[0-9]{1,15}", re.ASCII)
_KEPT_FEEDS = 128
_KEPT_BYTES = 16 * 1024 * 1024  # of all feeds together; one is always kept
_LARGEST_MEMO = 64 * 1024
_FEED_BYTES = 96 * 1024
_LANE_SECONDS = 5.0
_LANES = 3


Lane = threading.Semaphore


class Answer(NamedTuple):
    """What a viewer gets: keep the first `keep` lines, then append `lines` (JSON, comma-joined)."""

    version: str
    keep: int
    lines: bytes
    more: bool
    omitted: list[list[int]]


class Feed:
    """One run's clean text. Thread-safe; work is done when somebody asks."""

    def __init__(
        self, folder: Folder, cols: int, rows: int, tty: bool, epoch: str, kinds: frozenset[int], lane: Lane,
    ) -> None:  # fmt: skip
        self._lane = lane
        self._folder = folder
        self._reader = RawReader(folder.path)
        self._cleaner = Cleaner(cols, rows, newline_mode=not tty)
        self._kinds = kinds
        self._epoch = epoch
        self._lock = threading.Lock()
        self._marks: list[Mark] = []
        self._next_mark = 0
        self._seen_marks = 0
        self._at = 0.0
        self._kind = STDOUT
        self._offset = 0
        self._revision = 0
        self._stable = LineFile()
        self._revisions = array("Q")
        self._tail: list[tuple[Line, int]] = []
        self._omitted: list[list[int]] = []
        self._behind = False
        self.broken = False
        self._memo: tuple[tuple[str, int], Answer] | None = None

    def answer(self, have: str) -> Answer:
        """Return what changed since version `have` (empty, or of another epoch: everything)."""
        with self._lock:
            self._advance(_BATCH_BYTES if have else _FIRST_BYTES)
            if self._memo and self._memo[0] == (have, self._revision):
                return self._memo[1]
            answer = self._answer(have)
            self._memo = ((have, self._revision), answer) if len(answer.lines) <= _LARGEST_MEMO else None
            return answer

    def window(self, first: int, count: int) -> tuple[int, list[bytes]]:
        """Return the number of lines and `count` of them from number `first` on (0 is the first), as JSON."""
        self._catch_up()
        with self._lock:
            total = len(self._stable) + len(self._tail)
            return total, [self._line_json(number) for number in range(min(first, total), min(first + count, total))]

    def text(self, last_bytes: int | None = None) -> str:
        """Return the clean text, or its last `last_bytes` bytes from a line start on."""
        self._catch_up()
        with self._lock:
            total = len(self._stable) + len(self._tail)
            first = 0 if last_bytes is None else self._first_within(total, last_bytes)
            return self._text(first, total, last=True)

    def text_pieces(self, lines: int = 2000) -> Iterator[bytes]:
        """Yield the clean text as it is now, UTF-8, in pieces."""
        self._catch_up()
        with self._lock:
            total = len(self._stable) + len(self._tail)
        for first in range(0, total, lines):
            with self._lock:
                now = len(self._stable) + len(self._tail)
                piece = self._text(first, min(first + lines, total, now), last=first + lines >= total)
            yield piece.encode()

    @property
    def last_screen(self) -> str | None:
        """The last alternate screen: the one that is shown now, or the one a full-screen program left."""
        with self._lock:
            shown = self._cleaner.alternate
            return "\n".join(shown) if shown is not None else self._cleaner.last_screen

    # Reading

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return _FEED_BYTES + 16 * len(self._stable) + 8 * sum(len(line.text) for line, _ in self._tail)

    def _catch_up(self) -> None:
        """Clean all that is there, a piece at a time, so that viewers of the live end get their turn between.

        Raises Busy when too many do so already: they must not take every worker.
        """
        if not self._lane.acquire(timeout=_LANE_SECONDS):
            raise Busy("The text of long runs is being prepared; ask again in a moment.")
        try:
            behind = True
            while behind:
                with self._lock:
                    self._advance(_STEP_BYTES)
                    behind = self._behind
        finally:
            self._lane.release()

    def _advance(self, most: int) -> None:
        """Clean what is new, about `most` bytes of it."""
        done = 0
        self._behind = False
        moved = False
        while True:
            if done >= most:
                self._behind = True
                break
            piece = self._reader.read(self._offset, _STEP_BYTES)
            if piece.omitted is not None:
                self._omitted.append([self._offset, piece.omitted])
                self._cleaner.gap()
                self._offset = piece.omitted
            elif piece.data:
                self._feed(piece.data)
                done += len(piece.data)
            else:
                break
            moved = True
            self._take_stable()
        if moved:
            self._take_tail()

    def _feed(self, data: bytes) -> None:
        end = self._offset + len(data)
        self._load_marks(end)
        while self._offset < end:
            self._pass_marks()
            upcoming = self._marks[self._next_mark].offset if self._next_mark < len(self._marks) else end
            upto = min(end, max(upcoming, self._offset + 1))
            part = data[len(data) - (end - self._offset) : len(data) - (end - upto)]
            if self._kind in self._kinds:
                self._cleaner.feed(part, self._at)
            self._offset = upto

    def _load_marks(self, end: int) -> None:
        if self._marks and self._marks[-1].offset >= end:
            return
        del self._marks[: self._next_mark]
        new = read_marks(self._folder.timing, self._seen_marks)
        self._seen_marks += len(new)
        self._marks.extend(new)
        self._next_mark = 0

    def _pass_marks(self) -> None:
        while self._next_mark < len(self._marks) and self._marks[self._next_mark].offset <= self._offset:
            mark = self._marks[self._next_mark]
            self._next_mark += 1
            if mark.kind == RESIZE:
                self._cleaner.resize(mark.cols, mark.rows)
            else:
                self._at, self._kind = mark.ms / 1000, mark.kind

    def _take_stable(self) -> None:
        new = self._cleaner.take()
        if not new:
            return
        self._revision += 1
        for line, (shown, revision) in zip(new, self._tail, strict=False):
            self._revisions.append(revision if shown == line else self._revision)
        self._revisions.extend(array("Q", [self._revision]) * (len(self._stable) + len(new) - len(self._revisions)))
        try:
            self._stable.extend(encoded(new))
        except Busy:
            self.broken = True  # the cleaner has given these lines away: only a new feed can tell them again
            raise
        del self._tail[: len(new)]

    def _take_tail(self) -> None:
        lines = self._cleaner.tail()
        if [line for line, _ in self._tail] == lines:
            return
        self._revision += 1
        old = self._tail
        self._tail = [
            old[place] if place < len(old) and old[place][0] == line else (line, self._revision)
            for place, line in enumerate(lines)
        ]

    # Answering

    def _answer(self, have: str) -> Answer:
        stable, revision = self._parse(have)
        keep = self._first_changed(stable, revision)
        total = len(self._stable) + len(self._tail)
        upto = min(total, keep + MOST_LINES)
        lines = [self._line_json(number) for number in range(keep, upto)]
        more = upto < total or self._behind
        if upto < len(self._stable):
            version = f"{self._epoch}.{upto}.0"
        elif upto < total:
            version = f"{self._epoch}.{len(self._stable)}.0"
        else:
            version = f"{self._epoch}.{len(self._stable)}.{self._revision}"
        return Answer(version, keep, b",".join(lines), more, self._omitted)

    def _parse(self, have: str) -> tuple[int, int]:
        epoch, _, rest = have.partition(".")
        stable, _, revision = rest.partition(".")
        if epoch != self._epoch or not _VERSION.fullmatch(rest):
            return 0, 0
        return min(int(stable), len(self._stable)), int(revision)

    def _first_changed(self, stable: int, revision: int) -> int:
        """Return the number of the first line that is newer than `revision`; all before `stable` are known."""
        if not revision:
            return stable
        for number in range(stable, len(self._stable)):
            if self._revisions[number] > revision:
                return number
        for place, (_, changed) in enumerate(self._tail):
            if changed > revision:
                return len(self._stable) + place
        return len(self._stable) + len(self._tail)

    def _line_json(self, number: int) -> bytes:
        if number < len(self._stable):
            return self._stable.get(number)
        return encoded([self._tail[number - len(self._stable)][0]])[0]

    def _text(self, first: int, upto: int, *, last: bool) -> str:
        texts = [json.loads(self._line_json(number))["t"] for number in range(first, upto)]
        if not texts:
            return ""
        ends = not last or self._cleaner.ends_with_newline
        return "\n".join(texts) + ("\n" if ends else "")

    def _first_within(self, total: int, last_bytes: int) -> int:
        size, number = 0, total
        while number > 0:
            size += len(self._line_json(number - 1))
            if size > last_bytes:
                break
            number -= 1
        return min(number, max(0, total - 1))


class Feeds:
    """The feeds that are in use, the least recently asked for going first."""

    def __init__(self, new_epoch: Callable[[], str]) -> None:
        self._new_epoch = new_epoch
        self._lock = threading.Lock()
        self._feeds: OrderedDict[tuple[str, frozenset[int]], Feed] = OrderedDict()
        self._lane = Lane(_LANES)

    def of(self, run: dict[str, Any], kinds: frozenset[int] = frozenset({STDOUT, STDERR})) -> Feed:
        """Return the feed of a run (of all its output, or of one stream alone)."""
        key = (run["runId"], kinds)
        with self._lock:
            feed = self._feeds.get(key)
            if feed is None or feed.broken:
                folder = Folder(Path(run["folder"]))
                feed = Feed(folder, run["cols"], run["rows"], run["requiresTTY"], self._new_epoch(), kinds, self._lane)
                self._feeds[key] = feed
            self._feeds.move_to_end(key)
            while len(self._feeds) > _KEPT_FEEDS or (len(self._feeds) > 1 and self._weight() > _KEPT_BYTES):
                self._feeds.popitem(last=False)  # its files close with its last user
        return feed

    def _weight(self) -> int:
        return sum(feed.weight for feed in self._feeds.values())
