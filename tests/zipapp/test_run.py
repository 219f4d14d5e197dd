"""The archive works: as a command, as a server, and also when it is replaced under a running one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from airunner import __version__
from tests.helpers.server import House, clean_environ


def test_version_when_asked_then_the_archive_answers(archive: Path, tmp_path: Path) -> None:
    for command in ([sys.executable, str(archive)], [str(archive)]):
        done = subprocess.run(
            [*command, "version"], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), check=True
        )
        assert done.stdout == f"airunner {__version__}\n"


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
