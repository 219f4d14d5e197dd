"""The runs that wait for their start, first in, first out; one that is held, by its disk or a gate, lets others pass.

The conductor's thread alone changes it; `why` may be asked by any.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from airunner.domain.record import Doc
from airunner.engine import room
from airunner.engine.gates import Gates


class News(NamedTuple):
    """What a look at the queue has brought: whose reason is another one, is a disk short, when does the next hold end."""

    changed: set[str]
    needs_room: bool
    next_end: datetime | None


class Queue:
    """Queued runs in the order of their ids. Runs are written below the data folder, or where their record says."""

    def __init__(self, data_folder: Path) -> None:
        self._data_folder = data_folder
        self._runs: dict[str, Doc] = {}
        self._homes: dict[str, Path] = {}
        self._lacks: dict[Path, str] = {}
        self._said: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._runs)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._runs

    def put(self, run: Doc) -> None:
        """Take a run at its place."""
        last = next(reversed(self._runs), "")
        self._runs[run["runId"]] = run
        self._homes[run["runId"]] = _home(run)
        if run["runId"] < last:
            self._runs = dict(sorted(self._runs.items()))

    def take(self, run_id: str) -> Doc | None:
        """Give a run away; None when it is not here."""
        self._homes.pop(run_id, None)
        return self._runs.pop(run_id, None)

    def look(self, floor_mb: int) -> None:
        """Find out which disks have room now."""
        data = room.lack(self._data_folder, floor_mb)
        homes = set(self._homes.values())
        lacks = {home: data or room.lack(home, floor_mb, root_of(home)) for home in homes}
        self._lacks = {home: sentence for home, sentence in lacks.items() if sentence}

    def first(self, gates: Gates) -> Doc | None:
        """Return the first run whose disk had room at the last look and that no gate holds."""
        return next((run for run in self._runs.values() if _home(run) not in self._lacks and not gates.hold(run)), None)

    def skipped(self, gates: Gates) -> list[tuple[Doc, str]]:
        """Give away the runs that are not to run at all, each with the reason."""
        if not gates.skips():
            return []
        found = [(run, why) for run in self._runs.values() if (why := gates.skip(run))]
        for run, _ in found:
            self.take(run["runId"])
        return found

    def hold(self, run: Doc) -> None:
        """Keep a run that could not be written, and those for the same folder, until the next look."""
        home = _home(run)
        self._lacks[home] = room.lack(home, 0, root_of(home)) or room.full(root_of(home))
        self.put(run)

    def news(self, gates: Gates) -> News:
        """Return whose reason to wait is another one since the last time, and what has to be looked at again."""
        said, needs_room, ends = {}, False, []
        for run_id, run in self._runs.items():
            if lack := self._lack(run):
                said[run_id], needs_room = lack, True
            elif hold := gates.hold(run):
                said[run_id] = hold.why
                ends += [hold.until] if hold.until else []
        before, self._said = self._said, said
        return News({run_id for run_id, _ in said.items() ^ before.items()}, needs_room, min(ends, default=None))

    def _lack(self, run: Doc) -> str | None:
        return self._lacks.get(self._homes[run["runId"]]) if self._lacks else None

    def why(self, run_id: str) -> str | None:
        """Return what keeps a queued run from its start, None when it only waits for its turn."""
        return self._said.get(run_id)


def root_of(home: Path) -> Path:
    """Return the folder that the settings name, for one that holds the runs of a month (spool.layout.folder_for)."""
    return home.parents[1]


def _home(run: Doc) -> Path:
    """Return the folder that the run's own is made in: it has those of a month."""
    return Path(run["folder"]).parent
