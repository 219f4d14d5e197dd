"""A command that belongs to another user, and the limits that it runs under.

Without root nobody can be another user: then the refusal is what these tests see.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airunner.spool.spec import RunUser
from airunner.spool.state import Exit
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.wait import until
from tests.shim.yard import Yard

GROUPS = [OTHER.pw_gid, 4, 27]
USER = RunUser(OTHER.pw_name, OTHER.pw_uid, OTHER.pw_gid, GROUPS)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the other user."""
    with public_folder() as folder:
        yield folder


def run_as_other(yard: Yard, script: str, **changes: Any) -> tuple[Exit, str] | None:
    """Run it; None when we are not root, and the run said so and started nothing."""
    record, output = yard.run(script, user=USER, **changes)
    if AM_ROOT:
        return record, output.decode().replace("\r\n", "\n")
    assert (record.status, output) == ("failed", b"")
    assert "Operation not permitted" in (record.reason or "")
    return None


@pytest.mark.parametrize("tty", [True, False])
def test_user_when_another_then_ids_and_groups_are_his_and_no_right_of_root_is_left(yard: Yard, tty: bool) -> None:
    found = run_as_other(yard, "grep -E '^(Uid|Gid|Groups|Cap(Prm|Eff|Amb))' /proc/self/status", tty=tty)
    if found:
        lines = {name.rstrip(":"): rest for name, *rest in map(str.split, found[1].splitlines())}
        assert lines["Uid"] == [str(OTHER.pw_uid)] * 4
        assert lines["Gid"] == [str(OTHER.pw_gid)] * 4
        assert sorted(map(int, lines["Groups"])) == sorted(GROUPS)
        assert {lines[name][0] for name in ("CapPrm", "CapEff", "CapAmb")} == {"0" * 16}


def test_user_when_another_then_there_is_no_way_back(yard: Yard) -> None:
    script = "python3 -c 'import os; os.setresuid(0, 0, 0)' 2>&1 | tail -n 1; kill -0 $PPID; cat /etc/shadow"
    found = run_as_other(yard, script)
    if found:
        words = found[1]
        assert words.count("not permitted") == 2, words
        assert words.count("Permission denied") == 1, words


def test_user_when_another_then_its_terminal_can_be_opened_by_name(yard: Yard) -> None:
    found = run_as_other(
        yard, 'echo by name > "$(tty)"; echo tty > /dev/tty; echo out > /dev/stdout; stat -Lc %U /dev/fd/0'
    )
    if found:
        assert found[1] == f"by name\ntty\nout\n{OTHER.pw_name}\n"


def test_user_when_another_then_its_pipes_can_be_opened_by_name(yard: Yard) -> None:
    found = run_as_other(yard, "echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin", tty=False)
    if found:
        assert sorted(found[1].split()) == ["err", "out"]


def test_user_when_another_then_he_reads_the_prompt_from_standard_input(yard: Yard) -> None:
    found = run_as_other(yard, "cat /dev/stdin", prompt="read by him\n", prompt_is_input=True)
    if found:
        assert found[1] == "read by him\n"


def test_user_when_another_then_files_are_his_and_a_kill_reaches_them_all(yard: Yard, place: Path) -> None:
    found = run_as_other(yard, "touch made; umask; setsid sleep 300 & setsid sleep 300 &", cwd=str(place))
    if found:
        assert (found[0].status, found[1], found[0].reason) == ("completed", "0022\n", None)
        assert (place / "made").stat().st_uid == OTHER.pw_uid


def test_user_when_another_then_the_directory_is_entered_with_his_rights(yard: Yard, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    record, output = yard.run("echo never", user=USER, cwd=str(tmp_path))
    assert (record.status, output) == ("failed", b"")
    if AM_ROOT:
        reason = f"The working directory {tmp_path} cannot be entered by {OTHER.pw_name}: Permission denied."
        assert record.reason == record.complaint == reason


def test_user_when_another_then_the_kernel_would_still_end_the_agent_first(yard: Yard) -> None:
    found = run_as_other(yard, "cat /proc/self/oom_score_adj; ulimit -c")
    if found:
        assert found[1] == "300\n0\n"


def test_processes_when_limited_then_the_other_user_can_have_no_more(yard: Yard) -> None:
    script = "for n in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait"
    found = run_as_other(yard, script, limits={"processes": 4}, timeout_seconds=4)
    if found:
        assert "Resource temporarily unavailable" in found[1]


def test_processes_when_he_has_too_many_already_then_the_run_says_so(yard: Yard) -> None:
    if not AM_ROOT:
        run_as_other(yard, "true")
        return
    first = yard.start("sleep 60 & sleep 60 & echo up; wait", user=USER)
    until(lambda: b"up" in first.output())
    record, _ = yard.run("echo never", user=USER, limits={"processes": 1})
    assert record.status == "failed"
    assert record.reason == f"The user {OTHER.pw_name} has as many processes as the profile's limit (processes) allows."


@pytest.mark.parametrize(
    ("limits", "script", "words"),
    [
        ({"openFiles": 40}, "ulimit -n; ulimit -Hn", "40\n40\n"),
        ({"processes": 77}, "ulimit -u", "77\n"),
        ({"cpuSeconds": 9}, "ulimit -t; ulimit -Ht", "9\n14\n"),
        ({"fileSizeMB": 3}, "ulimit -f", "3072\n"),
        ({"coreMB": 2}, "ulimit -c", "2048\n"),
        ({}, "ulimit -c", "0\n"),
    ],
)
def test_limits_when_given_then_the_shell_knows_them(
    yard: Yard, limits: dict[str, int], script: str, words: str
) -> None:
    assert yard.run(script, limits=limits, tty=False)[1].decode() == words


@pytest.mark.parametrize("script", ["while :; do :; done", "(while :; do :; done); exit $?"])
def test_cpu_when_used_up_then_the_reason_names_the_limit(yard: Yard, script: str) -> None:
    record, _ = yard.run(script, limits={"cpuSeconds": 1})
    assert (record.status, record.exit_code, record.signal) == ("failed", 152, "SIGXCPU")
    assert record.reason == "Ended because a process used more CPU time than the profile allows (cpuSeconds: 1)."


def test_file_size_when_too_large_then_the_reason_names_the_limit(yard: Yard, tmp_path: Path) -> None:
    record, _ = yard.run(f"exec head -c 3000000 /dev/zero > {tmp_path}/big", limits={"fileSizeMB": 1})
    assert (record.status, record.signal) == ("failed", "SIGXFSZ")
    assert record.reason == "Ended because a process wrote a larger file than the profile allows (fileSizeMB: 1)."
    assert (tmp_path / "big").stat().st_size == 1024 * 1024


def test_a_signal_of_a_limit_that_the_profile_does_not_set_is_a_signal_like_others(yard: Yard) -> None:
    record, _ = yard.run("kill -XCPU $$", limits={"openFiles": 100})
    assert record.reason == "Ended by SIGXCPU, which airunner did not send."


@pytest.mark.parametrize("code", [152, 153])
def test_exit_code_when_a_program_ends_with_the_number_of_a_limit_then_it_passed_none(yard: Yard, code: int) -> None:
    record, _ = yard.run(f"exit {code}", limits={"cpuSeconds": 60, "fileSizeMB": 1})
    assert (record.status, record.exit_code, record.reason) == ("failed", code, None)
