"""A yard for tests: a real nursery in a process of its own, real shims, run folders in a temporary directory."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airunner.shim.nursery import Nursery, Source
from airunner.spool import bell, control
from airunner.spool.layout import Folder
from airunner.spool.rawlog import RawReader
from airunner.spool.spec import Spec, pack
from airunner.spool.state import Exit, read_exit

ROOT = Path(__file__).parents[2]


@dataclass
class Job:
    """One run in the yard."""

    folder: Folder
    pidfd: int
    shim_pid: int

    def output(self) -> bytes:
        """What it wrote, without what the cap left out."""
        return b"".join(piece.data for piece in RawReader(self.folder.path).pieces())

    def kill(self, by: str = "tester") -> None:
        """Ask its shim to end it."""
        control.send(self.folder, control.KILL, by=by)


@dataclass
class Yard:
    """Starts shims and waits for them."""

    path: Path
    nursery: Nursery
    jobs: list[Job] = field(default_factory=list)

    def spec(self, script: str, **changes: Any) -> Spec:
        """Return a spec that runs `script` in bash, in a new folder."""
        run_id = f"run{len(self.jobs):017d}"
        folder = self.path / run_id
        folder.mkdir(mode=0o700)
        values: dict[str, Any] = {
            "run_id": run_id,
            "folder": str(folder),
            "argv": ["/bin/bash", "-c", script],
            "env": {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": "/tmp"},
            "cwd": "/",
            "prompt": None,
            "bell": str(self.path / "bell"),
            "timeout_seconds": 60.0,
            "grace_seconds": 1.0,
        }
        return Spec(**{**values, **changes})

    def start(self, script: str, **changes: Any) -> Job:
        """Start a shim and return at once."""
        return self.launch(pack(spec := self.spec(script, **changes)), Folder(Path(spec.folder)))

    def launch(self, frame: bytes, folder: Folder) -> Job:
        """Hand a frame of bytes to a new shim."""
        read, write = os.pipe()
        born = self.nursery.fork_shim(read)
        os.close(read)
        with open(write, "wb") as pipe:
            pipe.write(frame)
        job = Job(folder, born.pidfd, born.pid)
        self.jobs.append(job)
        return job

    def run(self, script: str, within: float = 20, **changes: Any) -> tuple[Exit, bytes]:
        """Run to the end; return the exit record and the output."""
        return self.wait(job := self.start(script, **changes), within), job.output()

    def wait(self, job: Job, within: float = 20) -> Exit:
        """Wait until the shim is gone; return its exit record."""
        self.wait_gone(job, within)
        record = read_exit(job.folder)
        log = job.folder.shim_log
        assert record is not None, log.read_text() if log.exists() else "no exit record, no log"
        return record

    def wait_gone(self, job: Job, within: float = 20) -> None:
        """Wait until the shim is gone."""
        poller = select.poll()
        poller.register(job.pidfd, select.POLLIN)
        assert poller.poll(within * 1000), f"the shim still runs after {within} s"


def rings(yard: Yard, descriptor: int, within: float) -> list[tuple[str, str]]:
    """Return what is rung at the bell within some seconds, until the exit ring."""
    heard: list[tuple[str, str]] = []
    until = time.monotonic() + within
    while time.monotonic() < until and (not heard or heard[-1][1] != bell.EXITED):
        if select.select([descriptor], [], [], 0.1)[0]:
            heard.extend(bell.read_rings(descriptor))
    return heard


def open_yard(path: Path) -> Yard:
    """Start the nursery from the checkout, as a server does that must replace a lost one."""
    return Yard(path, Source(str(ROOT / "airunner.py")).new_nursery())
