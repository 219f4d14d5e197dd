"""Fixtures for all rooms: a data folder, a clock that stands still, a whole house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.clock import FakeClock
from tests.helpers.server import House


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one worker drive the browser, first of all, while the others do the rest: two browsers are too many for two cores."""
    for item in items:
        if _drives_a_browser(item):
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=lambda item: not _drives_a_browser(item))


def _drives_a_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


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


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running server with a data folder of its own."""
    with House(tmp_path / "house") as running:
        yield running
