"""What can be said of this machine while no server runs: its agents, the stored profiles, room for runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airunner.api.agents import readiness
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine import room
from airunner.engine.accounts import LoginPaths
from airunner.engine.agents import AgentLooker
from airunner.engine.resolve import Environment
from airunner.engine.shell import login_path
from airunner.store.contract import Store


def agents_here(store: Store | None, environ: Mapping[str, str]) -> tuple[list[Doc], dict[str, Doc]]:
    """Return the families of agents, and the readiness of each enabled profile by its slug, for the user who asks.

    Without a store there are no profiles. Raises Busy when the store cannot be read.
    """
    looker = AgentLooker(Environment(environ, LoginPaths(lambda account: login_path(account, environ))), environ)
    settings = from_doc(Settings, store.settings()) if store else Settings()
    profiles = [from_doc(Profile, doc) for doc in store.find("profiles")] if store else []
    ready = {profile.slug: readiness(profile, looker, settings) for profile in profiles if profile.enabled}
    return looker.families(settings), ready


def room_here(data_folder: Path, settings: Mapping[str, Any]) -> str | None:
    """Return why no run would start, as a server with these settings would say; None when the disk has room."""
    known = from_doc(Settings, dict(settings))
    folders = [data_folder, *([Path(known.log_directory)] if known.log_directory else [])]
    return next((why for folder in folders if (why := room.lack(folder, known.min_free_disk_mb))), None)
