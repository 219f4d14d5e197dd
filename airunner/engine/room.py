"""Whether a disk has room for another run; looked at only while a run waits for its start, or when somebody asks."""

from __future__ import annotations

import errno
import os
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What the system says of a disk that takes no more files."""

LEAST_BYTES = 1024 * 1024  # below it not even the small files of a run are sure of their place
_LEAST_FILES = 32  # a run begins with about ten


def lack(folder: Path, floor_mb: int, name: Path | None = None) -> str | None:
    """Return why no run can be written below `folder`, with what to do about it; None when one can.

    Free is what this user may still use (statvfs(3), f_bavail); MB are 2^20 bytes. A floor of 0 asks only whether there
    is any room at all. Where the folder is missing, the one that it would be made in is looked at. `name` is the folder
    that the sentence names, where that is another one.
    """
    name = name or folder
    try:
        here = existing(folder)
        disk = os.statvfs(here)
        closed = not os.access(here, os.W_OK | os.X_OK, effective_ids=True)
    except OSError as error:
        return f"No run starts while {name} cannot be used: {error.strerror}."
    if closed:
        return f"No run starts while {here} cannot be written to; make it writable again."
    free = disk.f_bavail * disk.f_frsize
    if free < LEAST_BYTES or (disk.f_files and disk.f_favail < _LEAST_FILES):
        return full(name)
    if free < floor_mb << 20:
        return (
            f"No run starts while less than {floor_mb} MB are free for {name}; "
            "make room there, or lower the setting minFreeDiskMB."
        )
    return None


def full(folder: Path) -> str:
    """Return what is said of a disk that takes nothing more."""
    return f"No run starts while the disk of {folder} is full; make room there."


def existing(path: Path) -> Path:
    """Return the folder, or the one that it would be made in."""
    while path != path.parent and not path.exists():
        path = path.parent
    return path
