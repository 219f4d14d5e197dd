"""The clean feed: a viewer that follows it, at any pace, holds the text that a viewer at the end gets."""

from __future__ import annotations

import json
import random
from pathlib import Path

from airunner.engine.feed import MOST_LINES, Feed, Feeds, Lane
from airunner.spool.layout import Folder
from airunner.spool.rawlog import STDERR, STDOUT, RawLog
from airunner.transcript.cleaner import clean

_BOTH = frozenset({STDOUT, STDERR})


class Viewer:
    """Keeps what the answers tell it to keep."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.have = feed, ""
        self.lines: list[str] = []
        self.received = 0

    def ask(self) -> bool:
        answer = self.feed.answer(self.have)
        lines = json.loads(b"[" + answer.lines + b"]")
        assert answer.keep <= len(self.lines)
        assert len(lines) <= MOST_LINES
        self.lines[answer.keep :] = [line["t"] for line in lines]
        self.received += len(lines)
        self.have = answer.version
        return answer.more


def _feed(folder: Path, *, tty: bool = True, kinds: frozenset[int] = _BOTH) -> Feed:
    return Feed(Folder(folder), 80, 10, tty, "epoch", kinds, Lane(3))


def _log(folder: Path, cap: int = 1 << 20) -> RawLog:
    return RawLog(folder, Folder(folder).timing, cap)


def _noise(chance: random.Random) -> bytes:
    pieces = [
        b"word ",
        b"\r\n",
        b"\r",
        b"\x1b[31mred\x1b[0m",
        b"\x1b[A",
        b"\x1b[2K",
        "é☃".encode(),
        b"\x1b[5;3H",
        b"\x1b[J",
        b"x" * 90,
    ]
    return b"".join(chance.choice(pieces) for _ in range(chance.randint(1, 12)))


def test_viewers_at_every_pace_end_with_the_same_text(tmp_path: Path) -> None:
    chance = random.Random(7)
    log, feed = _log(tmp_path), _feed(tmp_path)
    viewers = [Viewer(feed) for _ in range(4)]
    whole = b""
    for step in range(400):
        data = _noise(chance)
        whole += data
        log.write(data, step)
        for pace, viewer in enumerate(viewers, 1):
            if step % pace**2 == 0:
                viewer.ask()
    late = Viewer(feed)
    for viewer in (*viewers, late):
        while viewer.ask():
            pass
    expected = clean(whole, 80, 10).removesuffix("\n").split("\n")
    assert late.lines == expected
    assert all(viewer.lines == expected for viewer in viewers)
    assert feed.text() == clean(whole, 80, 10)


def test_a_spinner_costs_one_line_an_update(tmp_path: Path) -> None:
    log, feed = _log(tmp_path), _feed(tmp_path)
    log.write(b"".join(b"line %d\r\n" % number for number in range(1000)), 0)
    viewer = Viewer(feed)
    viewer.ask()
    before = viewer.received
    for number in range(50):
        log.write(b"\rspin %d" % number, 10 + number)
        viewer.ask()
    assert viewer.received - before == 50
    assert viewer.lines[-1] == "spin 49"


def test_a_long_log_costs_a_viewer_only_what_is_new(tmp_path: Path) -> None:
    log = _log(tmp_path, 1 << 30)
    viewer = Viewer(_feed(tmp_path))
    for batch in range(100):
        log.write(
            b"".join(b"\x1b[32mline\x1b[0m %d\r\n" % number for number in range(batch * 500, batch * 500 + 500)), batch
        )
        while viewer.ask():
            pass
    log.close()
    assert viewer.lines == [f"line {number}" for number in range(50_000)]
    assert viewer.received == 50_000


def test_without_news_the_version_stays(tmp_path: Path) -> None:
    log, feed = _log(tmp_path), _feed(tmp_path)
    empty = feed.answer("")
    assert feed.answer(empty.version).version == empty.version
    log.write(b"hi\r\n", 0)
    first = feed.answer(empty.version)
    assert first.version != empty.version
    assert feed.answer(first.version) == first._replace(keep=1, lines=b"")


def test_streams_can_be_read_apart(tmp_path: Path) -> None:
    log = _log(tmp_path)
    for number, (data, kind) in enumerate(
        [(b"o1\no2 ", STDOUT), (b"e1\n", STDERR), (b"and\n", STDOUT), (b"e2", STDERR)]
    ):
        log.write(data, number, kind)
    assert _feed(tmp_path, tty=False, kinds=frozenset({STDOUT})).text() == "o1\no2 and\n"
    assert _feed(tmp_path, tty=False, kinds=frozenset({STDERR})).text() == "e1\ne2"
    assert _feed(tmp_path, tty=False).text() == "o1\no2 e1\nand\ne2"


def test_the_last_bytes_begin_at_a_line(tmp_path: Path) -> None:
    log, feed = _log(tmp_path), _feed(tmp_path)
    log.write(b"".join(b"line %03d\r\n" % number for number in range(500)), 0)
    tail = feed.text(300)
    assert tail.startswith("line ")
    assert tail.endswith("line 499\n")
    assert 0 < len(tail) <= 300
    assert "".join(piece.decode() for piece in feed.text_pieces(lines=7)) == feed.text()


def test_lines_know_when_they_came(tmp_path: Path) -> None:
    log, feed = _log(tmp_path), _feed(tmp_path)
    log.write(b"early\r\n", 100)
    log.write(b"late\r\n", 9000)
    _, lines = feed.window(0, 10)
    assert [json.loads(line)["at"] for line in lines] == [0.1, 9.0]


def test_a_gap_starts_at_a_line_and_is_told(tmp_path: Path) -> None:
    log, feed = _log(tmp_path, 65_536), _feed(tmp_path)
    log.write(b"".join(b"line %d\r\n" % number for number in range(40_000)), 0)
    viewer = Viewer(feed)
    while viewer.ask():
        pass
    (gap,) = feed.answer("").omitted
    assert gap[0] < gap[1]
    assert viewer.lines[-1] == "line 39999"
    assert viewer.lines[0] == "line 0"


def test_feeds_forget_the_least_used(tmp_path: Path) -> None:
    feeds = Feeds(lambda: "epoch")
    runs = [
        {"runId": f"r{n}", "folder": str(tmp_path), "cols": 80, "rows": 24, "requiresTTY": True} for n in range(200)
    ]
    first = feeds.of(runs[0])
    assert feeds.of(runs[0]) is first
    for run in runs:
        feeds.of(run)
    assert feeds.of(runs[0]) is not first
    assert first.text() == ""  # whoever still holds it may go on
