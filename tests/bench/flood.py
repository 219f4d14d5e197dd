"""A run that floods its terminal, and viewers that misbehave: `python3 -m tests.bench.flood [MB]`. Ratios count; machines drift."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.helpers.proc import is_alive
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import API, TOKEN, House, clean_environ
from tests.helpers.wait import until

_MB = 1024 * 1024
Watched = Callable[[House, str], contextlib.AbstractContextManager[None]]
_CLOCKED = 'began=$EPOCHREALTIME; {{ {command}; }}; echo "$began $EPOCHREALTIME" > {file}'
_PACED = "seq 200000; for i in $(seq {lines}); do echo line $i; sleep 0.05; done"


@dataclass
class Flood:
    """One flood: seconds by the agent's own clock, and the most memory (MB) that server and shim had meanwhile."""

    run: Any
    seconds: float
    server_before: float
    server_peak: float
    shim_before: float
    shim_peak: float


def command(last: int, *, lines: bool) -> str:
    """Return what writes the numbers from 1 to `last`, each on a line of its own or all on one."""
    return f"seq 1 {last}" + ("" if lines else " | tr -d '\\n'")


def last_number(size: int, *, lines: bool) -> int:
    """Return the number with which such a flood has about `size` bytes on a terminal."""
    more, digits, first, left = (2 if lines else 0), 1, 1, size
    while left > 9 * first * (digits + more):
        left -= 9 * first * (digits + more)
        digits, first = digits + 1, first * 10
    return first - 1 + left // (digits + more)


def bytes_of(numbers: range, *, lines: bool) -> bytes:
    """Return what a terminal shows of some numbers of a flood."""
    return "".join(f"{number}\r\n" if lines else str(number) for number in numbers).encode()


def size_of(last: int, *, lines: bool) -> int:
    """Return how many bytes a flood has on a terminal."""
    more, size, digits, first = (2 if lines else 0), 0, 1, 1
    while first <= last:
        size += (min(last, first * 10 - 1) - first + 1) * (digits + more)
        digits, first = digits + 1, first * 10
    return size


def kept(cap: int, size: int) -> tuple[int, int]:
    """Return the two offsets between which a capped run of `size` bytes has nothing (docs/reliability.md)."""
    segment = max(4096, min(_MB, cap // 8))
    head = cap // 2 // segment * segment
    tail = max(2, (cap - head) // segment)
    newest = (size - 1 - head) // segment
    return head, head + max(0, newest - tail + 1) * segment


def flood(house: House, last: int, *, lines: bool) -> Flood:
    """Let one run flood its terminal to the end."""
    clock = house.folder / "clock"
    clock.unlink(missing_ok=True)
    run = start_run(house, _CLOCKED.format(command=command(last, lines=lines), file=clock), timeout=60)
    agent = wait_running(house, run["runId"])["pid"]
    shim = _parent(agent)
    before = resident_mb(house.pid), resident_mb(shim)
    peaks = [*before]
    while is_alive(agent):
        for place, pid in enumerate((house.pid, shim)):
            peaks[place] = max(peaks[place], resident_mb(pid))
        time.sleep(0.02)
    run = _ended(house, run["runId"])
    began, ended = map(float, clock.read_text().split())
    return Flood(run, ended - began, before[0], peaks[0], before[1], peaks[1])


def floor(folder: Path, last: int, *, lines: bool) -> float:
    """Return the seconds that the same flood takes in script(1), which keeps nothing of it."""
    clock = folder / "floor"
    clocked = _CLOCKED.format(command=command(last, lines=lines), file=clock)
    with open(os.devnull, "wb") as nothing:
        subprocess.run(
            ["script", "-qec", f"bash -c '{clocked.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'", os.devnull],
            stdin=subprocess.DEVNULL, stdout=nothing, check=True, env=clean_environ(),
        )  # fmt: skip
    began, ended = map(float, clock.read_text().split())
    return ended - began


def paced(house: House, lines: int, watched: Watched | None = None) -> float:
    """Return the seconds that a run takes which writes a line every 50 ms, while viewers watch it in some way."""
    clock = house.folder / "clock"
    clock.unlink(missing_ok=True)
    run_id = start_run(house, _CLOCKED.format(command=_PACED.format(lines=lines), file=clock), timeout=10)["runId"]
    with watched(house, run_id) if watched else contextlib.nullcontext():
        _ended(house, run_id)
    assert house.api("GET", f"runs/{run_id}")["stdout"].endswith(
        "".join(f"line {number}\n" for number in range(1, lines + 1))
    )
    began, ended = map(float, clock.read_text().split())
    return ended - began


@contextmanager
def stuck_viewers(house: House, run_id: str, count: int = 20) -> Iterator[None]:
    """Viewers that ask for output (of the whole run, of a long one) and never read the answers."""
    target = f"{API}/runs/{run_id}/output?view=raw&from=0&wait=25"
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            viewer = stack.enter_context(_connect(house, receive=4096))
            viewer.send(_question(target) * 40)
        yield


@contextmanager
def crowd(house: House, run_id: str, count: int = 500) -> Iterator[None]:
    """As many viewers that wait for news, each served by the server as it comes; their answers are thrown away."""
    target = f"{API}/runs/{run_id}/output?view=raw&from=%d&wait=25"
    done = threading.Event()
    with contextlib.ExitStack() as stack:
        viewers = {viewer.fileno(): viewer for _ in range(count) if (viewer := stack.enter_context(_connect(house)))}
        poller = stack.enter_context(select.epoll())

        def follow() -> None:
            for descriptor, viewer in viewers.items():
                poller.register(descriptor, select.EPOLLIN)
                viewer.send(_question(target % 0))
            while not done.is_set():
                for descriptor, _ in poller.poll(0.1):
                    offset = viewers[descriptor].recv(65536).partition(b'"next":')[2].partition(b",")[0]
                    if offset:
                        viewers[descriptor].send(_question(target % int(offset)))

        thread = threading.Thread(target=follow)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def vanishing_viewers(house: House, run_id: str) -> Iterator[None]:
    """Viewers that ask for all there is and are gone, with a reset, before they have read the answer."""
    done = threading.Event()
    targets = [f"{API}/runs/{run_id}/log?raw=1", f"{API}/runs/{run_id}/output?view=clean&wait=25"]

    def vanish() -> None:
        while not done.is_set():
            for target in targets:
                with contextlib.suppress(OSError), _connect(house, receive=4096) as viewer:
                    viewer.send(_question(target))
                    viewer.recv(10)
                    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(0.005)

    thread = threading.Thread(target=vanish)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def main() -> None:
    """Measure and print, one line a figure."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    with tempfile.TemporaryDirectory(prefix="airunner-bench-") as folder, House(Path(folder) / "h") as house:
        make_profile(house)
        for lines in (True, False):
            _measure_flood(house, megabytes * _MB, lines=lines)
        _say("a run that writes 20 lines a second, s", paced(house, 200))
        for name, watched in (
            ("20 stuck viewers", stuck_viewers),
            ("500 viewers", crowd),
            ("vanishing viewers", vanishing_viewers),
        ):
            _say(f"  with {name}", paced(house, 200, watched))


def _measure_flood(house: House, size: int, *, lines: bool) -> None:
    last = last_number(size, lines=lines)
    found = flood(house, last, lines=lines)
    what = f"{found.run['outputBytes'] / _MB:.0f} MB {'of lines' if lines else 'without a newline'}"
    least = floor(house.folder, last, lines=lines)
    _say(
        f"{what}, by the agent's clock, s", found.seconds, f"script(1): {least:.2f}, ratio {found.seconds / least:.2f}"
    )
    _say("  server: memory before and most, MB", found.server_before, f"{found.server_peak:.1f}")
    _say("  shim: memory before and most, MB", found.shim_before, f"{found.shim_peak:.1f}")
    began = time.perf_counter()
    answer = house.api("GET", f"runs/{found.run['runId']}/output?view=clean")
    _say(
        "  first clean answer afterwards, s",
        time.perf_counter() - began,
        f"{len(answer['lines'])} lines, omitted {answer['omitted']}",
    )
    began = time.perf_counter()
    total = house.api("GET", f"runs/{found.run['runId']}/lines?from=0&count=1")["total"]
    _say("  all clean lines, s", time.perf_counter() - began, f"{total} lines; server {resident_mb(house.pid):.1f} MB")


def _say(what: str, value: float, more: str = "") -> None:
    print(f"{what:<52} {value:>10.2f}  {more}", flush=True)


def _ended(house: House, run_id: str) -> Any:
    """Wait for the end of a run without asking for its output, which takes the server's time; return the record."""
    return until(
        lambda: (run := house.api("GET", f"runs/{run_id}?output=none"))["finishedAt"] and run, within=120, every=0.05
    )


def _connect(house: House, receive: int = 65536) -> socket.socket:
    parts = urlsplit(house.url)
    viewer = socket.socket()
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    viewer.connect((parts.hostname, parts.port))
    return viewer


def _question(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


if __name__ == "__main__":
    main()
