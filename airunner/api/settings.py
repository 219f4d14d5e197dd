"""Global settings: read and merge."""

from __future__ import annotations

import os
from pathlib import Path

from airunner.api.context import Context
from airunner.api.replies import expected_revision, only, read_json, reply
from airunner.base.errors import Invalid
from airunner.base.files import make_private_folder
from airunner.domain.record import from_doc, to_doc
from airunner.domain.settings import Settings as Record
from airunner.engine.accounts import account_of
from airunner.engine.places import working_directory
from airunner.server.wire import Request, Response


class Settings:
    """Handlers of `settings`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, request: Request) -> Response:
        """Return the settings."""
        only(request)
        record = from_doc(Record, self._context.store.settings())
        return reply(record.public(), revision=record.revision)

    def change(self, request: Request) -> Response:
        """Merge what is given into the settings; the limit of runs at once holds from now on."""
        only(request)
        store = self._context.store
        old = from_doc(Record, store.settings())
        new = old.merged(read_json(request))
        if new.log_directory and new.log_directory != old.log_directory:
            _check_folder(Path(new.log_directory))
        if new.default_working_directory and new.default_working_directory != old.default_working_directory:
            self._check_default(new)
        asked = expected_revision(request)
        doc = store.save_settings(to_doc(new), expect_revision=old.revision if asked is None else asked)
        self._context.bus.ring("settings")
        self._context.conductor.reload()
        record = from_doc(Record, doc)
        return reply(record.public(), revision=record.revision)

    def _check_default(self, settings: Record) -> None:
        bounds = self._context.admission.bounds(settings)
        try:
            working_directory(settings.default_working_directory or "", bounds, account_of(None))
        except Invalid as error:
            raise Invalid(error.message, fields={"defaultWorkingDirectory": error.message}) from error


def _check_folder(path: Path) -> None:
    try:
        make_private_folder(path)
        usable = os.access(path, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    if not usable:
        why = f"The folder {path} cannot be made or written to."
        raise Invalid(why, fields={"logDirectory": why})
