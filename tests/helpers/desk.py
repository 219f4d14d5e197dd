"""The engine in the test's own process: real store, real shims, real loop, no HTTP; clock and waits are the test's."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from airunner.base.bus import Bus
from airunner.base.clock import Clock, SystemClock
from airunner.base.errors import Conflict
from airunner.base.files import make_private_folder
from airunner.base.ids import Ids
from airunner.domain.profile import Profile
from airunner.domain.record import to_doc
from airunner.domain.run import StartRequest
from airunner.engine.accounts import LoginPaths
from airunner.engine.admission import Admission, Origin
from airunner.engine.conductor import Conductor
from airunner.engine.live import USUAL, Waits
from airunner.engine.queue import Queue
from airunner.engine.resolve import Environment
from airunner.engine.shims import Shims
from airunner.server.loop import Server
from airunner.server.wire import Response
from airunner.shim.nursery import Source
from airunner.spool.bell import open_reader, read_rings
from airunner.spool.layout import Folder
from airunner.spool.state import State, read_state
from airunner.store.open import open_store
from tests.helpers.server import ROOT
from tests.helpers.wait import until


class Desk:
    """Use it as a context manager; its profile is `sh`, whose prompt is a script."""

    def __init__(self, folder: Path, waits: Waits = USUAL, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.folder, self._data = folder, folder / "data"
        make_private_folder(self._data)
        self.bus = Bus()
        self.store = open_store("sqlite", data_folder=self._data, clock=clock)
        source = Source(str(ROOT / "airunner.py"))
        self.shims = Shims(source.new_nursery(), source.new_nursery)
        self.loop = Server(lambda request: Response(404), self.bus, host="127.0.0.1", port=0, clock=clock)
        self.loop.bind()
        environment = Environment({}, LoginPaths(lambda account: os.environ["PATH"]))
        self.conductor = Conductor(
            self.store,
            self.shims,
            environment,
            self.bus,
            clock,
            self.loop,
            self._data / "bell",
            Queue(self._data),
            waits,
        )
        self.admission = Admission(
            self.store,
            self.conductor,
            environment,
            self.bus,
            clock,
            Ids(clock),
            self._data,
            "here",
            lambda: folder / "p",
        )
        self._thread = threading.Thread(target=self.loop.run, name="loop")
        self._is_left = False

    def __enter__(self) -> Self:
        bell = open_reader(self._data / "bell")
        self.loop.watch(bell, lambda: [self.conductor.rang(*ring) for ring in read_rings(bell)] and None)
        fields = {"name": "sh", "slug": "sh", "invocationTemplate": 'bash -c "$PROMPT"', "killGraceSeconds": 0.2}
        if not self.store.find("profiles"):
            self.store.insert("profiles", to_doc(Profile.from_input(fields, id="p1", now=SystemClock().now())))
        self._thread.start()
        self.conductor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_left:
            return
        for run in self.store.active_runs():
            with contextlib.suppress(Conflict):  # it has ended by itself meanwhile
                self.conductor.kill(run["runId"], "the end of the test")
        until(lambda: not self.store.active_runs(), within=20)
        self.leave()

    def leave(self) -> None:
        """End as a server does that is stopped: runs go on, and another desk may take over."""
        self._is_left = True
        self.conductor.stop()
        self.loop.stop(0.1)
        self._thread.join(10)
        self.shims.close()
        self.store.close()

    def run(self, script: str, minutes: float = 5) -> dict[str, Any]:
        """Queue a run of the profile `sh`."""
        wish = StartRequest(content=script, agent_profile_id="sh", working_directory=str(self.folder), timeout=minutes)
        return self.admission.admit(wish, Origin("tester"))

    def settle(self) -> None:
        """Wait until the engine has taken the steps that wait for it now."""
        taken = threading.Event()
        self.conductor._steps.put(taken.set)
        assert taken.wait(10)

    def started(self, run: dict[str, Any]) -> State:
        """Wait until the run's command runs and the engine knows of it."""
        until(lambda: self.now(run)["status"] != "queued", within=10)
        state = read_state(Folder(Path(run["folder"])))
        assert state is not None
        return state

    def now(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return the run as the store has it now."""
        found = self.store.get_run(run["runId"])
        assert found is not None
        return found

    def ended(self, run: dict[str, Any], within: float = 20) -> dict[str, Any]:
        """Wait for the end of a run; return its record."""
        return until(lambda: (now := self.now(run))["finishedAt"] and now, within)
