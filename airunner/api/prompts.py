"""Saved prompts: list with filters, create, change, delete, duplicate, and many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from airunner.api.changes import save_change
from airunner.api.context import Context
from airunner.api.last_runs import with_last_runs
from airunner.api.needs import forced, free
from airunner.api.replies import caller, expected_revision, no_fields, only, read_json, reply
from airunner.base.errors import Invalid
from airunner.domain.fields import Checker, check_text, raise_problems
from airunner.domain.params import Params
from airunner.domain.prompt import MOST_TAGS, PROMPT_TYPES, Prompt, check_tag
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.server.wire import Request, Response

_KIND = "prompts"
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

        def merge(old: Prompt) -> Prompt:
            new = old.merged(data, self._context.clock.now(), by)
            judged = ("agent_profile_id", "timeout")
            return self._checked(new) if any(getattr(new, name) != getattr(old, name) for name in judged) else new

        asked = expected_revision(request)
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
        """Delete many prompts, or give them tags or take some away: all of them or none."""
        only(request)
        checker = Checker(read_json(request), read_only=(), nulls_left_out=True)
        deed = checker.choice("action", "", _DEEDS)
        ids = checker.list_of("ids", (), _id, least=1, most=_MOST_AT_ONCE)
        tags = checker.list_of("tags", (), check_tag, most=MOST_TAGS)
        force = checker.flag("force", False)
        for name, value in (("action", deed), ("ids", ids), ("tags", tags or deed == "delete")):
            if not value:
                checker.refuse(name, f"{name} is needed.")
        checker.done()
        found = self._find_all(ids)
        if deed == "delete":
            what = f"the prompt {found[0].name}" if len(found) == 1 else f"one of these {len(found)} prompts"
            free(self._context, request, what, ids, force=force)
            self._context.store.change_many(_KIND, [], ids)
        else:
            self._context.store.change_many(_KIND, self._tagged(request, found, tags, remove=deed == "untag"))
        for id in ids:
            self._context.bus.ring(_KIND, id)
        return reply({"success": True, "ids": ids})

    def _tagged(
        self, request: Request, found: Sequence[Prompt], tags: Collection[str], *, remove: bool
    ) -> Sequence[Doc]:
        now, by, problems, changed = self._context.clock.now(), caller(request), {}, []
        for place, prompt in enumerate(found):
            try:
                changed.append(to_doc(prompt.tagged(tags, now, by, remove=remove)))
            except Invalid as error:
                problems[f"ids[{place}]"] = f"{prompt.name}: {error.message}"
        raise_problems(problems)
        return changed

    def _find_all(self, ids: Collection[str]) -> Sequence[Prompt]:
        known = {doc["id"]: doc for doc in self._context.store.find(_KIND)}
        raise_problems(
            {f"ids[{place}]": f"There is no saved prompt {id!r}." for place, id in enumerate(ids) if id not in known}
        )
        return [from_doc(Prompt, known[id]) for id in ids]

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
