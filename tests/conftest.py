"""Fixtures for all rooms: a data folder, a clock that stands still, a whole house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.helpers.clock import FakeClock
from tests.helpers.mongod import ReplicaSet
from tests.helpers.server import House

# Machines are shared: how long one example takes says nothing.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have one worker drive the browser, while the others do the rest: two browsers are too many for two cores."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # the largest scope begins first, the others are one test each
        def _split_scope(self, nodeid: str) -> str:
            return "page" if nodeid.startswith("tests/web/") else nodeid

    return Scheduling(config, log)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty private folder."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture(scope="session")
def replica_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    """A real MongoDB of one member, for all tests of this process; it has transactions."""
    running = ReplicaSet(tmp_path_factory.mktemp("mongod"), 1)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running server with a data folder of its own."""
    with House(tmp_path / "house") as running:
        yield running
