"""The word `schedules`: list, create, change, show, on, off, run, duplicate, delete, preview, pause, resume."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from airunner.base.clock import from_iso
from airunner.cli.client import Api, part, segment
from airunner.cli.given import given, some
from airunner.cli.named import find, find_all, ids_of
from airunner.cli.runs import see_run
from airunner.cli.text import local_moment, note, plain, print_json, print_table
from airunner.config import Config

_SIMPLE = {  # option -> field, where the server judges what was given
    "name": "name",
    "cron": "cronExpression",
    "timezone": "timezone",
    "missed": "missedRuns",
    "overlap": "overlap",
    "retries": "retries",
    "retry_delay": "retryDelaySeconds",
    "jitter": "jitterSeconds",
    "disable_after": "disableAfterFailures",
    "enabled": "enabled",
}
_CLEARABLE = {"start": "startDate", "end": "endDate", "dir": "workingDirectory", "timeout": "timeout"}
_PREVIEW_OPTIONS = {"timezone": "timezone", "dir": "workingDirectory", "timeout": "timeout", "overlap": "overlap"}
_PREVIEWED = (
    "cronExpression",
    "timezone",
    "promptId",
    "workingDirectory",
    "timeout",
    "overlap",
    "startDate",
    "endDate",
)


def act(arguments: Namespace, config: Config) -> int:
    """Do what the verb says; without one, list."""
    if arguments.verb == "run":
        return see_run(arguments, config, lambda api: _run(api, arguments))
    with Api(config) as api:
        _DEEDS[arguments.verb](api, arguments)
    return 0


def _run(api: Api, arguments: Namespace) -> Any:
    body: dict[str, Any] = {"variables": dict(arguments.var)} if arguments.var else {}
    if arguments.dry_run:
        body["dryRun"] = True
    return api.post(f"{_path(api, arguments.schedule)}/run", body)


def _path(api: Api, name: str) -> str:
    return f"schedules/{segment(part(find(api, 'schedules', name), 'id', str))}"


def _show(api: Api, arguments: Namespace) -> None:
    print_json(find(api, "schedules", arguments.schedule))


def _create(api: Api, arguments: Namespace) -> None:
    _say_planned(api, api.post("schedules", _fields(api, arguments)), "created")


def _change(api: Api, arguments: Namespace) -> None:
    path, fields = _path(api, arguments.schedule), _fields(api, arguments)
    if arguments.unset:
        fields["variables"] = {**dict.fromkeys(arguments.unset), **fields.get("variables", {})}
    _say_planned(api, api.patch(path, some(fields, "--cron")), "changed")


def _duplicate(api: Api, arguments: Namespace) -> None:
    _say_planned(api, api.post(f"{_path(api, arguments.schedule)}/duplicate", {}), "created")


def _fields(api: Api, arguments: Namespace) -> dict[str, Any]:
    fields = given(arguments, _SIMPLE, _CLEARABLE)
    if arguments.prompt is not None:
        fields["promptId"] = part(find(api, "prompts", arguments.prompt), "id", str)
    if arguments.var:
        fields["variables"] = dict(arguments.var)
    return fields


def _say_planned(api: Api, schedule: Any, deed: str) -> None:
    """Tell what became of a schedule, when it runs, and what it would meet then."""
    print(f"schedule {part(schedule, 'id', str)} {deed}: {plain(schedule.get('name'))}.")
    print(f"{plain(schedule.get('description'))} ({plain(schedule.get('timezone'))}); {_when(schedule)}.")
    if schedule.get("enabled"):
        draft = {name: schedule[name] for name in _PREVIEWED if schedule.get(name) is not None}
        answer = api.post("schedules/preview", {**draft, "scheduleId": schedule["id"], "count": 1})
        for sentence in _meetings(answer):
            note(f"warning: {sentence}")


def _when(schedule: Any) -> str:
    if not schedule.get("enabled"):
        return "it is off"
    due = schedule.get("nextRunTime")
    return f"the next run is due at {local_moment(due)}" if due else "no run is due"


def _meetings(answer: Any) -> list[str]:
    found = [meeting.get("sentence") for meeting in answer.get("conflicts") or ()]
    return [plain(sentence) for sentence in (answer.get("selfOverlap"), *found) if sentence]


def _switch(api: Api, arguments: Namespace) -> None:
    ids = ids_of(find_all(api, "schedules", arguments.schedules))
    action = "enable" if arguments.verb == "on" else "disable"
    for schedule in part(api.post("schedules/bulk", {"action": action, "ids": ids}), "schedules", list):
        print(f"schedule {plain(schedule.get('name'))}: {'on; ' if schedule.get('enabled') else ''}{_when(schedule)}.")


def _delete(api: Api, arguments: Namespace) -> None:
    schedules = find_all(api, "schedules", arguments.schedules)
    api.post("schedules/bulk", {"action": "delete", "ids": ids_of(schedules)})
    for schedule in schedules:
        print(f"schedule {plain(schedule.get('name'))} deleted.")


def _preview(api: Api, arguments: Namespace) -> None:
    wish = {"cronExpression": arguments.expression, "count": arguments.count}
    wish |= given(arguments, {}, _PREVIEW_OPTIONS)
    if arguments.prompt is not None:
        wish["promptId"] = part(find(api, "prompts", arguments.prompt), "id", str)
    answer = api.post("schedules/preview", wish)
    zone_name = plain(answer.get("timezone"))
    print(f"{plain(answer.get('description'))} ({zone_name})")
    times = part(answer, "nextRuns", list)
    if times:
        print_table((f"NEXT ({zone_name})", "HERE"), [(_in_zone(at, zone_name), local_moment(at)) for at in times])
    else:
        print("It has no time in the next hundred years.")
    for sentence in _meetings(answer):
        print(sentence)


def _in_zone(iso: Any, name: str) -> str:
    try:
        return from_iso(iso).astimezone(ZoneInfo(name)).strftime("%Y-%m-%d %H:%M:%S %Z")
    except (ValueError, OSError, LookupError):  # a zone that this machine does not have
        return "-"


def _pause(api: Api, arguments: Namespace) -> None:
    paused = arguments.verb == "pause"
    api.patch("settings", {"schedulesPaused": paused})
    print("all schedules are paused." if paused else "schedules run again.")


def _list(api: Api, arguments: Namespace) -> None:
    schedules = api.get("schedules")
    if arguments.json:
        print_json(schedules)
        return
    rows = [
        (
            schedule.get("name"),
            part(schedule, "id", str),
            schedule.get("promptName") or schedule.get("promptId"),
            schedule.get("description"),
            local_moment(schedule.get("nextRunTime")),
            schedule.get("lastRunStatus"),
            "on" if schedule.get("enabled") else "off",
            schedule.get("disabledReason") or schedule.get("problem"),
        )
        for schedule in schedules
    ]
    print_table(("NAME", "SCHEDULE", "PROMPT", "WHEN", "NEXT RUN", "LAST RUN", "STATE", "PROBLEM"), rows)
    if api.get("settings").get("schedulesPaused"):
        note("all schedules are paused; `airunner schedules resume` lets them run.")


_DEEDS: dict[str | None, Callable[[Api, Namespace], None]] = {
    None: _list,
    "create": _create,
    "change": _change,
    "show": _show,
    "on": _switch,
    "off": _switch,
    "duplicate": _duplicate,
    "delete": _delete,
    "preview": _preview,
    "pause": _pause,
    "resume": _pause,
}
