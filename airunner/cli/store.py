"""The word `store`: copies everything from one store into another, while no server runs."""

from __future__ import annotations

from pathlib import Path

from airunner.base.clock import SystemClock
from airunner.base.errors import Invalid
from airunner.cli.text import note
from airunner.config import Config


def copy(config: Config, source: str, target: str) -> int:
    """Copy, compare, and say how much it was; raise an AirunnerError when that does not come to its end."""
    from airunner.app.copy import copy_store

    counts = copy_store(config, _url(source), _url(target), SystemClock())
    for what, number in counts.items():
        if number:
            print(f"{number:>12,}  {what}")
    note("both stores have the same; start the server with --store and the new address.")
    return 0


def _url(given: str) -> str:
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The file {given[1:]} with the store's address cannot be read: {error}.") from error
