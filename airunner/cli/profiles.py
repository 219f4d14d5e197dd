"""The word `profiles`: list, create, show, lock, unlock, delete."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from airunner.base.clock import to_iso
from airunner.cli.client import Api, part, segment
from airunner.cli.text import local_moment, note, print_json, print_table
from airunner.config import Config


def act(arguments: Namespace, config: Config) -> int:
    """Do what the verb says; without one, list."""
    with Api(config) as api:
        if arguments.verb == "create":
            profile = api.post("profiles", _draft(arguments))
            print(f"profile {part(profile, 'slug', str)} created.")
            _say_warnings(api, part(profile, "id", str))
        elif arguments.verb == "show":
            print_json(api.get(f"profiles/{segment(arguments.profile)}"))
        elif arguments.verb == "lock":
            _say_locked(api.post(f"profiles/{segment(arguments.profile)}/lock", _lock(arguments)))
        elif arguments.verb == "unlock":
            profile = api.delete(f"profiles/{segment(arguments.profile)}/lock")
            print(f"profile {part(profile, 'slug', str)} is unlocked.")
        elif arguments.verb == "delete":
            api.delete(f"profiles/{segment(arguments.profile)}")
            print(f"profile {arguments.profile} deleted.")
        else:
            _show(api.get("profiles"), arguments.json)
    return 0


def _say_warnings(api: Api, profile_id: str) -> None:
    """Tell what the template was warned of, and what a run would miss."""
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


def _draft(arguments: Namespace) -> dict[str, Any]:
    draft: dict[str, Any] = {
        "name": arguments.name,
        "agentType": arguments.agent_type,
        "invocationTemplate": arguments.template,
        "env": dict(arguments.env),
        "requiresTTY": not arguments.no_tty,
        "acknowledgedDangers": arguments.acknowledge,
    }
    chosen = {"slug": arguments.slug, "promptVia": arguments.prompt_via, "runAsUser": arguments.run_as_user}
    return draft | {name: value for name, value in chosen.items() if value}


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
