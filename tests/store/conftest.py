"""The stores that the contract is tested on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock

STORES = ("sqlite",)


@pytest.fixture(params=STORES)
def opener(request: pytest.FixtureRequest, data_dir: Path, fake_clock: FakeClock) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again, as other processes would; all are closed in the end."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(open_store(request.param, data_folder=data_dir, clock=fake_clock))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Callable[[], Store]) -> Store:
    """An empty store."""
    return opener()
