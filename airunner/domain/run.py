"""Run: the record of one execution, what of it may leave the house, and what a request to start one may say."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from airunner.domain.fields import Checker
from airunner.domain.prompt import MOST_ATTACHMENTS, PROMPT_CHARACTERS, PROMPT_TYPES, check_reference
from airunner.domain.record import Doc
from airunner.domain.states import Status
from airunner.domain.variables import check_value

TRIGGERS = ("manual", "schedule", "pipeline", "webhook", "mcp", "retry", "test")
PREVIEW_CHARACTERS = 500
_TYPED_BYTES = 1024**2

_DEFAULTS: Doc = {
    "runId": None,
    "promptId": None,
    "promptName": None,
    "scheduleId": None,
    "agentProfileId": None,
    "agentProfileName": None,
    "agentType": None,
    "promptContent": "",
    "workingDirectory": None,
    "command": "",
    "pid": None,
    "status": Status.QUEUED.value,
    "exitCode": None,
    "signal": None,
    "reason": None,
    "queuedAt": None,
    "startedAt": None,
    "finishedAt": None,
    "scheduledFor": None,
    "durationSeconds": None,
    "triggeredBy": "manual",
    "startedBy": None,
    "timeout": None,
    "resourceUsage": None,
    "attempt": 1,
    "promptSource": None,
    "pipelineRunId": None,
    "node": None,
    "sessionId": None,
    "usage": None,
    "git": None,
    "lastScreen": None,
    "pinned": False,
    "outputBytes": 0,
    "cols": 120,
    "rows": 40,
    "requiresTTY": True,
}

RUN_FIELDS = tuple(_DEFAULTS)
INTERNAL = (
    "template",
    "folder",
    "env",
    "shell",
    "promptVia",
    "promptFile",
    "runAsUser",
    "complaint",
    "notBefore",
    "overlap",
)
NEVER_LISTED = ("lastScreen",)


def new_run(**given: object) -> Doc:
    """Return a run's document with every field, the given ones (named as in RUN_FIELDS and INTERNAL) set.

    `runId` and `queuedAt` must be among them. Raises TypeError for another name or a missing one.
    """
    unknown = given.keys() - _DEFAULTS.keys() - set(INTERNAL)
    if unknown:
        raise TypeError(f"a run has no {', '.join(sorted(unknown))}")
    if not given.get("runId") or not given.get("queuedAt"):
        raise TypeError("a run needs runId and queuedAt")
    return {**_DEFAULTS, **dict.fromkeys(INTERNAL), **given}


def public(doc: Doc) -> Doc:
    """Return the run without what is ours alone: of RUN_FIELDS what it has, nothing else."""
    return {key: doc[key] for key in RUN_FIELDS if key in doc}


def listed(doc: Doc) -> Doc:
    """Return the run as lists show it: `promptPreview`, no output, and no text of more than 500 characters.

    `promptContent` and `command` are there when they are no longer than that, and left out when they are.
    """
    short = {key: value for key, value in doc.items() if key in _LISTED and not _is_long(key, value)}
    preview = doc.get("promptContent") or doc.get("promptPreview") or ""
    return {**short, "promptPreview": preview[:PREVIEW_CHARACTERS]}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What a caller asks for; None and empty mean: left out, a saved prompt or the settings may supply it.

    `timeout` is minutes. `agent_profile_id` may be a slug.
    """

    content: str | None = None
    type: str | None = None
    prompt_id: str | None = None
    agent_profile_id: str | None = None
    working_directory: str | None = None
    timeout: float | None = None
    variables: dict[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False

    @staticmethod
    def from_input(data: object) -> StartRequest:
        """Return the checked request; raise Invalid with every problem. `null` counts as left out."""
        checker = Checker(data, read_only=(), nulls_left_out=True)
        request = StartRequest(
            content=_content(checker, None),
            type=checker.choice("type", None, PROMPT_TYPES),
            prompt_id=checker.text("promptId", None, most=100),
            agent_profile_id=checker.text("agentProfileId", None, most=100),
            working_directory=checker.path("workingDirectory", None),
            timeout=checker.minutes("timeout", None),
            variables=_variables(checker),
            attachments=checker.list_of("attachments", None, check_reference, most=MOST_ATTACHMENTS),
            env=checker.env("env", _NONE),
            dry_run=checker.flag("dryRun", False),
        )
        if not checker.claim("content") and not checker.claim("promptId"):
            checker.refuse("content", "content is needed, or the promptId of a saved prompt.")
        checker.done()
        return request

    @staticmethod
    def for_schedule(data: object) -> StartRequest:
        """Return the checked request of a schedule's run outside of its times: what it may have otherwise for once."""
        checker = Checker(data, read_only=(), nulls_left_out=True)
        request = StartRequest(
            working_directory=checker.path("workingDirectory", None),
            timeout=checker.minutes("timeout", None),
            variables=_variables(checker),
            env=checker.env("env", _NONE),
            dry_run=checker.flag("dryRun", False),
        )
        checker.done()
        return request

    @staticmethod
    def for_trial(data: object) -> StartRequest:
        """Return the checked request of a profile's quick test, its prompt `test` unless it says otherwise."""
        checker = Checker(data, read_only=(), nulls_left_out=True)
        request = StartRequest(
            content=_content(checker, "test"),
            working_directory=checker.path("workingDirectory", None),
            variables=_variables(checker),
            dry_run=checker.flag("dryRun", False),
        )
        checker.done()
        return request


def typed(data: object) -> bytes:
    """Return what a request types into a run: `text`, or in base64 (RFC 4648) the bytes of `data`; raise Invalid."""
    checker = Checker(data, read_only=())
    text = checker.text("text", None, most=_TYPED_BYTES, least=0, lines=True, trim=False)
    encoded = checker.text("data", None, most=2 * _TYPED_BYTES, least=0)
    given = b""
    try:
        given = base64.b64decode(encoded, validate=True) if encoded is not None else (text or "").encode()
    except ValueError:
        checker.refuse("data", "data must be base64 (RFC 4648).")
    if (text is None) == (encoded is None):
        checker.refuse("text", "Give either text, or bytes in base64 as data.")
    if len(given) > _TYPED_BYTES:
        checker.refuse("data", f"At most {_TYPED_BYTES:,} bytes can be typed at once; these are {len(given):,}.")
    checker.done()
    return given


_LISTED = frozenset(RUN_FIELDS) - set(NEVER_LISTED)
_NONE: Mapping[str, str] = {}


def _is_long(key: str, value: object) -> bool:
    return key in ("promptContent", "command") and isinstance(value, str) and len(value) > PREVIEW_CHARACTERS


def _content(checker: Checker, default: str | None) -> str | None:
    return checker.text("content", default, most=PROMPT_CHARACTERS, lines=True, trim=False)


def _variables(checker: Checker) -> dict[str, str]:
    return checker.mapping("variables", _NONE, check_value)
