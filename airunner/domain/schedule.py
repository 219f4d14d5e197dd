"""Schedule: which saved prompt runs when, and what happens to a time that cannot be kept; and the plan made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from airunner.base.errors import Invalid
from airunner.domain.cron import Cron, zone_of
from airunner.domain.fields import Checker
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.domain.variables import check_value

MISSED = ("skip", "runOnce")
OVERLAP = ("skip", "queue", "parallel")
MOST_RETRIES = 10
LONGEST_JITTER = 3600
_LONGEST_DELAY = 86_400
_EXPRESSION_CHARACTERS = 1_000
READ_ONLY = frozenset(
    {
        "id", "createdAt", "updatedAt", "revision", "createdBy", "updatedBy", "disabledReason", "promptName",
        "agentProfileId", "description", "nextRunTime", "lastRunId", "lastRunStatus", "lastRunAt", "problem", "failures",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One schedule. `timeout` is minutes, delays are seconds; None in an override leaves the prompt's own.

    `start_date` and `end_date` are the first and the last instant that it may fire at. A delay before an attempt
    doubles with each. `disable_after_failures` counts times in a row whose last attempt failed; 0 is never.
    `disabled_reason` says why the house switched it off.
    """

    id: str
    name: str
    prompt_id: str
    cron_expression: str
    timezone: str
    enabled: bool = True
    missed_runs: str = "skip"
    overlap: str = "skip"
    retries: int = 0
    retry_delay_seconds: int = 60
    jitter_seconds: int = 0
    start_date: datetime | None = None
    end_date: datetime | None = None
    disable_after_failures: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    working_directory: str | None = None
    timeout: float | None = None
    disabled_reason: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    revision: int = 0

    @staticmethod
    def from_input(data: object, *, id: str, now: datetime, by: str, timezone: str) -> Schedule:
        """Return a new schedule, `timezone` where none is named; raise Invalid with every problem. `null` is left out."""
        checker = Checker(data, read_only=READ_ONLY, what="schedule", nulls_left_out=True)
        for name in ("name", "promptId", "cronExpression"):
            if not checker.claim(name):
                checker.refuse(name, f"{name} is needed.")
        blank = Schedule(
            id=id, name="", prompt_id="", cron_expression="", timezone=timezone, created_at=now, created_by=by
        )
        return _checked(checker, blank, now, by)

    def merged(self, data: object, now: datetime, by: str) -> Schedule:
        """Return this schedule with the given fields changed; raise Invalid with every problem. What is left out stays."""
        return _checked(Checker(data, read_only=READ_ONLY, what="schedule"), self, now, by)

    def switched(self, on: bool, now: datetime, by: str, reason: str | None = None) -> Schedule:
        """Return this schedule switched on, or off for a reason of the house."""
        return replace(self, enabled=on, disabled_reason=None if on else reason, updated_at=now, updated_by=by)

    @property
    def zone(self) -> tzinfo:
        """The time zone; raises Invalid where this machine does not know it (any more)."""
        return zone_of(self.timezone)

    def fires_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times to fire after a moment, within start and end, in UTC."""
        if self.start_date is not None and moment < self.start_date:
            moment = self.start_date - timedelta(milliseconds=1)
        for at in Cron.parse(self.cron_expression).after(moment, self.zone):
            if self.end_date is not None and at > self.end_date:
                return
            yield at

    def public(self) -> Doc:
        """Return what may leave the house: all of it."""
        return {**to_doc(self), "description": describe(self.cron_expression)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is known of a schedule between its runs; made for one `revision` of it, at `planned_at`.

    `fire_at` is the next time of the expression, `due_at` when its run begins (jitter added); both None when there is
    none. `open` are runs whose end has not been dealt with, `failures` counts times in a row, `problem` is why the
    last one could not run.
    """

    id: str
    revision: int
    planned_at: datetime
    fire_at: datetime | None = None
    due_at: datetime | None = None
    open: tuple[str, ...] = ()
    failures: int = 0
    problem: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", tuple(self.open))


def readable(doc: Doc) -> Schedule | None:
    """Return a schedule; None for one that has no times: it is damaged, or its zone is not known any more."""
    try:
        schedule = from_doc(Schedule, doc)
        _ = Cron.parse(schedule.cron_expression), schedule.zone
    except (Invalid, TypeError, ValueError):
        return None
    return schedule


def describe(expression: str) -> str:
    """Return an expression in words; what cannot be read (any more) as it is."""
    try:
        return Cron.parse(expression).describe()
    except Invalid:
        return expression


def _checked(checker: Checker, old: Schedule, now: datetime, by: str) -> Schedule:
    zone_name = checker.text("timezone", old.timezone, most=100)
    enabled = checker.flag("enabled", old.enabled)
    new = replace(
        old,
        name=checker.text("name", old.name, most=200),
        prompt_id=checker.text("promptId", old.prompt_id, most=100),
        cron_expression=checker.text("cronExpression", old.cron_expression, most=_EXPRESSION_CHARACTERS),
        timezone=zone_name,
        enabled=enabled,
        disabled_reason=None if enabled else old.disabled_reason,
        missed_runs=checker.choice("missedRuns", old.missed_runs, MISSED),
        overlap=checker.choice("overlap", old.overlap, OVERLAP),
        retries=checker.whole("retries", old.retries, most=MOST_RETRIES),
        retry_delay_seconds=checker.whole("retryDelaySeconds", old.retry_delay_seconds, most=_LONGEST_DELAY),
        jitter_seconds=checker.whole("jitterSeconds", old.jitter_seconds, most=LONGEST_JITTER),
        disable_after_failures=checker.whole("disableAfterFailures", old.disable_after_failures, most=1000),
        variables=checker.mapping("variables", old.variables, check_value),
        updated_at=now,
        updated_by=by,
        **_clearable(checker, old, zone_name),
    )
    _check_time(checker, new)
    checker.done()
    return new


def _clearable(checker: Checker, old: Schedule, zone_name: str) -> dict[str, Any]:
    """Read the fields that null empties."""
    try:
        zone = zone_of(zone_name)
    except Invalid as error:
        checker.refuse("timezone", error.message)
        zone = zone_of("UTC")
    claim, directory = checker.claim, "workingDirectory"
    return {
        "start_date": checker.moment("startDate", None, zone) if claim("startDate") else old.start_date,
        "end_date": checker.moment("endDate", None, zone, end=True) if claim("endDate") else old.end_date,
        "working_directory": checker.path(directory, None) if claim(directory) else old.working_directory,
        "timeout": checker.minutes("timeout", None) if claim("timeout") else old.timeout,
    }


def _check_time(checker: Checker, new: Schedule) -> None:
    if new.cron_expression and "cronExpression" not in checker.problems:
        try:
            Cron.parse(new.cron_expression)
        except Invalid as error:
            checker.refuse("cronExpression", error.message)
    if new.start_date and new.end_date and new.end_date <= new.start_date:
        checker.refuse("endDate", "endDate must be later than startDate.")
