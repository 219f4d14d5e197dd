"""Schedules: list, create, change, delete, duplicate, switch, run now, many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from airunner.api.changes import save_change
from airunner.api.context import Context
from airunner.api.last_runs import with_last_runs
from airunner.api.once import dry, start_once
from airunner.api.prompts import copy_name
from airunner.api.replies import caller, expected_revision, is_admin, no_fields, only, read_json, reply
from airunner.base.errors import AirunnerError, Forbidden, Invalid, NotFound
from airunner.domain.fields import Checker, check_text, raise_problems
from airunner.domain.params import Params
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.domain.run import StartRequest
from airunner.domain.schedule import Schedule
from airunner.domain.variables import check_variables
from airunner.engine.admission import Origin
from airunner.server.wire import Request, Response

_KIND = "schedules"
_MOST_AT_ONCE = 1_000
_DEEDS = ("enable", "disable", "delete")
_JUDGED = ("prompt_id", "variables", "timeout")


class Schedules:
    """Handlers of `schedules`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, request: Request) -> Response:
        """Return the schedules, oldest first, each with its next time and its last run."""
        params = Params(request.query)
        prompt_id = params.text("promptId", most=100)
        params.done()
        equal = {"promptId": prompt_id} if prompt_id else {}
        return reply(self._shown([from_doc(Schedule, doc) for doc in self._context.store.find(_KIND, **equal)]))

    def show(self, request: Request) -> Response:
        """Return one schedule."""
        only(request)
        return self._reply(self._load(request))

    def create(self, request: Request) -> Response:
        """Make a schedule from the given fields; it is planned at once."""
        only(request)
        new = Schedule.from_input(
            read_json(request),
            id=self._context.ids.new(),
            now=self._context.clock.now(),
            by=caller(request),
            timezone=self._context.timezone,
        )
        self._check(new)
        return self._insert(new)

    def change(self, request: Request) -> Response:
        """Merge the given fields into a schedule; what is left out stays. It is planned anew."""
        only(request)
        data, asked = read_json(request), expected_revision(request)
        return self._changed(request, asked, lambda old: self._merged(request, old, data))

    def delete(self, request: Request) -> Response:
        """Remove a schedule; runs that it started go on."""
        only(request)
        schedule = self._load(request)
        with self._context.scheduler.changing(schedule.id):
            self._context.store.delete(_KIND, schedule.id)
        self._context.bus.ring(_KIND, schedule.id)
        return reply({"success": True})

    def toggle(self, request: Request) -> Response:
        """Switch a schedule on or off; without `enabled` to what it is not."""
        only(request)
        checker = Checker(read_json(request), read_only=())
        wanted = checker.flag("enabled", None)
        checker.done()

        def switch(old: Schedule) -> Schedule:
            on = not old.enabled if wanted is None else wanted
            return self._judged(old, old.switched(on, self._context.clock.now(), caller(request)))

        return self._changed(request, expected_revision(request), switch)

    def run(self, request: Request) -> Response:
        """Run a schedule's prompt now; its next time stays as it is."""
        only(request)
        data = read_json(request)
        asked = StartRequest.for_schedule(data)
        if asked.env and not is_admin(request):
            raise Forbidden("Only an administrator may set variables of a run; a profile can hold them.")
        schedule = self._load(request)

        def resolve(run_id: str | None) -> Doc:
            wish = self._context.firing.run_now(schedule, asked)
            overlap = "queue" if schedule.overlap == "queue" else None
            origin = Origin(caller(request), schedule_id=schedule.id, overlap=overlap)
            return self._context.admission.resolve(wish, origin, run_id)

        if asked.dry_run:
            return dry(resolve(None))
        with self._context.firing.alone(schedule.id):
            return start_once(self._context, request, {"schedule": schedule.id, "body": data}, resolve)

    def duplicate(self, request: Request) -> Response:
        """Make a copy under a name of its own; it is switched off, so that nothing runs twice."""
        only(request)
        no_fields(request)
        old, now, by = self._load(request), self._context.clock.now(), caller(request)
        taken = {doc["name"] for doc in self._context.store.find(_KIND)}
        copy = replace(
            old.switched(False, now, by),
            id=self._context.ids.new(),
            name=copy_name(old.name, taken),
            created_at=now,
            created_by=by,
        )
        return self._insert(copy)

    def bulk(self, request: Request) -> Response:
        """Change many schedules, all of them or none: `action` and `ids`, or `updates` with each one's fields."""
        only(request)
        checker = Checker(read_json(request), read_only=(), nulls_left_out=True)
        deed = checker.choice("action", None, _DEEDS)
        ids = checker.list_of("ids", (), _id, most=_MOST_AT_ONCE)
        updates = checker.take("updates")
        if (deed is None) == (updates is None):
            checker.refuse("action", "Give either action and ids, or updates.")
        elif deed and not ids:
            checker.refuse("ids", "ids is needed.")
        elif deed is None and (not isinstance(updates, list) or not 0 < len(updates) <= _MOST_AT_ONCE):
            checker.refuse("updates", f"updates must be a list of 1 to {_MOST_AT_ONCE:,} objects, each with an id.")
        checker.done()
        known = {doc["id"]: from_doc(Schedule, doc) for doc in self._context.store.find(_KIND)}
        if deed == "delete":
            _raise_unknown(ids, known)
            with self._context.scheduler.changing(*ids):
                self._context.store.change_many(_KIND, [], ids)
            for id in ids:
                self._context.bus.ring(_KIND, id)
            return reply({"success": True, "schedules": []})
        if deed:
            _raise_unknown(ids, known)
            changed = self._switched(request, [known[id] for id in ids], on=deed == "enable")
        else:
            changed = self._updated(request, updates, known)
        with self._context.scheduler.changing(*(schedule.id for schedule in changed)):
            self._context.store.change_many(_KIND, [to_doc(schedule) for schedule in changed])
        return reply({"success": True, "schedules": self._shown([self._find(schedule.id) for schedule in changed])})

    def _switched(self, request: Request, found: Sequence[Schedule], *, on: bool) -> Sequence[Schedule]:
        """Return the schedules switched on or off; raise Invalid that names those that could not run: `ids[2]`."""
        now, by, problems, changed = self._context.clock.now(), caller(request), {}, []
        for place, old in enumerate(found):
            try:
                changed.append(self._judged(old, old.switched(on, now, by)))
            except AirunnerError as error:
                problems[f"ids[{place}]"] = f"{old.name}: {error.message}"
        raise_problems(problems)
        return changed

    def _updated(self, request: Request, updates: Any, known: dict[str, Schedule]) -> Sequence[Schedule]:
        """Return the changed schedules; raise Invalid that names every problem by its row: `updates[2].timeout`."""
        problems: dict[str, str] = {}
        changed: dict[str, Schedule] = {}
        for place, row in enumerate(updates):
            id = row.get("id") if isinstance(row, dict) else None
            if not isinstance(id, str) or id not in known or id in changed:
                why = "is there twice" if isinstance(id, str) and id in changed else "names no schedule"
                problems[f"updates[{place}].id"] = f"updates[{place}].id {why}."
                continue
            try:
                changed[id] = self._merged(request, known[id], row)
            except AirunnerError as error:
                for name, reason in (error.fields or {"id": error.message}).items():
                    problems[f"updates[{place}].{name}"] = reason
        raise_problems(problems)
        return list(changed.values())

    def _merged(self, request: Request, old: Schedule, data: object) -> Schedule:
        return self._judged(old, old.merged(data, self._context.clock.now(), caller(request)))

    def _judged(self, old: Schedule, new: Schedule) -> Schedule:
        """Return a changed schedule; raise Invalid when it is switched on, or given other values, and could not run."""
        is_new = any(getattr(new, name) != getattr(old, name) for name in _JUDGED)
        if is_new or (new.enabled and not old.enabled):
            self._check(new)
        return new

    def _check(self, schedule: Schedule) -> None:
        """Raise Invalid for a schedule that could not run: no such prompt or profile, a variable without a value, too long."""
        admission = self._context.admission
        try:
            prompt = admission.find_prompt(schedule.prompt_id)
        except NotFound as error:
            raise Invalid(error.message, code=error.code, fields={"promptId": error.message}) from error
        known = None if prompt.type == "file-reference" else prompt.content
        check_variables(known, schedule.variables, prompt.variables)
        admission.find_profile_for(prompt.agent_profile_id, schedule.timeout)

    def _insert(self, schedule: Schedule) -> Response:
        with self._context.scheduler.changing(schedule.id):
            self._context.store.insert(_KIND, to_doc(schedule))
        return self._reply(self._find(schedule.id), 201)

    def _changed(self, request: Request, asked: int | None, merge: Callable[[Schedule], Schedule]) -> Response:
        id = self._load(request).id
        with self._context.scheduler.changing(id):
            save_change(self._context.store, _KIND, asked, lambda: self._load(request), merge)
        return self._reply(self._find(id))

    def _load(self, request: Request) -> Schedule:
        return self._find(request.params["id"])

    def _find(self, id: str) -> Schedule:
        doc = self._context.store.get(_KIND, id)
        if doc is None:
            raise NotFound(f"There is no schedule {id!r}.", code="schedule_not_found")
        return from_doc(Schedule, doc)

    def _reply(self, schedule: Schedule, status: int = 200) -> Response:
        return reply(self._shown([schedule])[0], status, revision=schedule.revision)

    def _shown(self, schedules: Sequence[Schedule]) -> Sequence[Doc]:
        """Return schedules as they are shown: with what the scheduler knows of them, their prompt and their last run."""
        store = self._context.store
        single = len(schedules) == 1
        plans = store.plans([schedules[0].id] if single else None) if schedules else {}
        prompts = [store.get("prompts", schedules[0].prompt_id)] if single else store.find("prompts")
        by_id = {doc["id"]: doc for doc in prompts if doc}
        profiles = {doc["id"] for doc in store.find("profiles")}
        docs = [
            {
                **_with_plan(schedule, plans.get(schedule.id, {})),
                **_with_prompt(by_id.get(schedule.prompt_id), profiles),
            }
            for schedule in schedules
        ]
        return [self._named(doc) for doc in with_last_runs(store, "scheduleId", docs)]

    def _named(self, doc: Doc) -> Doc:
        """Say by its name which prompt is gone, where a run tells it."""
        if doc["promptName"] is not None or doc["lastRunId"] is None:
            return doc
        name = (self._context.store.get_run(doc["lastRunId"]) or {}).get("promptName")
        return {**doc, "problem": f"Its prompt {name} was deleted."} if name else doc


def _with_plan(schedule: Schedule, plan: Doc) -> Doc:
    return {
        **schedule.public(),
        "nextRunTime": plan.get("dueAt") if schedule.enabled else None,
        "failures": plan.get("failures", 0),
        "problem": plan.get("problem"),
    }


def _with_prompt(prompt: Doc | None, profiles: Collection[str]) -> Doc:
    """Return what a schedule's prompt adds to it; one that is gone, or without its profile, is its problem."""
    if prompt is None:
        return {"promptName": None, "agentProfileId": None, "problem": "Its prompt was deleted."}
    shown: Doc = {"promptName": prompt["name"], "agentProfileId": prompt["agentProfileId"]}
    if prompt["agentProfileId"] not in profiles:
        shown["problem"] = "The agent profile of its prompt was deleted."
    return shown


def _raise_unknown(ids: tuple[str, ...], known: dict[str, Schedule]) -> None:
    raise_problems({f"ids[{at}]": f"There is no schedule {id!r}." for at, id in enumerate(ids) if id not in known})


def _id(label: str, value: object) -> str:
    return check_text(label, value, most=100)
