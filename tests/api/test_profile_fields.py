"""Every field of a profile is felt by the process that it starts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from airunner.base.clock import SystemClock
from airunner.store.open import open_store
from tests.helpers import proc
from tests.helpers.people import AM_ROOT, OTHER, public_folder
from tests.helpers.runs import make_profile, pid_in, start_run, wait_running
from tests.helpers.server import API, House
from tests.helpers.wait import until


def run_with(house: House, slug: str, script: str, **fields: Any) -> Any:
    """Run a script with a profile that has these fields; return the run's record."""
    make_profile(house, slug, **fields)
    return house.wait_for_run(start_run(house, script, slug)["runId"])


def _deaf(signals: str) -> str:
    """Return a script that writes down which signals it got, and goes on."""
    traps = "".join(f"trap 'echo {name} >> got' {name}; " for name in signals.split())
    return f"rm -f got; {traps}touch ready; while :; do sleep 0.02; done"


def test_stop_signals_are_sent_in_their_order_and_share_the_grace(shell: House) -> None:
    make_profile(shell, "asked", stopSignals=["INT", "HUP", "TERM"], killGraceSeconds=0.9)
    run_id = start_run(shell, _deaf("INT HUP TERM USR1"), "asked")["runId"]
    until((shell.folder / "ready").exists)
    before = time.monotonic()
    shell.api("POST", f"runs/{run_id}/kill")
    run = shell.wait_for_run(run_id)
    assert 0.9 <= time.monotonic() - before < 0.9 + 2
    assert (run["status"], run["signal"]) == ("killed", "SIGKILL")
    assert (shell.folder / "got").read_text().split() == ["INT", "HUP", "TERM"]


def test_without_grace_a_kill_is_sigkill_at_once(shell: House) -> None:
    make_profile(shell, "graceless", killGraceSeconds=0)
    run_id = start_run(shell, "trap '' TERM; sleep 60", "graceless")["runId"]
    wait_running(shell, run_id)
    before = time.monotonic()
    shell.api("POST", f"runs/{run_id}/kill")
    assert shell.wait_for_run(run_id)["signal"] == "SIGKILL"
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(("leftovers", "lives"), [("kill", False), ("keep", True)])
def test_what_a_command_leaves_behind_is_ended_or_kept(shell: House, leftovers: str, lives: bool) -> None:
    place = shell.folder / leftovers
    script = f"setsid bash -c 'echo $$ > {place}; exec sleep 300' & while ! [ -s {place} ]; do :; done"
    run = run_with(shell, f"leaves-{leftovers}", script, leftovers=leftovers)
    pid = pid_in(place)
    assert run["status"] == "completed"
    assert proc.is_alive(pid) is lives
    if lives:
        os.kill(pid, signal.SIGKILL)


def test_limits_are_the_kernels(shell: House) -> None:
    limits = {"openFiles": 50, "processes": 3000, "fileSizeMB": 4, "coreMB": 1, "cpuSeconds": 60}
    run = run_with(shell, "limited", "ulimit -n; ulimit -u; ulimit -f; ulimit -c; ulimit -t", limits=limits)
    assert run["stdout"].split() == ["50", "3000", "4096", "1024", "60"]


def test_cpu_that_is_used_up_ends_the_run_and_is_named(shell: House) -> None:
    run = run_with(shell, "busy", "while :; do :; done", limits={"cpuSeconds": 1})
    assert (run["status"], run["signal"]) == ("failed", "SIGXCPU")
    assert "cpuSeconds: 1" in run["reason"]


def test_memory_is_that_of_the_whole_tree(shell: House) -> None:
    script = "for n in 1 2 3; do python3 -c 'import time; x = bytearray(60_000_000); time.sleep(60)' & done; wait"
    started = time.monotonic()
    run = run_with(shell, "hungry", script, limits={"memoryMB": 120})
    assert (run["status"], run["reason"]) == (
        "failed",
        "Stopped because its processes used more than 120 MB of memory (the profile's limit).",
    )
    assert time.monotonic() - started < 15


def test_the_terminal_has_the_profiles_size(shell: House) -> None:
    run = run_with(shell, "sized", "stty size", cols=77, rows=19)
    assert (run["stdout"], run["cols"], run["rows"]) == ("19 77\n", 77, 19)


def test_without_a_terminal_there_is_none_at_all(shell: House) -> None:
    script = (
        "test -t 0 || test -t 1 || test -t 2 || echo none; : 2>/dev/null </dev/tty || echo nowhere; cat; echo err >&2"
    )
    run = run_with(shell, "no-tty", script, requiresTTY=False)
    assert (run["stdout"], run["stderr"].splitlines()[-1]) == ("none\nnowhere\n", "err")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_variables_are_merged_and_null_removes_one(shell: House, method: str) -> None:
    slug = f"variables-{method.lower()}"
    make_profile(shell, slug, env={"KEPT": "1", "GONE": "2", "NEW": "3"})
    changed = shell.api(method, f"profiles/{slug}", {"env": {"GONE": None, "NEW": "4", "KEPT": "••••••••", "MORE": ""}})
    assert set(changed["env"]) == {"KEPT", "NEW", "MORE"}
    run = shell.wait_for_run(start_run(shell, "echo $KEPT-${GONE-unset}-$NEW-${MORE-unset}", slug)["runId"])
    assert run["stdout"] == "1-unset-4-\n"


@pytest.mark.parametrize("name", ["PROMPT", "PROMPT_FILE", "RUN_ID", "WORKING_DIR", "AIRUNNER_CARRY"])
def test_variables_of_ours_are_refused_in_a_profile_and_in_a_run(shell: House, name: str) -> None:
    why = {f"env.{name}": f"{name} is set by airunner for every run; choose another name."}
    body = {"name": "x", "slug": "ours", "invocationTemplate": 'x "$PROMPT"', "env": {name: "x"}}
    assert shell.api("POST", "profiles", body, expect=400)["fields"] == why
    assert shell.api("PATCH", "profiles/sh", {"env": {name: "x"}}, expect=400)["fields"] == why
    assert shell.api("PATCH", "profiles/sh", {"env": {name: None}})["env"] == {}
    start = {"content": "true", "agentProfileId": "sh", "env": {name: "x"}}
    assert shell.api("POST", "run", start, expect=400)["fields"] == why


def test_variables_of_ours_that_the_server_has_do_not_come_through(tmp_path: Any) -> None:
    with House(tmp_path / "h", environ={"PROMPT": "the server's", "PROMPT_FILE": "/x", "AIRUNNER_CARRY": "x"}) as house:
        house.api("PATCH", "settings", {"passEnv": ["PROMPT", "PROMPT_FILE", "AIRUNNER_CARRY"]})
        make_profile(house, "env", 'env; true "$WORKING_DIR"; cat', promptVia="stdin")
        run = house.wait_for_run(start_run(house, "x", "env")["runId"])
    names = {line.partition("=")[0] for line in run["stdout"].splitlines()}
    assert names & {"PROMPT", "PROMPT_FILE", "AIRUNNER_CARRY", "RUN_ID", "WORKING_DIR"} == {"RUN_ID", "WORKING_DIR"}


def test_a_copy_has_everything(shell: House) -> None:
    fields = {
        "agentType": "aider", "defaultTimeout": 5, "maxTimeout": 6, "shell": "/bin/sh", "env": {"KEY": "its value"},
        "enabled": False, "icon": "bolt", "requiresTTY": False, "stopSignals": ["INT", "TERM"], "killGraceSeconds": 2.5,
        "leftovers": "keep", "limits": {"openFiles": 99}, "cols": 90, "rows": 30, "promptVia": "argument",
        "runAsUser": OTHER.pw_name if AM_ROOT else None,
    }  # fmt: skip
    old = make_profile(shell, "original", **fields)
    copy = shell.api("POST", "profiles/original/duplicate", expect=201)
    own = {"id", "name", "slug", "createdAt", "updatedAt"}
    assert {name: value for name, value in copy.items() if name not in own} == {
        name: value for name, value in old.items() if name not in own
    }
    assert all(copy[name] != old[name] for name in ("id", "name", "slug"))
    shell.api("PATCH", f"profiles/{copy['slug']}", {"enabled": True, "runAsUser": None})
    run = shell.wait_for_run(start_run(shell, "echo $KEY; ulimit -n", copy["slug"])["runId"])
    assert run["stdout"] == "its value\n99\n"


def test_a_user_is_another_for_root_and_refused_to_others(shell: House) -> None:
    body = {"name": "his", "slug": "his", "invocationTemplate": 'bash -c "$PROMPT"', "runAsUser": OTHER.pw_name}
    if not AM_ROOT:
        refused = shell.api("POST", "profiles", body, expect=400)
        assert "only root can run as another user" in refused["fields"]["runAsUser"]
        return
    assert shell.api("POST", "profiles", body, expect=201)["runAsUser"] == OTHER.pw_name
    with public_folder() as place:
        script = (
            'id -un; pwd; test -w . && echo mine; echo $USER-$LOGNAME-$HOME; cat /etc/shadow; echo "$PATH"; sleep 60'
        )
        run_id = start_run(shell, script, "his", workingDirectory=str(place))["runId"]
        until(lambda: "/bin" in shell.api("GET", f"runs/{run_id}")["stdout"])
        shell.api("POST", f"runs/{run_id}/kill")
        run = shell.wait_for_run(run_id)
    lines = run["stdout"].splitlines()
    name = OTHER.pw_name
    assert lines[:4] == [name, str(place), "mine", f"{name}-{name}-{OTHER.pw_dir}"]
    assert lines[4].endswith("Permission denied")
    assert "/root" not in lines[5]
    assert run["status"] == "killed"
    assert f" runuser -u {name} -- /bin/bash -c " in run["command"]


def test_a_user_who_is_not_there_is_refused_at_the_field(shell: House) -> None:
    body = {"name": "x", "slug": "nobody-at-all", "invocationTemplate": 'x "$PROMPT"', "runAsUser": "no-such-user"}
    assert "There is no user no-such-user" in shell.api("POST", "profiles", body, expect=400)["fields"]["runAsUser"]
    patch = shell.api("PATCH", "profiles/sh", {"runAsUser": "no-such-user"}, expect=400)
    assert patch["code"] == "unknown_user"
    assert shell.api("PATCH", "profiles/sh", {"runAsUser": ""})["runAsUser"] is None
    assert shell.api("GET", "profiles/sh")["runAsUser"] is None


def test_a_user_who_is_not_there_is_among_what_validate_says(shell: House) -> None:
    draft = {"invocationTemplate": 'x "$PROMPT"', "runAsUser": "no-such-user"}
    for path, body in (("profiles/validate", draft), ("profiles/sh/validate", {"runAsUser": "no-such-user"})):
        verdict = shell.api("POST", path, body)
        assert verdict["valid"] is False
        assert [(error["code"], error["start"], error["end"]) for error in verdict["errors"]] == [
            ("unknown_user", 0, 0)
        ]
        assert verdict["errors"][0]["text"].startswith("There is no user no-such-user on this machine")
    assert shell.api("POST", "profiles/sh/validate", {"runAsUser": None})["valid"] is True


@pytest.mark.sqlite
def test_a_saved_user_who_has_gone_is_among_what_validate_says(tmp_path: Path) -> None:
    with House(tmp_path / "h") as house:
        saved = make_profile(house)
        house.stop()
        store = open_store("sqlite", data_folder=house.data, clock=SystemClock())
        store.replace("profiles", {**store.get("profiles", saved["id"]), "runAsUser": "gone"}, expect_revision=None)
        store.close()
        house.start()
        verdict = house.api("POST", "profiles/sh/validate", {})
    assert [error["code"] for error in verdict["errors"]] == ["unknown_user"]


def test_an_operator_cannot_choose_the_user_nor_find_out_who_is_there(shell: House) -> None:
    token = shell.api("POST", "tokens", {"name": "op", "role": "operator"}, expect=201)["token"]
    for path, fields in (("validate", {"invocationTemplate": 'x "$PROMPT"'}), ("sh/validate", {})):
        for user, status in ((OTHER.pw_name, 403), ("no-such-user", 403), (None, 200)):
            said = shell.request("POST", f"{API}/profiles/{path}", {**fields, "runAsUser": user}, token=token)
            assert said.status == status, (path, user)
    body = {"runAsUser": OTHER.pw_name}
    assert shell.request("PATCH", f"{API}/profiles/sh", body, token=token).status == 403
    start = {"content": "id -un", "agentProfileId": "sh", **body}
    assert shell.request("POST", f"{API}/run", start, token=token).status == 400
