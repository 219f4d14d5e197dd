"""The file that `$PROMPT_FILE` names: in the run's own folder, or where another user can open it, too.

A file for one other user belongs to that user (0400). Where nobody knows who is to read it (`su` in a template) it is
open to all (0644), in a folder that can be walked through and not listed (0711): only who is told its random name finds
it. That is every user of the machine while a command line shows the name.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from airunner.base.errors import Broken
from airunner.base.files import PRIVATE_FILE, write_all
from airunner.spool.spec import Spec

OWNERS, EVERYBODYS = 0o400, 0o644
_WALKED_THROUGH = 0o711
_OTHERS_MAY_ENTER = 0o001


def shared_folder(uid: int, temporary: str) -> Path:
    """Return where a server of that user puts prompts for other users; `temporary` is the folder for such files.

    The last two levels are ours.
    """
    return Path("/run/airunner" if uid == 0 else f"{temporary}/airunner-{uid}") / "prompts"


def write_prompt(spec: Spec) -> None:
    """Write the prompt's file, if the command has one; raise Broken with a sentence when that cannot be done well."""
    if spec.prompt_file is None or spec.prompt is None:
        return
    path = Path(spec.prompt_file)
    try:
        folder = os.open(spec.folder, _FOLDER) if path.parent == Path(spec.folder) else _open_shared(path.parent)
        try:
            _write(folder, path.name, spec)
        finally:
            os.close(folder)
    except OSError as error:
        raise Broken(f"The prompt's file {path} could not be written: {error.strerror}.") from error


def remove_prompt(path: str | None) -> None:
    """Remove a prompt's file, if there is one."""
    if path is not None:
        with contextlib.suppress(OSError):
            os.unlink(path)


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _write(folder: int, name: str, spec: Spec) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, PRIVATE_FILE, dir_fd=folder)
    try:
        write_all(descriptor, (spec.prompt or "").encode())
        if spec.user:
            os.fchown(descriptor, spec.user.uid, spec.user.gid)
        os.fchmod(descriptor, spec.prompt_mode)  # the umask must not decide who reads it
    finally:
        os.close(descriptor)


def _open_shared(path: Path) -> int:
    """Make the last two levels of the shared folder where they are missing, and return it opened, once it is safe."""
    folder = os.open(path.parents[1], _FOLDER & ~os.O_NOFOLLOW)
    try:
        for level in (path.parent, path):
            outer, folder = folder, _open_level(folder, level, is_last=level == path)
            os.close(outer)
        # Who cannot come that far cannot read the file.
        for above in path.parents:
            if not above.stat().st_mode & _OTHERS_MAY_ENTER:
                raise Broken(f"Other users cannot reach the folder {path} for prompt files: {above} is closed to them.")
    except BaseException:
        os.close(folder)
        raise
    return folder


def _open_level(folder: int, level: Path, *, is_last: bool) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(level.name, _WALKED_THROUGH, dir_fd=folder)
    inner = os.open(level.name, _FOLDER, dir_fd=folder)
    try:
        # Whoever may write into it, or owns it, could put another file under the name.
        state = os.fstat(inner)
        if state.st_uid != os.geteuid():
            raise Broken(f"The folder {level} for prompt files belongs to another user; remove it.")
        # Whatever the umask has made of them, both can be walked through; the last one is for nothing else.
        os.fchmod(inner, _WALKED_THROUGH if is_last else stat.S_IMODE(state.st_mode) | _WALKED_THROUGH)
    except BaseException:
        os.close(inner)
        raise
    return inner
