"""SQLite: which runs contain a text, through the trigram index where it can say, by looking where it cannot."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from airunner.base.ids import ID_LENGTH, is_id
from airunner.domain.query import COUNTED

_LOOKED_THROUGH = 30_000  # runs whose texts are looked through rather than asking the index: some 100 ms
_TRIGRAMS = 12  # of a long search; the text itself has the last word anyway


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of WHERE over the runs `r`, its values, and the index that leads to them, if one does.

    `single` says that it fixes the first column of that index, so that the second one is in order.
    """

    sql: str
    values: tuple[Any, ...]
    index: str = ""
    single: bool = False

    @staticmethod
    def equal(column: str, value: str | None, index: str) -> Condition | None:
        """Return the condition that a column has a value, None for no value."""
        return None if value is None else Condition(f"r.{column} = ?", (value,), index, single=True)

    @staticmethod
    def one_of(column: str, values: Collection[str], index: str) -> Condition | None:
        """Return the condition that a column has one of some values, None for none."""
        if len(values) == 1:
            return Condition.equal(column, next(iter(values)), index)
        marks = ", ".join("?" * len(values))
        return Condition(f"r.{column} IN ({marks})", tuple(values), index) if values else None

    @staticmethod
    def bound(comparison: str, value: int | None) -> Condition | None:
        """Return the condition of a bound, None for no bound."""
        return None if value is None else Condition(f"r.{comparison}", (value,))


@dataclass(frozen=True, slots=True)
class Scope:
    """The runs of `source` (a FROM clause that calls them `r`) that meet all `conditions`; `first` are its values.

    `on_the_way` is another way to say the same when the runs are visited in order: joins, and the conditions then.
    """

    source: str
    conditions: list[Condition] = field(default_factory=list)
    first: tuple[Any, ...] = ()
    on_the_way: tuple[str, list[Condition]] | None = None

    @staticmethod
    def through(index: str, conditions: list[Condition]) -> Scope:
        """Return the scope of some conditions, led by an index."""
        return Scope(f"aiRunnerRuns r INDEXED BY {index}", conditions)

    @property
    def where(self) -> str:
        """All conditions as one."""
        return " AND ".join(condition.sql for condition in self.conditions) or "1"

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of source and conditions, as they stand in the statement."""
        return (*self.first, *(value for condition in self.conditions for value in condition.values))

    def walked(self, index: str) -> Scope:
        """Return the same runs, along another index."""
        joins, conditions = self.on_the_way or ("", self.conditions)
        return Scope(f"aiRunnerRuns r INDEXED BY {index}{joins}", conditions)

    def count(self, link: sqlite3.Connection, most: int) -> int:
        """Return how many runs there are, counting no further than `most`."""
        counted = f"SELECT count(*) FROM (SELECT 1 FROM {self.source} WHERE {self.where} LIMIT {most})"
        return int(link.execute(counted, self.values).fetchone()[0])


def search(link: sqlite3.Connection, text: str, scope: Scope, *, has_index: bool) -> tuple[Scope, int]:
    """Return the runs of `scope` that contain `text`, and how many there are, counting no further than 10,001."""
    needle = text.casefold()
    looking = [*scope.conditions, Condition(_LOOK, (needle, needle, needle))]
    if scope.conditions and scope.count(link, _LOOKED_THROUGH + 1) <= _LOOKED_THROUGH:
        looked = Scope(scope.source + _TEXTS, looking)
        found = _ids(link, f"SELECT r.id FROM {looked.source} WHERE {looked.where} LIMIT {COUNTED + 1}", looked.values)
    else:
        found = set()
        for sql, values in _ways(needle, scope, has_index=has_index):
            found |= _ids(link, f"{sql} LIMIT {COUNTED + 1}", values)
            if len(found) > COUNTED:
                break
    if len(found) <= COUNTED:
        listed = "json_each(?) hit CROSS JOIN aiRunnerRuns r ON r.id = hit.value"
        return Scope(listed, first=(json.dumps(list(found)),)), len(found)
    return Scope("aiRunnerRuns r", [_any_way(needle, scope, has_index=has_index)], (), (_TEXTS, looking)), len(found)


_TEXTS = " CROSS JOIN aiRunnerTexts t ON t.id = r.text_id LEFT JOIN aiRunnerTexts e ON e.id = r.reason_id"
_LOOK = "(instr(t.text, ?) OR instr(e.text, ?) OR instr(r.run_id, ?))"


def _ids(link: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> set[int]:
    return {id for (id,) in link.execute(sql, values)}


def _any_way(needle: str, scope: Scope, *, has_index: bool) -> Condition:
    ways = list(_ways(needle, scope, has_index=has_index))
    values = tuple(value for _, some in ways for value in some)
    return Condition(f"r.id IN ({' UNION ALL '.join(sql for sql, _ in ways)})", values)


def _ways(needle: str, scope: Scope, *, has_index: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield statements that together find the runs of `scope` with the needle in their text, reason or id."""
    for texts, values in _text_ways(needle, has_index=has_index):
        for column, index in (("text_id", "runsByText"), ("reason_id", "runsByReason")):
            runs = f"CROSS JOIN aiRunnerRuns r INDEXED BY {index} ON r.{column} = t.id"
            yield f"SELECT r.id FROM {texts} {runs} WHERE {scope.where}", (*values, *scope.values)
    if _may_be_in_an_id(needle):
        by_id = f"SELECT r.id FROM aiRunnerRuns r INDEXED BY runsById WHERE instr(r.run_id, ?) AND {scope.where}"
        yield by_id, (needle, *scope.values)


def _text_ways(needle: str, *, has_index: bool) -> list[tuple[str, tuple[Any, ...]]]:
    """Return sources that call `t` the texts with the needle: those of the index, and those that are not in it."""
    if not has_index or len(needle) < 3:
        return [("(SELECT id FROM aiRunnerTexts WHERE instr(text, ?)) t", (needle,))]
    indexed = (
        "(SELECT w.id FROM aiRunnerSearch s CROSS JOIN aiRunnerTexts w ON w.id = s.rowid"
        " WHERE aiRunnerSearch MATCH ? AND instr(w.text, ?)) t"
    )
    scanned = "(SELECT id FROM aiRunnerTexts INDEXED BY textsToScan WHERE indexed = 0 AND instr(text, ?)) t"
    return [(indexed, (_match(needle), needle)), (scanned, (needle,))]


def _match(needle: str) -> str:
    """Return the FTS5 query for texts that have some trigrams of the needle, spread over it (fts5.html, 3.1)."""
    trigrams = list(dict.fromkeys(needle[at : at + 3] for at in range(len(needle) - 2)))
    step = -(-len(trigrams) // _TRIGRAMS)
    return " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in trigrams[::step])


def _may_be_in_an_id(needle: str) -> bool:
    """Say whether an id can contain the needle: an id's characters are those of `base.ids`."""
    return len(needle) <= ID_LENGTH and is_id((needle * ID_LENGTH)[:ID_LENGTH])
