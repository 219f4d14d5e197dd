"""The door to the stores: which URL opens what, and what is refused with which sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from airunner.base.errors import Busy, Invalid
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock


def test_open_when_sqlite_then_the_file_is_in_the_data_folder_and_private(
    data_dir: Path, fake_clock: FakeClock
) -> None:
    folder = data_dir / "not" / "yet"
    store = open_store("sqlite", data_folder=folder, clock=fake_clock)
    store.save_settings({})
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    store.close()
    assert files == {"airunner.db": 0o600, "airunner.db-wal": 0o600, "airunner.db-shm": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_open_when_the_file_could_be_read_by_others_then_it_no_longer_can(
    data_dir: Path, fake_clock: FakeClock
) -> None:
    file = data_dir / "airunner.db"
    file.touch(0o644)
    open_store("sqlite", data_folder=data_dir, clock=fake_clock).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("form", ["sqlite:{}", "sqlite://{}"])
def test_open_when_a_path_is_given_then_the_file_is_there(data_dir: Path, fake_clock: FakeClock, form: str) -> None:
    file = data_dir / "other.db"
    open_store(form.format(file), data_folder=data_dir / "unused", clock=fake_clock).close()
    assert file.exists()
    assert not (data_dir / "unused").exists()


@pytest.mark.parametrize("url", ["mongodb://user:secret@127.0.0.1:1/airunner?serverSelectionTimeoutMS=100"])
def test_open_when_no_mongodb_answers_then_the_sentence_names_it_without_its_password(
    data_dir: Path, fake_clock: FakeClock, url: str
) -> None:
    with pytest.raises(Busy, match="The store mongodb://127.0.0.1:1/airunner cannot be reached") as caught:
        open_store(url, data_folder=data_dir, clock=fake_clock)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["mongodb://", "mongodb://user:secret@:99999/x", "mongodb://user:secret@host/x?w=-5", "mongodb+srv://secret@a,b/x"],
)
def test_open_when_the_address_is_none_then_the_sentence_says_so_without_its_password(
    data_dir: Path, fake_clock: FakeClock, url: str
) -> None:
    with pytest.raises(Invalid, match=r"The store mongodb.* cannot be opened") as caught:
        open_store(url, data_folder=data_dir, clock=fake_clock)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("url", ["", "postgres://secret@host/x", "/srv/a.db"])
def test_open_when_unknown_then_the_sentence_says_what_to_write(
    data_dir: Path, fake_clock: FakeClock, url: str
) -> None:
    with pytest.raises(Invalid, match="The store must be sqlite, sqlite:PATH or a mongodb:// address") as caught:
        open_store(url, data_folder=data_dir, clock=fake_clock)
    assert "secret" not in caught.value.message


def test_open_when_the_path_is_a_folder_then_the_sentence_names_it(data_dir: Path, fake_clock: FakeClock) -> None:
    with pytest.raises(Invalid, match=f"The store {data_dir} cannot be opened"):
        open_store(f"sqlite:{data_dir}", data_folder=data_dir, clock=fake_clock)
