"""THE door: every run, whoever asks for it, is checked and queued here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airunner.base.bus import Bus
from airunner.base.clock import Clock
from airunner.base.errors import Busy, Conflict, Invalid, NotFound
from airunner.base.ids import Ids
from airunner.domain import template
from airunner.domain.profile import Profile
from airunner.domain.prompt import Prompt
from airunner.domain.record import Doc, from_doc
from airunner.domain.run import StartRequest, new_run
from airunner.domain.settings import Settings
from airunner.domain.states import Status
from airunner.domain.variables import fill, fill_declared
from airunner.engine import places
from airunner.engine.accounts import Account, account_of
from airunner.engine.commit import commit_of
from airunner.engine.conductor import Conductor
from airunner.engine.finish import unstarted_changes
from airunner.engine.gates import lock_skips
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
    schedule_id: str | None = None
    scheduled_for: datetime | None = None
    attempt: int = 1
    not_before: datetime | None = None
    overlap: str | None = None
    """`queue`: the run waits while another one of its schedule is active."""


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
        """Store a resolved run and hand it to the queue, unless it is one to be skipped. Raises Conflict, Busy."""
        self._conductor.check_open()
        try:
            self._store.insert_run(run)
        except Busy:
            self._conductor.find_out(run["runId"])  # it may have been stored all the same
            raise
        self._bus.ring("runs", run["runId"])
        if run["status"] == Status.QUEUED:
            self._conductor.enqueue(run)
        return run

    def call_off(self, run_id: str, reason: str) -> None:
        """Skip a run if it is still queued, with the reason."""
        self._conductor.call_off(run_id, reason)

    def resolve(self, request: StartRequest, origin: Origin, run_id: str | None = None) -> Doc:
        """Return the run that the request stands for, without storing or starting anything."""
        saved = self._saved_prompt(request.prompt_id)
        profile = self._profile(request.agent_profile_id or (saved.agent_profile_id if saved else None))
        if not profile.enabled:
            raise _switched_off(profile)
        run = self._resolve(request, saved, profile, origin, run_id)
        why = lock_skips(profile, self._clock.now())
        return {**run, **unstarted_changes(Status.SKIPPED, why, run["queuedAt"])} if why else run

    def unstarted(
        self, prompt: Prompt | None, origin: Origin, status: str, reason: str, directory: str | None = None
    ) -> Doc:
        """Return the record of a run that never was: what was to run, and why it did not."""
        settings, now = from_doc(Settings, self._store.settings()), self._clock.now()
        profile = self._maybe_profile(prompt.agent_profile_id) if prompt else None
        directory = directory or (prompt.working_directory if prompt else None)
        run = new_run(
            **self._place(self._ids.new(), now, settings),
            promptId=prompt.id if prompt else None,
            promptName=prompt.name if prompt else None,
            promptContent=prompt.content if prompt else "",
            workingDirectory=directory or settings.default_working_directory or "",
            agentProfileId=profile.id if profile else None,
            agentProfileName=profile.name if profile else None,
            agentType=profile.agent_type if profile else None,
            **_asked_by(origin),
        )
        return {**run, **unstarted_changes(status, reason, now)}

    def resolve_trial(self, request: StartRequest, who: str, run_id: str | None = None, *, may_be_off: bool) -> Doc:
        """Return a quick test of a profile: `echo` stands before the command that gets the prompt.

        All else in the template runs, so whoever may not switch the profile on may not try it while it is off.
        """
        profile = self._profile(request.agent_profile_id)
        if not (profile.enabled or may_be_off):
            raise _switched_off(profile)
        return self._resolve(request, None, trial_of(profile), Origin(who, "test"), run_id)

    def _resolve(
        self, request: StartRequest, saved: Prompt | None, profile: Profile, origin: Origin, run_id: str | None
    ) -> Doc:
        settings = from_doc(Settings, self._store.settings())
        account = account_of(profile.run_as_user)
        self._environment.expect(account)
        directory = places.working_directory(
            request.working_directory
            or (saved.working_directory if saved else None)
            or settings.default_working_directory
            or account.home,
            self.bounds(settings),
            account,
        )
        prompt, source = self._prompt_text(request, saved, directory, settings, account)
        reading = template.read(profile.invocation_template)
        run = {
            **self._new_run(run_id or self._ids.new(), prompt, directory, profile, settings),
            "promptId": request.prompt_id,
            "promptName": saved.name if saved else None,
            "promptSource": source,
            "promptFile": shared_prompt_file(reading, account, self._shared_path),
            "timeout": self._timeout(request, saved, profile),
            "env": request.env or None,
            **_asked_by(origin),
        }
        check_prompt_fits(reading, values_of(run))
        return {**run, "command": shown_command(run, reading, account)}

    def bounds(self, settings: Settings) -> places.Bounds:
        """Return where requests may lead: never into the folders that hold tokens, records and output."""
        own = [str(self._data_folder), *settings.log_roots()]
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

    def find_profile_for(self, id_or_slug: str, timeout: float | None) -> Profile:
        """Return the profile that a prompt names, after a look whether it allows the timeout; raise Invalid."""
        profile = self._profile(id_or_slug)
        _check_timeout(timeout, profile)
        return profile

    def find_prompt(self, prompt_id: str) -> Prompt:
        """Return a saved prompt; raise NotFound."""
        doc = self._store.get("prompts", prompt_id)
        if doc is None:
            raise NotFound(f"There is no saved prompt {prompt_id!r}.", code="prompt_not_found")
        return from_doc(Prompt, doc)

    def _saved_prompt(self, prompt_id: str | None) -> Prompt | None:
        return None if prompt_id is None else self.find_prompt(prompt_id)

    def _maybe_profile(self, id: str) -> Profile | None:
        doc = self._store.get("profiles", id)
        return from_doc(Profile, doc) if doc else None

    def _profile(self, id_or_slug: str | None) -> Profile:
        if not id_or_slug:
            message = "No agent profile is named; give agentProfileId, a profile's id or slug."
            raise Invalid(message, fields={"agentProfileId": message})
        try:
            return from_doc(Profile, self.find_profile(id_or_slug))
        except NotFound as error:
            message = f"{error.message} Choose another one."
            raise Invalid(message, code=error.code, fields={"agentProfileId": message}) from error

    def _prompt_text(
        self, request: StartRequest, saved: Prompt | None, directory: str, settings: Settings, account: Account
    ) -> tuple[str, Doc | None]:
        """Return the text that is sent, and where it came from if that was a file."""
        content = request.content if request.content is not None else saved.content if saved else None
        kind = request.type if request.content is not None else saved.type if saved else None
        if not content:
            message = "There is nothing to run: give content, the prompt's text."
            raise Invalid(message, fields={"content": message})
        bounds, source = self.bounds(settings), None
        if kind == "file-reference":
            content, path = places.read_prompt_file(content, directory, bounds, account)
            source = {"path": str(path), "commit": commit_of(path, bounds, account)}
        if saved and request.content is None:
            text = fill_declared(content, request.variables, saved.variables)
        else:
            text = fill(content, request.variables)
        attached = request.attachments if request.attachments is not None else saved.attachments if saved else ()
        paths = [places.attachment(name, directory, bounds, account) for name in attached]
        return with_attachments(text, paths), source

    def _timeout(self, request: StartRequest, saved: Prompt | None, profile: Profile) -> float:
        minutes = request.timeout or (saved.timeout if saved else None) or profile.default_timeout
        _check_timeout(minutes, profile)
        return float(minutes)

    def _new_run(self, run_id: str, prompt: str, directory: str, profile: Profile, settings: Settings) -> Doc:
        return new_run(
            **self._place(run_id, self._clock.now(), settings),
            agentProfileId=profile.id,
            agentProfileName=profile.name,
            agentType=profile.agent_type,
            promptContent=prompt,
            workingDirectory=directory,
            cols=profile.cols,
            rows=profile.rows,
            requiresTTY=profile.requires_tty,
            template=profile.invocation_template,
            shell=profile.shell,
            promptVia=profile.prompt_via,
            runAsUser=profile.run_as_user,
        )

    def _place(self, run_id: str, now: datetime, settings: Settings) -> Doc:
        root = Path(settings.log_directory) if settings.log_directory else self._data_folder
        return {"runId": run_id, "queuedAt": now, "node": self._node, "folder": str(folder_for(root, run_id, now))}


def with_attachments(prompt: str, paths: Sequence[str]) -> str:
    """Return the prompt with the paths of its attachments below it, for the agent to read them."""
    if not paths:
        return prompt
    listed = "".join(f"\n- {path}" for path in paths)
    return f"{prompt.rstrip()}\n\nAttached files:{listed}\n"


def _asked_by(origin: Origin) -> Doc:
    return {
        "triggeredBy": origin.triggered_by,
        "startedBy": origin.name,
        "scheduleId": origin.schedule_id,
        "scheduledFor": origin.scheduled_for,
        "attempt": origin.attempt,
        "notBefore": origin.not_before,
        "overlap": origin.overlap,
    }


def _check_timeout(minutes: float | None, profile: Profile) -> None:
    if minutes is not None and minutes > profile.max_timeout:
        message = (
            f"The timeout of {minutes:g} min is over the maximum of the profile {profile.name}, "
            f"{profile.max_timeout:g} min."
        )
        raise Invalid(message, code="timeout_too_long", fields={"timeout": message})


def _switched_off(profile: Profile) -> Conflict:
    return Conflict(f"The agent profile {profile.name} is switched off; enable it first.", code="profile_disabled")
