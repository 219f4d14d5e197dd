"""Saved prompts: list with filters, create, change, delete, duplicate, and many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from airunner.api.changes import save_change
from airunner.api.context import Context
from airunner.api.last_runs import with_last_runs
from airunner.api.needs import forced, free
from airunner.api.replies import caller, expected_revision, no_fields, only, read_json, reply
from airunner.base.errors import AirunnerError, Invalid, PreconditionFailed
from airunner.domain.fields import Checker, check_text, raise_problems
from airunner.domain.params import Params
from airunner.domain.prompt import MOST_TAGS, PROMPT_TYPES, Prompt, check_tag
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.server.wire import Request, Response

_KIND = "prompts"
_MOST_TRIES = 4
_MOST_AT_ONCE = 1_000
_DEEDS = ("delete", "tag", "untag")


class Prompts:
    """Handlers of `prompts`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, request: Request) -> Response:
        """Return the prompts that pass every filter, oldest first, each with its last run."""
        params = Params(request.query)
        wanted = {
            "agentProfileId": params.text("agentProfileId", most=100),
            "workingDirectory": params.directory("workingDirectory"),
            "type": next(iter(params.several("type", PROMPT_TYPES)), None),
        }
        search, tags = params.text("search", most=200, least=0), params.words("tag", most=MOST_TAGS)
        params.done()
        if wanted["agentProfileId"]:
            wanted["agentProfileId"] = self._known_profile(wanted["agentProfileId"])
        equal = {key: value for key, value in wanted.items() if value is not None}
        found = [
            from_doc(Prompt, doc).public()
            for doc in self._context.store.find(_KIND, **equal)
            if set(tags) <= set(doc["tags"]) and _has(doc, search)
        ]
        return reply(with_last_runs(self._context.store, "promptId", found, whole=True))

    def show(self, request: Request) -> Response:
        """Return one prompt."""
        only(request)
        return self._shown(self._load(request))

    def create(self, request: Request) -> Response:
        """Make a prompt from the given fields."""
        only(request)
        new = Prompt.from_input(
            read_json(request), id=self._context.ids.new(), now=self._context.clock.now(), by=caller(request)
        )
        new = self._checked(new)
        self._context.store.insert(_KIND, to_doc(new))
        return self._stored(new.id, 201)

    def change(self, request: Request) -> Response:
        """Merge the given fields into a prompt; what is left out stays."""
        only(request)
        data, by = read_json(request), caller(request)

        asked = expected_revision(request)

        def merge(old: Prompt) -> Prompt:
            return self._merged(old, data, self._context.clock.now(), by)

        return self._stored(save_change(self._context.store, _KIND, asked, lambda: self._load(request), merge).id)

    def delete(self, request: Request) -> Response:
        """Remove a prompt; with `force` the schedules that need it are switched off."""
        only(request, "force")
        prompt = self._load(request)
        free(self._context, request, f"the prompt {prompt.name}", [prompt.id], force=forced(request))
        self._context.store.delete(_KIND, prompt.id)
        self._context.bus.ring(_KIND, prompt.id)
        return reply({"success": True})

    def duplicate(self, request: Request) -> Response:
        """Make a copy under a name of its own."""
        only(request)
        no_fields(request)
        old, now, by = self._load(request), self._context.clock.now(), caller(request)
        taken = {doc["name"] for doc in self._context.store.find(_KIND)}
        copy = replace(
            old,
            id=self._context.ids.new(),
            name=copy_name(old.name, taken),
            created_at=now,
            updated_at=now,
            created_by=by,
            updated_by=by,
        )
        self._context.store.insert(_KIND, to_doc(copy))
        return self._stored(copy.id, 201)

    def bulk(self, request: Request) -> Response:
        """Change many prompts, all of them or none: `action` and `ids`, or `updates` with each one's fields."""
        only(request)
        checker = Checker(read_json(request), read_only=(), nulls_left_out=True)
        deed = checker.choice("action", "", _DEEDS)
        ids = checker.list_of("ids", (), _id, most=_MOST_AT_ONCE)
        tags = checker.list_of("tags", (), check_tag, most=MOST_TAGS)
        force = checker.flag("force", False)
        updates = checker.take("updates")
        if updates is None:
            for name, value in (("action", deed), ("ids", ids), ("tags", tags or deed == "delete")):
                if not value:
                    checker.refuse(name, f"{name} is needed.")
        elif deed:
            checker.refuse("action", "Give either action and ids, or updates.")
        elif ids or tags or force:
            checker.refuse("updates", "Give either updates alone, or action, ids, tags and force.")
        elif not isinstance(updates, list) or not 0 < len(updates) <= _MOST_AT_ONCE:
            checker.refuse("updates", f"updates must be a list of 1 to {_MOST_AT_ONCE:,} objects, each with an id.")
        checker.done()
        if deed == "delete":
            found = self._find_all(ids)
            what = f"the prompt {found[0].name}" if len(found) == 1 else f"one of these {len(found)} prompts"
            free(self._context, request, what, ids, force=force)
            self._context.store.change_many(_KIND, [], ids)
            changed: Sequence[Prompt] = ()
        elif deed:
            changed = self._change_many(lambda: self._tagged(request, ids, tags, remove=deed == "untag"))
        else:
            changed = self._change_many(lambda: self._updated(request, updates))
        ids = ids or tuple(prompt.id for prompt in changed)
        for id in ids:
            self._context.bus.ring(_KIND, id)
        after = [{"id": one.id, "revision": one.revision + 1, "tags": one.tags} for one in changed]
        return reply({"success": True, "ids": ids, "prompts": after})

    def _change_many(self, merge: Callable[[], Sequence[Prompt]]) -> Sequence[Prompt]:
        """Put what `merge` makes of stored prompts in their places, and again when somebody else was quicker."""
        tries = 0
        while True:
            tries += 1
            changed = merge()
            try:
                self._context.store.change_many(_KIND, [to_doc(prompt) for prompt in changed])
                return changed
            except PreconditionFailed:
                if tries == _MOST_TRIES:
                    raise

    def _tagged(
        self, request: Request, ids: Collection[str], tags: Collection[str], *, remove: bool
    ) -> Sequence[Prompt]:
        now, by, problems, changed = self._context.clock.now(), caller(request), {}, []
        for place, prompt in enumerate(self._find_all(ids)):
            try:
                changed.append(prompt.tagged(tags, now, by, remove=remove))
            except Invalid as error:
                problems[f"ids[{place}]"] = f"{prompt.name}: {error.message}"
        raise_problems(problems)
        return changed

    def _updated(self, request: Request, updates: Any) -> Sequence[Prompt]:
        """Return the changed prompts; raise Invalid or PreconditionFailed that names every row: `updates[2].revision`."""
        now, by = self._context.clock.now(), caller(request)
        known = {doc["id"]: doc for doc in self._context.store.find(_KIND)}
        problems: dict[str, str] = {}
        stale: dict[str, str] = {}
        changed: dict[str, Prompt] = {}
        for place, row in enumerate(updates):
            id = row.get("id") if isinstance(row, dict) else None
            if not isinstance(id, str) or id not in known or id in changed:
                why = "is there twice" if isinstance(id, str) and id in changed else "names no saved prompt"
                problems[f"updates[{place}].id"] = f"updates[{place}].id {why}."
                continue
            old = from_doc(Prompt, known[id])
            if row.get("revision", old.revision) != old.revision:
                stale[f"updates[{place}].revision"] = f"{old.name} was changed meanwhile by {old.updated_by}."
            try:
                changed[id] = self._merged(old, row, now, by)
            except AirunnerError as error:
                for name, reason in (error.fields or {"id": error.message}).items():
                    problems[f"updates[{place}].{name}"] = reason
        raise_problems(problems)
        if stale:
            raise PreconditionFailed(
                "Some of these prompts were changed meanwhile; none was changed now.", fields=stale
            )
        return list(changed.values())

    def _find_all(self, ids: Collection[str]) -> Sequence[Prompt]:
        known = {doc["id"]: doc for doc in self._context.store.find(_KIND)}
        raise_problems(
            {f"ids[{place}]": f"There is no saved prompt {id!r}." for place, id in enumerate(ids) if id not in known}
        )
        return [from_doc(Prompt, known[id]) for id in ids]

    def _merged(self, old: Prompt, data: object, now: datetime, by: str) -> Prompt:
        new = old.merged(data, now, by)
        judged = ("agent_profile_id", "timeout")
        return self._checked(new) if any(getattr(new, name) != getattr(old, name) for name in judged) else new

    def _checked(self, prompt: Prompt) -> Prompt:
        """Return the prompt with its profile's id in the place of a slug; raise Invalid."""
        profile = self._context.admission.find_profile_for(prompt.agent_profile_id, prompt.timeout)
        return replace(prompt, agent_profile_id=profile.id)

    def _known_profile(self, id_or_slug: str) -> str:
        found = self._context.store.find("profiles", slug=id_or_slug)
        return str(found[0]["id"]) if found else id_or_slug

    def _load(self, request: Request) -> Prompt:
        return self._context.admission.find_prompt(request.params["id"])

    def _stored(self, id: str, status: int = 200) -> Response:
        self._context.bus.ring(_KIND, id)
        return self._shown(self._context.admission.find_prompt(id), status)

    def _shown(self, prompt: Prompt, status: int = 200) -> Response:
        (shown,) = with_last_runs(self._context.store, "promptId", [prompt.public()], whole=True)
        return reply(shown, status, revision=prompt.revision)


def copy_name(name: str, taken: Collection[str]) -> str:
    """Return the name of a copy: one that no other has."""
    number, found = 1, f"{name[:180]} (copy)"
    while found in taken:
        number += 1
        found = f"{name[:180]} (copy {number})"
    return found


def _has(doc: Doc, search: str | None) -> bool:
    text = "\n".join([doc["name"], doc["content"], doc["workingDirectory"] or "", *doc["tags"]])
    return not search or search.casefold() in text.casefold()


def _id(label: str, value: object) -> str:
    return check_text(label, value, most=100)
