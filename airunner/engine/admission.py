"""THE door: every run, whoever asks for it, is checked and queued here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import Busy, Conflict, Invalid, NotFound
from airunner.base.ids import Ids
from airunner.domain import template
from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.run import StartRequest, new_run
from airunner.domain.settings import Settings
from airunner.domain.variables import fill
from airunner.engine import places
from airunner.engine.accounts import Account, account_of
from airunner.engine.conductor import Conductor
from airunner.engine.resolve import (
    Environment,
    check_prompt_fits,
    shared_prompt_file,
    shown_command,
    trial_of,
    values_of,
)
from airunner.spool.layout import folder_for
from airunner.store.contract import Store


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked for a run, and by what."""

    name: str
    triggered_by: str = "manual"


class Admission:
    """Turns a wish into a queued run. Thread-safe."""

    def __init__(
        self, store: Store, conductor: Conductor, environment: Environment, bus: Bus, clock: Clock, ids: Ids,
        data_folder: Path, node: str, shared_path: Callable[[], Path],
    ) -> None:  # fmt: skip
        self._store = store
        self._conductor = conductor
        self._environment = environment
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._data_folder = data_folder
        self._node = node
        self._shared_path = shared_path

    def admit(self, request: StartRequest, origin: Origin) -> Doc:
        """Check the request and queue it; return the new run. Raises Invalid, NotFound, Conflict, Busy."""
        return self.queue(self.resolve(request, origin))

    def queue(self, run: Doc) -> Doc:
        """Store a resolved run and hand it to the queue. Raises Conflict, Busy."""
        self._conductor.check_open()
        try:
            self._store.insert_run(run)
        except Busy:
            self._conductor.find_out(run["runId"])  # it may have been stored all the same
            raise
        self._bus.ring("runs", run["runId"])
        self._conductor.enqueue(run)
        return run

    def resolve(self, request: StartRequest, origin: Origin, run_id: str | None = None) -> Doc:
        """Return the run that the request stands for, without storing or starting anything."""
        saved = self._saved_prompt(request.prompt_id)
        profile = self._profile(request.agent_profile_id or saved.get("agentProfileId"))
        if not profile.enabled:
            raise _switched_off(profile)
        return self._resolve(request, saved, profile, origin, run_id)

    def resolve_trial(self, request: StartRequest, who: str, run_id: str | None = None, *, may_be_off: bool) -> Doc:
        """Return a quick test of a profile: `echo` stands before the command that gets the prompt.

        All else in the template runs, so whoever may not switch the profile on may not try it while it is off.
        """
        profile = self._profile(request.agent_profile_id)
        if not (profile.enabled or may_be_off):
            raise _switched_off(profile)
        return self._resolve(request, {}, trial_of(profile), Origin(who, "test"), run_id)

    def _resolve(
        self, request: StartRequest, saved: Mapping[str, Any], profile: Profile, origin: Origin, run_id: str | None
    ) -> Doc:
        settings = from_doc(Settings, self._store.settings())
        account = account_of(profile.run_as_user)
        self._environment.expect(account)
        directory = places.working_directory(
            request.working_directory
            or saved.get("workingDirectory")
            or settings.default_working_directory
            or account.home,
            self.bounds(settings),
            account,
        )
        prompt = fill(self._prompt_text(request, saved, directory, settings, account), request.variables)
        reading = template.read(profile.invocation_template)
        run = {
            **self._new_run(run_id or self._ids.new(), prompt, directory, profile, settings),
            "promptId": request.prompt_id,
            "promptName": saved.get("name"),
            "promptFile": shared_prompt_file(reading, account, self._shared_path),
            "timeout": self._timeout(request, saved, profile),
            "triggeredBy": origin.triggered_by,
            "startedBy": origin.name,
            "env": request.env or None,
        }
        check_prompt_fits(reading, values_of(run))
        return {**run, "command": shown_command(run, reading, account)}

    def bounds(self, settings: Settings) -> places.Bounds:
        """Return where requests may lead: never into the folders that hold tokens, records and output."""
        own = [str(self._data_folder), *([settings.log_directory] if settings.log_directory else [])]
        return places.Bounds(settings.allowed_roots, own)

    def find_profile(self, id_or_slug: str) -> Doc:
        """Return a profile by id or slug; raise NotFound."""
        doc = self._store.get("profiles", id_or_slug)
        if doc is None:
            found = self._store.find("profiles", slug=id_or_slug)
            doc = found[0] if found else None
        if doc is None:
            raise NotFound(f"There is no agent profile {id_or_slug!r}.", code="profile_not_found")
        return doc

    def _saved_prompt(self, prompt_id: str | None) -> Mapping[str, Any]:
        if prompt_id is None:
            return {}
        doc = self._store.get("prompts", prompt_id)
        if doc is None:
            raise NotFound(f"There is no saved prompt {prompt_id!r}.", code="prompt_not_found")
        return doc

    def _profile(self, id_or_slug: str | None) -> Profile:
        if not id_or_slug:
            message = "No agent profile is named; give agentProfileId, a profile's id or slug."
            raise Invalid(message, fields={"agentProfileId": message})
        try:
            return from_doc(Profile, self.find_profile(id_or_slug))
        except NotFound as error:
            raise Invalid(error.message, code=error.code, fields={"agentProfileId": error.message}) from error

    def _prompt_text(
        self, request: StartRequest, saved: Mapping[str, Any], directory: str, settings: Settings, account: Account
    ) -> str:
        content = request.content if request.content is not None else saved.get("content")
        kind = request.type if request.content is not None else saved.get("type")
        if not content:
            message = "There is nothing to run: give content, the prompt's text."
            raise Invalid(message, fields={"content": message})
        if kind == "file-reference":
            return places.read_prompt_file(content, directory, self.bounds(settings), account)
        return str(content)

    def _timeout(self, request: StartRequest, saved: Mapping[str, Any], profile: Profile) -> float:
        minutes = request.timeout or saved.get("timeout") or profile.default_timeout
        if minutes > profile.max_timeout:
            message = (
                f"The timeout of {minutes:g} min is over the maximum of the profile {profile.name}, "
                f"{profile.max_timeout:g} min."
            )
            raise Invalid(message, code="timeout_too_long", fields={"timeout": message})
        return float(minutes)

    def _new_run(self, run_id: str, prompt: str, directory: str, profile: Profile, settings: Settings) -> Doc:
        now = self._clock.now()
        root = Path(settings.log_directory) if settings.log_directory else self._data_folder
        folder = folder_for(root, run_id, now)
        return new_run(
            runId=run_id,
            agentProfileId=profile.id,
            agentProfileName=profile.name,
            agentType=profile.agent_type,
            promptContent=prompt,
            workingDirectory=directory,
            queuedAt=now,
            node=self._node,
            cols=profile.cols,
            rows=profile.rows,
            requiresTTY=profile.requires_tty,
            template=profile.invocation_template,
            shell=profile.shell,
            promptVia=profile.prompt_via,
            runAsUser=profile.run_as_user,
            folder=str(folder),
        )


def _switched_off(profile: Profile) -> Conflict:
    return Conflict(f"The agent profile {profile.name} is switched off; enable it first.", code="profile_disabled")
