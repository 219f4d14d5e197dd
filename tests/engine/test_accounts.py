"""Whose account a run uses, and what PATH its login shell gives."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.domain.profile import Profile
from airunner.domain.run import new_run
from airunner.domain.settings import Settings
from airunner.engine.accounts import Account, LoginPaths, account_of
from airunner.engine.resolve import Environment, launch_spec
from airunner.engine.shell import login_path
from tests.helpers.people import AM_ROOT, OTHER, public_folder

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


def test_account_when_nobody_logs_in_to_it_then_agents_get_a_shell_all_the_same() -> None:
    account = other()
    if AM_ROOT and OTHER.pw_shell.endswith("nologin"):
        assert account.shell == "/bin/sh"


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


def test_login_path_when_the_shell_is_missing_then_the_systems_path_is_left() -> None:
    path = login_path(replace(account_of(None), shell="/no/such/shell"), {})
    assert path == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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
