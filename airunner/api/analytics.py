"""Aggregates over the history: how often runs succeed, how long they take, where the work goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from airunner.api import schemas as s
from airunner.api.context import Context
from airunner.api.replies import reply
from airunner.domain.analytics import Span, figures
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc
from airunner.server.wire import Request, Response

_MOST = 100
_RECENT, _MOST_RECENT = 15, 40

FIGURES = {
    **{name: s.WHOLE for name in ("runs", "completed", "failed", "timeout", "killed", "skipped", "active")},
    "successRate": {"type": ["number", "null"], "description": "completed of completed, failed and timeout; 0 to 1."},
    "averageSeconds": s.MAYBE_NUMBER,
    "totalSeconds": s.NUMBER,
}
_NAMED = s.many(
    s.thing("id name runs", id=s.TEXT, name=s.MAYBE_TEXT, agentType=s.MAYBE_TEXT, lastRunId=s.TEXT, **FIGURES)
)
ANSWER = s.thing(
    "from to timezone step totals series",
    to=s.TIME,
    timezone=s.TEXT,
    step=s.one_of("hour", "day", "week", "month"),
    totals=s.thing("runs", **FIGURES),
    before=s.thing("runs", **FIGURES),
    series=s.many(s.thing("begin end", begin=s.TIME, end=s.TIME, **FIGURES)),
    profiles=_NAMED,
    prompts=_NAMED,
    schedules=s.many(
        s.thing(
            "id name runs",
            id=s.TEXT,
            name=s.MAYBE_TEXT,
            lastRunId=s.TEXT,
            recent=s.many(s.thing("runId status", runId=s.TEXT, status=s.TEXT)),
            **FIGURES,
        )
    ),
    directories=s.many(s.thing("path runs", path=s.TEXT, lastRunId=s.TEXT, **FIGURES)),
    agents=s.many(s.thing("agentType runs", agentType=s.MAYBE_TEXT, **FIGURES)),
    **{"from": s.TIME},
)
QUERY = {"from": s.TEXT, "days": s.WHOLE, "to": s.TEXT, "timezone": s.TEXT}


class Analytics:
    """Handler of `analytics`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, request: Request) -> Response:
        """Return the figures of a range: all together, over time, and by what runs were of, most runs first.

        `before` has those of the range of the same length before it. Of profiles, prompts, schedules and directories at
        most 100 are returned. What was deleted is named as its newest run names it, and a run counts for the agent that
        its profile is of now.
        """
        span = Span.from_params(request.query, self._context.clock.now(), self._context.timezone)
        begin, end = span.edges[0], span.edges[-1]
        series = self._context.store.tally(None, span.edges)
        profiles = self._named("agentProfileId", "profiles", "agentProfileName", span)
        return reply(
            {
                "from": begin,
                "to": end,
                "timezone": span.timezone,
                "step": span.step,
                "totals": figures(series),
                "before": figures(self._context.store.tally(None, span.before())),
                "series": [
                    {"begin": first, "end": last, **figures(row for row in series if row["bucket"] == bucket)}
                    for bucket, (first, last) in enumerate(pairwise(span.edges))
                ],
                "profiles": _shown(profiles),
                "prompts": _shown(self._named("promptId", "prompts", "promptName", span)),
                "schedules": self._with_recent(_shown(self._named("scheduleId", "schedules", None, span))),
                "directories": _shown(
                    {"path": path, "lastRunId": last, "rows": rows}
                    for path, last, rows in self._tally("workingDirectory", span)
                ),
                "agents": _shown(_together(profiles)),
            }
        )

    def _with_recent(self, schedules: list[Doc]) -> list[Doc]:
        """Add `recent` to each of the first schedules: their newest runs, the newest last."""
        for schedule in schedules[:_MOST_RECENT]:
            newest = self._context.store.find_runs(RunQuery(schedule_id=schedule["id"], limit=_RECENT)).runs
            schedule["recent"] = [{"runId": run["runId"], "status": run["status"]} for run in reversed(newest)]
        return schedules

    def _tally(self, field: str, span: Span) -> list[tuple[str, str, list[Doc]]]:
        """Return each value with its newest run and its rows, the one of most runs first.

        The store is asked for no more at once than a step of the range: a year of a busy server takes its time.
        """
        rows: dict[str, list[Doc]] = {}
        for row in self._context.store.tally(field, span.edges):
            rows.setdefault(row["value"], []).append(row)
        found = [(value, max(row["runId"] for row in own), own) for value, own in rows.items()]
        return sorted(found, key=lambda one: -sum(sum(row["statuses"].values()) for row in one[2]))

    def _named(self, field: str, kind: str, run_field: str | None, span: Span) -> list[Doc]:
        known = {doc["id"]: doc for doc in self._context.store.find(kind)}
        found = []
        for number, (value, last, rows) in enumerate(self._tally(field, span)):
            doc = known.get(value) or (None if number < _MOST else {})
            if doc is None:
                run = self._context.store.get_run(last) or {}
                doc = {"name": run.get(run_field) if run_field else None, "agentType": run.get("agentType")}
            kept = {"id": value, "name": doc.get("name"), "lastRunId": last, "rows": rows}
            found.append({**kept, "agentType": doc.get("agentType")} if kind == "profiles" else kept)
        return found


def _together(profiles: Iterable[Doc]) -> Iterator[Doc]:
    """Yield the agents with the rows of all their profiles."""
    rows: dict[str | None, list[Doc]] = {}
    for profile in profiles:
        rows.setdefault(profile["agentType"], []).extend(profile["rows"])
    for agent, own in rows.items():
        yield {"agentType": agent, "rows": own}


def _shown(counted: Iterable[Doc]) -> list[Doc]:
    shown = [
        {**{name: value for name, value in one.items() if name != "rows"}, **figures(one["rows"])} for one in counted
    ]
    return sorted(shown, key=lambda one: -int(one["runs"]))[:_MOST]
