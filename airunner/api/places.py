"""Known directories, and the folders of the machine inside the allowed roots."""

from __future__ import annotations

import os
from pathlib import Path

from airunner.api.context import Context
from airunner.api.replies import one, only, reply
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine.places import is_repository, listing
from airunner.server.wire import Request, Response

_KNOWN = 200


class Places:
    """Handlers of `directories` and `files`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def directories(self, request: Request) -> Response:
        """Return where runs have been, newest first, then the repositories of the default directory."""
        only(request)
        settings = from_doc(Settings, self._context.store.settings())
        used = {row["path"]: row["lastUsed"] for row in self._context.store.directories(_KNOWN)}
        found = [*used, *_near(settings.default_working_directory)]
        rows = [_row(path, used.get(path)) for path in dict.fromkeys(found) if os.path.isdir(path)]  # noqa: PTH112 - one that cannot be read is not shown
        return reply({"directories": rows})

    def files(self, request: Request) -> Response:
        """Return one folder's entries."""
        only(request, "path")
        settings = from_doc(Settings, self._context.store.settings())
        path = one(request, "path", settings.default_working_directory or settings.allowed_roots[0])
        return reply(listing(path, self._context.admission.bounds(settings)))


def _near(default: str | None) -> list[str]:
    if default is None:
        return []
    try:
        with os.scandir(default) as entries:
            found = [entry.path for _, entry in zip(range(_KNOWN), entries, strict=False) if entry.is_dir()]
    except OSError:
        return [default]
    return [default, *sorted(path for path in found if is_repository(path))]


def _row(path: str, last_used: object) -> Doc:
    name = Path(path).name or path
    return {"path": path, "name": name, "lastUsed": last_used, "isRepository": is_repository(path)}
