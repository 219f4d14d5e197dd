"""The prompt on its two ways past argv: a file for `$PROMPT_FILE`, and standard input."""

from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import os
import signal
from pathlib import Path

import pytest

from airunner.shim.child import SpawnFailed, spawn
from airunner.spool import prompts
from airunner.spool.layout import Folder
from airunner.spool.spec import RunUser, Spec, pack, unpack
from airunner.spool.state import read_state
from tests.helpers.people import public_folder
from tests.helpers.wait import until
from tests.shim.yard import Yard

PROMPT = 'it\'s $(here) "`x`" ☃\n\n'


def test_prompt_file_when_private_then_only_we_read_it_and_it_is_gone_afterwards(yard: Yard) -> None:
    path = Folder(yard.path / "run00000000000000000").prompt
    record, output = yard.run(f"stat -c %a {path}; cat {path}", prompt=PROMPT, prompt_file=str(path), tty=False)
    assert (record.status, output.decode()) == ("completed", f"600\n{PROMPT}")
    assert not path.exists()


def test_prompt_file_when_it_cannot_be_written_then_the_run_says_why_and_nothing_starts(
    yard: Yard, tmp_path: Path
) -> None:
    record, output = yard.run("echo never", prompt=PROMPT, prompt_file=f"{tmp_path}/shared/x")
    assert (record.status, record.started_at, output) == ("failed", None, b"")
    assert record.reason == record.complaint
    assert "Other users cannot reach the folder" in (record.reason or "")


def test_prompt_file_when_the_shim_is_killed_then_its_state_says_what_is_to_be_removed(yard: Yard) -> None:
    with public_folder() as folder:
        os.chown(folder, os.geteuid(), -1)
        path = folder / "shared" / "x"
        mode = prompts.EVERYBODYS
        job = yard.start("echo up; exec sleep 60", prompt=PROMPT, prompt_file=str(path), prompt_mode=mode)
        until(lambda: b"up" in job.output())
        state = read_state(job.folder)
        assert state is not None
        assert state.prompt_file == str(path)
        os.kill(job.shim_pid, signal.SIGKILL)
        yard.wait_gone(job)
        assert path.read_text() == PROMPT


def open_files() -> set[tuple[str, str]]:
    """The open descriptors of this process and what they are; what earlier tests left is closed whenever it is collected."""
    gc.collect()
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add((name, os.readlink(f"/proc/self/fd/{name}")))
    return found


@pytest.mark.parametrize("tty", [True, False])
@pytest.mark.parametrize("fails", ["fchown", "memfd_create", "lseek"])
def test_streams_when_one_cannot_be_made_then_the_others_are_closed(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, fails: str, tty: bool
) -> None:
    def refuse(*given: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    spec = yard.spec(
        "true", user=RunUser("ana", os.geteuid(), os.getegid(), []), prompt="x", prompt_is_input=True, tty=tty
    )
    before = open_files()
    monkeypatch.setattr(os, fails, refuse)
    with pytest.raises(SpawnFailed, match="Cannot allocate memory"):
        spawn(spec, lambda: None)
    assert not open_files() - before


@pytest.mark.parametrize("tty", [True, False])
def test_standard_input_when_it_is_the_prompt_then_it_arrives_whole_and_ends(yard: Yard, tty: bool) -> None:
    prompt = "p" * 300_000 + "\n☃"
    record, output = yard.run("sha256sum; cat", prompt=prompt, prompt_is_input=True, tty=tty)
    assert record.status == "completed"
    assert output.decode().split() == [hashlib.sha256(prompt.encode()).hexdigest(), "-"]


def test_standard_input_when_it_is_the_prompt_then_the_terminal_is_still_there(yard: Yard) -> None:
    script = "test -t 0 || test -t 1 && test -t 2 && echo still >/dev/tty; stty size </dev/tty; cat /dev/stdin; tty </dev/tty"
    record, output = yard.run(script, prompt="the prompt\n", prompt_is_input=True, cols=90, rows=30)
    assert record.status == "completed"
    assert output == b"still\r\n30 90\r\nthe prompt\r\n/dev/tty\r\n"


def test_standard_input_when_it_is_the_prompt_then_nobody_can_change_it(yard: Yard) -> None:
    script = "{ echo x >&0 || echo kept; : > /dev/stdin || echo kept; } 2>/dev/null; cat"
    _, output = yard.run(script, prompt="the prompt", prompt_is_input=True, tty=False)
    assert output == b"kept\nkept\nthe prompt"


def test_standard_input_when_the_prompt_is_empty_then_it_ends_at_once(yard: Yard) -> None:
    assert yard.run("cat; echo end", prompt="", prompt_is_input=True, tty=False)[1] == b"end\n"


def test_spec_when_it_has_a_prompt_then_it_is_in_no_file_and_no_argument(yard: Yard) -> None:
    secret = "the-words-of-the-prompt"
    job = yard.start("echo up; read line; exec sleep 60", prompt=secret, prompt_is_input=True)
    until(lambda: b"up" in job.output())
    for path in job.folder.path.iterdir():
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    for pid in (job.shim_pid, until(lambda: (state := read_state(job.folder)) and state.pid)):
        assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert secret.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_spec_when_packed_with_a_user_then_it_comes_back() -> None:
    spec = Spec("r", "/f", ["/bin/sh"], {}, "/", "p", "/b", user=RunUser("ana", 1000, 1001, [1001, 27]))
    assert unpack(pack(spec)) == spec
