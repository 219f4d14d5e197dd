"""The archive, built once for these tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.server import ROOT

Build = Callable[..., subprocess.CompletedProcess[str]]


def build_into(output: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the build as a person does, to another place."""
    return subprocess.run(
        [sys.executable, str(ROOT / "zipapp/build.py"), "--output", str(output)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=output.parent,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(output.parent), **environ},
    )


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly built airunner.pyz."""
    path = tmp_path_factory.mktemp("archive") / "airunner.pyz"
    done = build_into(path)
    assert done.returncode == 0, done.stderr
    return path
