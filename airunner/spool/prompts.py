"""The file that `$PROMPT_FILE` names: in the run's own folder, or where another user can open it, too.

The shared folder can be walked through and not listed (0711): only who is told a file's random name finds it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from airunner.base.errors import Broken
from airunner.base.files import write_all
from airunner.spool.spec import Spec

PRIVATE, OWNERS, EVERYBODYS = 0o600, 0o400, 0o644
_WALKED_THROUGH = 0o711
_OTHERS_MAY_ENTER = 0o001


def shared_folder(uid: int, temporary: str) -> Path:
    """Return where a server of that user puts prompts for other users; `temporary` is the folder for such files."""
    return Path("/run/airunner/prompts") if uid == 0 else Path(temporary) / f"airunner-{uid}"


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
    descriptor = os.open(name, flags, PRIVATE, dir_fd=folder)
    try:
        write_all(descriptor, (spec.prompt or "").encode())
        if spec.user:
            os.fchown(descriptor, spec.user.uid, spec.user.gid)
        os.fchmod(descriptor, spec.prompt_mode)  # the umask must not decide who reads it
    finally:
        os.close(descriptor)


def _open_shared(path: Path) -> int:
    """Make the shared folder if it is missing, and return it opened, after making sure that it is ours."""
    for level in (path.parent, path):
        with contextlib.suppress(FileExistsError):
            level.mkdir()
            level.chmod(_WALKED_THROUGH)
    folder = os.open(path, _FOLDER)
    try:
        # 1. Whoever may write into it, or owns it, could put another file under the name.
        if os.fstat(folder).st_uid != os.geteuid():
            raise Broken(f"The folder {path} for prompt files belongs to another user; remove it.")
        os.fchmod(folder, _WALKED_THROUGH)
        # 2. Who cannot come that far cannot read the file.
        for above in path.parents:
            if not above.stat().st_mode & _OTHERS_MAY_ENTER:
                raise Broken(f"Other users cannot reach the folder {path} for prompt files: {above} is closed to them.")
    except BaseException:
        os.close(folder)
        raise
    return folder
