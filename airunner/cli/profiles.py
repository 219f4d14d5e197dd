"""The word `profiles`: list, create, change, show, lock, unlock, delete."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from airunner.base.clock import to_iso
from airunner.cli.client import Api, part, segment
from airunner.cli.given import given, some
from airunner.cli.text import local_moment, note, print_json, print_table
from airunner.config import Config

_SIMPLE = {  # option -> field, where the server judges what was given
    "name": "name",
    "template": "invocationTemplate",
    "slug": "slug",
    "agent_type": "agentType",
    "timeout": "defaultTimeout",
    "max_timeout": "maxTimeout",
    "while_locked": "whileLocked",
    "tty": "requiresTTY",
}
_CLEARABLE = {"prompt_via": "promptVia", "run_as_user": "runAsUser"}


def act(arguments: Namespace, config: Config) -> int:
    """Do what the verb says; without one, list."""
    with Api(config) as api:
        if arguments.verb == "create":
            _say_made(api, api.post("profiles", _fields(arguments)), "created")
        elif arguments.verb == "change":
            _say_made(api, api.patch(f"profiles/{segment(arguments.profile)}", _changes(arguments)), "changed")
        elif arguments.verb == "show":
            print_json(api.get(f"profiles/{segment(arguments.profile)}"))
        elif arguments.verb == "lock":
            _say_locked(api.post(f"profiles/{segment(arguments.profile)}/lock", _lock(arguments)))
        elif arguments.verb == "unlock":
            profile = api.delete(f"profiles/{segment(arguments.profile)}/lock")
            print(f"profile {part(profile, 'slug', str)} is unlocked.")
        elif arguments.verb == "delete":
            api.delete(f"profiles/{segment(arguments.profile)}", force=1 if arguments.force else None)
            print(f"profile {arguments.profile} deleted.")
        else:
            _show(api.get("profiles"), arguments.json)
    return 0


def _say_made(api: Api, profile: Any, deed: str) -> None:
    """Tell what became of a profile, what its template was warned of, and what a run would miss."""
    print(f"profile {part(profile, 'slug', str)} {deed}.")
    profile_id = part(profile, "id", str)
    judged = api.post(f"profiles/{segment(profile_id)}/validate", {})
    for warning in judged.get("warnings", ()):
        if warning.get("code") != "no_working_dir":
            note(f"warning: {warning.get('text')}")
    for problem in api.get(f"profiles/{segment(profile_id)}/readiness").get("problems", ()):
        note(f"{problem.get('severity')}: {problem.get('text')} {problem.get('fix')}")


def _lock(arguments: Namespace) -> dict[str, Any]:
    chosen = {"until": _moment(arguments.until), "minutes": arguments.minutes, "reason": arguments.reason}
    return {name: value for name, value in chosen.items() if value is not None}


def _moment(text: str | None) -> str | None:
    """Return a time as the server reads it: one without a zone is meant here, not in UTC. What is none is left to it."""
    try:
        return to_iso(datetime.fromisoformat(text).astimezone()) if text else text
    except (ValueError, OverflowError):
        return text


def _say_locked(profile: Any) -> None:
    until = part(profile, "lock", dict).get("until")
    end = local_moment(until) if until else "it is unlocked"
    waits = "are skipped" if profile.get("whileLocked") == "skip" else "wait"
    print(f"profile {part(profile, 'slug', str)} is locked until {end}; its runs {waits}.")


def _fields(arguments: Namespace) -> dict[str, Any]:
    fields = given(arguments, _SIMPLE, _CLEARABLE)
    if arguments.env:
        fields["env"] = dict(arguments.env)
    if arguments.acknowledge is not None:
        fields["acknowledgedDangers"] = [code for code in arguments.acknowledge if code]
    return fields


def _changes(arguments: Namespace) -> dict[str, Any]:
    fields = _fields(arguments)
    if arguments.enabled is not None:
        fields["enabled"] = arguments.enabled
    if arguments.unset_env:
        fields["env"] = {**dict.fromkeys(arguments.unset_env), **fields.get("env", {})}
    return some(fields, "--template")


def _state(profile: Any) -> str:
    if not profile.get("enabled"):
        return "no"
    return "locked" if profile.get("lock") else "yes"


def _show(profiles: Any, as_json: bool) -> None:
    if as_json:
        print_json(profiles)
        return
    rows = [
        (
            part(profile, "slug", str),
            profile.get("name"),
            profile.get("agentType"),
            _state(profile),
            profile.get("invocationTemplate"),
        )
        for profile in profiles
    ]
    print_table(("PROFILE", "NAME", "AGENT", "ENABLED", "TEMPLATE"), rows)
