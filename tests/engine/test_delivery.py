"""The prompt on its way: as an argument, as a file, on standard input; where it lies meanwhile, and what is too long."""

from __future__ import annotations

import hashlib
import os
import pwd
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from airunner.spool.layout import Folder
from airunner.spool.state import read_state
from tests.helpers import proc
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until

ODD = 'don\'t "say" `id` $(id) $HOME ${PROMPT} $$ \\ \n\ttab ☃ \\'


def digest_of(text: str) -> str:
    """What sha256sum says of a text on its standard input."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}  -\n"


@pytest.mark.parametrize("tty", [True, False])
@pytest.mark.parametrize(
    ("via", "template"),
    [
        (None, 'printf %s "$PROMPT" | sha256sum'),
        ("argument", 'printf %s "$PROMPT" | sha256sum'),
        ("file", 'sha256sum < "$PROMPT_FILE"'),
        ("stdin", "sha256sum"),
        ("stdin", 'cat "$PROMPT_FILE" - | head -c $(stat -c %s "$PROMPT_FILE") | sha256sum'),
    ],
)
def test_prompt_when_sent_by_any_way_then_it_arrives_byte_for_byte(
    shell: House, via: str | None, template: str, tty: bool
) -> None:
    make_profile(shell, "way", template, promptVia=via, requiresTTY=tty)
    assert shell.wait_for_run(start_run(shell, ODD, "way")["runId"])["stdout"] == digest_of(ODD)


@pytest.mark.parametrize(("via", "template"), [("file", 'sha256sum < "$PROMPT_FILE"'), ("stdin", "sha256sum")])
def test_prompt_when_it_is_long_then_file_and_input_carry_it(shell: House, via: str, template: str) -> None:
    prompt = "x ☃ " * 200_000
    make_profile(shell, "long", template, promptVia=via)
    assert shell.wait_for_run(start_run(shell, prompt, "long")["runId"])["stdout"] == digest_of(prompt)


def test_prompt_when_too_long_for_the_template_then_the_numbers_and_the_remedy_are_said(shell: House) -> None:
    make_profile(shell, "argument", 'x "$PROMPT"')
    body = {"content": "☃" * 50_000, "agentProfileId": "argument", "workingDirectory": str(shell.folder)}
    for extra in ({}, {"dryRun": True}):
        refused = shell.api("POST", "run", {**body, **extra}, expect=400)
        assert refused["code"] == "prompt_too_long"
        assert refused["fields"]["content"] == refused["error"]
        begin, end = (
            "The prompt has 150,000 bytes, of which the profile's template can carry 131,0",
            "(or promptVia: stdin).",
        )
        assert refused["error"].startswith(begin)
        assert refused["error"].endswith(end)
        assert "$PROMPT_FILE" in refused["error"]
    assert shell.api("GET", "runs")["total"] == 0


def test_standard_input_when_it_is_the_prompt_then_nothing_else_holds_it(shell: House) -> None:
    make_profile(shell, "input", 'env | grep -c PROMPT; true "$WORKING_DIR"', promptVia="stdin")
    run = shell.wait_for_run(start_run(shell, "only there", "input")["runId"])
    assert run["stdout"] == "0\n"
    assert run["command"].startswith(
        f"cd {shell.folder} && printf %s 'only there' | WORKING_DIR={shell.folder} /bin/bash -c "
    )


@pytest.mark.parametrize("via", ["argument", "stdin", "file"])
def test_command_when_pasted_then_it_does_the_same(shell: House, via: str) -> None:
    hashed = {"argument": 'printf %s "$PROMPT" | sha256sum', "stdin": "sha256sum", "file": 'sha256sum < "$PROMPT_FILE"'}
    template = f"{hashed[via]}; id -un; pwd"
    user = OTHER.pw_name if AM_ROOT else None
    make_profile(shell, "pasted", template, promptVia=via, runAsUser=user)
    with public_folder() as place:
        run = shell.wait_for_run(start_run(shell, ODD, "pasted", workingDirectory=str(place))["runId"])
        pasted = subprocess.run(["/bin/sh", "-c", run["command"]], capture_output=True, text=True)
    assert pasted.stdout == run["stdout"]
    assert run["stdout"].startswith(digest_of(ODD))


def test_way_when_the_profile_changes_then_a_queued_run_keeps_its_own(shell: House) -> None:
    make_profile(shell, "changes", "cat", promptVia="stdin")
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 60")["runId"]
    second = start_run(shell, "by stdin\n", "changes")["runId"]
    wait_running(shell, first)
    shell.api("PATCH", "profiles/changes", {"promptVia": None, "invocationTemplate": 'echo "by argument: $PROMPT"'})
    shell.api("POST", f"runs/{first}/kill")
    assert shell.wait_for_run(second)["stdout"] == "by stdin\n"


def elsewhere(shell: House) -> Any:
    """Start a run in which another user reads the prompt's file, and which then waits; return the record."""
    read = f'setpriv --reuid={OTHER.pw_uid} --clear-groups cat "$PROMPT_FILE" >read'
    make_profile(shell, "elsewhere", f'stat -c "%a %U" "$PROMPT_FILE"; {read}; echo done; sleep 60')
    run_id = start_run(shell, ODD, "elsewhere")["runId"]
    return until(lambda: (run := shell.api("GET", f"runs/{run_id}"))["pid"] and "done" in run["stdout"] and run)


def prompt_file(shell: House, run_id: str) -> Path:
    """Where a run's prompt lies, as its supervisor wrote it down."""
    state = read_state(Folder(next((shell.data / "runs").rglob(run_id))))
    assert state is not None
    assert state.prompt_file is not None
    return Path(state.prompt_file)


def test_file_when_another_user_may_read_it_then_it_lies_under_a_random_name_and_goes_with_the_run(
    shell: House,
) -> None:
    run = elsewhere(shell)
    path = prompt_file(shell, run["runId"])
    assert not path.is_relative_to(shell.data)
    assert len(path.name) == 32
    made = "PROMPT_FILE=$(mktemp) && printf %s "
    opened = ' > "$PROMPT_FILE" && chmod a+r "$PROMPT_FILE" && PROMPT_FILE="$PROMPT_FILE" /bin/bash -c '
    assert made in run["command"]
    assert opened in run["command"]
    own = pwd.getpwuid(os.geteuid()).pw_name
    assert run["stdout"].splitlines()[0] == f"644 {own}"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o711
    if AM_ROOT:
        assert (shell.folder / "read").read_text() == ODD
    shell.api("POST", f"runs/{run['runId']}/kill")
    shell.wait_for_run(run["runId"])
    assert not path.exists()


def test_file_when_the_supervisor_was_killed_then_the_server_removes_it(shell: House) -> None:
    run = elsewhere(shell)
    path = prompt_file(shell, run["runId"])
    shim = int(Path(f"/proc/{run['pid']}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(shim, signal.SIGKILL)
    assert shell.wait_for_run(run["runId"])["status"] == "failed"
    assert not path.exists()


def test_file_when_server_and_supervisor_were_killed_then_the_next_server_removes_it(shell: House) -> None:
    run = elsewhere(shell)
    path = prompt_file(shell, run["runId"])
    shim = int(Path(f"/proc/{run['pid']}/stat").read_text().rpartition(")")[2].split()[1])
    shell.kill9()
    os.kill(shim, signal.SIGKILL)
    until(lambda: not proc.is_alive(shim))
    assert path.exists()
    shell.start()
    shell.wait_for_run(run["runId"])
    assert not path.exists()


def test_file_when_the_run_belongs_to_another_user_then_it_is_his_alone(shell: House) -> None:
    template = 'stat -c "%a %U" "$PROMPT_FILE"; cat "$PROMPT_FILE"'
    if not AM_ROOT:
        body = {"name": "his", "invocationTemplate": template, "runAsUser": OTHER.pw_name}
        assert "runAsUser" in shell.api("POST", "profiles", body, expect=400)["fields"]
        return
    make_profile(shell, "his", template, runAsUser=OTHER.pw_name)
    with public_folder() as place:
        run = shell.wait_for_run(start_run(shell, "his prompt\n", "his", workingDirectory=str(place))["runId"])
    assert run["stdout"] == f"400 {OTHER.pw_name}\nhis prompt\n"
    assert not prompt_file(shell, run["runId"]).exists()


def test_file_reference_when_the_run_belongs_to_another_user_then_only_what_he_may_read_is_read(shell: House) -> None:
    if not AM_ROOT:
        pytest.raises(AssertionError, make_profile, shell, "reader", 'cat "$PROMPT_FILE"', runAsUser=OTHER.pw_name)
        return
    make_profile(shell, "reader", 'cat "$PROMPT_FILE"', runAsUser=OTHER.pw_name)
    secret = shell.folder / "secret"  # in folders that are closed to others
    secret.write_text("secret")
    with public_folder() as place:
        (place / "closed").write_text("secret")
        (place / "closed").chmod(0o600)
        (place / "open").write_text("his prompt\n")
        (place / "link").symlink_to(secret)
        for name in ("closed", "link", str(secret), "../../etc/shadow"):
            body = {"content": f"@{name}", "type": "file-reference", "agentProfileId": "reader"}
            refused = shell.api("POST", "run", {**body, "workingDirectory": str(place)}, expect=400)
            assert refused["code"] == "bad_prompt_file"
            assert refused["error"].endswith(f" cannot be read by {OTHER.pw_name}: Permission denied."), name
        run = start_run(shell, "@open", "reader", type="file-reference", workingDirectory=str(place))
        assert shell.wait_for_run(run["runId"])["stdout"] == "his prompt\n"
        (place / "mine").mkdir(mode=0o700)
        for folder in (place / "mine", shell.folder):
            start = {"content": "x", "agentProfileId": "reader", "workingDirectory": str(folder)}
            refused = shell.api("POST", "run", start, expect=400)
            assert f" cannot be entered by {OTHER.pw_name}: " in refused["fields"]["workingDirectory"]


def test_file_when_only_we_read_it_then_it_stays_in_the_runs_folder(shell: House) -> None:
    make_profile(shell, "private", 'stat -c %a "$PROMPT_FILE"; echo "$PROMPT_FILE"')
    run = shell.wait_for_run(start_run(shell, "x", "private")["runId"])
    folder = next((shell.data / "runs").rglob(run["runId"]))
    assert run["stdout"].replace("\n", "") == f"600{folder}/prompt"
    assert not (folder / "prompt").exists()


@pytest.mark.sqlite
def test_user_when_gone_at_the_start_then_the_run_says_so(shell: House) -> None:
    from airunner.base.clock import SystemClock
    from airunner.store.open import open_store

    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    first = start_run(shell, "sleep 60")["runId"]
    second = start_run(shell, "echo never")["runId"]
    wait_running(shell, first)
    shell.kill9()
    store = open_store("sqlite", data_folder=shell.data, clock=SystemClock())
    assert store.change_run(second, {"runAsUser": "gone-since"}, only_if=["queued"])
    store.close()
    shell.start()
    shell.api("POST", f"runs/{first}/kill")
    run = shell.wait_for_run(second)
    assert (run["status"], run["startedAt"]) == ("failed", None)
    why = "There is no user gone-since on this machine; add one, or choose another runAsUser."
    assert run["reason"] == run["stderr"] == f"The run could not be started: {why}"
