"""Room for a run: the sentence for each way in which a disk may have none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from airunner.engine import room
from tests.helpers.disk import mounted
from tests.helpers.people import AM_ROOT

Disk = Callable[..., None]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Say how much is free on all disks."""

    def free(megabytes: float, files: int = 100_000, all_files: int = 1_000_000) -> None:
        found = SimpleNamespace(f_bavail=int(megabytes * 256), f_frsize=4096, f_files=all_files, f_favail=files)
        monkeypatch.setattr(os, "statvfs", lambda path: found)

    return free


def test_lack_when_there_is_room_then_there_is_none(tmp_path: Path) -> None:
    assert room.lack(tmp_path, 1) is None
    assert room.lack(tmp_path / "not" / "yet", 1) is None


def test_lack_when_below_the_floor_then_the_sentence_names_number_folder_and_setting(
    tmp_path: Path, disk: Disk
) -> None:
    disk(199.9)
    assert room.lack(tmp_path, 200) == (
        f"No run starts while less than 200 MB are free for {tmp_path}; "
        "make room there, or lower the setting minFreeDiskMB."
    )
    assert "for /srv/data;" in str(room.lack(tmp_path, 200, Path("/srv/data")))
    disk(200)
    assert room.lack(tmp_path, 200) is None


def test_lack_when_the_floor_is_off_then_only_a_full_disk_counts(tmp_path: Path, disk: Disk) -> None:
    disk(1.5)
    assert room.lack(tmp_path, 0) is None
    disk(0.5)
    assert room.lack(tmp_path, 0) == room.full(tmp_path) != ""


def test_lack_when_no_more_files_can_be_made_then_the_disk_is_full(tmp_path: Path, disk: Disk) -> None:
    disk(5000, files=3)
    assert room.lack(tmp_path, 0) == room.full(tmp_path)
    disk(5000, files=0, all_files=0)  # a file system that does not count them
    assert room.lack(tmp_path, 0) is None


def test_lack_when_the_folder_cannot_be_written_to_then_the_sentence_says_which(tmp_path: Path) -> None:
    if AM_ROOT:
        with mounted(tmp_path / "disk", 1) as small:
            small.read_only(True)
            assert room.lack(small.path / "runs", 0) == _closed(small.path)
    else:
        tmp_path.chmod(0o500)
        assert room.lack(tmp_path / "runs", 0) == _closed(tmp_path)


def test_lack_when_the_disk_cannot_be_asked_then_the_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(path: Path) -> None:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(os, "statvfs", stale)
    assert room.lack(tmp_path, 0) == f"No run starts while {tmp_path} cannot be used: Stale file handle."


def _closed(path: Path) -> str:
    return f"No run starts while {path} cannot be written to; make it writable again."
