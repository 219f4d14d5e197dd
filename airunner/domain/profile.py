"""Agent profile: how one AI tool is invoked, and within which bounds."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from airunner.base.errors import Invalid
from airunner.base.ids import is_slug, slug_of
from airunner.domain.fields import MASK, READ_ONLY, Checker, check_text, check_whole, listed, said, shown_number
from airunner.domain.record import Doc, to_doc
from airunner.domain.shellcode import SHELLS

AGENT_TYPES = ("claude-code", "codex", "opencode", "gemini-cli", "aider", "custom")
PROMPT_VIA = ("argument", "file", "stdin")
LEFTOVERS = ("kill", "keep")
WHILE_LOCKED = ("wait", "skip")
STOP_SIGNALS = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "KILL")
LIMITS = ("cpuSeconds", "openFiles", "processes", "fileSizeMB", "coreMB", "memoryMB")
TEMPLATE_CHARACTERS = 16_384
MOST_LOCK_MINUTES = 527_040  # a year
USER_CHARACTERS = 256  # LOGIN_NAME_MAX (limits.h)
_READ_ONLY = READ_ONLY | {"lock"}  # it has routes of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile. Timeouts are minutes, `kill_grace_seconds` seconds, `env` holds the values in clear.

    `prompt_via` None is the way that the template uses; `run_as_user` None is the server's own user. `lock` is
    `{since, until, reason, by}`: while it holds, new runs wait or are skipped, as `while_locked` says.
    """

    id: str
    name: str
    slug: str
    agent_type: str
    invocation_template: str
    default_timeout: float = 30
    max_timeout: float = 120
    shell: str = "/bin/bash"
    prompt_via: str | None = None
    run_as_user: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    icon: str | None = None
    requires_tty: bool = field(default=True, metadata={"key": "requiresTTY"})
    stop_signals: tuple[str, ...] = ("TERM",)
    kill_grace_seconds: float = 5
    leftovers: str = "kill"
    limits: dict[str, int] = field(default_factory=lambda: {"coreMB": 0})
    cols: int = 120
    rows: int = 40
    acknowledged_dangers: tuple[str, ...] = ()
    while_locked: str = "wait"
    lock: Doc | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "stop_signals", tuple(self.stop_signals))
        object.__setattr__(self, "acknowledged_dangers", tuple(self.acknowledged_dangers))

    @staticmethod
    def from_input(data: object, *, id: str, now: datetime) -> Profile:
        """Return a new profile, `custom` if no agent is named; raise Invalid with every problem. `null` is left out."""
        blank = Profile(
            id=id, name="", slug="", agent_type="custom", invocation_template="", created_at=now, updated_at=now
        )
        checker = Checker(data, what="profile", read_only=_READ_ONLY, nulls_left_out=True)
        for name in ("name", "invocationTemplate"):
            if not checker.claim(name):
                checker.refuse(name, f"{name} is needed.")
        return _checked(checker, blank)

    def merged(self, data: object, now: datetime) -> Profile:
        """Return this profile with the given fields changed; raise Invalid with every problem.

        What is left out stays. In `env` and `limits` null removes a key; a masked value leaves it as it is.
        """
        return replace(_checked(Checker(data, what="profile", read_only=_READ_ONLY), self), updated_at=now)

    def locked(self, data: object, now: datetime, by: str) -> Profile:
        """Return this profile locked until a time, for some minutes, or until it is unlocked; raise Invalid."""
        checker = Checker(data, read_only=(), what="lock", nulls_left_out=True)
        until, minutes = checker.moment("until", None), checker.number("minutes", None, above=0, most=MOST_LOCK_MINUTES)
        reason = checker.text("reason", None, most=200, least=0) or None
        if until is not None and minutes is not None:
            checker.refuse("minutes", "until and minutes exclude each other; give one.")
        if until is not None and until <= now:
            checker.refuse("until", "until must be in the future.")
        checker.done()
        end = now + timedelta(minutes=minutes) if minutes is not None else until
        return replace(self, lock={"since": now, "until": end, "reason": reason, "by": by})

    def lock_at(self, now: datetime) -> Doc | None:
        """Return the lock that holds at a time, None when there is none."""
        return self.lock if self.lock and (self.lock["until"] is None or now < self.lock["until"]) else None

    def public(self, now: datetime) -> Doc:
        """Return what may leave the house: every value of `env` is masked, a lock that is over is none."""
        return {**to_doc(self), "env": dict.fromkeys(self.env, MASK), "lock": self.lock_at(now)}


def signal_name(value: str) -> str:
    """Return a signal's name without `SIG`, in capitals: `sigterm` is `TERM`."""
    return value.strip().upper().removeprefix("SIG")


def signal_number(name: str) -> int:
    """Return the number of one of STOP_SIGNALS on this machine (signal(7))."""
    return signal.Signals[f"SIG{name}"].value


def _checked(checker: Checker, old: Profile) -> Profile:
    name = checker.text("name", old.name, most=120)
    new = replace(
        old,
        name=name,
        slug=_slug(checker, old, name),
        agent_type=checker.choice("agentType", old.agent_type, AGENT_TYPES),
        invocation_template=checker.text(
            "invocationTemplate", old.invocation_template, most=TEMPLATE_CHARACTERS, lines=True, trim=False
        ),
        default_timeout=checker.minutes("defaultTimeout", old.default_timeout),
        max_timeout=checker.minutes("maxTimeout", old.max_timeout),
        shell=_shell(checker, old),
        env=checker.env("env", old.env),
        enabled=checker.flag("enabled", old.enabled),
        icon=(checker.text("icon", None, most=200, least=0) or None) if checker.claim("icon") else old.icon,
        **_process(checker, old),
        acknowledged_dangers=checker.list_of("acknowledgedDangers", old.acknowledged_dangers, _code),
    )
    _check_together(checker, new)
    checker.done()
    return new


def _process(checker: Checker, old: Profile) -> dict[str, Any]:
    return {
        "prompt_via": checker.choice("promptVia", None, PROMPT_VIA) if checker.claim("promptVia") else old.prompt_via,
        "run_as_user": _user(checker) if checker.claim("runAsUser") else old.run_as_user,
        "requires_tty": checker.flag("requiresTTY", old.requires_tty),
        "stop_signals": checker.list_of("stopSignals", old.stop_signals, _stop_signal, least=1, most=10),
        "kill_grace_seconds": checker.number("killGraceSeconds", old.kill_grace_seconds, least=0, most=600),
        "leftovers": checker.choice("leftovers", old.leftovers, LEFTOVERS),
        "limits": checker.mapping("limits", old.limits, check_whole, keys=LIMITS),
        "while_locked": checker.choice("whileLocked", old.while_locked, WHILE_LOCKED),
        "cols": checker.whole("cols", old.cols, least=20, most=500),
        "rows": checker.whole("rows", old.rows, least=5, most=200),
    }


def _user(checker: Checker) -> str | None:
    return checker.text("runAsUser", None, most=USER_CHARACTERS, least=0) or None  # a form's empty field: nobody


def _shell(checker: Checker, old: Profile) -> str:
    path = checker.path("shell", old.shell, example="/bin/bash")
    if checker.claim("shell") and path.rpartition("/")[2] not in SHELLS:  # a stored one may be older than this rule
        checker.refuse(
            "shell", f"shell must be a POSIX shell, such as /bin/bash, dash, ksh or zsh; it is {said(path)}."
        )
    return path


def _slug(checker: Checker, old: Profile, name: str) -> str:
    given = checker.text("slug", "", most=64, least=0)  # a form's empty field: make one
    if given and not is_slug(given):
        checker.refuse(
            "slug", f"slug must be lower-case letters, digits and inner hyphens, at most 64; it is {said(given)}."
        )
    made = given or old.slug or slug_of(name)
    if name and not made:
        checker.refuse("slug", f"slug cannot be made from the name {said(name)}; give one, such as my-agent.")
    return made


def _check_together(checker: Checker, new: Profile) -> None:
    if new.max_timeout < new.default_timeout and not {"defaultTimeout", "maxTimeout"} & set(checker.problems):
        bound, limit = shown_number(new.default_timeout), shown_number(new.max_timeout)
        checker.refuse("maxTimeout", f"maxTimeout must be at least defaultTimeout ({bound}); it is {limit}.")
    if not new.invocation_template.strip() and checker.claim("invocationTemplate"):
        checker.refuse("invocationTemplate", "invocationTemplate must not be empty.")


def _stop_signal(label: str, value: object) -> str:
    name = signal_name(check_text(label, value, most=10))
    if name not in STOP_SIGNALS:
        raise Invalid(f"{label} must be one of {listed(STOP_SIGNALS)}; it is {said(value)}.")
    return name


def _code(label: str, value: object) -> str:
    return check_text(label, value, most=80)
