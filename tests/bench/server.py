"""Figures of the server room: python3 -m tests.bench.server. Prints a table, asserts nothing."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import select
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from airunner.base.bus import Bus, Change
from airunner.server.auth import Identity
from airunner.server.front import FrontDoor
from airunner.server.guard import HostGuard
from airunner.server.limits import Limits
from airunner.server.loop import Server, render_plainly
from airunner.server.parking import Park
from airunner.server.router import Route, Router
from airunner.server.wire import Request, Response

_BROWSER = (
    "Host: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: application/json\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Authorization: Bearer air_0123456789012345678901234567890123456789012\r\nConnection: keep-alive\r\n\r\n"
)
_TOPIC = Change("runs")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def _small(request: Request) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps({"ok": True, "path": request.path}).encode())


def _build(bus: Bus) -> Server:
    def parked(request: Request) -> Park:
        def answer(time_is_up: bool) -> Response:
            body = json.dumps({"next": bus.number, "at": time.monotonic()}).encode()
            return Response(200, {"Content-Type": "application/json"}, body)

        return Park((_TOPIC,), bus.number, 60, answer)

    routes = [Route("GET", "/api/small/:id", _small, "viewer", ""), Route("GET", "/api/parked", parked, "viewer", "")]
    front = FrontDoor(
        Router(routes),
        guard=HostGuard([], 0),
        identify=lambda request: Identity("bench", "admin", "1"),
        assets=None,
        render=render_plainly,
    )
    limits = Limits(connections=20_000)
    return Server(front.handle, bus, host="127.0.0.1", port=0, limits=limits, render=front.refuse)


def _serve(pipe: Connection, core: int) -> None:
    os.sched_setaffinity(0, {core})
    bus = Bus()
    server = _build(bus)
    pipe.send(server.bind())
    threading.Thread(target=server.run, daemon=True).start()
    while (order := pipe.recv()) != "stop":
        if order == "parked":
            pipe.send(server.parked)
        elif order == "ring":
            pipe.send(time.monotonic())
            bus.ring("runs")
        else:  # ring for so many seconds, without a pause worth the name
            until, count = time.monotonic() + order, 0
            while time.monotonic() < until:
                bus.ring("runs")
                count += 1
                time.sleep(0.005)
            pipe.send(count)
    server.stop(0.1)


class Bench:
    """A server in a process of its own, on one core; we are on the other."""

    def __init__(self) -> None:
        cores = sorted(os.sched_getaffinity(0))
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, cores[0]))
        self.process.start()
        os.sched_setaffinity(0, {cores[-1]})
        self.address = self.pipe.recv()

    def cpu(self) -> float:
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE / 1024**2

    def ask(self, order: object) -> float:
        self.pipe.send(order)
        return float(self.pipe.recv())

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address)


@contextlib.contextmanager
def _bench() -> Iterator[Bench]:
    bench = Bench()
    try:
        yield bench
    finally:
        bench.pipe.send("stop")
        bench.process.join(5)


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{_BROWSER}".encode()


def _pump(sockets: list[socket.socket], request: bytes, seconds: float) -> int:
    """Keep every connection busy with one request; return how many answers came."""
    poller, by_number, count = select.epoll(), {sock.fileno(): sock for sock in sockets}, 0
    for sock in sockets:
        poller.register(sock.fileno(), select.EPOLLIN)
        sock.sendall(request)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for number, _ in poller.poll(1):
            by_number[number].recv(65536)
            by_number[number].send(request)
            count += 1
    poller.close()
    return count


def _throughput(bench: Bench, connections: int, seconds: float = 2.0) -> str:
    sockets = [bench.connect() for _ in range(connections)]
    before, started = bench.cpu(), time.monotonic()
    count = _pump(sockets, _request("/api/small/7"), seconds)
    passed, spent = time.monotonic() - started, bench.cpu() - before
    for sock in sockets:
        sock.close()
    return f"{count / passed:,.0f} a second; {spent / count * 1e6:.0f} µs of CPU each"


def _latency(bench: Bench) -> str:
    sock, times = bench.connect(), []
    for _ in range(1000):
        started = time.perf_counter()
        sock.sendall(_request("/api/small/7"))
        sock.recv(65536)
        times.append((time.perf_counter() - started) * 1e6)
    sock.close()
    return f"median {statistics.median(times):.0f} µs, p95 {sorted(times)[950]:.0f} µs"


def _ring(bench: Bench) -> str:
    sock, times = bench.connect(), []
    for _ in range(300):
        sock.sendall(_request("/api/parked"))
        while not bench.ask("parked"):
            time.sleep(0.0005)
        rung = bench.ask("ring")
        sock.recv(65536)
        times.append((time.monotonic() - rung) * 1e6)
    sock.close()
    return f"median {statistics.median(times):.0f} µs, p95 {sorted(times)[285]:.0f} µs"


def _park(bench: Bench, count: int) -> tuple[list[socket.socket], str]:
    before = bench.megabytes()
    sockets = []
    for number in range(count):
        sockets.append(bench.connect())
        sockets[-1].sendall(_request("/api/parked"))
        while number % 500 == 499 and bench.ask("parked") < number - 400:
            time.sleep(0.001)
    while bench.ask("parked") < count:
        time.sleep(0.01)
    after = bench.megabytes()
    return sockets, f"{after:.1f} MB, {(after - before) * 1024 / count:.2f} KB each"


def _wake(bench: Bench, sockets: list[socket.socket]) -> str:
    poller, before = select.epoll(), bench.cpu()
    for sock in sockets:
        poller.register(sock.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
    rung, left = bench.ask("ring"), len(sockets)
    while left:
        left -= len(poller.poll(5))
    passed = time.monotonic() - rung
    for sock in sockets:
        sock.recv(65536)
    poller.close()
    return f"{passed * 1000:.0f} ms until the last was written to, {bench.cpu() - before:.2f} s of CPU"


def _storm(bench: Bench, viewers: int) -> str:
    """Viewers that ask again at once, and a bus that rings 200 times a second."""
    sockets = [bench.connect() for _ in range(viewers)]
    before, seconds = bench.cpu(), 5.0
    bench.pipe.send(seconds)
    count = _pump(sockets, _request("/api/parked"), seconds)
    rings = bench.pipe.recv()
    spent = bench.cpu() - before
    for sock in sockets:
        sock.close()
    return f"{count:,} answers to {rings} rings in {seconds:.0f} s, {spent / seconds * 100:.0f} % of a core"


def _viewers(bench: Bench, count: int) -> str:
    """Viewers that ask again at once, and one ring a second: how late each is, and what it costs."""
    sockets, poller, lags, rings = [bench.connect() for _ in range(count)], select.epoll(), [], 5
    by_number = {sock.fileno(): sock for sock in sockets}
    for sock in sockets:
        poller.register(sock.fileno(), select.EPOLLIN)
        sock.sendall(_request("/api/parked"))
    while bench.ask("parked") < count:
        time.sleep(0.01)
    before = bench.cpu()
    for _ in range(rings):
        rung = bench.ask("ring")
        left = count
        while left:
            for number, _ in poller.poll(1):
                by_number[number].recv(65536)
                lags.append(time.monotonic() - rung)
                by_number[number].send(_request("/api/parked"))
                left -= 1
        time.sleep(max(0.0, rung + 1 - time.monotonic()))
    spent = bench.cpu() - before
    for sock in sockets:
        sock.close()
    lags.sort()
    middle, late = lags[len(lags) // 2] * 1000, lags[len(lags) * 95 // 100] * 1000
    return f"median {middle:.0f} ms, p95 {late:.0f} ms late; {spent / rings * 100:.0f} % of a core"


def _idle(bench: Bench) -> str:
    sockets = [bench.connect() for _ in range(100)]
    time.sleep(0.2)
    before = bench.cpu()
    time.sleep(3)
    spent = bench.cpu() - before
    for sock in sockets:
        sock.close()
    return f"{spent:.2f} s of CPU in 3 s with 100 connections"


def main() -> None:
    """Print the table."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with _bench() as bench:
        print(f"{'memory at start':34}{bench.megabytes():.1f} MB", flush=True)
        for connections in (1, 8, 64):
            print(f"{f'small answers, {connections} connections':34}{_throughput(bench, connections)}", flush=True)
        print(f"{'question to answer':34}{_latency(bench)}", flush=True)
        print(f"{'ring to viewer (through a pipe)':34}{_ring(bench)}", flush=True)
        print(f"{'idle':34}{_idle(bench)}", flush=True)
        print(f"{'1,000 viewers, 1 ring a second':34}{_viewers(bench, 1000)}", flush=True)
        for viewers in (1, 1000):
            print(f"{f'storm, {viewers} viewers':34}{_storm(bench, viewers)}", flush=True)
    with _bench() as bench:
        sockets, text = _park(bench, 10_000)
        print(f"{'10,000 parked':34}{text}", flush=True)
        print(f"{'10,000 woken':34}{_wake(bench, sockets)}", flush=True)


if __name__ == "__main__":
    main()
