"""What handlers may touch, built once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from airunner.api.glimpse import Glimpses
from airunner.api.keyring import Keyring
from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.ids import Ids
from airunner.engine.admission import Admission
from airunner.engine.agents import AgentLooker
from airunner.engine.conductor import Conductor
from airunner.engine.feed import Feeds
from airunner.engine.storage import Storage
from airunner.schedule.firing import Firing
from airunner.schedule.ticker import Ticker
from airunner.store.contract import Store


@dataclass(frozen=True, slots=True)
class Context:
    """The keys of the house, for reception."""

    store: Store
    admission: Admission
    conductor: Conductor
    scheduler: Ticker
    firing: Firing
    feeds: Feeds
    glimpses: Glimpses
    agents: AgentLooker
    storage: Storage
    keyring: Keyring
    bus: Bus
    clock: Clock
    ids: Ids
    data_folder: Path
    base_path: str
    node: str
    timezone: str
    epoch: str
    """Random for each start of the server: positions of another epoch are unknown."""
    openapi: Callable[[], bytes]
