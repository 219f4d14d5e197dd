"""The commit of a prompt file's repository: found where there is one, and whatever lies there holds nobody up."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from airunner.engine.accounts import account_of
from airunner.engine.commit import commit_of
from airunner.engine.places import Bounds

HASH = "0123456789abcdef0123456789abcdef01234567"


def find(folder: Path, *roots: str) -> str | None:
    return commit_of(folder / "prompt.md", Bounds(roots or ["/"], []), account_of(None))


def repository(folder: Path, head: str = "ref: refs/heads/main\n") -> Path:
    git = folder / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    return git


def test_commit_when_its_reference_is_loose_packed_or_of_a_work_tree_then_it_is_found(tmp_path: Path) -> None:
    git = repository(tmp_path / "a")
    assert find(tmp_path / "a") is None
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled\n{'f' * 40} refs/heads/mai\n{HASH} refs/heads/main\n^{'e' * 40}\n"
    )
    assert find(tmp_path / "a") == HASH
    (git / "refs/heads/main").write_text("a" * 40 + "\n")
    assert find(tmp_path / "a" / "deep/inside") == "a" * 40
    tree = git / "worktrees/b"
    tree.mkdir(parents=True)
    (tree / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "commondir").write_text("../..\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/.git").write_text(f"gitdir: {tree}\n")
    assert find(tmp_path / "b") == "a" * 40


@pytest.mark.parametrize("name", [".git", ".git/HEAD", ".git/commondir", ".git/refs/heads/main", ".git/packed-refs"])
def test_commit_when_a_fifo_lies_there_then_nobody_waits_for_it(tmp_path: Path, name: str) -> None:
    if name != ".git":
        repository(tmp_path)
        (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(find(tmp_path)), daemon=True)
    thread.start()
    thread.join(5)
    assert found == [None]


def test_commit_when_what_lies_there_is_endless_or_elsewhere_then_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(HASH)
    for number, head in enumerate([f"ref: {tmp_path}/secret", "ref: ../secret", "ref: refs/../../secret", "\0"]):
        repository(tmp_path / str(number), head)
        assert find(tmp_path / str(number)) is None, head
    git = repository(tmp_path / "huge")
    os.truncate(git / "HEAD", 2**40)
    assert find(tmp_path / "huge") is None
    (git / "HEAD").unlink()
    (git / "HEAD").symlink_to("/dev/zero")
    assert find(tmp_path / "huge") is None


def test_commit_when_the_repository_is_out_of_bounds_then_there_is_none(tmp_path: Path) -> None:
    repository(tmp_path, HASH)
    (tmp_path / "open").mkdir()
    assert find(tmp_path / "open") == HASH
    assert find(tmp_path / "open", str(tmp_path / "open")) is None
