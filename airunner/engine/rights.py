"""Looks at files with the rights of an account: a server that is root must see no more than the run would.

Judged by owner, group and mode from the root folder down (path_resolution(7)); access control lists are not looked at.
For the server's own account the kernel judges.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from airunner.engine.accounts import Account

READ, ENTER = 4, 1
# Only names a file (open(2)): a device or a FIFO does not notice, and no terminal becomes ours.
_NAMED = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def may(state: os.stat_result, account: Account, wanted: int) -> bool:
    """Say whether the account has all of `wanted` (READ, ENTER: also the right to execute) on what has that state."""
    if not account.is_other:
        return True
    in_group = state.st_gid in {account.gid, *account.groups}
    shift = 6 if state.st_uid == account.uid else 3 if in_group else 0
    return state.st_mode >> shift & wanted == wanted


def state_of(real: Path, account: Account) -> os.stat_result:
    """Return the state of what is at `real`, a path without links; raise the OSError that the account would get."""
    descriptor = _walk(real, account)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def read_file(real: Path, account: Account, most: int) -> bytes:
    """Return the first `most` bytes of a regular file, `real` being a path without links; raise OSError as `state_of`."""
    descriptor = _walk(real, account)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if not may(state, account, READ):
            raise _denied()
        # What was looked at is what is opened. O_NONBLOCK: a lease of its owner must not hold up who asks (fcntl(2)).
        opened = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(descriptor)
    with open(opened, "rb") as file:
        return file.read(most)


def _walk(real: Path, account: Account) -> int:
    """Return a descriptor that names the file; follow no link, should one have come on the way since it was resolved."""
    descriptor = os.open("/", _NAMED)
    try:
        for name in real.parts[1:]:
            if not may(os.fstat(descriptor), account, ENTER):
                raise _denied()
            inner = os.open(name, _NAMED, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _denied() -> PermissionError:
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
