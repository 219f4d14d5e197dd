"""Saved prompt: a text or a file with it, the profile and the place to run it, its variables and attachments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from airunner.base.errors import Invalid
from airunner.domain.fields import PATH_BYTES, Checker, check_text, said
from airunner.domain.record import Doc, to_doc
from airunner.domain.variables import declared_variables

PROMPT_TYPES = ("inline", "file-reference")
PROMPT_CHARACTERS = 8 * 1024**2
MOST_ATTACHMENTS = 20
MOST_TAGS = 30
_TAG_CHARACTERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One saved prompt. `timeout` is minutes, None is the profile's; `working_directory` None is the settings'.

    With type `file-reference` the content is a path, which is read when the prompt is run. `variables` are as
    `variables.declared_variables` reads them; `attachments` are paths, relative ones to the run's directory.
    """

    id: str
    name: str
    content: str
    type: str = "inline"
    agent_profile_id: str
    working_directory: str | None = None
    timeout: float | None = None
    tags: tuple[str, ...] = ()
    variables: tuple[Doc, ...] = ()
    attachments: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    revision: int = field(default=0)

    def __post_init__(self) -> None:
        for name in ("tags", "variables", "attachments"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @staticmethod
    def from_input(data: object, *, id: str, now: datetime, by: str) -> Prompt:
        """Return a new prompt; raise Invalid with every problem. `null` counts as left out."""
        checker = Checker(data, what="prompt", nulls_left_out=True)
        for name in ("name", "content", "agentProfileId"):
            if not checker.claim(name):
                checker.refuse(name, f"{name} is needed.")
        blank = Prompt(id=id, name="", content="", agent_profile_id="", created_at=now, created_by=by)
        return _checked(checker, blank, now, by)

    def merged(self, data: object, now: datetime, by: str) -> Prompt:
        """Return this prompt with the given fields changed; raise Invalid with every problem. What is left out stays."""
        return _checked(Checker(data, what="prompt"), self, now, by)

    def tagged(self, tags: Collection[str], now: datetime, by: str, *, remove: bool = False) -> Prompt:
        """Return this prompt with tags added or removed; raise Invalid when there are too many then."""
        wanted = [tag for tag in self.tags if tag not in tags] + ([] if remove else list(tags))
        return self.merged({"tags": wanted}, now, by)

    def public(self) -> Doc:
        """Return what may leave the house: all of it."""
        return to_doc(self)


def check_tag(label: str, value: object) -> str:
    """Return a tag: a short text without commas; raise Invalid."""
    text = check_text(label, value, most=_TAG_CHARACTERS)
    if "," in text:
        raise Invalid(f"{label} must be one tag, without a comma; it is {said(text)}.")
    return text


def check_reference(label: str, value: object) -> str:
    """Return the path of a file, relative or absolute; raise Invalid."""
    return check_text(label, value, most=PATH_BYTES, lines=True)


def _checked(checker: Checker, old: Prompt, now: datetime, by: str) -> Prompt:
    new = replace(
        old,
        name=checker.text("name", old.name, most=200),
        content=checker.text("content", old.content, most=PROMPT_CHARACTERS, lines=True, trim=False),
        type=checker.choice("type", old.type, PROMPT_TYPES),
        agent_profile_id=checker.text("agentProfileId", old.agent_profile_id, most=100),
        working_directory=checker.path("workingDirectory", None)
        if checker.claim("workingDirectory")
        else old.working_directory,
        timeout=checker.minutes("timeout", None) if checker.claim("timeout") else old.timeout,
        tags=checker.list_of("tags", old.tags, check_tag, most=MOST_TAGS),
        variables=declared_variables(checker, "variables", old.variables),
        attachments=checker.list_of("attachments", old.attachments, check_reference, most=MOST_ATTACHMENTS),
        updated_at=now,
        updated_by=by,
    )
    if new.type == "file-reference" and "content" not in checker.problems:
        try:
            check_text("content", new.content.strip().removeprefix("@"), most=PATH_BYTES)
        except Invalid:
            checker.refuse(
                "content", f"content must name a file, such as @prompts/review.md; it is {said(new.content)}."
            )
    if not new.content.strip() and checker.claim("content"):
        checker.refuse("content", "content must not be empty.")
    checker.done()
    return new
