"""The word `prompts`: list, create, change, show, run, duplicate, tag, untag, delete."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from airunner.base.errors import Invalid
from airunner.cli.client import Api, part, segment
from airunner.cli.given import given, some
from airunner.cli.named import find, find_all, ids_of
from airunner.cli.runs import directory, read_prompt, see_run
from airunner.cli.text import local_time, plain, print_json, print_table, zone_name
from airunner.config import Config

_CLEARABLE = {"dir": "workingDirectory", "timeout": "timeout"}


def act(arguments: Namespace, config: Config) -> int:
    """Do what the verb says; without one, list."""
    if arguments.verb == "run":
        return see_run(arguments, config, lambda api: _run(api, arguments))
    with Api(config) as api:
        if arguments.verb == "create":
            _say_made(api.post("prompts", _fields(arguments)), "created")
        elif arguments.verb == "change":
            path = _path(api, arguments.prompt)
            _say_made(api.patch(path, some(_fields(arguments), "--text")), "changed")
        elif arguments.verb == "show":
            print_json(find(api, "prompts", arguments.prompt))
        elif arguments.verb == "duplicate":
            _say_made(api.post(f"{_path(api, arguments.prompt)}/duplicate", {}), "created")
        elif arguments.verb in ("tag", "untag"):
            prompts = find_all(api, "prompts", arguments.prompts)
            api.post("prompts/bulk", {"action": arguments.verb, "ids": ids_of(prompts), "tags": arguments.tag})
            _say_each(prompts, f"{arguments.verb}ged")
        elif arguments.verb == "delete":
            _delete(api, arguments)
        else:
            _show(api, arguments)
    return 0


def _run(api: Api, arguments: Namespace) -> Any:
    body: dict[str, Any] = {"promptId": part(find(api, "prompts", arguments.prompt), "id", str)}
    if arguments.var:
        body["variables"] = dict(arguments.var)
    if arguments.dir is not None:
        body["workingDirectory"] = directory(arguments.dir)
    if arguments.timeout is not None:
        body["timeout"] = arguments.timeout
    if arguments.dry_run:
        body["dryRun"] = True
    return api.post("run", body)


def _path(api: Api, name: str) -> str:
    return f"prompts/{segment(part(find(api, 'prompts', name), 'id', str))}"


def _fields(arguments: Namespace) -> dict[str, Any]:
    fields = given(arguments, {"name": "name", "profile": "agentProfileId"}, _CLEARABLE)
    if arguments.text is not None:
        fields |= read_prompt(arguments.text)
    if arguments.variables is not None:
        fields["variables"] = _declared(arguments.variables)
    for option, name in (("tag", "tags"), ("attach", "attachments")):
        if getattr(arguments, option) is not None:
            fields[name] = [value for value in getattr(arguments, option) if value]  # a single '' takes all away
    return fields


def _declared(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f'--variables must be a JSON list such as \'[{{"name": "BRANCH"}}]\': {error}.') from None


def _delete(api: Api, arguments: Namespace) -> None:
    prompts = find_all(api, "prompts", arguments.prompts)
    if len(prompts) == 1:  # the refusal of a single one names it
        (prompt_id,) = ids_of(prompts)
        api.delete(f"prompts/{segment(prompt_id)}", force=1 if arguments.force else None)
    else:
        api.post("prompts/bulk", {"action": "delete", "ids": ids_of(prompts), "force": arguments.force})
    _say_each(prompts, "deleted")


def _say_made(prompt: Any, deed: str) -> None:
    print(f"prompt {part(prompt, 'id', str)} {deed}: {plain(prompt.get('name'))}.")


def _say_each(prompts: list[Any], deed: str) -> None:
    for prompt in prompts:
        print(f"prompt {plain(prompt.get('name'))} {deed}.")


def _show(api: Api, arguments: Namespace) -> None:
    prompts = api.get("prompts", tag=arguments.tag or None, search=arguments.search)
    if arguments.json:
        print_json(prompts)
        return
    slugs = {profile.get("id"): profile.get("slug") for profile in api.get("profiles")}
    rows = [
        (
            prompt.get("name"),
            part(prompt, "id", str),
            slugs.get(prompt.get("agentProfileId")) or prompt.get("agentProfileId"),
            prompt.get("type"),
            ", ".join(prompt.get("tags") or ()),
            prompt.get("lastRunStatus"),
            local_time(prompt.get("lastRunAt")),
        )
        for prompt in prompts
    ]
    print_table(("NAME", "PROMPT", "PROFILE", "TYPE", "TAGS", "LAST RUN", f"AT ({zone_name()})"), rows)
