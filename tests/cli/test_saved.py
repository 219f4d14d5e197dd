"""prompts and schedules against a real server: saved, run, scheduled and switched from a shell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import Stub
from tests.helpers.server import House

VARIABLES = '[{"name": "CODE", "type": "number", "default": "0"}, {"name": "WHO"}]'


@pytest.fixture
def shell(house: House) -> House:
    """A house with a profile whose prompt is a script, and a saved prompt."""
    said(house, "profiles", "create", "--name", "Shell", "--template", 'sh -c "$PROMPT"')
    script = "echo {{WHO}} in $(basename $PWD); exit {{CODE}}"
    said(house, "prompts", "create", "--name", "Greet all", "--profile", "shell", "--variables", VARIABLES,
         "--dir", ".", "--timeout", "2.5", "--tag", "a", script)  # fmt: skip
    return house


def said(house: House, *arguments: str, stdin: bytes = b"", code: int = 0) -> str:
    """Run a word, whose exit code must be as expected; return what it printed."""
    done = house.cli(*arguments, stdin=stdin)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


def complaint(house: House, *arguments: str, code: int = 1) -> str:
    """Run a word that must be refused; return what it says."""
    done = house.cli(*arguments)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    return done.stderr.decode()


def saved(house: House, kind: str) -> list[Any]:
    """Return what the server has saved."""
    return list(json.loads(said(house, kind, "--json")))


def schedule(house: House, name: str, *options: str, cron: str = "0 2 * * *") -> Any:
    """Create a schedule of the saved prompt; return it."""
    given = ("--name", name, "--prompt", "Greet all", "--cron", cron, "--var", "WHO=cron", "--timezone", "UTC")
    said(house, "schedules", "create", *given, *options)
    return next(one for one in saved(house, "schedules") if one["name"] == name)


def test_prompt_when_created_then_it_is_what_the_options_say(shell: House) -> None:
    (prompt,) = saved(shell, "prompts")
    assert (prompt["name"], prompt["type"], prompt["tags"], prompt["timeout"]) == ("Greet all", "inline", ["a"], 2.5)
    assert prompt["workingDirectory"] == str(shell.folder)
    assert [(one["name"], one["default"]) for one in prompt["variables"]] == [("CODE", "0"), ("WHO", None)]
    out = said(shell, "prompts", "create", "--name", "file", "--profile", "shell", "--attach", "notes.md", "@p.md")
    read = said(shell, "prompts", "create", "--name", "read", "--profile", "shell", "-", stdin=b"@no file\n")
    named = json.loads(said(shell, "prompts", "show", out.split()[1]))
    assert (named["type"], named["attachments"], named["workingDirectory"]) == ("file-reference", ["notes.md"], None)
    assert json.loads(said(shell, "prompts", "show", read.split()[1]))["content"] == "@no file\n"


def test_prompt_when_changed_then_what_is_not_named_stays(shell: House) -> None:
    (before,) = saved(shell, "prompts")
    out = said(shell, "prompts", "change", "Greet all", "--name", "Greet", "--dir", "", "--timeout", "", "--tag", "x",
               "--attach", "a.md")  # fmt: skip
    assert out == f"prompt {before['id']} changed: Greet.\n"
    (after,) = saved(shell, "prompts")
    assert (after["workingDirectory"], after["timeout"], after["tags"]) == (None, None, ["x"])
    assert (after["content"], after["variables"]) == (before["content"], before["variables"])
    said(shell, "prompts", "change", "Greet", "--text", "-", "--tag", "", "--attach", "", "--variables", "[]",
         "--dir", "x", "--timeout", "3", stdin=b"@no file")  # fmt: skip
    (after,) = saved(shell, "prompts")
    assert (after["content"], after["type"], after["variables"]) == ("@no file", "inline", [])
    assert (after["tags"], after["attachments"], after["timeout"]) == ([], [], 3)
    assert after["workingDirectory"] == str(shell.folder / "x")
    said(shell, "prompts", "change", "Greet", "--text", "@p.md")
    assert saved(shell, "prompts")[0]["type"] == "file-reference"
    refused = complaint(shell, "prompts", "change", "Greet", code=2)
    assert refused == "airunner: Nothing is to be changed: give an option, such as --text.\n"
    assert "timeout" in complaint(shell, "prompts", "change", "Greet", "--timeout", "500")


def test_prompt_when_run_then_output_and_exit_code_are_the_agents(shell: House) -> None:
    (shell.folder / "place").mkdir()
    done = shell.cli("prompts", "run", "Greet all", "--var", "WHO=me", "--var", "CODE=3", "--dir", "place")
    assert (done.returncode, done.stdout) == (3, b"me in place\r\n"), done.stderr
    (prompt,) = saved(shell, "prompts")
    head, row = said(shell, "prompts", "--tag", "a", "--search", "greet").splitlines()
    assert head.split()[:5] == ["NAME", "PROMPT", "PROFILE", "TYPE", "TAGS"]
    assert row.split()[:7] == ["Greet", "all", prompt["id"], "shell", "inline", "a", "failed"]
    assert said(shell, "prompts", "--tag", "b").splitlines()[1:] == []


def test_prompt_when_run_dry_or_detached_or_without_a_value_then_so_it_is(shell: House) -> None:
    assert "variables.WHO" in complaint(shell, "prompts", "run", "Greet all")
    assert "echo me" in said(shell, "prompts", "run", "Greet all", "--var", "WHO=me", "--dry-run")
    assert json.loads(said(shell, "runs", "--json")) == []
    run_id = said(shell, "prompts", "run", "Greet all", "--var", "WHO=me", "--timeout", "1", "--detach").strip()
    assert shell.wait_for_run(run_id)["timeout"] == 1
    assert said(shell, "runs", "pin", "last") == f"run {run_id} is pinned.\n"
    assert json.loads(said(shell, "runs", "--json"))[0]["pinned"] is True
    assert len(said(shell, "runs", "--pinned").splitlines()) == 2
    assert said(shell, "runs", "unpin", run_id[:-1]) == f"run {run_id} is no longer pinned.\n"


def test_prompts_when_tagged_or_deleted_then_all_of_them_or_none(shell: House) -> None:
    copy = said(shell, "prompts", "duplicate", "Greet all")
    assert copy.endswith("created: Greet all (copy).\n")
    said(shell, "prompts", "tag", "Greet all", copy.split()[1], "--tag", "x", "--tag", "y")
    said(shell, "prompts", "untag", "Greet all", "--tag", "a", "--tag", "y")
    assert [one["tags"] for one in saved(shell, "prompts")] == [["x"], ["a", "x", "y"]]
    assert "no prompt 'nobody'" in complaint(shell, "prompts", "delete", "Greet all", "nobody")
    assert len(saved(shell, "prompts")) == 2
    assert said(shell, "prompts", "delete", "Greet all", "Greet all (copy)").count(" deleted.\n") == 2
    assert saved(shell, "prompts") == []


def test_prompt_when_a_schedule_needs_it_then_it_is_deleted_by_force_only(shell: House) -> None:
    schedule(shell, "nightly")
    assert "nightly" in complaint(shell, "prompts", "delete", "Greet all")
    said(shell, "prompts", "delete", "Greet all", "--force")
    row = said(shell, "schedules").splitlines()[1]
    assert " off " in row and "Switched off when the prompt Greet all was deleted." in row


def test_profile_when_a_schedule_needs_it_then_it_is_deleted_by_force_only(shell: House) -> None:
    schedule(shell, "nightly")
    assert "nightly" in complaint(shell, "profiles", "delete", "shell")
    assert said(shell, "profiles", "delete", "shell", "--force") == "profile shell deleted.\n"
    assert saved(shell, "schedules")[0]["enabled"] is False


def test_schedule_when_created_then_it_is_what_the_options_say(shell: House) -> None:
    made = schedule(
        shell, "nightly", "--missed", "runOnce", "--overlap", "queue", "--retries", "2", "--retry-delay", "5",
        "--jitter", "7", "--start", "2026-01-01", "--end", "2999-12-31", "--disable-after", "3", "--dir", "x",
        "--timeout", "9", "--timezone", "Europe/Berlin",
    )  # fmt: skip
    expected = {
        "cronExpression": "0 2 * * *", "timezone": "Europe/Berlin", "missedRuns": "runOnce", "overlap": "queue",
        "retries": 2, "retryDelaySeconds": 5, "jitterSeconds": 7, "startDate": "2025-12-31T23:00:00.000Z",
        "disableAfterFailures": 3, "variables": {"WHO": "cron"}, "workingDirectory": str(shell.folder / "x"),
        "timeout": 9, "enabled": True, "promptName": "Greet all",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    row = said(shell, "schedules").splitlines()[1]
    assert made["description"] in row and made["id"] in row and " on " in row
    assert json.loads(said(shell, "schedules", "show", made["id"][:-2]))["id"] == made["id"]


def test_schedule_when_changed_then_what_is_not_named_stays(shell: House) -> None:
    schedule(shell, "nightly", "--end", "2999-12-31", "--timeout", "9", "--var", "CODE=1")
    out = said(shell, "schedules", "change", "nightly", "--cron", "30 3 * * *", "--end", "", "--timeout", "",
               "--unset", "CODE", "--off")  # fmt: skip
    assert "changed: nightly." in out and "it is off" in out
    (changed,) = saved(shell, "schedules")
    assert (changed["cronExpression"], changed["timezone"], changed["enabled"]) == ("30 3 * * *", "UTC", False)
    assert (changed["endDate"], changed["timeout"], changed["variables"]) == (None, None, {"WHO": "cron"})
    out = said(shell, "schedules", "change", "nightly", "--on", "--cron", "30 4 * * *")
    assert "the next run is due at " in out and saved(shell, "schedules")[0]["enabled"] is True
    assert "not allowed with" in complaint(shell, "schedules", "change", "nightly", "--on", "--off", code=2)
    assert "Nothing is to be changed" in complaint(shell, "schedules", "change", "nightly", code=2)
    assert "cronExpression" in complaint(shell, "schedules", "change", "nightly", "--cron", "61 * * * *")


def test_schedules_when_switched_copied_or_deleted_then_so_they_are(shell: House) -> None:
    schedule(shell, "one", "--off")
    assert "created: one (copy)." in said(shell, "schedules", "duplicate", "one")
    out = said(shell, "schedules", "on", "one", "one (copy)").splitlines()
    assert [line.partition("; the next run is due at ")[0] for line in out] == [
        "schedule one: on",
        "schedule one (copy): on",
    ]
    assert said(shell, "schedules", "off", "one (copy)") == "schedule one (copy): it is off.\n"
    assert [one["enabled"] for one in saved(shell, "schedules")] == [True, False]
    said(shell, "schedules", "delete", "one", "one (copy)")
    assert saved(shell, "schedules") == []


def test_schedule_when_run_then_as_a_prompt_is(shell: House) -> None:
    schedule(shell, "nightly", "--off")
    done = shell.cli("schedules", "run", "nightly", "--var", "CODE=4")
    assert (done.returncode, done.stdout) == (4, f"cron in {shell.folder.name}\r\n".encode()), done.stderr
    assert "echo cron" in said(shell, "schedules", "run", "nightly", "--dry-run")
    run_id = said(shell, "schedules", "run", "nightly", "--detach").strip()
    assert shell.wait_for_run(run_id)["status"] == "completed"


def test_preview_when_asked_then_words_times_and_what_it_meets(shell: House) -> None:
    schedule(shell, "nightly")
    lines = said(shell, "schedules", "preview", "0 2 * * *", "--timezone", "UTC", "--count", "3", "--dir", ".")
    words, heads, *rows = lines.splitlines()
    assert words.endswith("(UTC)")
    assert heads.split() == ["NEXT", "(UTC)", "HERE"]
    assert [row.split()[1:3] for row in rows[:3]] == [["02:00:00", "UTC"]] * 3
    assert "nightly" in rows[3]
    done = shell.cli("schedules", "create", "--name", "b", "--prompt", "Greet all", "--cron", "0 2 * * *",
                     "--timezone", "UTC", "--var", "WHO=b")  # fmt: skip
    assert done.returncode == 0
    assert b"warning: " in done.stderr and b"nightly" in done.stderr
    assert "cronExpression" in complaint(shell, "schedules", "preview", "x")


def test_preview_when_of_a_prompt_then_its_directory_and_what_it_may_take(shell: House) -> None:
    schedule(shell, "nightly")
    options = ("--prompt", "Greet all", "--timezone", "UTC")
    assert "nightly" in said(shell, "schedules", "preview", "0 2 * * *", *options)
    out = said(shell, "schedules", "preview", "* * * * *", *options, "--timeout", "2", "--overlap", "queue")
    assert "its timeout of 2 min" in out and "the next run waits then" in out
    assert "no prompt 'x'" in complaint(shell, "schedules", "preview", "@daily", "--prompt", "x")


def test_preview_when_there_is_no_time_then_a_sentence(stub: Stub, call: Call) -> None:
    answer = {"description": "Never.", "timezone": "UTC", "nextRuns": [], "conflicts": [], "selfOverlap": None}
    stub.canned["POST", "schedules/preview"] = 200, json.dumps(answer).encode()
    out = call("schedules", "preview", "0 0 29 2 *").stdout
    assert out == "Never. (UTC)\nIt has no time in the next hundred years.\n"


def test_schedules_when_paused_then_the_list_says_so_until_they_are_resumed(shell: House) -> None:
    schedule(shell, "nightly")
    assert said(shell, "schedules", "pause") == "all schedules are paused.\n"
    assert b"all schedules are paused" in shell.cli("schedules").stderr
    assert said(shell, "schedules", "resume") == "schedules run again.\n"
    assert shell.cli("schedules").stderr == b""


def test_profile_when_locked_then_its_runs_wait_until_it_is_unlocked(shell: House) -> None:
    out = said(shell, "profiles", "lock", "shell", "--minutes", "30", "--reason", "limit reached")
    assert out.startswith("profile shell is locked until ") and out.endswith("; its runs wait.\n")
    assert " locked " in said(shell, "profiles")
    run_id = said(shell, "prompts", "run", "Greet all", "--var", "WHO=me", "--detach").strip()
    assert shell.api("GET", f"runs/{run_id}")["status"] == "queued"
    assert said(shell, "profiles", "unlock", "shell") == "profile shell is unlocked.\n"
    assert shell.wait_for_run(run_id)["status"] == "completed"
    assert "until" in complaint(shell, "profiles", "lock", "shell", "--until", "2001-01-01")


def test_profile_when_changed_then_what_is_not_named_stays(shell: House) -> None:
    limits = ("--timeout", "5", "--max-timeout", "9.5", "--while-locked", "skip")
    said(shell, "profiles", "create", "--name", "Two", "--template", 'echo "$PROMPT"', "--env", "A=1", *limits)
    assert said(shell, "profiles", "change", "two", "--env", "B=2", "--slug", "three", "--off") == (
        "profile three changed.\n"
    )
    said(shell, "profiles", "change", "three", "--unset-env", "A", "--max-timeout", "8", "--no-tty")
    made = json.loads(said(shell, "profiles", "show", "three"))
    assert (made["name"], list(made["env"]), made["enabled"], made["requiresTTY"]) == ("Two", ["B"], False, False)
    assert (made["defaultTimeout"], made["maxTimeout"], made["whileLocked"]) == (5, 8, "skip")
    said(shell, "profiles", "change", "three", "--on", "--tty", "--while-locked", "wait")
    made = json.loads(said(shell, "profiles", "show", "three"))
    assert (made["enabled"], made["requiresTTY"], made["whileLocked"]) == (True, True, "wait")
    assert "maxTimeout" in complaint(shell, "profiles", "change", "three", "--timeout", "20")


def test_run_when_the_profile_skips_while_it_is_locked_then_the_reason_and_1(shell: House) -> None:
    shell.api("PATCH", "profiles/shell", {"whileLocked": "skip"})
    assert "its runs are skipped" in said(shell, "profiles", "lock", "shell")
    assert "skipped: " in complaint(shell, "prompts", "run", "Greet all", "--var", "WHO=me")
