"""What can be said of the agents of this machine, and of the stored profiles, while no server runs."""

from __future__ import annotations

from collections.abc import Mapping

from airunner.api.agents import readiness
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine.accounts import LoginPaths
from airunner.engine.agents import Agents
from airunner.engine.resolve import Environment
from airunner.engine.shell import login_path
from airunner.store.contract import Store


def agents_here(store: Store | None, environ: Mapping[str, str]) -> tuple[list[Doc], dict[str, Doc]]:
    """Return the families of agents, and the readiness of each enabled profile by its slug, for the user who asks.

    Without a store there are no profiles. Raises Busy when the store cannot be read.
    """
    looker = Agents(Environment(environ, LoginPaths(lambda account: login_path(account, environ))), environ)
    settings = from_doc(Settings, store.settings()) if store else Settings()
    profiles = [from_doc(Profile, doc) for doc in store.find("profiles")] if store else []
    ready = {profile.slug: readiness(profile, looker, settings) for profile in profiles if profile.enabled}
    return looker.families(settings), ready
