"""The archive works: as a command, as a server, and also when it is replaced under a running one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airunner import __version__
from tests.helpers.proc import children
from tests.helpers.runs import make_profile, raw_output, start_run, wait_running
from tests.helpers.server import House, clean_environ


def test_version_when_asked_then_the_archive_answers(archive: Path, tmp_path: Path) -> None:
    for command in ([sys.executable, str(archive)], [str(archive)]):
        done = subprocess.run(
            [*command, "version"], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), check=True
        )
        assert done.stdout == f"airunner {__version__}\n"


@pytest.mark.sqlite
def test_serve_when_started_then_health_page_and_libraries_and_no_database_driver(
    archive: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environ = {"PYTHONPROFILEIMPORTTIME": "1", "TMPDIR": str(scratch)}
    with House(tmp_path / "house", archive=archive, environ=environ) as house:
        assert house.api("GET", "/healthz") == {"ok": True}
        page = house.request("GET", "/", token=None)
        assert page.status == 200
        assert b"<title>airunner" in page.body
        for name in ("vendor/xterm/xterm.mjs", "vendor/xterm/xterm.css", "favicon.svg", "js/main.js"):
            assert house.request("GET", f"/{name}", token=None).status == 200, name
        imported = house.log()
        assert "airunner.app.serve" in imported
        assert "pymongo" not in imported
        assert list(scratch.iterdir()) == []  # nothing is unpacked


def test_serve_when_the_archive_is_replaced_then_runs_still_start(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "airunner.pyz"
    shutil.copy(archive, copy)
    with House(tmp_path / "house", archive=copy) as house:
        copy.write_bytes(b"not the archive that was started")
        profile = {"name": "Echo", "slug": "echo", "agentType": "custom", "invocationTemplate": 'printf %s "$PROMPT"'}
        house.api("POST", "profiles", profile, expect=201)
        wish = {"content": "as one argument; $(id)", "agentProfileId": "echo", "workingDirectory": str(tmp_path)}
        run = house.wait_for_run(house.api("POST", "run", wish, expect=201)["runId"])
        assert (run["status"], run["exitCode"]) == ("completed", 0)
        assert run["stdout"] == "as one argument; $(id)"
        assert house.request("GET", "/", token=None).status == 200


def test_serve_when_killed_and_replaced_in_mid_run_then_the_new_one_takes_the_run_over(
    archive: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "airunner.pyz"
    shutil.copy(archive, copy)
    with House(tmp_path / "house", archive=copy) as house:
        make_profile(house)
        run_id = start_run(house, "for i in $(seq 60); do echo line $i; sleep 0.03; done; exit 5")["runId"]
        pid = wait_running(house, run_id)["pid"]
        copy.unlink()
        copy.write_bytes(b"another archive")
        (nursery,) = children(house.pid)
        os.kill(nursery, signal.SIGKILL)
        other = start_run(house, "echo from a nursery of the old archive")["runId"]
        assert house.wait_for_run(other)["stdout"] == "from a nursery of the old archive\n"
        house.kill9()
        shutil.copy(archive, copy)
        house.start()
        assert house.api("GET", f"runs/{run_id}?output=none")["pid"] == pid
        expected = b"".join(b"line %d\r\n" % number for number in range(1, 61))
        assert raw_output(house, run_id) == expected
        assert house.wait_for_run(run_id)["exitCode"] == 5
