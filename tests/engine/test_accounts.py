"""Whose account a run uses, and what PATH its login shell gives."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.domain.profile import Profile
from airunner.domain.run import new_run
from airunner.domain.settings import Settings
from airunner.engine import shell as shell_module
from airunner.engine.accounts import Account, LoginPaths, NoAnswer, account_of
from airunner.engine.resolve import Environment, launch_spec
from airunner.engine.shell import login_path
from tests.helpers import proc
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.server import ROOT
from tests.helpers.wait import until

NOW = datetime(2026, 3, 12, 14, 32, 10, tzinfo=UTC)
OWN = pwd.getpwuid(os.geteuid())


def other() -> Account:
    """The other account as root would have it, or as a stranger would be refused it."""
    if AM_ROOT:
        return account_of(OTHER.pw_name)
    with pytest.raises(Invalid, match=f"The server runs as {OWN.pw_name}; only root can run as another user"):
        account_of(OTHER.pw_name)
    return replace(account_of(None), name=OTHER.pw_name)


@pytest.mark.parametrize("name", [None, OWN.pw_name])
def test_account_when_nobody_or_oneself_is_named_then_it_is_the_servers_and_nothing_changes(name: str | None) -> None:
    own = account_of(name)
    assert (own.name, own.uid, own.gid, own.home, own.is_other) == (
        OWN.pw_name, OWN.pw_uid, OWN.pw_gid, OWN.pw_dir, False
    )  # fmt: skip


@pytest.mark.parametrize("name", ["no-such-user-here", "0", "röot☃", " root", "root "])
def test_account_when_there_is_no_such_user_then_the_field_says_so(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        account_of(name)
    why = f"There is no user {name} on this machine; add one, or choose another runAsUser."
    assert (caught.value.code, caught.value.fields) == ("unknown_user", {"runAsUser": why})


def test_account_when_it_is_another_then_only_root_gets_it_with_all_its_groups() -> None:
    account = other()
    if AM_ROOT:
        groups = tuple(os.getgrouplist(OTHER.pw_name, OTHER.pw_gid))
        assert (account.uid, account.gid, account.groups, account.is_other) == (
            OTHER.pw_uid, OTHER.pw_gid, groups, True
        )  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "shell"),
    [
        ("/usr/sbin/nologin", "/bin/sh"),
        ("/bin/false", "/bin/sh"),
        ("", "/bin/sh"),
        ("/usr/bin/zsh", "/usr/bin/zsh"),
    ],
)
def test_account_when_nobody_logs_in_to_it_then_agents_get_a_shell_all_the_same(
    monkeypatch: pytest.MonkeyPatch, entry: str, shell: str
) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd((*OWN[:6], entry)))
    assert account_of(None).shell == shell


def test_login_path_when_asked_of_another_user_then_his_shell_is_asked_as_he_and_the_servers_path_stays_out() -> None:
    account = other()
    with public_folder() as folder:
        home = folder / "home"
        home.mkdir()
        home.chmod(0o755)
        (home / ".profile").write_text("PATH=/by/$(id -un)/in$HOME:$PATH\n")
        path = login_path(replace(account, home=str(home), shell="/bin/sh"), {"PATH": "/servers/own:/bin"}).split(":")
    assert path[0] == f"/by/{OTHER.pw_name if AM_ROOT else OWN.pw_name}/in{home}"
    assert ("/servers/own" in path) is not AM_ROOT
    assert "/usr/bin" in path


@pytest.mark.parametrize("profile", [None, "exit 0\n"])
def test_login_path_when_the_shell_tells_none_then_the_systems_path_is_left(
    tmp_path: Path, profile: str | None
) -> None:
    (tmp_path / ".profile").write_text(profile or "")
    shell = "/bin/sh" if profile else "/no/such/shell"
    with pytest.raises(NoAnswer) as caught:
        login_path(replace(account_of(None), shell=shell, home=str(tmp_path)), {})
    assert caught.value.path == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_login_path_when_a_process_is_left_behind_then_nobody_waits_for_it_and_it_is_ended(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(
        "sleep 300 & echo $! >~/pid; echo noise; echo noise >&2; PATH=/by/profile:$PATH\n"
    )
    began = time.monotonic()
    path = login_path(replace(account_of(None), shell="/bin/sh", home=str(tmp_path)), {})
    assert path.startswith("/by/profile:")
    assert time.monotonic() - began < 4  # under the limit for shells that hang
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not proc.is_alive(pid))


def test_login_path_when_the_profile_talks_without_end_then_that_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell_module, "_SECONDS", 0.2)
    (tmp_path / ".profile").write_text("yes\n")
    with pytest.raises(NoAnswer):
        login_path(replace(account_of(None), shell="/bin/sh", home=str(tmp_path)), {})


@pytest.mark.parametrize("trap", ["rm -f ~/lock; exit", ""])
def test_login_path_when_the_profile_hangs_then_it_can_take_its_lock_away_and_ends_in_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(shell_module, "_SECONDS", 0.5)
    monkeypatch.setattr(shell_module, "_GRACE_SECONDS", 5 if trap else 0.2)
    (tmp_path / ".profile").write_text(f"echo $$ >~/pid; trap '{trap}' TERM; : >~/lock; while :; do sleep 0.05; done\n")
    with pytest.raises(NoAnswer):
        login_path(replace(account_of(None), shell="/bin/sh", home=str(tmp_path)), {})
    assert (tmp_path / "lock").exists() is not bool(trap)
    assert not proc.is_alive(int((tmp_path / "pid").read_text()))


def test_login_path_when_the_server_has_a_terminal_then_the_shell_has_none(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(
        "if true </dev/tty; then PATH=/typed/in; else PATH=/no/terminal; fi 2>/dev/null\n"
    )
    script = (
        "import fcntl, os, sys, termios; from dataclasses import replace\n"
        "from airunner.engine.accounts import account_of; from airunner.engine.shell import login_path, syntax_error\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.close(os.open('/dev/tty', os.O_RDWR))\n"
        "print(login_path(replace(account_of(None), shell='/bin/sh', home=sys.argv[1]), {}).split(':')[0])\n"
        "print(syntax_error(sys.argv[1] + '/shell', ''))\n"
    )
    (tmp_path / "shell").write_text("#!/bin/sh\ntrue </dev/tty && echo it has >&2; exit 1\n")
    (tmp_path / "shell").chmod(0o755)
    ours, theirs = os.openpty()
    words = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(words, stdin=theirs, start_new_session=True, capture_output=True, text=True, cwd=ROOT)
    os.close(ours)
    os.close(theirs)
    said = done.stdout.splitlines()
    assert said[0] == "/no/terminal", done.stderr
    assert said[1].endswith("/dev/tty: No such device or address"), done.stdout


def test_login_paths_when_asked_again_then_the_answer_is_known_for_each_account() -> None:
    asked: list[str] = []

    def ask(account: Account) -> str:
        asked.append(account.name)
        return f"/of/{account.name}"

    paths = LoginPaths(ask)
    own = account_of(None)
    his = replace(own, name="ana", uid=own.uid + 1)
    assert [paths.of(account) for account in (own, his, own, his)] == [f"/of/{own.name}", "/of/ana"] * 2
    assert asked == [own.name, "ana"]


def test_login_paths_when_the_shell_gave_no_answer_then_another_does_meanwhile_and_it_is_asked_again() -> None:
    answers: list[str | NoAnswer] = [NoAnswer("/usr/bin"), "/by/shell:/usr/bin"]
    own, may_answer = account_of(None), threading.Event()

    def ask(account: Account) -> str:
        answer = answers.pop(0)
        if isinstance(answer, NoAnswer):
            raise answer
        assert may_answer.wait(10)
        return answer

    paths = LoginPaths(ask)
    assert paths.of(own) == "/usr/bin"
    until(lambda: paths.of(own) == "/usr/bin" and not answers)  # asked again, and nobody waits for that
    may_answer.set()
    until(lambda: paths.of(own) == "/by/shell:/usr/bin")


def test_login_paths_when_no_thread_is_to_be_had_then_there_is_an_answer_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert LoginPaths(lambda account: "/bin").expect(account_of(None)).result(timeout=0) == "/bin"


def test_environment_when_the_path_is_not_known_yet_then_it_is_told_when_it_is() -> None:
    may_answer, told = threading.Event(), threading.Event()

    def ask(account: Account) -> str:
        assert may_answer.wait(10)
        return "/bin"

    environment = Environment({}, LoginPaths(ask))
    assert environment.is_ready("no-such-user-here", told.set)
    assert not environment.is_ready(None, told.set)
    assert not told.is_set()
    may_answer.set()
    assert told.wait(10)
    assert environment.is_ready(None, told.clear)
    assert told.is_set()


def test_launch_when_the_user_is_gone_then_a_sentence_says_so(tmp_path: Path) -> None:
    run = new_run(
        runId="r", queuedAt=NOW, workingDirectory=os.path.realpath(tmp_path), folder=str(tmp_path), template='x "$PROMPT"',
        shell="/bin/sh", timeout=1, runAsUser="gone-since",
    )  # fmt: skip
    profile = Profile(id="p", name="p", slug="p", agent_type="custom", invocation_template='x "$PROMPT"')
    environment = Environment({}, LoginPaths(lambda account: "/bin"))
    with pytest.raises(Invalid, match="There is no user gone-since on this machine"):
        launch_spec(run, profile, Settings(), environment, tmp_path / "bell")
    assert launch_spec({**run, "runAsUser": None}, profile, Settings(), environment, tmp_path / "bell").user is None


def test_environment_when_it_is_another_users_then_it_is_that_of_his_login() -> None:
    account = replace(account_of(None), name="ana", home="/home/ana", shell="/bin/zsh")
    environment = Environment({"LANG": "de_DE.UTF-8", "SECRET": "x"}, LoginPaths(lambda asked: f"/{asked.name}/bin"))
    assert environment.base(Settings(), account) == {
        "PATH": "/ana/bin", "HOME": "/home/ana", "USER": "ana", "LOGNAME": "ana", "SHELL": "/bin/zsh",
        "LANG": "de_DE.UTF-8", "TERM": "xterm-256color",
    }  # fmt: skip
