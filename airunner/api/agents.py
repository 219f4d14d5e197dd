"""Agents: which families are installed here with presets for them, and whether a saved profile is ready to run."""

from __future__ import annotations

from dataclasses import asdict

from airunner.api.context import Context
from airunner.api.profiles import judge
from airunner.api.replies import only, reply
from airunner.domain.agents import Lack
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine.agents import AgentLooker
from airunner.server.wire import Request, Response


class Agents:
    """Handlers of `agents` and of `profiles/:id/readiness`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, request: Request) -> Response:
        """Return each family of agents: where it is, what it lacks, and drafts of profiles for it."""
        only(request)
        return reply(self._context.agents.families(self._settings()))

    def readiness(self, request: Request) -> Response:
        """Return what a run of the profile would miss."""
        only(request)
        profile = from_doc(Profile, self._context.admission.find_profile(request.params["id"]))
        return reply(readiness(profile, self._context.agents, self._settings()))

    def _settings(self) -> Settings:
        return from_doc(Settings, self._context.store.settings())


def readiness(profile: Profile, looker: AgentLooker, settings: Settings) -> Doc:
    """Return whether a profile is ready to run, and all that speaks against it, errors first; then what to know of it."""
    lacks = looker.lacks(profile, settings)
    shell_is_missing = any(lack.code == "shell_missing" for lack in lacks)
    verdict = judge(profile.invocation_template, profile.shell, profile.prompt_via)
    invalid = [
        Lack("template_invalid", error["text"], "Correct the profile's template.")
        for error in verdict["errors"]
        if not (shell_is_missing and error["code"] == "shell_refuses")
    ]
    problems = [asdict(lack) for lack in (*invalid, *lacks)]
    cautions = [
        {"code": each["code"], "text": each["text"]}
        for each in (*verdict["dangerous"], *verdict["warnings"])
        if each["code"] != "no_working_dir"
    ]
    ready = all(problem["severity"] != "error" for problem in problems)
    return {"ready": ready, "problems": problems, "cautions": cautions}
