"""The shim's own records: who runs the command (`state.json`) and how it ended (`exit.json`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from airunner.base.files import PRIVATE_FILE, open_plain, replace_file, sync_folder
from airunner.spool.layout import Folder

_EXIT_RESERVE = 16 * 1024
R = TypeVar("R", "State", "Exit")
_LARGEST = 1024 * 1024  # of any record here; what is longer is not ours


@dataclass(frozen=True, slots=True)
class State:
    """Who runs a command. A pid proves nothing without its start time (ticks since boot) and the boot it is of."""

    shim_pid: int
    shim_start: int
    boot_id: str
    started_at: float
    """Seconds since 1970."""
    deadline_boottime: float
    """CLOCK_BOOTTIME, in seconds, at which the command is ended."""
    grace_seconds: float = 0.0
    """How long it may then take to end."""
    prompt_file: str | None = None
    """What is to be removed when the shim did not come to it."""
    pid: int | None = None
    pid_start: int | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended. `status` is one of completed, failed, timeout, killed."""

    status: str
    finished_at: float
    duration_seconds: float | None
    exit_code: int | None = None
    signal: str | None = None
    reason: str | None = None
    started_at: float | None = None
    pid: int | None = None
    output_bytes: int = 0
    usage: Mapping[str, float] | None = None
    complaint: str | None = None
    """What the shim itself had to say, kept as the run's standard error where the command had none."""


def write_state(folder: Folder, state: State, *, durable: bool) -> None:
    """Replace `state.json`."""
    replace_file(folder.state, json.dumps(asdict(state)).encode(), durable=durable)


def read_state(folder: Folder) -> State | None:
    """Return the shim's state, None when no command was started."""
    return _record(State, folder.state)


def reserve_exit(folder: Folder) -> int:
    """Take the disk space of the exit record; return the descriptor to write it with."""
    descriptor = os.open(folder.exit_draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        os.posix_fallocate(descriptor, 0, _EXIT_RESERVE)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_exit(folder: Folder, reserved: int, record: Exit) -> None:
    """Write the exit record into its reserved space and give it its name."""
    data = json.dumps(asdict(record)).encode()
    os.pwrite(reserved, data.ljust(_EXIT_RESERVE), 0)
    os.fsync(reserved)
    folder.exit_draft.rename(folder.exit)
    sync_folder(folder.path)


def read_exit(folder: Folder) -> Exit | None:
    """Return how the run ended, None while that is not known."""
    return _record(Exit, folder.exit)


def read_usage(folder: Folder) -> dict[str, Any] | None:
    """Return the newest sample of the process tree's use."""
    return _read(folder.usage)


def _record(kind: type[R], path: Path) -> R | None:
    """Return the record with the fields that this version knows: the shim may be of another one. None when damaged."""
    data = _read(path) or {}
    try:
        return kind(**{field.name: data[field.name] for field in fields(kind) if field.name in data})
    except TypeError:
        return None


def _read(path: Path) -> dict[str, Any] | None:
    descriptor = open_plain(path)
    if descriptor is None:
        return None
    with open(descriptor, "rb") as file:
        text = file.read(_LARGEST)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
