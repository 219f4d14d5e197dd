"""SQLite: the plans of schedules, beside the schedules themselves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime

from airunner.domain.query import milliseconds
from airunner.domain.record import Doc
from airunner.store import codec

_Row = tuple[str, int, int, int | None, bool, str]


def prepare(plans: Iterable[Doc]) -> list[_Row]:
    """Return plans in the form that they are kept in."""
    return [
        (
            plan["id"],
            plan["revision"],
            milliseconds(plan["plannedAt"]),
            milliseconds(plan["dueAt"]) if plan["dueAt"] else None,
            bool(plan["open"]),
            codec.write(plan),
        )
        for plan in plans
    ]


def save(link: sqlite3.Connection, rows: list[_Row]) -> None:
    """Keep plans; those of another revision than their schedule's are passed by."""
    link.executemany(
        "INSERT OR REPLACE INTO aiRunnerPlans SELECT ?1, ?2, ?3, ?4, ?5, ?6 "
        "WHERE (SELECT revision FROM aiRunnerSchedules WHERE id = ?1) = ?2",
        rows,
    )


def find(link: sqlite3.Connection, ids: Collection[str] | None) -> dict[str, Doc]:
    """Return plans by their ids."""
    statement, values = "SELECT id, doc FROM aiRunnerPlans", ()
    if ids is not None:
        statement = "SELECT p.id, p.doc FROM json_each(?) j CROSS JOIN aiRunnerPlans p ON p.id = j.value"
        values = (json.dumps(list(ids)),)  # type: ignore[assignment]
    return {id: codec.read(text) for id, text in link.execute(statement, values)}


def due(link: sqlite3.Connection) -> list[tuple[str, datetime]]:
    """Return what is due when, the earliest first."""
    found = link.execute("SELECT id, due_at FROM aiRunnerPlans WHERE due_at IS NOT NULL ORDER BY due_at")
    return [(id, codec.moment(at)) for id, at in found]


def open_ones(link: sqlite3.Connection) -> list[Doc]:
    """Return the plans that wait for the end of runs."""
    return [codec.read(text) for (text,) in link.execute("SELECT doc FROM aiRunnerPlans WHERE is_open = 1 ORDER BY id")]


def stale(link: sqlite3.Connection, now: datetime) -> list[str]:
    """Return the schedules whose plan is missing or not of them, or comes from the future."""
    found = link.execute(
        "SELECT s.id FROM aiRunnerSchedules s LEFT JOIN aiRunnerPlans p ON p.id = s.id "
        "WHERE p.revision IS NOT s.revision OR p.planned_at > ? ORDER BY s.id",
        (milliseconds(now),),
    )
    return [id for (id,) in found]
