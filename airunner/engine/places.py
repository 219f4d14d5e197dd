"""Directories and files of the machine: inside the allowed roots, links resolved first."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airunner.base.errors import Forbidden, Invalid, NotFound
from airunner.engine.accounts import Account
from airunner.engine.rights import ENTER, READ, may, read_file, state_of

LONGEST_PROMPT_FILE = 4 * 1024 * 1024
LARGEST_ATTACHMENT = 50 * 1024 * 1024
_NEVER = ("/proc", "/sys", "/dev")  # no files of anybody's: what is read there blocks, or is another process's secret


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where requests may lead: below one of `roots`, and never into `closed` (the server's own folders)."""

    roots: Sequence[str]
    closed: Sequence[str]


def inside(path: str, bounds: Bounds) -> Path:
    """Return `path` with every link resolved (realpath(3)); raise Forbidden when it is out of bounds."""
    if "\0" in path or not path.startswith("/"):
        raise Invalid(
            f"The path must be absolute, such as /srv/repos; it is {path!r}.", fields={"path": "not absolute"}
        )
    real = os.path.realpath(path)
    if any(_is_below(real, os.path.realpath(folder)) for folder in (*_NEVER, *bounds.closed)):
        raise Forbidden(f"{path} is closed to requests.", code="outside_roots")
    if not any(_is_below(real, os.path.realpath(root)) for root in bounds.roots):
        raise Forbidden(f"{path} is outside the allowed folders ({', '.join(bounds.roots)}).", code="outside_roots")
    return Path(real)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def working_directory(path: str, bounds: Bounds, account: Account) -> str:
    """Return the directory with every link resolved, after making sure that a run of that account can start in it."""
    if not path.startswith("/") or "\0" in path:
        raise _bad_directory(f"The working directory must be an absolute path; it is {path!r}.")
    by = _by(account)
    try:
        real = inside(path, bounds)
    except Forbidden as error:
        raise _bad_directory(error.message) from error
    try:
        state = state_of(real, account)
    except FileNotFoundError as error:
        raise _bad_directory(f"The working directory {path} does not exist.") from error
    except OSError as error:
        raise _bad_directory(f"The working directory {path} cannot be entered{by}: {error.strerror}.") from error
    if not stat.S_ISDIR(state.st_mode):
        raise _bad_directory(f"{path} is not a directory.")
    if not (os.access(path, os.X_OK | os.R_OK) and may(state, account, READ | ENTER)):
        raise _bad_directory(f"The working directory {path} cannot be entered{by}: permission denied.")
    try:
        str(real).encode()
    except UnicodeEncodeError as error:  # a link leads to a name of other bytes: no record could hold it
        raise _bad_directory(f"{path} leads to a directory whose name is not UTF-8 text.") from error
    return str(real)


def read_prompt_file(reference: str, directory: str, bounds: Bounds, account: Account) -> tuple[str, Path]:
    """Return the text of a prompt file that the run's account may read, and the file's path with links resolved.

    `@path` and `path` name it, relative to the run's directory; `~` is the account's home.
    """
    named = reference.strip().removeprefix("@")
    if not named:
        raise _bad_content("The prompt's file is not named; give a path such as @prompts/review.md.")
    path = _full(named, directory, account)
    try:
        real = inside(path, bounds)
        data = read_file(real, account, LONGEST_PROMPT_FILE + 1)
        if len(data) > LONGEST_PROMPT_FILE:
            raise _bad_content(f"The prompt file {path} is larger than {LONGEST_PROMPT_FILE:,} bytes.")
        return data.decode("utf-8"), real
    except Forbidden as error:
        raise _bad_content(error.message) from error
    except UnicodeDecodeError as error:
        raise _bad_content(f"The prompt file {path} is not UTF-8 text.") from error
    except FileNotFoundError as error:
        raise _bad_content(f"The prompt file {path} does not exist.") from error
    except OSError as error:
        raise _bad_content(f"The prompt file {path} cannot be read{_by(account)}: {error.strerror}.") from error


def attachment(reference: str, directory: str, bounds: Bounds, account: Account) -> str:
    """Return the path of a file, links resolved, that the run's account may read and that is not too large."""
    path = _full(reference.removeprefix("@"), directory, account)
    try:
        real = inside(path, bounds)
        state = state_of(real, account)
    except Forbidden as error:
        raise _bad_attachment(error.message) from error
    except FileNotFoundError as error:
        raise _bad_attachment(f"The attachment {path} does not exist.") from error
    except OSError as error:
        raise _bad_attachment(f"The attachment {path} cannot be read{_by(account)}: {error.strerror}.") from error
    if not stat.S_ISREG(state.st_mode):
        raise _bad_attachment(f"The attachment {path} is not a file.")
    if not (os.access(real, os.R_OK) and may(state, account, READ)):
        raise _bad_attachment(f"The attachment {path} cannot be read{_by(account)}: permission denied.")
    if state.st_size > LARGEST_ATTACHMENT:
        raise _bad_attachment(f"The attachment {path} is larger than {LARGEST_ATTACHMENT >> 20} MB.")
    if "\n" in str(real) or not _is_text(str(real)):
        raise _bad_attachment(f"The name of the attachment {path!r} cannot stand in a prompt.")
    return str(real)


def _full(named: str, directory: str, account: Account) -> str:
    if named.startswith("~/"):
        named = account.home + named.removeprefix("~")
    return os.path.join(directory, named)  # noqa: PTH118 - an absolute one stays as it is, with all its dots


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def listing(path: str, bounds: Bounds, most: int = 2000) -> dict[str, object]:
    """Return one folder's entries, folders first, each with what a picker shows."""
    folder = inside(path, bounds)
    try:
        with os.scandir(folder) as found:
            entries = [entry for _, entry in zip(range(most + 1), found, strict=False)]
    except FileNotFoundError as error:
        raise NotFound(f"There is no folder {path}.") from error
    except NotADirectoryError as error:
        raise Invalid(f"{path} is not a folder.", fields={"path": "not a folder"}) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise NotFound(f"There is no folder of such a long name: {path[:80]}….") from error
        raise Forbidden(f"The folder {path} cannot be read: {error.strerror}.") from error
    rows = [row for entry in entries[:most] if (row := _row(entry))]
    rows.sort(key=lambda row: (row["type"] != "directory", str(row["name"]).lower()))
    parent = str(folder.parent) if folder != folder.parent else None
    return {"path": str(folder), "parent": parent, "entries": rows, "more": len(entries) > most}


def is_repository(path: str) -> bool:
    """Say whether a version control system has its folder (or, for a work tree, its file) there."""
    return any(os.path.exists(f"{path}/{name}") for name in (".git", ".hg", ".jj", ".svn"))  # noqa: PTH110


def _row(entry: os.DirEntry[str]) -> dict[str, object] | None:
    try:
        entry.name.encode()
        is_folder = entry.is_dir()
        size = None if is_folder else entry.stat().st_size
    except (OSError, UnicodeEncodeError):
        return None
    kind = "directory" if is_folder else "file"
    repository = is_folder and is_repository(entry.path)
    return {"name": entry.name, "path": entry.path, "type": kind, "size": size, "isRepository": repository}


def _by(account: Account) -> str:
    return f" by {account.name}" if account.is_other else ""


def _bad_directory(message: str) -> Invalid:
    return Invalid(message, code="bad_directory", fields={"workingDirectory": message})


def _bad_content(message: str) -> Invalid:
    return Invalid(message, code="bad_prompt_file", fields={"content": message})


def _bad_attachment(message: str) -> Invalid:
    return Invalid(message, code="bad_attachment", fields={"attachments": message})
