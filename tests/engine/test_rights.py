"""Files as another account would see them: what is looked at for it tells no more than it may know itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from airunner.domain.agents import starts_of
from airunner.engine.accounts import Account, account_of
from airunner.engine.logins import Surroundings, lacking_key
from airunner.engine.rights import ENTER, READ, may, read_file, state_of
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.server import ROOT

CODEX = 'codex exec -- "$PROMPT"'


@pytest.fixture
def other() -> Account:
    """An account that is not ours and in none of our groups."""
    own = account_of(None)
    return replace(own, name="ana", uid=own.uid + 54_321, gid=own.gid + 54_321, groups=(own.gid + 54_321,))


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of ours that everybody can enter."""
    with public_folder() as folder:
        os.chown(folder, os.geteuid(), os.getegid())
        yield folder


def write(path: Path, text: str, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def has_key(home: Path, account: Account) -> bool:
    (call,) = starts_of(CODEX).calls
    return lacking_key(call, Surroundings({}, account, str(home), frozenset())) is None


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "rights"),
    [
        ("his", "his", 0o700, READ | ENTER),
        ("his", "his", 0o077, 0),
        ("ours", "his", 0o650, READ | ENTER),
        ("ours", "his", 0o707, 0),
        ("ours", "ours", 0o771, ENTER),
        ("ours", "ours", 0o774, READ),
        ("ours", "ours", 0o770, 0),
    ],
)
def test_rights_when_modes_give_them_then_the_first_class_that_fits_counts(
    other: Account, uid: str, gid: str, mode: int, rights: int
) -> None:
    owner = other.uid if uid == "his" else os.geteuid()
    group = other.groups[0] if gid == "his" else os.getegid()
    state = os.stat_result((mode, 1, 1, 1, owner, group, 0, 0, 0, 0))
    assert [wanted for wanted in (READ, ENTER, READ | ENTER) if may(state, other, wanted)] == [
        wanted for wanted in (READ, ENTER, READ | ENTER) if wanted & rights == wanted
    ]
    assert may(state, account_of(None), READ | ENTER)


def test_file_when_the_account_may_read_it_then_its_beginning_comes(home: Path, other: Account) -> None:
    path = write(home / "open", "open to all", 0o604)
    assert read_file(path, other, 4) == b"open"
    assert read_file(path, account_of(None), 99) == b"open to all"


def test_file_when_it_is_closed_to_the_account_then_refused_like_one_that_cannot_be_reached(
    home: Path, other: Account
) -> None:
    closed = write(home / "closed", "secret", 0o640)
    (home / "folder").mkdir(mode=0o700)
    write(home / "folder/open", "secret", 0o644)
    for path in (closed, home / "folder/open", home / "folder/missing"):
        with pytest.raises(PermissionError, match="Permission denied"):
            read_file(path, other, 9)
    assert read_file(closed, account_of(None), 9) == b"secret"
    with pytest.raises(PermissionError):
        state_of(home / "folder/open", other)
    with pytest.raises(FileNotFoundError):
        read_file(home / "missing", other, 9)


def test_file_when_a_link_has_come_in_its_place_or_on_its_way_then_it_is_not_followed(home: Path) -> None:
    write(home / "file", "x", 0o644)
    (home / "link").symlink_to(home / "file")
    (home / "way").symlink_to(home)
    for path in (home / "link", home / "way/file"):
        with pytest.raises(OSError, match="no regular file|Not a directory"):
            read_file(path, account_of(None), 9)


def test_file_when_it_is_none_then_refused_at_once(home: Path) -> None:
    os.mkfifo(home / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(home / "socket"))
    for path in (home, home / "fifo", home / "socket", Path("/dev/null")):
        with pytest.raises(OSError, match="no regular file"):
            read_file(path, account_of(None), 9)


def test_terminal_when_a_path_leads_to_one_then_it_does_not_become_ours(home: Path) -> None:
    ours, theirs = os.openpty()
    (home / "link").symlink_to(os.ttyname(theirs))
    script = (
        "import os, sys; from pathlib import Path\n"
        "from airunner.engine.accounts import account_of; from airunner.engine.rights import read_file\n"
        "try: read_file(Path(os.path.realpath(sys.argv[1])), account_of(None), 9)\n"
        "except OSError as error: print(error.strerror)\n"
        "try: os.open('/dev/tty', os.O_RDONLY)\n"
        "except OSError as error: print(error.strerror)\n"
    )
    # A session leader without a terminal gets the next one that it opens (credentials(7)).
    words = [sys.executable, "-c", script, str(home / "link")]
    done = subprocess.run(words, start_new_session=True, capture_output=True, text=True, cwd=ROOT)
    os.close(ours)
    os.close(theirs)
    assert done.stdout == "it is no regular file\nNo such device or address\n", done.stderr


def test_log_in_when_its_file_is_closed_to_the_account_then_it_is_as_good_as_missing(
    home: Path, other: Account, tmp_path: Path
) -> None:
    secret = write(tmp_path / "secret", "{}", 0o644)  # in folders that are closed to others
    (home / ".codex").mkdir(mode=0o755)
    auth = home / ".codex/auth.json"
    for target in (secret, tmp_path / "missing", tmp_path, Path("/dev/tty")):
        auth.symlink_to(target)
        assert not has_key(home, other), target
        auth.unlink()
    write(auth, "{}", 0o600)
    assert not has_key(home, other)
    assert has_key(home, account_of(None))
    auth.chmod(0o604)
    assert has_key(home, other)
    if AM_ROOT:
        auth.chmod(0o600)
        os.chown(auth, OTHER.pw_uid, OTHER.pw_gid)
        assert has_key(home, account_of(OTHER.pw_name))
