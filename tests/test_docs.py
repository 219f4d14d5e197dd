"""The manual is complete: each option, command and route stands in the README."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest

from airunner import __version__
from airunner.cli.main import parser
from airunner.config import OPTIONS, Option

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SET_UP = ["python3 zipapp/build.py && python3 airunner.pyz serve", "python3 tests/run.py"]
API = "/api/modules/ai-runner"


def commands(tree: argparse.ArgumentParser, way: tuple[str, ...] = ()) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command that is listed in a help text, with its parser."""
    for action in tree._actions:
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._choices_actions:
                inner = (*way, listed.dest)
                yield " ".join(inner), action.choices[listed.dest]
                yield from commands(action.choices[listed.dest], inner)


COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_readme_when_searched_for_an_option_then_its_row_is_there(option: Option) -> None:
    name = "" if option.only_variable else f"`--{option.name}`"
    rows = [line for line in README.splitlines() if line.startswith(f"| {name} ".replace("  ", " "))]
    assert any(f"`{option.variable}`" in row for row in rows)
    if option.default not in (None, "", (), False) and not option.only_variable:
        assert any(f"`{option.default}`" in row for row in rows)


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_when_searched_for_a_command_then_it_and_its_options_are_there(command: str) -> None:
    rows = [line for line in README.splitlines() if re.search(rf"`{command}[ `]", line)]
    assert rows, f"{command} is not in the README"
    boot = {f"--{option.name}" for option in OPTIONS}
    for action in COMMANDS[command]._actions:
        for name in action.option_strings:
            if name.startswith("--") and name not in {*boot, "--help"}:
                assert any(name in row for row in rows), f"{command} {name}"


def test_readme_when_searched_for_routes_then_each_is_there_with_its_role_and_no_other() -> None:
    from airunner.api.context import Context
    from airunner.api.routes import routes

    table = routes(cast("Context", Mock()))  # the table is made without using what handlers touch
    known = {(f"{route.method} {route.pattern.removeprefix(API)}", route.role or "open") for route in table}
    written = set(re.findall(r"^\| `([A-Z]+ /\S*)` \| (\w+) \|", README, re.MULTILINE))
    assert written == known


def test_readme_when_set_up_is_described_then_there_are_exactly_two_commands() -> None:
    indented = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    assert [line for line in indented if re.match(r"python3 (zipapp|tests)/", line)] == SET_UP


def test_readme_when_it_points_to_a_file_then_the_file_is_there() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")):
        assert (ROOT / name).exists(), name


def test_changelog_when_read_then_this_version_is_in_it() -> None:
    assert f"## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_decisions_when_listed_then_numbered_without_a_gap_and_each_says_why() -> None:
    pages = sorted((ROOT / "docs/decisions").iterdir())
    assert [page.name[:4] for page in pages] == [f"{number:03}-" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:3]}: ")
        assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Price")), page.name


def test_ci_when_read_then_it_runs_what_the_readme_says() -> None:
    lines = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert lines[-1] == SET_UP[1]
