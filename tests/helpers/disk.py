"""Disks that are full when a test says so: a small one of its own where we may mount, else limits on who writes."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.helpers import proc
from tests.helpers.people import AM_ROOT
from tests.helpers.server import House

MB = 1024 * 1024
WAYS = ("limits", "mount") if AM_ROOT else ("limits",)


class Limits:
    """No disk is full, but the server, its nursery and the shims may not write to any file (setrlimit(2), FSIZE).

    The system says EFBIG instead of ENOSPC; space that was taken beforehand is closed, too.
    """

    keeps_what_is_taken = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._house: House | None = None

    def fill(self, house: House) -> None:
        """Let nothing more be written."""
        self._house = house
        self._limit(0)

    def empty(self) -> None:
        """Let everything be written again."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        assert self._house is not None
        nursery = self._house.nursery
        for pid in (self._house.pid, nursery, *proc.children(nursery)):
            with suppress(ProcessLookupError):
                hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


class Mount:
    """A small disk in memory (tmpfs(5)). For root only."""

    keeps_what_is_taken = True

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", path], check=True)

    def fill(self, house: House | None = None, leave: int = 0) -> None:
        """Fill the disk to the last block, or but for the last `leave` bytes."""
        with (self.path / "filler").open("ab", buffering=0) as file:
            for size in (MB, 4096):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
            file.truncate(file.tell() - leave)

    def empty(self) -> None:
        """Make room again."""
        (self.path / "filler").unlink()

    def read_only(self, yes: bool) -> None:
        """Let the disk be read only, while nobody has a file open for writing."""
        subprocess.run(["mount", "-o", f"remount,{'ro' if yes else 'rw'}", self.path], check=True)

    def close(self) -> None:
        """Take the disk away, whoever still uses it."""
        subprocess.run(["umount", "--lazy", self.path], check=True)


@contextmanager
def mounted(path: Path, megabytes: int = 24) -> Iterator[Mount]:
    """Mount a small disk at `path`."""
    disk = Mount(path, megabytes)
    try:
        yield disk
    finally:
        disk.close()


_WITHOUT_OVERRIDE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; nobody but root has them to drop
    libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""
HEEDING = (sys.executable, "-c", _WITHOUT_OVERRIDE)
"""What a house is started under whose server must heed the permission bits of files, though it be root's."""
