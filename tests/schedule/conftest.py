"""A scheduler whose clock the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.clockwork import Clockwork


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Clockwork]:
    """A scheduler on Thursday, 12 March 2026, 10:00:30."""
    made = Clockwork(tmp_path, "2026-03-12 10:00:30")
    yield made
    made.close()
