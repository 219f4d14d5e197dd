"""Runs through the HTTP API, as a client makes them: start, follow, wait."""

from __future__ import annotations

import base64
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from airunner.base.clock import SystemClock
from airunner.base.files import make_private_folder
from airunner.domain.record import Doc
from airunner.store.open import open_store
from tests.helpers.server import House
from tests.helpers.wait import until

_AT_ONCE = 100


def make_profile(house: House, slug: str = "sh", template: str = 'bash -c "$PROMPT"', **fields: Any) -> Any:
    """Make a profile whose prompt is a script, unless the template says otherwise."""
    return house.api(
        "POST", "profiles", {"name": slug, "slug": slug, "invocationTemplate": template, **fields}, expect=201
    )


def start_run(house: House, script: str, profile: str = "sh", **fields: Any) -> Any:
    """Start a run in the house's own folder; return its record as answered."""
    body = {"content": script, "agentProfileId": profile, "workingDirectory": str(house.folder), **fields}
    return house.api("POST", "run", body, expect=201)


def wait_running(house: House, run_id: str) -> Any:
    """Wait until the run's command has started; return the record."""

    def running() -> Any:
        run = house.api("GET", f"runs/{run_id}?output=none")
        return run if run["pid"] else None

    return until(running, within=10, every=0.02)


def raw_output(house: House, run_id: str, wait: int = 20) -> bytes:
    """Follow the raw feed to the run's end; return every byte."""
    data, offset = b"", 0
    while True:
        answer = house.api("GET", f"runs/{run_id}/output?view=raw&from={offset}&wait={wait}")
        assert answer["from"] == offset
        data += base64.b64decode(answer["data"])
        offset = answer["next"]
        if answer["done"]:
            return data


def clean_lines(house: House, run_id: str, wait: int = 20) -> list[str]:
    """Follow the clean feed to the run's end; return the lines as a viewer would then show them."""
    lines: list[str] = []
    have = ""
    while True:
        answer = house.api("GET", f"runs/{run_id}/output?view=clean&have={have}&wait={wait}")
        lines[answer["keep"] :] = [line["t"] for line in answer["lines"]]
        have = answer["version"]
        if answer["done"]:
            return lines


def pid_in(path: Path) -> int:
    """Wait for a file with a pid in it."""
    return int(until(lambda: path.exists() and path.read_text().strip()))


def keep_runs(house: House, docs: Collection[Doc]) -> None:
    """Put runs of earlier days into the store of a house that has not started yet."""
    make_private_folder(house.data)
    url = house.cli_environ().get("AIRUNNER_STORE", "sqlite")
    with closing(open_store(url, data_folder=house.data, clock=SystemClock())) as store:
        kept = list(docs)
        for at in range(0, len(kept), _AT_ONCE):  # a call has two seconds
            store.insert_skipped(kept[at : at + _AT_ONCE])
