"""The composition root: builds every room once and hands out the keys."""

from __future__ import annotations

import functools
import importlib.resources
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from airunner import __version__
from airunner.api.context import Context
from airunner.api.glimpse import Glimpses
from airunner.api.keyring import Keyring
from airunner.api.replies import render_error
from airunner.api.routes import routes
from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.ids import Ids
from airunner.config import Config
from airunner.domain.record import encode
from airunner.engine.accounts import LoginPaths, account_of
from airunner.engine.admission import Admission
from airunner.engine.agents import AgentLooker
from airunner.engine.conductor import Conductor
from airunner.engine.feed import Feeds
from airunner.engine.mirror import Mirror
from airunner.engine.queue import Queue
from airunner.engine.resolve import Environment
from airunner.engine.shell import login_path
from airunner.engine.shims import NurseryHandle, Shims
from airunner.engine.storage import Storage
from airunner.schedule.firing import Firing
from airunner.schedule.outcome import Outcomes
from airunner.schedule.ticker import Ticker
from airunner.server.assets import Assets
from airunner.server.front import FrontDoor
from airunner.server.guard import HostGuard
from airunner.server.loop import Server
from airunner.server.openapi import document
from airunner.server.parking import Park
from airunner.server.router import Route, Router
from airunner.server.wire import Request, Response
from airunner.spool.bell import open_reader, read_rings
from airunner.spool.prompts import shared_folder
from airunner.store.contract import Store

if TYPE_CHECKING:
    import ssl

_WORKERS = 8
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # listening on all addresses, and the one to call


@dataclass(frozen=True, slots=True)
class House:
    """What `serve` starts and stops."""

    server: Server
    conductor: Conductor
    scheduler: Ticker
    mirror: Mirror
    storage: Storage
    keyring: Keyring
    store: Store
    shims: Shims
    url: str


def build(
    config: Config,
    store: Store,
    nursery: NurseryHandle,
    new_nursery: Callable[[], NurseryHandle],
    clock: Clock,
    environ: Mapping[str, str],
    local_token: str,
) -> House:
    """Wire the house and bind its port; raise OSError when the address cannot be had."""
    bus, ids = Bus(), Ids(clock)
    front: list[FrontDoor] = []  # the loop is needed by what the front door needs

    def handle(request: Request) -> Response | Park:
        return front[0].handle(request)

    server = Server(
        handle, bus, host=config.host, port=config.port, base_path=config.base_path, tls=_tls(config),
        workers=_WORKERS, render=lambda error: front[0].refuse(error), clock=clock,
    )  # fmt: skip
    port = server.bind()[1]
    bell, shims = config.data / "bell", Shims(nursery, new_nursery)
    environment = _environment(environ)
    conductor = Conductor(store, shims, environment, bus, clock, server, bell, Queue(config.data))
    _hang_bell(server, conductor, bell)
    node = socket.gethostname()
    admission = Admission(store, conductor, environment, bus, clock, ids, config.data, node, _new_prompt_path)
    firing = Firing(store, admission, clock)
    scheduler = Ticker(store, bus, clock, firing, Outcomes(store, admission, firing, bus, clock))
    fixed = [("local", local_token), *([("environment", config.token)] if config.token else [])]
    keyring = Keyring(store, clock, ids, fixed, config.no_auth)
    context = Context(
        store=store,
        admission=admission,
        conductor=conductor,
        scheduler=scheduler,
        firing=firing,
        feeds=Feeds(_new_epoch),
        glimpses=Glimpses(store, bus, config.data),
        agents=AgentLooker(environment, environ),
        storage=Storage(store, bus, clock, config.data),
        keyring=keyring,
        bus=bus,
        clock=clock,
        ids=ids,
        data_folder=config.data,
        base_path=config.base_path,
        node=node,
        timezone=_timezone(environ),
        epoch=_new_epoch(),
        openapi=functools.cache(lambda: _openapi(config.base_path, table)),
    )
    table = routes(context)
    guard = HostGuard([config.host, *config.allow_host], port, any_address=config.host in _ANY)
    front.append(
        FrontDoor(Router(table), guard=guard, identify=keyring.identify, assets=Assets(_web()), render=render_error)
    )
    return House(
        server, conductor, scheduler, Mirror(store, bus), context.storage, keyring, store, shims, _url(config, port)
    )


def _hang_bell(server: Server, conductor: Conductor, bell: Path) -> None:
    descriptor = open_reader(bell)

    def rung() -> None:
        for run_id, kind in read_rings(descriptor):
            conductor.rang(run_id, kind)

    server.watch(descriptor, rung)


def _environment(environ: Mapping[str, str]) -> Environment:
    """Ask the login shell for its PATH beside everything else; the first run waits for the answer, if at all."""
    environment = Environment(environ, LoginPaths(lambda account: login_path(account, environ)))
    environment.expect(account_of(None))
    return environment


def _web() -> Traversable | Path:
    packed = importlib.resources.files("airunner") / "_web"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "web"


def _tls(config: Config) -> ssl.SSLContext | None:
    if not config.tls_cert or not config.tls_key:
        return None
    from airunner.server.tls import make_context

    return make_context(str(config.tls_cert), str(config.tls_key))


def _url(config: Config, port: int) -> str:
    scheme = "https" if config.tls_cert else "http"
    host = _ANY.get(config.host, config.host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{config.base_path}"


def _timezone(environ: Mapping[str, str]) -> str:
    """Return the name of the server's time zone in the IANA database."""
    name = environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    return name if name and not name.startswith("/") else "UTC"


def _new_epoch() -> str:
    return secrets.token_hex(6)


def _new_prompt_path() -> Path:
    return shared_folder(os.geteuid(), tempfile.gettempdir()) / secrets.token_hex(16)


def _openapi(base_path: str, table: list[Route]) -> bytes:
    return encode(document(table, title="airunner", version=__version__, prefix=base_path))
