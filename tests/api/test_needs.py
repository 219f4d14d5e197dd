"""What schedules need, when it is deleted while others change the schedules."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest

from airunner.api.context import Context
from airunner.api.needs import free
from airunner.base.errors import PreconditionFailed
from airunner.domain.record import to_doc
from airunner.domain.schedule import Schedule
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock

REQUEST = cast("Any", SimpleNamespace(identity=None))


def a_house(folder: Path, *ids: str) -> tuple[Store, Context]:
    """Return a store with schedules of prompt `p`, and what a handler has of the house."""
    clock = FakeClock()
    store = open_store("sqlite", data_folder=folder, clock=clock)
    for id in ids:
        given = {"name": id, "promptId": "p", "cronExpression": "@daily"}
        store.insert("schedules", to_doc(Schedule.from_input(given, id=id, now=clock.now(), by="", timezone="UTC")))
    scheduler = Mock(changing=lambda *ids: contextlib.nullcontext())
    return store, cast("Context", SimpleNamespace(store=store, clock=clock, scheduler=scheduler))


def test_free_when_schedules_are_changed_or_deleted_meanwhile_then_on_top_of_that(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, context = a_house(data_dir, "a", "b")
    change_many = store.change_many
    between = [
        lambda: store.replace(
            "schedules", {**(store.get("schedules", "a") or {}), "name": "new"}, expect_revision=None
        ),
        lambda: store.delete("schedules", "b"),
    ]

    def late(*arguments: Any) -> None:
        if between:
            between.pop(0)()
        change_many(*arguments)

    monkeypatch.setattr(store, "change_many", late)
    free(context, REQUEST, "the prompt x", ["p"], force=True)
    (left,) = store.find("schedules")
    assert (left["name"], left["enabled"]) == ("new", False)
    store.close()


def test_free_when_somebody_is_always_quicker_then_it_gives_up(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, context = a_house(data_dir, "a")
    late = Mock(side_effect=PreconditionFailed("changed"))
    monkeypatch.setattr(store, "change_many", late)
    with pytest.raises(PreconditionFailed):
        free(context, REQUEST, "the prompt x", ["p"], force=True)
    assert late.call_count == 4
    store.close()
