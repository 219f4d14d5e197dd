"""What a cron expression would do: in words, its next times, and which other schedules it would meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from airunner.api.context import Context
from airunner.api.habits import Known, habit_of
from airunner.api.replies import only, read_json, reply
from airunner.base.errors import Invalid
from airunner.domain.cron import Cron
from airunner.domain.fields import Checker
from airunner.domain.record import Doc
from airunner.domain.schedule import Schedule, readable
from airunner.schedule.conflicts import Habit, Meeting, meetings, meets_itself
from airunner.server.wire import Request, Response

_MOST_TIMES = 200
_MOST_CONFLICTS = 50
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
        known = Known.of(self._context.store)
        if draft.prompt_id != _NAMELESS["promptId"] and draft.prompt_id not in known.prompts:
            why = f"There is no saved prompt {draft.prompt_id!r}."
            raise Invalid(why, code="prompt_not_found", fields={"promptId": why})
        cron, habit = Cron.parse(draft.cron_expression), habit_of(self._context.store, draft, known)
        first = max(now, start, draft.start_date or now)
        return reply(
            {
                "description": cron.describe(),
                "timezone": draft.timezone,
                "nextRuns": _next(draft, start, count),
                "runsPerDay": round(cron.per_day(now.date()), 2),
                "conflicts": self._conflicts(habit, known, first),
                "selfOverlap": _self_overlap(habit, first),
            }
        )

    def _conflicts(self, habit: Habit, known: Known, after: datetime) -> list[Doc]:
        others = [other for doc in self._context.store.find("schedules", enabled=True) if (other := readable(doc))]
        near = [other for other in others if known.directory(other) == habit.directory][: _MOST_CONFLICTS + 1]
        habits = [habit_of(self._context.store, other, known) for other in near]
        return [_said(meeting, habit.schedule) for meeting in meetings(habit, habits, after)][:_MOST_CONFLICTS]


def _next(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    """Return the next times, those of the first century: a leap day 200 times over takes a processor for seconds."""
    last = min(start, datetime.max.replace(tzinfo=UTC) - _CENTURY) + _CENTURY
    return list(islice(takewhile(lambda at: at <= last, schedule.fires_after(start)), count))


def _self_overlap(habit: Habit, after: datetime) -> str | None:
    gap = meets_itself(habit, after)
    if gap is None:
        return None
    what = {"skip": "the next time is skipped then", "queue": "the next run waits then", "parallel": "two run then"}
    takes = "may take its timeout of" if habit.is_guess else "usually takes"
    return (
        f"A run {takes} {_span(timedelta(seconds=habit.seconds))}, and the next one is due after {_span(gap)}: "
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
