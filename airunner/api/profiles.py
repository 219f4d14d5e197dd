"""Agent profiles: list, create, change, delete, duplicate, validate, test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from airunner.api.changes import save_change
from airunner.api.context import Context
from airunner.api.needs import forced, free
from airunner.api.once import dry
from airunner.api.replies import caller, expected_revision, is_admin, no_fields, only, read_json, reply
from airunner.base.errors import Conflict, Forbidden, Invalid
from airunner.domain import template
from airunner.domain.delivery import errors_of, warnings_of
from airunner.domain.fields import Checker
from airunner.domain.profile import PROMPT_VIA, TEMPLATE_CHARACTERS, USER_CHARACTERS, Profile
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.domain.run import StartRequest, public
from airunner.domain.settings import Settings
from airunner.engine.accounts import account_of
from airunner.engine.resolve import trial_template
from airunner.engine.shell import syntax_error
from airunner.server.wire import Request, Response

_KIND = "profiles"
_COPIES = 100
_JUDGED = ("invocation_template", "shell", "prompt_via", "run_as_user", "acknowledged_dangers")


class Profiles:
    """Handlers of `profiles`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, request: Request) -> Response:
        """Return all profiles, oldest first; environment values are masked."""
        only(request)
        now = self._context.clock.now()
        return reply([from_doc(Profile, doc).public(now) for doc in self._context.store.find(_KIND)])

    def show(self, request: Request) -> Response:
        """Return one profile."""
        only(request)
        profile = self._load(request)
        return reply(profile.public(self._context.clock.now()), revision=profile.revision)

    def create(self, request: Request) -> Response:
        """Make a profile from the given fields."""
        only(request)
        profile = Profile.from_input(
            self._with_default_timeout(read_json(request)),
            id=self._context.ids.new(),
            now=self._context.clock.now(),
        )
        _check(profile)
        self._context.store.insert(_KIND, to_doc(profile))
        return self._stored(profile.id, 201)

    def change(self, request: Request) -> Response:
        """Merge the given fields into a profile; what is left out stays."""
        only(request)
        data, asked = read_json(request), expected_revision(request)

        def merge(old: Profile) -> Profile:
            new = old.merged(data, self._context.clock.now())
            if any(getattr(new, name) != getattr(old, name) for name in _JUDGED):
                _check(new)
            return new

        return self._stored(save_change(self._context.store, _KIND, asked, lambda: self._load(request), merge).id)

    def delete(self, request: Request) -> Response:
        """Remove a profile; runs that wait for it will fail and say so. With `force` the schedules that need it go off."""
        only(request, "force")
        profile = self._load(request)
        prompts = [doc["id"] for doc in self._context.store.find("prompts", agentProfileId=profile.id)]
        free(self._context, request, f"the profile {profile.name}", prompts, force=forced(request))
        self._context.store.delete(_KIND, profile.id)
        self._context.conductor.reload()  # what waits for it need not wait any more
        self._context.bus.ring(_KIND, profile.id)
        return reply({"success": True})

    def duplicate(self, request: Request) -> Response:
        """Make a copy with a name and a slug of its own, environment included."""
        only(request)
        no_fields(request)
        old, now = self._load(request), self._context.clock.now()
        for number in range(1, _COPIES):
            ending = "copy" if number == 1 else f"copy {number}"
            doc: Doc = {
                **to_doc(old),
                "id": self._context.ids.new(),
                "name": f"{old.name[:100]} ({ending})",
                "slug": f"{old.slug[:54].rstrip('-')}-{ending.replace(' ', '-')}",
                "createdAt": now,
                "updatedAt": now,
                "lock": None,
            }
            if not self._context.store.find(_KIND, slug=doc["slug"]):
                self._context.store.insert(_KIND, doc)
                return self._stored(doc["id"], 201)
        raise Conflict(f"There are {_COPIES} copies of {old.name} already; delete some of them.")

    def lock(self, request: Request) -> Response:
        """Lock a profile, until a time or until it is unlocked: its runs wait or are skipped."""
        only(request)
        data, now = read_json(request), self._context.clock.now()
        return self._with_lock(request, lambda profile: profile.locked(data, now, caller(request)))

    def unlock(self, request: Request) -> Response:
        """Unlock a profile; runs that waited for it start."""
        only(request)
        return self._with_lock(request, lambda profile: replace(profile, lock=None))

    def _with_lock(self, request: Request, change: Callable[[Profile], Profile]) -> Response:
        new = save_change(self._context.store, _KIND, None, lambda: self._load(request), change)
        self._context.conductor.reload()
        return self._stored(new.id)

    def validate(self, request: Request) -> Response:
        """Judge a saved profile's template, or another one given as `invocationTemplate`."""
        only(request)
        return reply(self._judged(request, self._load(request)))

    def validate_draft(self, request: Request) -> Response:
        """Judge a template that is not saved."""
        only(request)
        return reply(self._judged(request, None))

    def test(self, request: Request) -> Response:
        """Run the profile's template with `echo` before the command that gets the prompt, a minute at most."""
        only(request)
        profile_id, admission = self._load(request).id, self._context.admission
        wish = replace(StartRequest.for_trial(read_json(request)), agent_profile_id=profile_id)
        run = admission.resolve_trial(wish, caller(request), may_be_off=is_admin(request))
        if wish.dry_run:
            return dry(run)
        return reply(public(admission.queue(run)), 201)

    def _judged(self, request: Request, saved: Profile | None) -> Doc:
        own, shell, via, user = None, "/bin/bash", None, None
        if saved:
            own, shell, via, user = saved.invocation_template, saved.shell, saved.prompt_via, saved.run_as_user
        checker = Checker(read_json(request))
        text = checker.text("invocationTemplate", own, most=TEMPLATE_CHARACTERS, lines=True, trim=False)
        asked = checker.path("shell", shell, example="/bin/bash")
        if checker.claim("promptVia"):
            via = checker.choice("promptVia", None, PROMPT_VIA)
        named = user
        if checker.claim("runAsUser"):
            named = checker.text("runAsUser", None, most=USER_CHARACTERS, least=0) or None
        if text is None:
            checker.refuse("invocationTemplate", "invocationTemplate is needed: the text to judge.")
        checker.done()
        # The shell is run to judge the text, so naming one is as good as running it; and users can be found out by asking.
        if (asked, named) != (shell, user) and not is_admin(request):
            raise Forbidden("Only an administrator may name another shell or user.")
        verdict = judge(text or "", asked, via)
        if refused := _user_refused(named):
            verdict["errors"].append({**refused, "start": 0, "end": 0})
            verdict["valid"] = False
        return verdict

    def _with_default_timeout(self, data: Any) -> Any:
        """Add the settings' default timeout where a new profile names none, within its own maximum."""
        if not isinstance(data, dict) or data.get("defaultTimeout") is not None:
            return data
        minutes = from_doc(Settings, self._context.store.settings()).default_timeout
        most = data.get("maxTimeout")
        if isinstance(most, (int, float)) and not isinstance(most, bool) and most > 0:
            minutes = min(minutes, most)
        return {**data, "defaultTimeout": minutes}

    def _load(self, request: Request) -> Profile:
        return from_doc(Profile, self._context.admission.find_profile(request.params["id"]))

    def _stored(self, profile_id: str, status: int = 200) -> Response:
        profile = from_doc(Profile, self._context.admission.find_profile(profile_id))
        self._context.bus.ring(_KIND, profile_id)
        return reply(profile.public(self._context.clock.now()), status, revision=profile.revision)


def judge(text: str, shell: str, prompt_via: str | None = None) -> Doc:
    """Return what can be said of a template: errors and dangers with their places, warnings, what runs, what a test runs."""
    reading = template.read(text, from_input=prompt_via == "stdin")
    errors = [_problem(problem) for problem in errors_of(text, reading, prompt_via)]
    preview = ""
    if not errors:
        preview = template.rewrite(text)
        complaint = syntax_error(shell, preview)
        if complaint:
            errors.append({"code": "shell_refuses", "text": complaint, "start": 0, "end": len(text)})
    trial, no_trial = _trial_of(text, prompt_via)
    return {
        "valid": not errors,
        "errors": errors,
        "warnings": [_problem(problem) for problem in (*reading.warnings, *warnings_of(reading))],
        "dangerous": [_problem(problem) for problem in reading.dangers],
        "previewCommand": preview,
        "testCommand": trial,
        "testProblem": no_trial,
    }


def _trial_of(text: str, prompt_via: str | None) -> tuple[str, str]:
    """Return what a quick test would run, or else why there can be none."""
    try:
        return trial_template(text, prompt_via), ""
    except Invalid as error:
        return "", error.message


def _user_refused(name: str | None) -> Doc | None:
    try:
        account_of(name)
    except Invalid as error:
        return {"code": error.code, "text": error.message}
    return None


def _problem(problem: template.Problem) -> Doc:
    return {"code": problem.code, "text": problem.text, "start": problem.start, "end": problem.end}


def _check(profile: Profile) -> None:
    """Raise Invalid for a profile that may not be saved.

    A template with errors, or with a danger that nobody owned up to; a user that is not there or not to be had.
    """
    account_of(profile.run_as_user)
    verdict = judge(profile.invocation_template, profile.shell, profile.prompt_via)
    if verdict["errors"]:
        first = verdict["errors"][0]
        why = f"{first['text']} (at character {first['start'] + 1})"
        raise Invalid(f"The template is not valid: {why}", code="invalid_template", fields={"invocationTemplate": why})
    open_dangers = [row for row in verdict["dangerous"] if row["code"] not in profile.acknowledged_dangers]
    if open_dangers:
        codes = ", ".join(dict.fromkeys(row["code"] for row in open_dangers))
        why = f"{open_dangers[0]['text']} To save it all the same, list in acknowledgedDangers: {codes}."
        raise Invalid(why, code="dangerous_template", fields={"acknowledgedDangers": why})
