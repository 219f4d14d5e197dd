"""SQLite: the history's pages: filters, order, totals.

A result of at most 10,000 runs is gathered through its narrowest filter and sorted. In a longer one the runs are so
dense that the index of the order is walked until the page is full; where they prove to be far away, it is gathered.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from airunner.domain.query import COUNTED, RunPage, RunQuery, milliseconds
from airunner.domain.record import Doc
from airunner.store import sqlite_runs, sqlite_search
from airunner.store.sqlite_search import Condition, Scope

_WALK = 30_000  # index entries looked at before gathering is the better bet: some 30 ms


@dataclass(frozen=True, slots=True)
class _Order:
    """The columns of an order, and the index that has the runs in it; `leads` are conditions the index begins with."""

    columns: tuple[str, ...]
    index: str
    leads: tuple[Condition, ...] = ()


_BY_TIME = ("queued_at", "run_id")
_PINNED = Condition("r.pinned = 1", (), "runsPinned", single=True)  # written out, as the partial index has it
_UNPINNED = Condition("r.pinned = 0", ())
_ORDERS = {
    "runId": _Order(("run_id",), "runsById"),
    "status": _Order(("status", *_BY_TIME), "runsByStatus"),
    "triggeredBy": _Order(("triggered_by", *_BY_TIME), "runsByTrigger"),
    "promptName": _Order(("prompt_name", *_BY_TIME), "runsByPromptName"),
    "agentProfileName": _Order(("agent_name", *_BY_TIME), "runsByAgentName"),
    "workingDirectory": _Order(("working_directory", *_BY_TIME), "runsByDirectory"),
    "queuedAt": _Order(_BY_TIME, "runsByQueued"),
    "startedAt": _Order(("started_at", *_BY_TIME), "runsByStarted"),
    "finishedAt": _Order(("finished_at", *_BY_TIME), "runsByFinished"),
    "durationSeconds": _Order(("duration", *_BY_TIME), "runsByDuration"),
    "exitCode": _Order(("exit_code", *_BY_TIME), "runsByExitCode"),
}


def find(link: sqlite3.Connection, query: RunQuery, *, has_index: bool) -> RunPage:
    """Return one page; `link` is in a transaction, so that total and page are of one moment."""
    scope = _narrowest(link, _conditions(query))
    if query.search:
        scope, total = sqlite_search.search(link, query.search, scope, has_index=has_index)
    else:
        total = scope.count(link, COUNTED + 1)
    ids = _page(link, query, scope, total)
    runs = _docs(link, ids[: query.limit])
    more = len(ids) > query.limit
    return RunPage(runs, min(total, COUNTED), total > COUNTED, query.cursor_after(runs[-1]) if more else None)


def directories(link: sqlite3.Connection, limit: int) -> list[tuple[str, int]]:
    """Return the directories of runs with the time each was last used, the newest first."""
    newest: dict[str, int] = {}
    recent = link.execute(
        "SELECT r.working_directory, r.queued_at FROM aiRunnerRuns r INDEXED BY runsByQueued "
        "ORDER BY r.queued_at DESC, r.run_id DESC LIMIT ?",
        (_WALK,),
    )
    for path, at in recent:
        if path and path not in newest:
            newest[path] = at
            if len(newest) == limit:
                return list(newest.items())
    return link.execute(_ALL_DIRECTORIES, (limit,)).fetchall()


# Jumps from each directory to the next in the index, instead of reading all runs of each.
_ALL_DIRECTORIES = """
    WITH RECURSIVE known (path) AS (
        SELECT min(working_directory) FROM aiRunnerRuns WHERE working_directory > ''
        UNION ALL
        SELECT (SELECT min(working_directory) FROM aiRunnerRuns WHERE working_directory > path)
        FROM known WHERE path IS NOT NULL
    )
    SELECT path, (SELECT max(queued_at) FROM aiRunnerRuns WHERE working_directory = path) AS last
    FROM known WHERE path IS NOT NULL ORDER BY last DESC, path LIMIT ?
"""


def _conditions(query: RunQuery) -> list[Condition]:
    """Return the filters of a query, roughly the narrowest first."""
    found = [
        None if query.pinned is None else _PINNED if query.pinned else _UNPINNED,
        Condition.equal("prompt_id", query.prompt_id, "runsByPrompt"),
        Condition.equal("schedule_id", query.schedule_id, "runsBySchedule"),
        Condition.equal("working_directory", query.working_directory, "runsByDirectory"),
        Condition.equal("agent_profile_id", query.agent_profile_id, "runsByProfile"),
        Condition.one_of("status", query.status, "runsByStatus"),
        Condition.one_of("triggered_by", query.triggered_by, "runsByTrigger"),
        Condition.bound("queued_at >= ?", milliseconds(query.after) if query.after else None),
        Condition.bound("queued_at <= ?", milliseconds(query.before) if query.before else None),
    ]
    return [condition for condition in found if condition]


def _narrowest(link: sqlite3.Connection, conditions: list[Condition]) -> Scope:
    """Return the scope of all conditions, led by the index that has the fewest runs (as far as 10,000 can tell)."""
    bounds = [condition for condition in conditions if not condition.index]
    scopes = [Scope.through(condition.index, [condition, *bounds]) for condition in conditions if condition.index]
    if not scopes:
        return Scope.through("runsByQueued", bounds)
    if len(scopes) > 1:
        scopes.sort(key=lambda scope: scope.count(link, COUNTED + 1))
    return Scope(scopes[0].source, conditions)


def _page(link: sqlite3.Connection, query: RunQuery, scope: Scope, total: int) -> list[int]:
    """Return the rows of the page and, if there is more, of one run behind it."""
    order = _order(query, scope)
    if total > COUNTED:
        edge = _edge(link, query, order)
        walked = _select(link, query, scope.walked(order.index), order, edge)
        if edge is None or len(walked) > query.limit:
            return walked
    return _select(link, query, scope, order, None)


def _order(query: RunQuery, scope: Scope) -> _Order:
    """Return the order's index; by time, one that begins with an equality filter has it, too, and less of the rest."""
    order = _ORDERS[query.sort]
    if query.sort == "queuedAt":
        for condition in scope.conditions:
            if condition.index and condition.single:
                return _Order(order.columns, condition.index, (condition,))
    return order


def _edge(link: sqlite3.Connection, query: RunQuery, order: _Order) -> tuple[object, ...] | None:
    """Return the place where a walk from the cursor ends, or None when it may go on to the last run."""
    conditions = [*order.leads, *_behind(query, order)]
    found = link.execute(
        f"SELECT {_named(order)} FROM aiRunnerRuns r INDEXED BY {order.index} WHERE {Scope('', conditions).where} "
        f"ORDER BY {_sorted(query, order)} LIMIT 1 OFFSET {_WALK + query.offset}",
        Scope("", conditions).values,
    ).fetchone()
    return tuple(found) if found else None


def _select(
    link: sqlite3.Connection, query: RunQuery, scope: Scope, order: _Order, edge: tuple[object, ...] | None
) -> list[int]:
    conditions = [*scope.conditions, *_behind(query, order)]
    if edge is not None:
        conditions.append(_compare(order, ">=" if query.descending else "<=", edge))
    narrowed = Scope(scope.source, conditions, scope.first)
    found = link.execute(
        f"SELECT r.id FROM {narrowed.source} WHERE {narrowed.where} ORDER BY {_sorted(query, order)} LIMIT ? OFFSET ?",
        (*narrowed.values, query.limit + 1, 0 if query.cursor else query.offset),
    )
    return [id for (id,) in found]


def _behind(query: RunQuery, order: _Order) -> list[Condition]:
    """Return the condition that continues behind the cursor, if there is one."""
    if query.cursor is None:
        return []
    place = (query.cursor.value, query.cursor.at, query.cursor.run_id)
    return [_compare(order, "<" if query.descending else ">", place[-len(order.columns) :])]


def _compare(order: _Order, sign: str, place: tuple[object, ...]) -> Condition:
    marks = ", ".join("?" * len(place))
    return Condition(f"({_named(order)}) {sign} ({marks})", place)


def _named(order: _Order) -> str:
    return ", ".join(f"r.{column}" for column in order.columns)


def _sorted(query: RunQuery, order: _Order) -> str:
    way = "DESC" if query.descending else "ASC"
    return ", ".join(f"r.{column} {way}" for column in order.columns)


def _docs(link: sqlite3.Connection, ids: list[int]) -> list[Doc]:
    found = dict(
        link.execute(
            "SELECT d.id, d.summary FROM json_each(?) j CROSS JOIN aiRunnerRunDocs d ON d.id = j.value",
            (json.dumps(ids),),
        )
    )
    return [sqlite_runs.shown(found[id]) for id in ids]
