"""The prompt's file: who can read it, where it may lie, and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airunner.base.errors import Broken
from airunner.spool import prompts
from airunner.spool.spec import RunUser, Spec
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.server import ROOT


@pytest.fixture
def shared() -> Iterator[Path]:
    """A place for a shared folder that everybody can reach."""
    with public_folder() as folder:
        os.chown(folder, os.geteuid(), -1)
        yield folder / "airunner" / "prompts"


def write(path: Path, folder: Path, text: str = "it's ☃\n", **more: Any) -> None:
    spec = Spec("r", str(folder), ["/bin/sh"], {}, "/", text, "/bell", prompt_file=str(path), **more)
    prompts.write_prompt(spec)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_prompt_when_it_stays_in_the_runs_folder_then_only_we_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    write(tmp_path / "prompt", tmp_path)
    assert (tmp_path / "prompt").read_text() == "it's ☃\n"
    assert (mode(tmp_path / "prompt"), mode(tmp_path)) == (0o600, 0o700)


def test_prompt_when_there_is_none_then_nothing_is_written(tmp_path: Path) -> None:
    prompts.write_prompt(Spec("r", str(tmp_path), ["/bin/sh"], {}, "/", None, "/bell", prompt_file=f"{tmp_path}/p"))
    prompts.write_prompt(Spec("r", str(tmp_path), ["/bin/sh"], {}, "/", "for stdin", "/bell"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o077, 0o022])
def test_prompt_when_it_is_shared_then_its_folder_can_be_walked_through_and_not_listed(
    shared: Path, tmp_path: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        write(shared / "a", tmp_path, prompt_mode=prompts.EVERYBODYS)
        write(shared / "b", tmp_path, prompt_mode=prompts.OWNERS)
    finally:
        os.umask(before)
    assert [mode(path) for path in (shared.parent, shared, shared / "a", shared / "b")] == [0o711, 0o711, 0o644, 0o400]


def test_prompt_when_it_is_another_users_then_it_is_given_away_or_refused(shared: Path, tmp_path: Path) -> None:
    user = RunUser(OTHER.pw_name, OTHER.pw_uid, OTHER.pw_gid, [])
    if AM_ROOT:
        write(shared / "a", tmp_path, prompt_mode=prompts.OWNERS, user=user)
        found = (shared / "a").stat()
        assert (found.st_uid, found.st_gid, mode(shared / "a")) == (OTHER.pw_uid, OTHER.pw_gid, 0o400)
    else:
        with pytest.raises(Broken, match="could not be written: Operation not permitted"):
            write(shared / "a", tmp_path, prompt_mode=prompts.OWNERS, user=user)


@pytest.mark.parametrize("parents", [0o755, 0o1777])
def test_shared_folder_when_it_is_open_to_writers_then_that_ends_and_the_one_above_stays(
    shared: Path, tmp_path: Path, parents: int
) -> None:
    shared.mkdir(parents=True)
    shared.parent.chmod(parents)
    shared.chmod(0o777)
    write(shared / "a", tmp_path)
    assert (mode(shared), mode(shared.parent)) == (0o711, parents)


def test_shared_folder_when_it_is_a_link_then_refused(shared: Path, tmp_path: Path) -> None:
    shared.parent.mkdir()
    shared.parent.chmod(0o711)
    shared.symlink_to(tmp_path)
    with pytest.raises(Broken, match="could not be written"):
        write(shared / "a", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_shared_folder_when_others_cannot_come_there_then_refused(shared: Path, tmp_path: Path) -> None:
    shared.parent.parent.chmod(0o700)
    with pytest.raises(Broken) as caught:
        write(shared / "a", tmp_path)
    closed = f"{shared.parent.parent} is closed to them."
    assert caught.value.message == f"Other users cannot reach the folder {shared} for prompt files: {closed}"
    assert not (shared / "a").exists()


def test_shared_folder_when_a_closed_one_was_left_over_then_it_is_opened(shared: Path, tmp_path: Path) -> None:
    shared.parent.mkdir(mode=0o700)
    shared.mkdir(mode=0o700)
    write(shared / "a", tmp_path, prompt_mode=prompts.EVERYBODYS)
    assert [mode(path) for path in (shared.parent, shared, shared / "a")] == [0o711, 0o711, 0o644]


def test_shared_folder_when_several_make_it_at_once_then_none_is_refused(shared: Path, tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from airunner.spool import prompts; from airunner.spool.spec import Spec\n"
        "os.umask(0o077); shared, folder, me = Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        "for turn in range(100):\n"
        "    path = shared.parent / f'{turn}' / 'prompts' / me\n"
        "    prompts.write_prompt(Spec('r', folder, [], {}, '/', 'x', '/bell', prompt_file=str(path)))\n"
    )
    shared.parent.mkdir()
    words = [sys.executable, "-c", script, str(shared), str(tmp_path)]
    writers = [subprocess.Popen([*words, name], stderr=subprocess.PIPE, cwd=ROOT) for name in ("a", "b")]
    said = [writer.communicate(timeout=30)[1] for writer in writers]
    assert said == [b"", b""]
    assert {mode(path) for path in shared.parent.iterdir()} == {0o711}
    assert len(list(shared.parent.glob("*/prompts/*"))) == 200


def test_shared_folder_when_it_is_not_ours_then_refused(tmp_path: Path) -> None:
    # Root gives a folder away; for anybody else those of root are there already.
    with public_folder() as folder:
        foreign = folder if AM_ROOT else Path("/usr/share")
        before = mode(foreign.parent)
        for path in (foreign, foreign / "prompts"):
            with pytest.raises(Broken, match="for prompt files belongs to another user; remove it."):
                write(path / "a", tmp_path)
            assert not (path / "a").exists()
    assert mode(foreign.parent) == before


def test_prompt_when_something_has_its_name_then_refused_and_left_alone(shared: Path, tmp_path: Path) -> None:
    write(shared / "a", tmp_path, "first")
    with pytest.raises(Broken, match="File exists"):
        write(shared / "a", tmp_path, "second")
    assert (shared / "a").read_text() == "first"


def test_prompt_when_removed_then_gone_and_once_more_is_nothing(shared: Path, tmp_path: Path) -> None:
    write(shared / "a", tmp_path)
    for _ in range(2):
        prompts.remove_prompt(str(shared / "a"))
        assert not (shared / "a").exists()
    prompts.remove_prompt(None)


def test_shared_folder_when_asked_for_then_root_has_one_that_reboots_empty(tmp_path: Path) -> None:
    assert prompts.shared_folder(0, "/t") == Path("/run/airunner/prompts")
    assert prompts.shared_folder(1000, "/t") == Path("/t/airunner-1000/prompts")
