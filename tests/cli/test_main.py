"""The argument tree: usage, exit codes, help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airunner import __version__
from airunner.cli.main import main
from airunner.config import OPTIONS
from tests.cli.conftest import Call
from tests.helpers.server import ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nonsense",), ("run",), ("run", "x"), ("run", "x", "--profile", "p", "--timeout", "0"),
        ("run", "x", "--profile", "p", "--timeout", "nan"), ("run", "x", "--profile", "p", "--var", "A"),
        ("runs", "--limit", "0"), ("token",), ("token", "create", "--name", "x", "--role", "king"),
        ("serve", "--what"), ("profiles", "create", "--name", "x"), ("runs", "pin"), ("prompts", "tag", "x"),
        ("prompts", "create", "x", "--name", "y"), ("profiles", "lock", "x", "--until", "y", "--minutes", "1"),
        ("schedules", "create", "--name", "x", "--prompt", "y"), ("schedules", "change", "x", "--retries", "-1"),
        ("schedules", "change", "x", "--timeout", "0"), ("schedules", "on"), ("schedules", "preview"),
    ],
)  # fmt: skip
def test_main_when_arguments_cannot_be_read_then_usage_and_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: airunner" in capsys.readouterr().err


def test_serve_when_options_contradict_then_a_sentence_and_2(call: Call) -> None:
    done = call("serve", "--no-auth", "--host", "0.0.0.0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("airunner: --no-auth is for loopback addresses only")


def test_version_when_asked_in_either_way_then_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.splitlines() == [f"airunner {__version__}"] * 2


def test_help_when_asked_about_a_word_then_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    text = capsys.readouterr().out
    assert "WORD" in text
    assert "nursery" not in text
    assert main(["help", "serve"]) == 0
    text = capsys.readouterr().out
    for option in OPTIONS:
        if "serve" in option.words and not option.only_variable:
            assert f"--{option.name}" in text
            assert option.variable in text


def test_options_when_before_or_behind_a_verb_then_both_count(call: Call) -> None:
    for arguments in (
        ("profiles", "--data", "elsewhere", "show", "x"),
        ("profiles", "show", "--data", "elsewhere", "x"),
    ):
        assert "elsewhere" in call(*arguments).stderr


def test_current_folder_when_it_is_gone_then_a_sentence() -> None:
    code = (
        "import os, sys, tempfile; os.chdir(d := tempfile.mkdtemp()); os.rmdir(d); os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, str(ROOT / "airunner.py"), "runs"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("airunner: The current directory no longer exists")


def test_words_when_loaded_then_none_loads_more_than_its_room() -> None:
    code = "import sys; from airunner.cli.main import main; main(['version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.split())
    assert {"airunner.config", "argparse"} <= loaded
    assert not loaded & {"sqlite3", "http.client", "json", "ssl", "threading", "logging", "airunner.cli.client"}


def test_standard_files_when_closed_then_a_word_still_works(tmp_path: Path) -> None:
    airunner = f"{sys.executable} {ROOT / 'airunner.py'}"
    for closed in ("<&- >&- 2>&-", ">&-", "2>&-", "<&-"):
        for word, code in (("version", 0), (f"runs --data {tmp_path}", 1), (f"run - --profile p --data {tmp_path}", 1)):
            done = subprocess.run(["bash", "-c", f"{airunner} {word} {closed}"], capture_output=True, text=True)
            assert done.returncode == code, (word, closed, done.stderr)
            assert "Traceback" not in done.stderr
