"""What is old goes, output and records apart; what is active or pinned stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from airunner.base.ids import Ids, made_at
from airunner.domain.record import to_doc
from airunner.domain.run import new_run
from airunner.domain.settings import Settings
from airunner.engine.retention import clean_up
from airunner.spool.layout import folder_for
from airunner.store.contract import Store
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock


@pytest.fixture
def store(tmp_path: Path, fake_clock: FakeClock) -> Iterator[Store]:
    opened = open_store("sqlite", data_folder=tmp_path, clock=fake_clock)
    yield opened
    opened.close()


def _add(store: Store, clock: FakeClock, root: Path, ids: Ids, **fields: object) -> Path:
    now, run_id = clock.now(), ids.new()
    folder = folder_for(root, run_id, now)
    folder.mkdir(parents=True)
    (folder / "output.0000000000000000").write_bytes(b"x")
    store.insert_run(new_run(runId=run_id, queuedAt=now, folder=str(folder), **{"status": "completed", **fields}))
    return folder


def test_an_id_tells_when_it_was_made(fake_clock: FakeClock) -> None:
    assert made_at(Ids(fake_clock).new()) == fake_clock.now()


def test_clean_up_when_days_pass_then_output_goes_first_and_records_later(
    tmp_path: Path, store: Store, fake_clock: FakeClock
) -> None:
    ids = Ids(fake_clock)
    store.save_settings({"outputRetentionDays": 30, "recordRetentionDays": 90, "logDirectory": str(tmp_path / "logs")})
    old = _add(store, fake_clock, tmp_path, ids)
    moved = _add(store, fake_clock, tmp_path / "logs", ids)
    settings = Settings.from_doc(store.settings())
    store.save_settings(to_doc(settings.merged({"logDirectory": None})))
    pinned = _add(store, fake_clock, tmp_path, ids, pinned=True)
    active = _add(store, fake_clock, tmp_path, ids, status="running")
    fake_clock.pass_(timedelta(days=20).total_seconds())
    young = _add(store, fake_clock, tmp_path, ids)
    assert clean_up(store, fake_clock, tmp_path) == (0, 0)
    fake_clock.pass_(timedelta(days=15).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (2, 0)
    assert [path.exists() for path in (old, moved, pinned, active, young)] == [False, False, True, True, True]
    assert store.get_run(old.name) is not None
    fake_clock.pass_(timedelta(days=60).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (1, 2)
    kept = {path.name for path in (old, moved, pinned, active, young) if store.get_run(path.name)}
    assert kept == {pinned.name, active.name, young.name}


def test_clean_up_when_a_run_waited_and_ran_for_long_then_its_days_count_from_its_end(
    tmp_path: Path, store: Store, fake_clock: FakeClock
) -> None:
    store.save_settings({"outputRetentionDays": 1, "recordRetentionDays": 1})
    folder = _add(store, fake_clock, tmp_path, Ids(fake_clock), finishedAt=fake_clock.now() + timedelta(days=3))
    fake_clock.pass_(timedelta(days=3.5).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (0, 0)
    fake_clock.pass_(timedelta(days=1).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (1, 1)
    assert not folder.exists()


def test_clean_up_when_set_to_0_then_all_stays(tmp_path: Path, store: Store, fake_clock: FakeClock) -> None:
    store.save_settings({"outputRetentionDays": 0, "recordRetentionDays": 0})
    folder = _add(store, fake_clock, tmp_path, Ids(fake_clock))
    fake_clock.pass_(timedelta(days=5000).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (0, 0)
    assert folder.exists()


def test_clean_up_when_there_are_many_then_all_old_ones_go(tmp_path: Path, store: Store, fake_clock: FakeClock) -> None:
    ids = Ids(fake_clock)
    for number in range(450):
        _add(store, fake_clock, tmp_path, ids, pinned=number % 3 == 0)
    fake_clock.pass_(timedelta(days=400).total_seconds())
    assert clean_up(store, fake_clock, tmp_path) == (300, 300)
