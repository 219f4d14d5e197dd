"""Start order, signals, orderly stop. Stopping the server leaves every run and its shim alone."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import resource
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from airunner.app.build import House, build
from airunner.app.holding import AGAIN_SECONDS, Holding
from airunner.base.clock import Clock, SystemClock
from airunner.base.errors import AirunnerError, Broken, Conflict
from airunner.base.files import make_private_folder, replace_file, take_lock
from airunner.base.log import logger, pairs, set_up, write_if_taken
from airunner.config import Config
from airunner.engine.retention import clean_up
from airunner.shim.nursery import Nursery, Source
from airunner.store.breaker import Breaker
from airunner.store.open import open_store

_STOP_SECONDS = 2.0
_SHORT_TOKEN = 16
_ROOM = "Make room there, or choose another folder with --data."
_REMEDY = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EROFS: "Make it writable, or choose another folder with --data.",
    errno.EIO: "Look after its disk, or choose another folder with --data.",
}
_FIRST_TIDY_SECONDS, _TIDY_SECONDS = 10.0, 3600.0
_SWITCH_SECONDS = 0.001  # the loop's thread must not wait long for one that cleans megabytes
_log = logger("app")


def serve(config: Config, nursery: Nursery) -> int:
    """Run the server until it is told to stop; return the exit code. Raises an AirunnerError when it cannot start."""
    set_up(form=config.log_format)
    os.umask(0o077)
    sys.setswitchinterval(_SWITCH_SECONDS)
    clock = SystemClock()
    source = Source(sys.argv[0])
    _raise_descriptor_limit()
    local_token = "air_" + secrets.token_urlsafe(32)
    with ExitStack() as stack:
        try:
            make_private_folder(config.data)
            stack.enter_context(_sole_server(config))
            store = Breaker(open_store(config.store, data_folder=config.data, clock=clock), clock)
            stack.callback(store.close)
            holding = Holding(store, config.data)
            holding.take()
            stack.callback(holding.release)
            house = build(config, store, nursery, source.new_nursery, clock, os.environ, local_token)
            stack.enter_context(_announced(config, house, local_token))
        except OSError as error:
            raise _cannot_start(config, error) from error
        _stop_on_signals(house)
        house.conductor.start()
        house.scheduler.start()
        house.mirror.start()
        _hold_on(house, holding)
        _tidy_hourly(house, config, clock)
        _warn(config)
        _say_ready(house)
        house.server.run()
        house.scheduler.stop()
        house.conductor.stop()
        house.mirror.stop()
        house.storage.stop()
        house.shims.close()
    _log.info("server stopped")
    return 0


def _raise_descriptor_limit() -> None:
    """Allow as many connections as the system does; the nursery was forked before, so agents keep the usual limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _sole_server(config: Config) -> Iterator[None]:
    """Hold the data folder; raise Conflict when another server has it."""
    path = config.data / "server.lock"
    held = take_lock(path)
    if held is None:
        other = path.read_text("ascii", errors="replace").strip() or "unknown"
        raise Conflict(
            f"Another airunner server (pid {other}) uses the data folder {config.data}. "
            "Stop it first, or give this one a folder of its own with --data."
        )
    os.ftruncate(held, 0)
    os.pwrite(held, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        fcntl.flock(held, fcntl.LOCK_UN)
        os.close(held)


@contextmanager
def _announced(config: Config, house: House, local_token: str) -> Iterator[None]:
    """Leave address and local token where the command line finds them."""
    token_file, address_file = config.data / "local.token", config.data / "server.json"
    replace_file(token_file, local_token.encode(), durable=False)
    certificate = str(config.tls_cert) if config.tls_cert else None
    address = {"url": house.url, "pid": os.getpid(), "certificate": certificate}
    replace_file(address_file, json.dumps(address).encode(), durable=False)
    try:
        yield
    finally:
        for path in (token_file, address_file):
            with contextlib.suppress(OSError):  # on a disk that can only be read they tell of a server that has gone
                path.unlink()


def _stop_on_signals(house: House) -> None:
    """Turn SIGTERM, SIGINT and SIGHUP into a stop, in the loop's thread (signal(7))."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)

    def stop() -> None:
        numbers = os.read(read, 64)
        if any(number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) for number in numbers):
            house.server.stop(_STOP_SECONDS)

    house.server.watch(read, stop)


def _hold_on(house: House, holding: Holding) -> None:
    """Keep the store; end when another server has it."""

    def keep() -> None:
        if not holding.keep():
            house.server.stop(_STOP_SECONDS)

    def again() -> None:
        house.server.run_in_worker(keep)
        house.server.call_later(AGAIN_SECONDS, again)

    again()


def _tidy_hourly(house: House, config: Config, clock: Clock) -> None:
    """Remove what is old, in a worker: soon after the start, then every hour."""

    def tidy() -> None:
        try:
            clean_up(house.store, clock, config.data)
            house.keyring.forget_expired()
        except (AirunnerError, OSError) as error:
            _log.warning("old runs not removed%s", pairs(error=error))

    def again() -> None:
        house.server.run_in_worker(tidy)
        house.server.call_later(_TIDY_SECONDS, again)

    house.server.call_later(_FIRST_TIDY_SECONDS, again)


def _say_ready(house: House) -> None:
    code = house.keyring.new_code()
    lines = f"airunner ready at {house.url}\nlog in at {house.url}/#login={code}\n"
    with contextlib.suppress(OSError, ValueError):
        write_if_taken(sys.stdout.fileno(), lines.encode())
    _log.info("server ready%s", pairs(url=house.url))


def _warn(config: Config) -> None:
    """Say what works and should not stay so."""
    if config.token and len(config.token) < _SHORT_TOKEN:
        _log.warning("AIRUNNER_TOKEN is short enough to be guessed; use 16 characters or more")
    if config.no_auth:
        _log.warning("no token is asked for: everybody on this machine may run commands as this user")
    if config.data.stat().st_mode & 0o077:
        _log.warning("others may look into the data folder%s", pairs(data=config.data))


def _cannot_start(config: Config, error: OSError) -> AirunnerError:
    reason = error.strerror or str(error)
    if error.filename is not None or error.errno in _REMEDY:  # writing knows the descriptor only, listening neither
        where = f" ({error.filename})" if error.filename else ""
        remedy = _REMEDY.get(error.errno or 0, "Make it writable for this user, or choose another folder with --data.")
        return Broken(f"The data folder {config.data} cannot be used: {reason}{where}. {remedy}")
    place = f"{config.host}:{config.port}"
    if error.errno == errno.EADDRINUSE:
        return Broken(f"The server cannot listen on {place}: it is in use; choose another --port.")
    return Broken(f"The server cannot listen on {place}: {reason}; look at --host and --port.")
