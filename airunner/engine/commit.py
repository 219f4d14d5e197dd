"""The commit that a file's repository is at, read from its files: no program of the repository's choosing is run.

What is read is described in gitrepository-layout(5): HEAD, loose and packed references, work trees. Whoever can write
there, an agent say, may have put anything in these places: only regular files of the right size are read, within the
bounds and with the rights of the run.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from airunner.base.errors import AirunnerError
from airunner.engine.accounts import Account
from airunner.engine.places import Bounds, inside
from airunner.engine.rights import read_file

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")  # SHA-1, or SHA-256
_REFERENCE = re.compile(r"ref:\s*(refs/[^\0-\x20]+)\Z")
_LINE_BYTES = 4096
_PACKED_BYTES = 16 * 1024 * 1024
_MOST_LINKS = 5


def commit_of(path: Path, bounds: Bounds, account: Account) -> str | None:
    """Return the commit that is checked out where a file lies; None outside of a repository, and before its first."""
    try:
        for folder in path.parents:
            if (folder / ".git").exists():
                return _Reader(bounds, account).head(folder / ".git")
    except (OSError, ValueError, AirunnerError):
        return None
    return None


@dataclass(frozen=True, slots=True)
class _Reader:
    bounds: Bounds
    account: Account

    def head(self, path: Path) -> str | None:
        folder = path if path.is_dir() else path.parent / self._line(path).removeprefix("gitdir:").strip()
        shared = folder / "commondir"
        common = folder / self._line(shared) if shared.exists() else folder
        value = self._line(folder / "HEAD")
        for _ in range(_MOST_LINKS):
            if _COMMIT.match(value):
                return value
            named = _REFERENCE.match(value)
            if not named or ".." in named[1]:
                return None
            found = self._loose(folder, named[1]) or self._loose(common, named[1]) or self._packed(common, named[1])
            if found is None:
                return None
            value = found
        return None

    def _loose(self, folder: Path, name: str) -> str | None:
        return self._line(folder / name) if (folder / name).is_file() else None

    def _packed(self, folder: Path, name: str) -> str | None:
        if not (folder / "packed-refs").is_file():
            return None
        before, found, _ = (self._data(folder / "packed-refs", _PACKED_BYTES) + b"\n").partition(f" {name}\n".encode())
        return before.rpartition(b"\n")[2].decode() if found else None

    def _line(self, path: Path) -> str:
        return self._data(path, _LINE_BYTES).decode().strip()

    def _data(self, path: Path, most: int) -> bytes:
        return read_file(inside(os.path.realpath(path), self.bounds), self.account, most)
