"""Clean text: MB/s of each recording beside pyte's and a bare strip's. `python3 -m tests.bench.transcript [NAME ...]`.

Every recording is played again and again on one terminal until it is 64 KB, for most are too short to measure. pyte
feeds its plain Screen, which keeps nothing of what scrolls off; the strip is one regular expression over the bytes,
decoded. The three take turns and each counts with its best time: machines drift, ratios stay.
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
_STRIP = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Screen(pyte.Screen):
    """pyte's screen; what it cannot bear in some recordings (private SGR and DSR) is passed over."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        """SGR."""
        if not private:
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **_: Any) -> None:
        """DSR: nobody is there to be told."""


class Sample(NamedTuple):
    """Bytes for a terminal of a size."""

    name: str
    data: bytes
    cols: int
    rows: int


class Speed(NamedTuple):
    """MB/s."""

    ours: float
    pyte: float
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

    def theirs() -> None:
        pyte.ByteStream(Screen(sample.cols, sample.rows)).feed(sample.data)

    def strip() -> None:
        _STRIP.sub(b"", sample.data).decode("utf-8", "replace")

    best = {ours: float("inf"), theirs: float("inf"), strip: float("inf")}
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for run, turns in ((theirs, 1), (ours, 5), (strip, 5)):
            best[run] = min(best[run], *(_clocked(run) for _ in range(turns)), best[run])
    size = len(sample.data) / 1e6
    return Speed(size / best[ours], size / best[theirs], size / best[strip])


def _clocked(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print the table, and what the goals are judged by."""
    names = sys.argv[1:]
    print(f"{'':40} {'KB':>6} {'ours':>8} {'pyte':>8} {'strip':>8}   MB/s    × pyte   strip ×")
    ratios = []
    for sample in [*recordings(names), *([] if names else logs())]:
        speed = measure(sample)
        ratios.append((speed.ours / speed.pyte, sample.name))
        print(
            f"{sample.name:40} {len(sample.data) / 1e3:6.0f} {speed.ours:8.2f} {speed.pyte:8.3f} {speed.strip:8.1f}"
            f" {speed.ours / speed.pyte:16.1f} {speed.strip / speed.ours:9.1f}",
            flush=True,
        )
    least, name = min(ratios)
    below = sum(ratio < 20 for ratio, _ in ratios)
    print(
        f"times pyte: median {statistics.median(ratio for ratio, _ in ratios):.1f}, least {least:.1f} ({name}), {below} below 20"
    )


if __name__ == "__main__":
    main()
