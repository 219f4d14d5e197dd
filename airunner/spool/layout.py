"""Names of the files in one run's folder, and the lock that proves that its shim lives."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airunner.base.files import PRIVATE_FILE, make_private_folder, replace_file, take_lock


@dataclass(frozen=True, slots=True)
class Folder:
    """One run's folder. Who writes what: the shim all but `run.json`, `control.log` and the tombstone."""

    path: Path

    @property
    def run_json(self) -> Path:
        """What the run is: ids, sizes, limits; for people and for recovery, without secrets."""
        return self.path / "run.json"

    @property
    def lock(self) -> Path:
        """Held by the living shim (flock); free means that it is gone, whatever any pid says."""
        return self.path / "lock"

    @property
    def tombstone(self) -> Path:
        """Where it stands, no shim may start the run any more."""
        return self.path / "tombstone"

    @property
    def state(self) -> Path:
        """Who runs it: pids, start times, boot id. Its existence says that the command may have been started."""
        return self.path / "state.json"

    @property
    def exit(self) -> Path:
        """How it ended; written once."""
        return self.path / "exit.json"

    @property
    def exit_draft(self) -> Path:
        """The exit record's disk space, taken at the start so that a full disk does not lose it."""
        return self.path / "exit.draft"

    @property
    def control_log(self) -> Path:
        """What the server asked for, one JSON object a line."""
        return self.path / "control.log"

    @property
    def control_fifo(self) -> Path:
        """Rung after each line of the control log."""
        return self.path / "control"

    @property
    def timing(self) -> Path:
        """When which byte came, from which stream, on which terminal size."""
        return self.path / "timing"

    @property
    def usage(self) -> Path:
        """The newest sample of what the process tree uses."""
        return self.path / "usage.json"

    @property
    def tree(self) -> Path:
        """Every descendant seen, `pid start-time` a line, so that it can be found when the shim is gone."""
        return self.path / "tree"

    @property
    def prompt(self) -> Path:
        """The prompt for `$PROMPT_FILE`, where only the server's own user reads it; removed at the end."""
        return self.path / "prompt"

    @property
    def shim_log(self) -> Path:
        """What the shim could not say anywhere else."""
        return self.path / "shim.log"

    def is_removed(self) -> bool:
        """Say whether the folder is there no more; for the process that has it as its working directory."""
        try:
            return self.path.stat().st_nlink == 0
        except OSError:
            return False  # out of reach

    def is_locked(self) -> bool:
        """Say whether a living shim holds the folder."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def bury(self, epitaph: tuple[str, str] | None = None, *, make: bool = False) -> bool:
        """Write the tombstone under the lock; say False when a living shim holds it.

        `epitaph` is status and reason of a run that is thereby closed; the first one stays. A folder that is gone is
        buried deep enough, unless one is to be made. Raises OSError when the tombstone cannot be written.
        """
        if make:
            make_private_folder(self.path)
        if not self.path.is_dir():
            return True
        held = take_lock(self.lock)
        if held is None:
            return False
        try:
            # First the stone, which a full disk takes as well: from then on no shim begins.
            os.close(os.open(self.tombstone, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
            if epitaph and not self.epitaph():
                replace_file(self.tombstone, json.dumps(epitaph).encode())
            return True
        finally:
            os.close(held)

    def epitaph(self) -> tuple[str, str] | None:
        """Return status and reason of a run that was closed before it began; None where no tombstone tells of that."""
        try:
            status, reason = json.loads(self.tombstone.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None
        return str(status), str(reason)


def folder_for(root: Path, run_id: str, queued_at: datetime) -> Path:
    """Return where a new run's folder goes: by month, so that no directory grows without end."""
    return root / "runs" / queued_at.strftime("%Y-%m") / run_id
