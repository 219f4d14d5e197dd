"""What a cron expression would do: in words, its next times, and which other schedules it would meet."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from statistics import median

from airunner.api.context import Context
from airunner.api.replies import only, read_json, reply
from airunner.base.errors import Invalid
from airunner.domain.cron import Cron
from airunner.domain.fields import Checker
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc, from_doc
from airunner.domain.schedule import Schedule
from airunner.domain.settings import Settings
from airunner.schedule.conflicts import Habit, Meeting, meetings, meets_itself
from airunner.server.wire import Request, Response

_MOST_TIMES = 200
_MOST_CONFLICTS = 50
_REMEMBERED = 20
_ENDED = ("completed", "failed", "timeout")
_OWN = ("from", "count", "scheduleId")
_CENTURY = timedelta(days=36_525)
_NAMELESS: Doc = {"name": "preview", "promptId": "-"}


class Forecast:
    """Handler of `schedules/preview`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def preview(self, request: Request) -> Response:
        """Return what a schedule that is not saved would do; `scheduleId` is the saved one that it would replace."""
        only(request)
        data = read_json(request)
        checker = Checker(data, read_only=(), nulls_left_out=True)
        now = self._context.clock.now()
        start = checker.moment("from", now)
        count = checker.whole("count", 5, least=1, most=_MOST_TIMES)
        own_id = checker.text("scheduleId", "", most=100)
        fields = {name: value for name, value in data.items() if name not in _OWN}
        draft = Schedule.from_input({**_NAMELESS, **fields}, id=own_id, now=now, by="", timezone=self._context.timezone)
        if checker.problems:
            for name in fields:
                checker.claim(name)
            checker.done()
        cron = Cron.parse(draft.cron_expression)
        habit = self._habit(draft, self._prompts())
        return reply(
            {
                "description": cron.describe(),
                "timezone": draft.timezone,
                "nextRuns": _next(draft, start, count),
                "runsPerDay": round(cron.per_day(now.date()), 2),
                "conflicts": self._conflicts(habit, now),
                "selfOverlap": _self_overlap(habit, now),
            }
        )

    def _conflicts(self, habit: Habit, now: datetime) -> list[Doc]:
        prompts = self._prompts()
        others = [other for doc in self._context.store.find("schedules", enabled=True) if (other := _readable(doc))]
        near = [other for other in others if self._directory(other, prompts) == habit.directory]
        habits = [self._habit(other, prompts) for other in near[: _MOST_CONFLICTS + 1]]
        return [_said(meeting, habit.schedule) for meeting in meetings(habit, habits, now)][:_MOST_CONFLICTS]

    def _habit(self, schedule: Schedule, prompts: dict[str, Doc]) -> Habit:
        return Habit(schedule, self._directory(schedule, prompts), self._usual_seconds(schedule, prompts))

    def _directory(self, schedule: Schedule, prompts: dict[str, Doc]) -> str | None:
        prompt = prompts.get(schedule.prompt_id) or {}
        path = (
            schedule.working_directory or prompt.get("workingDirectory") or self._settings().default_working_directory
        )
        return os.path.realpath(path) if path else None

    def _usual_seconds(self, schedule: Schedule, prompts: dict[str, Doc]) -> float:
        """Return the median of what its last runs took, or its prompt's, or else its timeout."""
        for query in (RunQuery(schedule_id=schedule.id), RunQuery(prompt_id=schedule.prompt_id)):
            found = self._context.store.find_runs(_ended(query)).runs
            took = [run["durationSeconds"] for run in found if run["durationSeconds"] is not None]
            if took:
                return float(median(took))
        prompt = prompts.get(schedule.prompt_id) or {}
        profile = self._context.store.get("profiles", prompt.get("agentProfileId") or "") or {}
        minutes = schedule.timeout or prompt.get("timeout") or profile.get("defaultTimeout")
        return float(minutes or self._settings().default_timeout) * 60

    def _prompts(self) -> dict[str, Doc]:
        return {doc["id"]: doc for doc in self._context.store.find("prompts")}

    def _settings(self) -> Settings:
        return from_doc(Settings, self._context.store.settings())


def _next(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    """Return the next times, those of the first century: a leap day 200 times over takes a processor for seconds."""
    last = min(start, datetime.max.replace(tzinfo=UTC) - _CENTURY) + _CENTURY
    return list(islice(takewhile(lambda at: at <= last, schedule.fires_after(start)), count))


def _readable(doc: Doc) -> Schedule | None:
    """Return a schedule; None for one that has no times: it is damaged, or its zone is not known any more."""
    try:
        schedule = from_doc(Schedule, doc)
        _ = Cron.parse(schedule.cron_expression), schedule.zone
    except (Invalid, TypeError, ValueError):
        return None
    return schedule


def _ended(query: RunQuery) -> RunQuery:
    return RunQuery(schedule_id=query.schedule_id, prompt_id=query.prompt_id, status=_ENDED, limit=_REMEMBERED)


def _self_overlap(habit: Habit, now: datetime) -> str | None:
    gap = meets_itself(habit, now)
    if gap is None:
        return None
    what = {"skip": "the next time is skipped then", "queue": "the next run waits then", "parallel": "two run then"}
    return (
        f"A run usually takes {_span(timedelta(seconds=habit.seconds))}, and the next one is due after {_span(gap)}: "
        f"{what[habit.schedule.overlap]}."
    )


def _said(meeting: Meeting, one: Schedule) -> Doc:
    other, wall = meeting.other, meeting.at.astimezone(one.zone)
    return {
        "scheduleId": other.id,
        "name": other.name,
        "cronExpression": other.cron_expression,
        "at": meeting.at,
        "sentence": f"Runs at the same time as {other.name} in the same directory, first on {wall:%a %d %b %H:%M} ({one.timezone}).",
    }


def _span(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    if minutes < 1:
        return f"{length.total_seconds():.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
