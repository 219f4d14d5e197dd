"""The last alternate screen of a full-screen program is in its run's record, however the run ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airunner.engine.screens import last_screen
from airunner.spool.layout import Folder
from airunner.spool.rawlog import RawLog
from airunner.transcript.cleaner import Cleaner
from tests.helpers import proc
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until

_PAINT = r"printf 'before\n\033[?1049h\033[2J\033[Hmenu\033[3;3Hchoice';"
_SCREEN = "menu\n\n  choice"


def _screen(house: House, run_id: str) -> Any:
    return until(lambda: house.api("GET", f"runs/{run_id}?output=none")["lastScreen"])


def test_a_screen_that_was_left_is_in_the_record(shell: House) -> None:
    run = shell.wait_for_run(start_run(shell, _PAINT + r" printf '\033[?1049lafter\n'")["runId"])
    assert run["stdout"] == "before\nafter\n"
    assert _screen(shell, run["runId"]) == _SCREEN


def test_a_program_that_was_killed_on_its_screen_leaves_it_in_the_record(shell: House) -> None:
    run_id = start_run(shell, _PAINT + " sleep 60")["runId"]
    wait_running(shell, run_id)
    until(lambda: shell.api("GET", f"runs/{run_id}")["lastScreen"] == _SCREEN)
    shell.api("POST", f"runs/{run_id}/kill")
    assert shell.wait_for_run(run_id)["status"] == "killed"
    assert _screen(shell, run_id) == _SCREEN


def test_a_program_that_ended_while_the_server_was_down_has_its_screen_in_the_record(shell: House) -> None:
    run_id = start_run(shell, "sleep 0.3; " + _PAINT)["runId"]
    pid = wait_running(shell, run_id)["pid"]
    shell.kill9()
    until(lambda: not proc.is_alive(pid))
    shell.start()
    assert _screen(shell, run_id) == _SCREEN


def test_a_run_that_stayed_on_the_normal_screen_has_none(shell: House) -> None:
    make_profile(shell, "pipes", requiresTTY=False)
    plain, piped = (start_run(shell, script, profile)["runId"] for script, profile in ((
        "echo hi", "sh"), (_PAINT, "pipes")))  # fmt: skip
    shell.wait_for_run(plain)
    shell.wait_for_run(piped)
    shell.wait_for_run(start_run(shell, _PAINT)["runId"])  # they are looked at in their order
    for run_id in (plain, piped):
        assert shell.api("GET", f"runs/{run_id}?output=none")["lastScreen"] is None


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_the_switch_is_found_wherever_it_is_split_and_sizes_are_followed(tmp_path: Path, piece: int) -> None:
    log = RawLog(tmp_path, Folder(tmp_path).timing, 1 << 20)
    data, after = b"x" * 300 + b"\x1b[?25;1049h" + b"y" * 30, b"\x1b[Hz" * 40
    for start in range(0, len(data), piece):
        log.write(data[start : start + piece], 0)
    log.resize(5, 20, 4)
    log.write(after, 9)
    cleaner = Cleaner(80, 10)
    cleaner.feed(data)
    cleaner.resize(20, 4)
    cleaner.feed(after)
    assert last_screen(Folder(tmp_path), 80, 10) == "\n".join(cleaner.alternate or ())


def test_the_last_screen_of_a_capped_output_is_what_stood_at_its_end(tmp_path: Path) -> None:
    log = RawLog(tmp_path, Folder(tmp_path).timing, 65_536)
    log.write(b"\x1b[?1049h\x1b[H", 0)
    for number in range(20_000):
        log.write(b"\x1b[Hline %d\x1b[K\r\n" % number, 0)
    assert last_screen(Folder(tmp_path), 80, 10) == "line 19999"
