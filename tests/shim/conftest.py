"""The yard's fixture."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shim.yard import Yard, open_yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """A nursery and a place for run folders; what still runs at the end is killed."""
    made = open_yard(tmp_path)
    yield made
    for job in made.jobs:
        job.kill("the end of the test")
    for job in made.jobs:
        made.wait_gone(job)
        os.close(job.pidfd)
    made.nursery.close()
    os.kill(made.nursery.pid, signal.SIGKILL)
    os.waitpid(made.nursery.pid, 0)
