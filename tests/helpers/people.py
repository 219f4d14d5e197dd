"""Another user to run things as. Only root can; for everybody else the refusal is what is there to test."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AM_ROOT = os.geteuid() == 0
OTHER = pwd.getpwnam("nobody")


@contextmanager
def public_folder() -> Iterator[Path]:
    """Make a folder that every user can enter, and that the other one owns where we can give it away."""
    folder = Path(tempfile.mkdtemp(prefix="airunner-test-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        if AM_ROOT:
            os.chown(folder, OTHER.pw_uid, OTHER.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)
