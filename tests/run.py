"""Sets up and runs every check: `python3 tests/run.py [arguments for pytest]`. Standard library only.

Tools go into build/venv; the one thing installed on the machine is Debian's chromium, when root runs this without one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "build/venv"
PYTHON = VENV / "bin/python"
MOST_SECOND_CHANCES = 10  # more failures at once are no accident
# What runs whole servers runs once more with each of them on a database: the houses of tests/helpers/server.py.
ON_MONGODB = [
    "-m",
    "not sqlite",
    "tests/api",
    "tests/cli",
    "tests/engine",
    "tests/schedule/test_live.py",
    "tests/zipapp",
    "--ignore=tests/engine/test_mongo_faults.py",  # has a database of its own anyway
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as in helpers/browser.py


class SetUpError(Exception):
    """Something is missing that this script cannot get; the message says what to install."""


def main() -> int:
    """Set up, run every step, say which failed; return the exit code."""
    os.chdir(ROOT)
    try:
        need_node()
        need_browser()
        need_tools()
        if not step("build", [str(PYTHON), "zipapp/build.py"]):
            raise SetUpError("airunner.pyz could not be built.")
    except SetUpError as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        return 1
    # Every step runs, so that one look shows all that is wrong; pytest comes last.
    failed = [name for name, command in checks() if not step(name, command)]
    if not tests("pytest", sys.argv[1:], {}):
        failed.append("pytest")
    if not sys.argv[1:] and not tests("pytest on MongoDB", ON_MONGODB, {"AIRUNNER_TEST_STORE": "mongodb"}):
        failed.append("pytest on MongoDB")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def checks() -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each check that is quick."""
    tool = [str(PYTHON), "-m"]
    yield "ruff check", [*tool, "ruff", "check", "."]
    yield "ruff format", [*tool, "ruff", "format", "--check", "."]
    yield "mypy", [*tool, "mypy"]
    scripts = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/web").rglob("*.test.*js"))
    if scripts:
        yield "node --test", ["node", "--test", *scripts]


def tests(name: str, arguments: list[str], environ: dict[str, str]) -> bool:
    """Run pytest; say whether all passed.

    Tests run beside each other: most wait for processes, of which each is one of many on a real machine, too. The few
    that fail then get a second chance with the machine for themselves; who fails at that as well has failed, who passes
    stands in the output as a test that depends on its neighbours, and is to be mended.
    """
    command = [str(PYTHON), "-m", "pytest", *arguments]
    if step(name, [*command, "--numprocesses=auto", "--dist=loadscope"], environ):
        return True
    try:
        failed = json.loads((ROOT / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    if not 0 < len(failed) <= MOST_SECOND_CHANCES:
        return False
    print(f"== failed beside others, tried alone: {', '.join(failed)}", flush=True)
    return step(f"{name}, alone", [*command, "--last-failed", "--last-failed-no-failures=none"], environ)


def step(name: str, command: list[str], environ: dict[str, str] | None = None) -> bool:
    """Run one step in the open, with `environ` added to ours; say whether it passed."""
    print(f"== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, env=os.environ | (environ or {})).returncode
    print(f"== {name}: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - started:.1f} s", flush=True)
    return code == 0


def need_node() -> None:
    """The page's modules are tested with Node, and npm brings the browser libraries."""
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise SetUpError(f"{name} is missing. Install Node.js 20 or newer with npm (Debian: nodejs npm).")


def need_browser() -> None:
    """Have a browser for the page's tests: the one that is there, else Debian's."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetUpError("no browser found. Install Chromium so that `chromium` is on PATH (Debian: chromium).")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        print(f"== {' '.join(command)}", flush=True)
        if subprocess.run(command, env=environ, stdin=subprocess.DEVNULL).returncode != 0:
            raise SetUpError(f"`{' '.join(command)}` failed; install Chromium by hand.")


def need_tools() -> None:
    """Have the pinned tools of pyproject.toml in build/venv."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    mark = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    done = VENV / "airunner-tools"
    if done.exists() and done.read_text("ascii") == mark:
        return
    print(f"== tools for {VENV.relative_to(ROOT)}", flush=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(VENV)],
                    [str(PYTHON), "-m", "pip", "install", *quiet, *wanted]):  # fmt: skip
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
            raise SetUpError(f"`{' '.join(command[:4])} …` failed; Python's venv and pip are needed (python3-venv).")
    done.write_text(mark, "ascii")


if __name__ == "__main__":
    raise SystemExit(main())
