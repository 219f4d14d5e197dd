"""Short memory of runs that viewers look at again and again: read once for each change, not once for each viewer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from airunner.base.bus import Bus, Change
from airunner.base.errors import Busy, NotFound
from airunner.base.ids import is_id
from airunner.domain.record import Doc
from airunner.engine.mirror import with_copy
from airunner.store.contract import Store

_KEPT = 256


class Glimpses:
    """Run documents as they were at the last ring of their change. Thread-safe; the documents must not be changed."""

    def __init__(self, store: Store, bus: Bus, data_folder: Path) -> None:
        self._store = store
        self._bus = bus
        self._data = data_folder
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[int, Doc]] = OrderedDict()

    def of(self, run_id: str) -> Doc:
        """Return the run, as it was seen last where the store is away; raise NotFound, Busy."""
        return with_copy(self._store, self._of(run_id), self._data)

    def _of(self, run_id: str) -> Doc:
        with self._lock:
            kept = self._seen.get(run_id)
        if kept and not self._bus.rang_since((Change("runs", run_id),), kept[0]):
            return kept[1]
        number = self._bus.number
        try:
            doc = self._store.get_run(run_id) if is_id(run_id) else None
        except Busy:
            if kept:
                return kept[1]  # what it was is enough to follow its output and to end it while the store is away
            raise
        if doc is None:
            raise NotFound(f"There is no run {run_id!r}.", code="run_not_found")
        with self._lock:
            self._seen[run_id] = (number, doc)
            self._seen.move_to_end(run_id)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return doc
