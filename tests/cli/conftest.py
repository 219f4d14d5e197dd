"""Fixtures for the command line: a stand-in server, and words run as real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.stub import Stub
from tests.helpers.server import ROOT, clean_environ

Start = Callable[..., subprocess.Popen[bytes]]
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    """A stand-in server on the data folder of the test."""
    running = Stub(tmp_path / "data")
    yield running
    if running.up:
        running.stop()


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Run one word to its end."""

    def run(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "airunner.py"), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env=clean_environ() | {"AIRUNNER_DATA": str(tmp_path / "data"), "TZ": "UTC"} | environ,
        )

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a word and leave it running; what is left at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "airunner.py"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=clean_environ() | {"AIRUNNER_DATA": str(tmp_path / "data"), "TZ": "UTC"},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
