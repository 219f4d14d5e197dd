"""The spine's figures, measured on a real server: `python3 -m tests.bench.spine`. Ratios count; machines drift."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.helpers import proc
from tests.helpers.runs import make_profile
from tests.helpers.server import API, TOKEN, House

_FIELDS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
_TICKS = os.sysconf("SC_CLK_TCK")


class Wire:
    """One kept-alive connection."""

    def __init__(self, house: House) -> None:
        self.connection = house.connect()
        self._folder = str(house.folder)

    def call(self, method: str, path: str, body: object = None) -> Any:
        self.connection.request(method, API + path, json.dumps(body) if body is not None else None, _FIELDS)
        return json.loads(self.connection.getresponse().read())

    def run(self, script: str, profile: str = "sh") -> str:
        body = {"content": script, "agentProfileId": profile, "workingDirectory": self._folder}
        return str(self.call("POST", "/run", body)["runId"])

    def raw(self, run_id: str, offset: int) -> Any:
        return self.call("GET", f"/runs/{run_id}/output?view=raw&from={offset}&wait=20")

    def wait(self, run_id: str) -> Any:
        while True:
            run = self.call("GET", f"/runs/{run_id}?output=none")
            if run["status"] not in ("queued", "running"):
                return run
            time.sleep(0.01)


def main() -> None:
    """Measure and print, one line a figure."""
    with tempfile.TemporaryDirectory(prefix="airunner-bench-") as folder:
        house = House(Path(folder) / "h")
        began = time.perf_counter()
        with house:
            say("start to ready, ms", (time.perf_counter() - began) * 1000)
            make_profile(house)
            measure_idle(house)
            measure_latency(Wire(house))
            measure_bytes(Wire(house))
            measure_short_runs(Wire(house))
            measure_volume(house, Wire(house))
            measure_viewers(house, Wire(house), int(sys.argv[1]) if len(sys.argv) > 1 else 1000)


def say(what: str, value: float, more: str = "") -> None:
    print(f"{what:<52} {value:>10.2f}  {more}", flush=True)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int, name: str = "VmRSS") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def measure_idle(house: House) -> None:
    time.sleep(2)
    before = cpu_seconds(house.pid)
    time.sleep(15)
    say("CPU seconds in an idle minute", (cpu_seconds(house.pid) - before) * 4)
    say("idle memory, MB", resident_mb(house.pid), f"and nursery {resident_mb(proc.children(house.pid)[0]):.1f}")


def measure_latency(wire: Wire) -> None:
    first, seen = [], []
    for _ in range(60):
        asked = time.time()
        run_id = wire.run("date +%s.%N")
        answer = wire.raw(run_id, 0)
        seen.append((time.time() - asked) * 1000)
        first.append((float(base64.b64decode(answer["data"])) - asked) * 1000)
        wire.wait(run_id)
    say("run asked to its first instruction, ms", statistics.median(first), f"p95 {_p95(first):.2f}")
    say("run asked to first byte at a viewer, ms", statistics.median(seen), f"p95 {_p95(seen):.2f}")


def measure_bytes(wire: Wire) -> None:
    run_id = wire.run("for i in $(seq 150); do date +%s.%N; sleep 0.03; done")
    lags, offset, done = [], 0, False
    while not done:
        answer = wire.raw(run_id, offset)
        now, offset, done = time.time(), answer["next"], answer["done"]
        lags += [(now - float(stamp)) * 1000 for stamp in base64.b64decode(answer["data"]).split()[-1:]]
    say("byte written to viewer, ms", statistics.median(lags), f"p95 {_p95(lags):.2f}")


def measure_short_runs(wire: Wire) -> None:
    began = time.perf_counter()
    ids = [wire.run("echo hi") for _ in range(100)]
    while wire.call("GET", "/runs/active"):
        time.sleep(0.005)
    say("100 runs of echo hi, all recorded, s", time.perf_counter() - began)
    assert all(wire.call("GET", f"/runs/{run_id}")["stdout"] == "hi\n" for run_id in ids)


def measure_volume(house: House, wire: Wire) -> None:
    wire.call("PATCH", "/settings", {"maxOutputBytes": 100 * 1024 * 1024})
    began = time.perf_counter()
    run_id = wire.run("seq 1 5900000")
    run = wire.wait(run_id)
    took = time.perf_counter() - began
    say("50 MB of lines through a run, s", took, f"{run['outputBytes'] / 1e6:.1f} MB, {run['status']}")
    say("peak memory of the server meanwhile, MB", resident_mb(house.pid, "VmHWM"))
    wire.call("PATCH", "/settings", {"maxOutputBytes": 10 * 1024 * 1024})
    run_id = wire.run("for i in $(seq 40); do head -c 100000 /dev/zero | tr '\\0' x; sleep 0.05; done")
    time.sleep(1.5)
    agent = wire.call("GET", f"/runs/{run_id}?output=none")["pid"]
    shim = int(Path(f"/proc/{agent}/stat").read_text().rpartition(")")[2].split()[1])
    say("private memory of a shim, MB", proc.memory_mb(shim))
    wire.wait(run_id)


def measure_viewers(house: House, wire: Wire, count: int) -> None:
    """All viewers are driven by this one process, on bare sockets: its own time is part of the lag."""
    run_id = wire.run("sleep 3; for i in $(seq 20); do date +%s.%N; sleep 1; done")
    viewers = {viewer.fileno(): viewer for viewer in (_viewer(house) for _ in range(count))}
    poller = select.epoll()
    for descriptor, viewer in viewers.items():
        poller.register(descriptor, select.EPOLLIN)
        viewer.send(_question(run_id, 0))
    before, began, lags = cpu_seconds(house.pid), time.time(), []
    while viewers:
        for descriptor, _ in poller.poll():
            answer = viewers[descriptor].recv(65536)
            now = time.time()
            lags += [
                (now - float(stamp)) * 1000 for stamp in base64.b64decode(_between(answer, b'"data":"')).split()[-1:]
            ]
            if _between(answer, b'"done":', b"}") == b"true":
                viewers.pop(descriptor).close()
            else:
                viewers[descriptor].send(_question(run_id, int(_between(answer, b'"next":', b","))))
    share = (cpu_seconds(house.pid) - before) / (time.time() - began) * 100
    say(
        f"{count} viewers of one run: lag p95, ms",
        _p95(lags),
        f"median {statistics.median(lags):.1f}, CPU {share:.0f} %",
    )
    say("memory with them, MB", resident_mb(house.pid))


def _viewer(house: House) -> socket.socket:
    parts = urlsplit(house.url)
    return socket.create_connection((parts.hostname, parts.port))


def _question(run_id: str, offset: int) -> bytes:
    target = f"{API}/runs/{run_id}/output?view=raw&from={offset}&wait=25"
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def _between(answer: bytes, start: bytes, end: bytes = b'"') -> bytes:
    return answer.partition(start)[2].partition(end)[0]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    main()
