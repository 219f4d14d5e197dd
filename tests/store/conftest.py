"""The stores that the contract is tested on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock
from tests.helpers.mongod import ReplicaSet

STORES = ("sqlite", "mongodb")


def url_of(request: pytest.FixtureRequest, database: str) -> str:
    """Return the address of the store that a fixture's parameter names; a database of MongoDB is empty then."""
    if request.param == "sqlite":
        return "sqlite"
    replica_set: ReplicaSet = request.getfixturevalue("replica_set")
    replica_set.empty(database)
    return replica_set.url(database)


@pytest.fixture
def db(request: pytest.FixtureRequest, replica_set: ReplicaSet) -> Iterator[Database[dict[str, Any]]]:
    """An empty database, as mongosh would see it; the test's module says its NAME."""
    name = request.module.NAME
    replica_set.empty(name)
    with MongoClient(replica_set.url(name), tz_aware=True) as client:
        yield client[name]


@pytest.fixture(params=STORES)
def opener(request: pytest.FixtureRequest, data_dir: Path, fake_clock: FakeClock) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again, as other processes would; all are closed in the end."""
    opened: list[Store] = []
    url = url_of(request, "each")

    def open_one() -> Store:
        opened.append(open_store(url, data_folder=data_dir, clock=fake_clock))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Callable[[], Store]) -> Store:
    """An empty store."""
    return opener()
