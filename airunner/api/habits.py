"""What runs of a schedule are like: where they are, and how long one takes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from statistics import median

from airunner.domain.query import RunQuery
from airunner.domain.record import Doc, from_doc
from airunner.domain.schedule import Schedule
from airunner.domain.settings import Settings
from airunner.schedule.conflicts import Habit
from airunner.store.contract import Store

_REMEMBERED = 20
_ENDED = ("completed", "failed", "timeout")


@dataclass(frozen=True, slots=True)
class Known:
    """What schedules leave to others, read once for all of them."""

    prompts: dict[str, Doc]
    profiles: dict[str, Doc]
    settings: Settings
    _real: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(store: Store) -> Known:
        """Read it."""
        prompts, profiles = ({doc["id"]: doc for doc in store.find(kind)} for kind in ("prompts", "profiles"))
        return Known(prompts, profiles, from_doc(Settings, store.settings()))

    def directory(self, schedule: Schedule) -> str | None:
        """Return where a schedule's runs are, links resolved; None where nothing says it."""
        prompt = self.prompts.get(schedule.prompt_id) or {}
        path = schedule.working_directory or prompt.get("workingDirectory") or self.settings.default_working_directory
        if not path:
            return None
        if path not in self._real:
            self._real[path] = os.path.realpath(path)
        return self._real[path]

    def timeout_seconds(self, schedule: Schedule) -> float:
        """Return the longest that a run of a schedule may take."""
        prompt = self.prompts.get(schedule.prompt_id) or {}
        profile = self.profiles.get(prompt.get("agentProfileId") or "") or {}
        minutes = schedule.timeout or prompt.get("timeout") or profile.get("defaultTimeout")
        return float(minutes or self.settings.default_timeout) * 60


def habit_of(store: Store, schedule: Schedule, known: Known) -> Habit:
    """Return where a schedule's runs are and what one usually takes: its timeout before any has ended."""
    usual = _usual_seconds(store, schedule)
    seconds = known.timeout_seconds(schedule) if usual is None else usual
    return Habit(schedule, known.directory(schedule), seconds, is_guess=usual is None)


def _usual_seconds(store: Store, schedule: Schedule) -> float | None:
    """Return the median of what its last runs took, or its prompt's; None when none has ended yet."""
    for query in (RunQuery(schedule_id=schedule.id), RunQuery(prompt_id=schedule.prompt_id)):
        found = store.find_runs(replace(query, status=_ENDED, limit=_REMEMBERED)).runs
        took = [run["durationSeconds"] for run in found if run["durationSeconds"] is not None]
        if took:
            return float(median(took))
    return None
