"""Clean text: MB/s of each recording beside pyte's and a bare strip's. `python3 -m tests.bench.transcript [NAME ...]`.

Every recording is played again and again on one terminal until it is 64 KB, for most are too short to measure. pyte
comes twice: its HistoryScreen keeps what scrolls off, as clean text does; its plain Screen forgets it. The strip is one
regular expression over the bytes, decoded. They take turns and each counts with its best time: machines drift, ratios
stay.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyte

from airunner.transcript.cleaner import Cleaner

RECORDINGS = Path(__file__).parent.parent / "transcript/recordings"
_LEAST_BYTES = 64 * 1024
_SECONDS = 1.0  # for one recording
_GOAL = 20
_STRIP = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Screen(pyte.Screen):
    """pyte's screen; what it cannot bear in some recordings (private SGR and DSR) is passed over."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        """SGR."""
        if not private:
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **_: Any) -> None:
        """DSR: nobody is there to be told."""


class HistoryScreen(Screen, pyte.HistoryScreen):
    """The one that keeps what scrolls off."""


class Sample(NamedTuple):
    """Bytes for a terminal of a size."""

    name: str
    data: bytes
    cols: int
    rows: int


class Speed(NamedTuple):
    """MB/s."""

    ours: float
    history: float
    screen: float
    strip: float


def recordings(names: list[str]) -> Iterator[Sample]:
    """Yield the recordings, each repeated until it is worth measuring."""
    for path in sorted(RECORDINGS.glob("*.raw")):
        data = path.read_bytes()
        if data and (not names or path.stem in names):
            facts = json.loads(path.with_suffix(".json").read_text())
            yield Sample(path.stem, data * -(-_LEAST_BYTES // len(data)), facts["cols"], facts["rows"])


def logs() -> Iterator[Sample]:
    """Yield made-up logs: plain, with colours on some words, and with colours on every word."""
    words = [
        "compiling",
        "checked",
        "resolved",
        "warning",
        "module",
        "request",
        "cache",
        "finished",
        "worker",
        "started",
    ]
    for name, share in (("log, plain", 0.0), ("log, coloured", 0.15), ("log, every word coloured", 1.0)):
        dice = random.Random(name)
        lines = []
        for number in range(8000):
            parts = [f"2026-01-01 12:00:{number % 60:02}"]
            for word in dice.choices(words, k=dice.randint(6, 12)):
                parts.append(
                    f"\x1b[{dice.choice((1, 31, 32, 33, 36))}m{word}\x1b[0m" if dice.random() < share else word
                )
            lines.append(" ".join(parts))
        yield Sample(name, "\r\n".join(lines).encode() + b"\r\n", 120, 40)


def measure(sample: Sample, seconds: float = _SECONDS) -> Speed:
    """Return how fast each takes the sample, by its best of several turns."""

    def ours() -> None:
        cleaner = Cleaner(sample.cols, sample.rows)
        cleaner.feed(sample.data)
        cleaner.take()
        cleaner.tail()

    def history() -> None:
        pyte.ByteStream(HistoryScreen(sample.cols, sample.rows, history=100_000)).feed(sample.data)

    def screen() -> None:
        pyte.ByteStream(Screen(sample.cols, sample.rows)).feed(sample.data)

    def strip() -> None:
        _STRIP.sub(b"", sample.data).decode("utf-8", "replace")

    best = dict.fromkeys((ours, history, screen, strip), float("inf"))
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for run, turns in ((history, 1), (screen, 1), (ours, 5), (strip, 5)):
            best[run] = min(best[run], *(_clocked(run) for _ in range(turns)), best[run])
    size = len(sample.data) / 1e6
    return Speed(*(size / best[run] for run in (ours, history, screen, strip)))


def _clocked(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print the table, and what the goals are judged by."""
    names = sys.argv[1:]
    print(f"{'MB/s':40} {'KB':>5} {'ours':>7} {'history':>8} {'screen':>7} {'strip':>7}  × history  × screen  strip ×")
    histories, screens = [], []
    for sample in [*recordings(names), *([] if names else logs())]:
        speed = measure(sample)
        histories.append(speed.ours / speed.history)
        screens.append(speed.ours / speed.screen)
        print(
            f"{sample.name:40} {len(sample.data) / 1e3:5.0f} {speed.ours:7.2f} {speed.history:8.3f} {speed.screen:7.3f}"
            f" {speed.strip:7.0f} {histories[-1]:10.1f} {screens[-1]:9.1f} {speed.strip / speed.ours:8.1f}",
            flush=True,
        )
    for name, ratios in (("HistoryScreen", histories), ("Screen", screens)):
        below = sum(ratio < _GOAL for ratio in ratios)
        print(
            f"× {name}: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}, {below} of {len(ratios)} below {_GOAL}"
        )


if __name__ == "__main__":
    main()
