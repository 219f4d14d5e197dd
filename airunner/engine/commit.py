"""The commit that a file's repository is at, read from its files: no program of the repository's choosing is run.

What is read is described in gitrepository-layout(5): HEAD, loose and packed references, work trees.
"""

from __future__ import annotations

import re
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")  # SHA-1, or SHA-256
_MOST_BYTES = 64 * 1024 * 1024  # of packed references
_MOST_LINKS = 5


def commit_of(path: Path) -> str | None:
    """Return the commit that is checked out where a file lies; None outside of a repository, and before its first."""
    try:
        for folder in path.parents:
            if (folder / ".git").exists():
                return _head(_git_folder(folder / ".git"))
    except (OSError, ValueError):
        return None
    return None


def _git_folder(path: Path) -> Path:
    """Return a repository's folder; in a work tree `.git` is a file that names it."""
    if path.is_dir():
        return path
    named = path.read_text("utf-8").removeprefix("gitdir:").strip()
    return path.parent / named


def _head(folder: Path) -> str | None:
    shared = folder / "commondir"
    common = folder / shared.read_text("utf-8").strip() if shared.exists() else folder
    value = (folder / "HEAD").read_text("utf-8").strip()
    for _ in range(_MOST_LINKS):
        if not value.startswith("ref:"):
            return value if _COMMIT.match(value) else None
        name = value.removeprefix("ref:").strip()
        if ".." in name:
            return None
        found = _loose(folder, name) or _loose(common, name) or _packed(common, name)
        if found is None:
            return None
        value = found
    return None


def _loose(folder: Path, name: str) -> str | None:
    file = folder / name
    return file.read_text("utf-8").strip() if file.is_file() else None


def _packed(folder: Path, name: str) -> str | None:
    file = folder / "packed-refs"
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        return None
    ending = f" {name}"
    return next((line[: -len(ending)] for line in file.read_text("utf-8").splitlines() if line.endswith(ending)), None)
