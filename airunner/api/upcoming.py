"""What is planned for the coming hours: the times of every schedule that is on, and which of them meet each other."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

from airunner.api import schemas as s
from airunner.api.context import Context
from airunner.api.habits import Known, habit_of
from airunner.api.replies import reply
from airunner.domain.params import Params
from airunner.domain.record import Doc
from airunner.domain.schedule import Schedule, readable
from airunner.schedule.conflicts import HORIZON, Habit
from airunner.schedule.lanes import Lane, meet, times_of
from airunner.server.wire import Request, Response

_SPANS = (24, 168)
_MOST_TIMES = 20_000
_FEWEST_PARTS, _MOST_PARTS = 24, 168
_SHORTEST = timedelta(minutes=10)
_KEPT_MINUTES = 5  # what was found out is good for so long, unless something changes

QUERY = {
    "hours": {"type": "integer", "enum": list(_SPANS), "description": "How far ahead; 24 unless it says otherwise."}
}
ANSWER = s.thing(
    "from to schedulesPaused schedules",
    **{"from": s.TIME},
    to=s.TIME,
    schedulesPaused=s.FLAG,
    schedules=s.many(
        s.thing(
            "scheduleId name times often clashes meets",
            scheduleId=s.TEXT,
            name=s.TEXT,
            seconds={**s.MAYBE_NUMBER, "description": "What a run usually takes, or took the last time."},
            times=s.many(s.TIME),
            often=s.many(s.thing("from to", **{"from": s.TIME}, to=s.TIME)),
            clashes={
                **s.many(s.TIME),
                "description": "Those of times, and those within often, that meet another schedule.",
            },
            meets=s.many(s.thing("scheduleId name at", scheduleId=s.TEXT, name=s.TEXT, at=s.TIME)),
        )
    ),
)


class Upcoming:
    """Handler of `schedules/upcoming`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._usual: dict[str, tuple[str, Habit]] = {}
        self._answers: dict[int, tuple[str, Doc]] = {}
        self._lock = threading.Lock()  # what one finds out is good for all who ask meanwhile

    def show(self, request: Request) -> Response:
        """Return the planned times of the schedules that are on, those close to each other as from when to when.

        `meets` looks a week ahead, however many hours are asked for.
        """
        params = Params(request.query)
        hours = params.whole("hours", _SPANS[0], least=min(_SPANS), most=max(_SPANS))
        if hours not in _SPANS:
            params.refuse("hours", f"hours must be {_SPANS[0]} or {_SPANS[1]}; it is {hours}.")
        params.done()
        with self._lock:
            return reply(self._current(hours))

    def _current(self, hours: int) -> Doc:
        store = self._context.store
        known, docs = Known.of(store), store.find("schedules", enabled=True)
        last = store.last_runs("promptId", list({doc["promptId"] for doc in docs}))
        last |= store.last_runs("scheduleId", [doc["id"] for doc in docs])
        now = self._context.clock.now()
        start = now - timedelta(minutes=now.minute % _KEPT_MINUTES, seconds=now.second, microseconds=now.microsecond)
        read = [*docs, *known.prompts.values(), *known.profiles.values()]
        stamp = repr((start, [(doc["id"], doc["revision"]) for doc in read], known.settings, _news(last)))
        made = self._answers.get(hours)
        if made is None or made[0] != stamp:
            made = self._answers[hours] = (stamp, self._answer(start, hours, known, docs, last))
        return made[1]

    def _answer(self, start: datetime, hours: int, known: Known, docs: list[Doc], last: dict[str, Doc]) -> Doc:
        end = start + timedelta(hours=hours)
        found = [schedule for doc in docs if (schedule := readable(doc))]
        names = {schedule.id: schedule.name for schedule in found}
        self._usual = {id: usual for id, usual in self._usual.items() if id in names}
        lanes = self._lanes(found, known, last, (start, end))
        far = lanes if end >= start + HORIZON else self._lanes(found, known, last, (start, start + HORIZON))
        return {
            "from": start,
            "to": end,
            "schedulesPaused": known.settings.schedules_paused,
            "schedules": [_shown(*pair, last, names) for pair in zip(lanes, far, strict=True)],
        }

    def _lanes(
        self, schedules: list[Schedule], known: Known, last: dict[str, Doc], span: tuple[datetime, datetime]
    ) -> list[Lane]:
        """Return the lanes in the order of the schedules, the finer the fewer they are, with where they meet."""
        start, end = span
        parts = min(_MOST_PARTS, max(_FEWEST_PARTS, _MOST_TIMES // max(1, len(schedules))))
        step = max(_SHORTEST, (end - start) / parts)
        places = [known.directory(schedule) for schedule in schedules]
        shared = {place for place, users in Counter(places).items() if place is not None and users > 1}
        lanes = [
            Lane(
                self._habit(schedule, known, last)
                if place in shared
                else Habit(schedule, None, _seconds(last.get(schedule.id)) or 0, is_guess=True),
                times_of(schedule, start, end, step),
            )
            for schedule, place in zip(schedules, places, strict=True)
        ]
        meet(lanes)
        return lanes

    def _habit(self, schedule: Schedule, known: Known, last: dict[str, Doc]) -> Habit:
        """Return what a schedule's runs are like; it is looked up again when it or its prompt has run, or was changed."""
        ran = _news({id: last[id] for id in (schedule.id, schedule.prompt_id) if id in last})
        place, longest = known.directory(schedule), known.timeout_seconds(schedule)
        if not ran:
            return Habit(schedule, place, longest, is_guess=True)
        stamp = repr((schedule.revision, ran, place, longest))
        usual = self._usual.get(schedule.id)
        if usual is None or usual[0] != stamp:
            usual = self._usual[schedule.id] = (stamp, habit_of(self._context.store, schedule, known))
        return usual[1]


def _shown(lane: Lane, far: Lane, last: dict[str, Doc], names: dict[str, str]) -> Doc:
    schedule = lane.habit.schedule
    return {
        "scheduleId": schedule.id,
        "name": schedule.name,
        "seconds": _seconds(last.get(schedule.id)) if lane.habit.is_guess else lane.habit.seconds,
        "times": [one.first for one in lane.times if not one.are_many],
        "often": [{"from": one.first, "to": one.last} for one in lane.times if one.are_many],
        "clashes": sorted(lane.clashes),
        "meets": [{"scheduleId": id, "name": names[id], "at": at} for id, at in far.met.items()],
    }


def _news(runs: dict[str, Doc]) -> list[tuple[str, str, str]]:
    return [(id, run["runId"], run["status"]) for id, run in runs.items()]


def _seconds(run: Doc | None) -> float | None:
    return run["durationSeconds"] if run else None
