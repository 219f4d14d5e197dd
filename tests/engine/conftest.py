"""A house with a profile whose prompt is a script."""

from __future__ import annotations

import pytest

from tests.helpers.runs import make_profile
from tests.helpers.server import House


@pytest.fixture
def shell(house: House) -> House:
    """A running server with the profile `sh`."""
    make_profile(house)
    return house
