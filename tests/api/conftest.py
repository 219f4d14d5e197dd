"""One house for the whole room: these tests share a server and make what they need under names of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.runs import make_profile
from tests.helpers.server import House


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running server with the profile `sh`."""
    with House(tmp_path_factory.mktemp("api")) as running:
        make_profile(running)
        yield running
