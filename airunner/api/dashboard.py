"""What the strip over every page and the widget show: what runs, how the last ones went, what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from airunner.api import schemas as s
from airunner.api.context import Context
from airunner.api.replies import only, reply
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc, from_doc
from airunner.domain.run import listed
from airunner.domain.schedule import readable
from airunner.domain.settings import Settings
from airunner.domain.states import FINISHED
from airunner.server.wire import Request, Response

_RECENT = 5
_AHEAD = timedelta(hours=6)
_MOST_OF_ONE, _MOST = 24, 400
_USED = timedelta(days=30)
_REMEMBERED = timedelta(minutes=1)

ANSWER = s.thing(
    "active recent next upcoming mostUsed",
    active=s.many(s.RUN),
    recent=s.many(s.RUN),
    next=s.thing("scheduleId name at", scheduleId=s.TEXT, name=s.TEXT, promptName=s.MAYBE_TEXT, at=s.TIME),
    upcoming=s.many(
        s.thing(
            "scheduleId name at goesOn",
            scheduleId=s.TEXT,
            name=s.TEXT,
            at=s.TIME,
            seconds=s.MAYBE_NUMBER,
            goesOn={**s.FLAG, "description": "There are more times of it behind this one."},
        )
    ),
    mostUsed=s.thing("promptId name runs asks", promptId=s.TEXT, name=s.TEXT, runs=s.WHOLE, asks=s.FLAG),
    schedulesPaused=s.FLAG,
)


@dataclass(frozen=True, slots=True)
class _Used:
    """Which prompts were run how often, as it was counted at a time."""

    at: datetime
    runs: dict[str, int]


class Dashboard:
    """Handler of `dashboard`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._used: _Used | None = None
        self._planned: tuple[str, list[Doc]] = ("", [])

    def show(self, request: Request) -> Response:
        """Return active runs, the last five, the next scheduled one, the times of the next six hours, the prompt used most."""
        only(request)
        now = self._context.clock.now()
        is_paused = from_doc(Settings, self._context.store.settings()).schedules_paused
        prompts = {doc["id"]: doc for doc in self._context.store.find("prompts")}
        schedules = {doc["id"]: doc for doc in self._context.store.find("schedules", enabled=True)}
        return reply(
            {
                "active": [listed(doc) for doc in self._context.store.active_runs()],
                "recent": self._context.store.find_runs(
                    RunQuery(status=tuple(FINISHED), sort="finishedAt", limit=_RECENT)
                ).runs,
                "next": None if is_paused else self._next(schedules, prompts),
                "upcoming": [] if is_paused else self._upcoming(schedules, now),
                "mostUsed": self._most_used(prompts, now),
                "schedulesPaused": is_paused,
            }
        )

    def _next(self, schedules: dict[str, Doc], prompts: dict[str, Doc]) -> Doc | None:
        for id, at in self._context.store.due_plans():
            if id in schedules:
                name = (prompts.get(schedules[id]["promptId"]) or {}).get("name")
                return {"scheduleId": id, "name": schedules[id]["name"], "promptName": name, "at": at}
        return None

    def _upcoming(self, schedules: dict[str, Doc], now: datetime) -> list[Doc]:
        """Return the next times; they are found out anew when a minute has passed or a schedule was changed."""
        stamp = repr((now.replace(second=0, microsecond=0), [(id, doc["revision"]) for id, doc in schedules.items()]))
        if self._planned[0] != stamp:
            last = self._context.store.last_runs("scheduleId", list(schedules))
            found = [
                {
                    "scheduleId": id,
                    "name": doc["name"],
                    "at": at,
                    "seconds": (last.get(id) or {}).get("durationSeconds"),
                    "goesOn": number == _MOST_OF_ONE,
                }
                for id, doc in schedules.items()
                for number, at in enumerate(_times(doc, now), 1)
            ]
            self._planned = (stamp, sorted(found, key=lambda one: str(one["at"]))[:_MOST])
        return self._planned[1]

    def _most_used(self, prompts: dict[str, Doc], now: datetime) -> Doc | None:
        used = self._used
        if used is None or not used.at <= now < used.at + _REMEMBERED:
            rows = self._context.store.tally("promptId", (now - _USED, now + _USED))
            used = self._used = _Used(now, {row["value"]: sum(row["statuses"].values()) for row in rows})
        runs, id = max(((runs, id) for id, runs in used.runs.items() if id in prompts), default=(0, ""))
        if not runs:
            return None
        prompt = prompts[id]
        asks = any(one.get("required") and one.get("default") is None for one in prompt.get("variables") or [])
        return {"promptId": id, "name": prompt["name"], "runs": runs, "asks": asks}


def _times(doc: Doc, now: datetime) -> Iterator[datetime]:
    schedule = readable(doc)
    if schedule is None:
        return iter(())
    return islice(takewhile(lambda at: at <= now + _AHEAD, schedule.fires_after(now)), _MOST_OF_ONE)
