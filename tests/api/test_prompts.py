"""Saved prompts over HTTP: kept, run, tagged, copied, deleted; variables, files and attachments."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.runs import make_profile, wait_running
from tests.helpers.server import API, House


def save(house: House, name: str, content: str = "echo hi", **fields: Any) -> Any:
    given = {"name": name, "content": content, "agentProfileId": "sh", "workingDirectory": str(house.folder), **fields}
    return house.api("POST", "prompts", given, expect=201)


def run(house: House, prompt: Any, **fields: Any) -> Any:
    started = house.api("POST", "run", {"promptId": prompt["id"], **fields}, expect=201)
    return house.wait_for_run(started["runId"])


def test_prompt_when_saved_then_it_is_shown_listed_changed_and_deleted(shell: House) -> None:
    made = save(shell, "First", tags=["a", "b"], timeout=0.5)
    assert made["agentProfileId"] == shell.api("GET", "profiles/sh")["id"]
    assert (made["type"], made["createdBy"], made["lastRun"]) == ("inline", "environment", None)
    changed = shell.api("PUT", f"prompts/{made['id']}", {"name": "Second"})
    assert {**changed, "name": "First", "updatedAt": made["updatedAt"], "revision": 1} == made
    shown = shell.request("GET", f"{API}/prompts/{made['id']}")
    assert shown.json == changed
    stale = {"If-Match": '"1"'}
    assert shell.request("PATCH", f"{API}/prompts/{made['id']}", {"name": "x"}, headers=stale).status == 412
    assert changed in shell.api("GET", "prompts")
    assert shell.api("DELETE", f"prompts/{made['id']}") == {"success": True}
    shell.api("GET", f"prompts/{made['id']}", expect=404)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"content": " "}, "content"),
        ({"agentProfileId": "nobody"}, "agentProfileId"),
        ({"type": "link"}, "type"),
        ({"timeout": 100_000}, "timeout"),
        ({"timeout": 500}, "timeout"),
        ({"tags": ["a,b"]}, "tags"),
        ({"workingDirectory": "relative"}, "workingDirectory"),
        ({"attachments": [""] * 21}, "attachments"),
        ({"variables": [{"name": "1A"}]}, "variables[0].name"),
        ({"variables": [{"name": "A", "type": "choice"}]}, "variables[0].choices"),
        ({"variables": [{"name": "A", "type": "number", "default": "x"}]}, "variables[0].default"),
        ({"variables": [{"name": "A"}, {"name": "A"}]}, "variables[1].name"),
        ({"type": "file-reference", "content": "two\nlines"}, "content"),
        ({"odd": 1}, "odd"),
    ],
)
def test_prompt_when_a_field_is_wrong_then_it_is_named(shell: House, fields: Any, wrong: str) -> None:
    given = {"name": "x", "content": "true", "agentProfileId": "sh", **fields}
    refused = shell.api("POST", "prompts", given, expect=400)
    assert wrong in refused["fields"], refused


def test_prompt_when_it_ran_then_it_shows_its_last_run(shell: House) -> None:
    made = save(shell, "Runs", "exit 3")
    ended = run(shell, made)
    shown = shell.api("GET", f"prompts/{made['id']}")
    assert (shown["lastRunId"], shown["lastRunStatus"], shown["lastRun"]["exitCode"]) == (ended["runId"], "failed", 3)
    assert (ended["promptId"], ended["promptName"]) == (made["id"], "Runs")


def test_list_when_filtered_then_only_those_are_there(shell: House) -> None:
    make_profile(shell, "other")
    one = save(shell, "Filter one", "needle (1)", tags=["x", "y"])
    two = save(shell, "Filter two", "hay", tags=["x"], agentProfileId="other", workingDirectory="/srv/")
    three = save(shell, "Filter three", "@a.md", type="file-reference", tags=["x"])
    mine = {made["id"] for made in (one, two, three)}

    def found(**query: str) -> set[str]:
        return {prompt["id"] for prompt in shell.api("GET", "prompts", **query)} & mine

    assert found(tag="x") == mine
    assert found(tag="x,y") == {one["id"]}
    assert found(search="NEEDLE%20(") == {one["id"]}
    assert found(agentProfileId="other") == {two["id"]}
    assert found(workingDirectory="/srv") == {two["id"]}
    assert found(type="file-reference") == {three["id"]}
    assert "colour" in shell.api("GET", "prompts?colour=red", expect=400)["fields"]


def test_duplicate_when_asked_then_the_copy_has_all_but_the_name(shell: House) -> None:
    made = save(shell, "Twin", tags=["t"], variables=[{"name": "A", "default": "1"}])
    refused = shell.api("POST", f"prompts/{made['id']}/duplicate", {"name": "Other"}, expect=400)
    assert "name" in refused["fields"]
    first = shell.api("POST", f"prompts/{made['id']}/duplicate", expect=201)
    second = shell.api("POST", f"prompts/{made['id']}/duplicate", expect=201)
    assert (first["name"], second["name"]) == ("Twin (copy)", "Twin (copy 2)")
    assert (first["tags"], first["variables"]) == (made["tags"], made["variables"])


# Many at once


def test_bulk_when_tagging_then_all_have_it_and_untagging_takes_it(shell: House) -> None:
    ids = [save(shell, f"Bulk {number}", tags=["old"])["id"] for number in range(3)]
    shell.api("POST", "prompts/bulk", {"action": "tag", "ids": ids, "tags": ["new", "old"]})
    assert [shell.api("GET", f"prompts/{id}")["tags"] for id in ids] == [["new", "old"]] * 3
    shell.api("POST", "prompts/bulk", {"action": "untag", "ids": ids[:2], "tags": ["new"]})
    assert [shell.api("GET", f"prompts/{id}")["tags"] for id in ids] == [["old"], ["old"], ["new", "old"]]


def test_bulk_when_one_is_unknown_then_nothing_is_done_and_its_row_is_named(shell: House) -> None:
    ids = [save(shell, "Kept")["id"], "nothing"]
    refused = shell.api("POST", "prompts/bulk", {"action": "delete", "ids": ids}, expect=400)
    assert refused["fields"] == {"ids[1]": "There is no saved prompt 'nothing'."}
    shell.api("GET", f"prompts/{ids[0]}")
    shell.api("POST", "prompts/bulk", {"action": "delete", "ids": ids[:1]})
    shell.api("GET", f"prompts/{ids[0]}", expect=404)


def test_bulk_when_each_gets_its_own_then_all_do_or_those_that_changed_meanwhile_are_named(shell: House) -> None:
    before = [save(shell, f"Own {tag}", tags=[tag, "x"]) for tag in "ab"]
    ids = [one["id"] for one in before]
    tagged = shell.api("POST", "prompts/bulk", {"action": "tag", "ids": ids, "tags": ["x", "y"]})["prompts"]
    assert [one["tags"] for one in tagged] == [["a", "x", "y"], ["b", "x", "y"]]
    shell.api("PATCH", f"prompts/{ids[1]}", {"timeout": 3})
    back = [{"id": a["id"], "revision": a["revision"], "tags": b["tags"]} for a, b in zip(tagged, before, strict=True)]
    refused = shell.api("POST", "prompts/bulk", {"updates": back}, expect=412)
    assert set(refused["fields"]) == {"updates[1].revision"}
    assert shell.api("GET", f"prompts/{ids[0]}")["tags"] == ["a", "x", "y"]
    both = shell.api("POST", "prompts/bulk", {"updates": back[:1], "ids": ids}, expect=400)
    assert "updates alone" in both["fields"]["updates"]
    shell.api("POST", "prompts/bulk", {"updates": back[:1]})
    assert shell.api("GET", f"prompts/{ids[0]}")["tags"] == ["a", "x"]
    wrong = shell.api("POST", "prompts/bulk", {"updates": [{"id": "none"}, {"id": ids[0], "tags": 3}]}, expect=400)
    assert set(wrong["fields"]) == {"updates[0].id", "updates[1].tags"}


def test_last_run_when_one_is_skipped_beside_it_then_it_is_the_one_that_runs_and_later_its_end(shell: House) -> None:
    made = save(shell, "Long", "sleep 60")
    plan = {"name": "Long", "promptId": made["id"], "cronExpression": "0 0 29 2 *", "overlap": "parallel"}
    schedule = shell.api("POST", "schedules", plan, expect=201)
    first = shell.api("POST", f"schedules/{schedule['id']}/run", {}, expect=201)["runId"]
    wait_running(shell, first)
    profile = shell.api("GET", "profiles/sh")["id"]
    shell.api("PATCH", f"profiles/{profile}", {"whileLocked": "skip"})
    shell.api("POST", f"profiles/{profile}/lock", {"reason": "upkeep"})
    try:
        later = shell.api("POST", f"schedules/{schedule['id']}/run", {}, expect=201)
        assert later["status"] == "skipped"
        assert shell.api("GET", f"prompts/{made['id']}")["lastRunId"] == first
        assert shell.api("GET", f"schedules/{schedule['id']}")["lastRunStatus"] == "running"
        shell.api("POST", f"runs/{first}/kill", {})
        assert shell.wait_for_run(first)["status"] == "killed"
        found = shell.api("GET", f"prompts/{made['id']}")["lastRun"]
        assert (found["runId"], found["status"]) == (first, "killed")
    finally:
        shell.api("DELETE", f"profiles/{profile}/lock")
        shell.api("PATCH", f"profiles/{profile}", {"whileLocked": "wait"})


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"action", "ids", "tags"}),
        ({"action": "tag", "updates": [{"id": "x"}]}, {"action"}),
        ({"updates": []}, {"updates"}),
        ({"action": "tag", "ids": ["x"]}, {"tags"}),
        ({"action": "burn", "ids": ["x"], "tags": ["a"]}, {"action"}),
        ({"action": "delete"}, {"ids"}),
    ],
)
def test_bulk_when_it_is_not_clear_what_to_do_then_the_fields_are_named(
    shell: House, body: Any, wrong: set[str]
) -> None:
    refused = shell.api("POST", "prompts/bulk", body, expect=400)
    assert set(refused["fields"]) == wrong


# Variables

ASKS = "printf '%s|' '{{WHO}}' '{{COUNT}}' '{{LOUD}}' '{{PLACE}}' '{{NOTE}}'"
VARIABLES = [
    {"name": "WHO", "description": "name of the person"},
    {"name": "COUNT", "type": "number", "default": 3},
    {"name": "LOUD", "type": "boolean", "default": False},
    {"name": "PLACE", "choices": ["here", "there"], "default": "here"},
    {"name": "NOTE", "required": False},
]


def test_variables_when_given_or_by_default_then_they_are_filled_in(shell: House) -> None:
    made = save(shell, "Asks", ASKS, variables=VARIABLES)
    assert made["variables"][3]["type"] == "choice"
    assert run(shell, made, variables={"WHO": "me", "LOUD": True, "COUNT": 2.5})["stdout"] == "me|2.5|true|here||"


@pytest.mark.parametrize(
    ("values", "wrong", "why"),
    [
        ({}, "WHO", "The prompt needs a value for {{WHO}} (name of the person)."),
        ({"WHO": ""}, "WHO", "The prompt needs a value for {{WHO}} (name of the person)."),
        ({"WHO": "x", "COUNT": ""}, "COUNT", "The prompt needs a value for {{COUNT}}."),
        ({"WHO": "x", "COUNT": "many"}, "COUNT", 'COUNT must be a number; it is "many".'),
        ({"WHO": "x", "LOUD": "yes"}, "LOUD", 'LOUD must be true or false; it is "yes".'),
        ({"WHO": "x", "PLACE": "away"}, "PLACE", 'PLACE must be one of here, there; it is "away".'),
        ({"WHO": "x", "OTHER": "1"}, "OTHER", "The prompt has no {{OTHER}}."),
    ],
)
def test_variables_when_one_is_missing_or_wrong_then_nothing_starts(
    shell: House, values: Any, wrong: str, why: str
) -> None:
    made = save(shell, "Asks", ASKS, variables=VARIABLES)
    refused = shell.api("POST", "run", {"promptId": made["id"], "variables": values}, expect=400)
    assert refused["fields"] == {f"variables.{wrong}": why}
    assert shell.api("GET", f"runs?promptId={made['id']}")["total"] == 0


def test_variables_when_not_declared_then_they_are_needed_all_the_same(shell: House) -> None:
    made = save(shell, "Implicit", "echo {{X}}")
    refused = shell.api("POST", "run", {"promptId": made["id"]}, expect=400)
    assert "variables.X" in refused["fields"]
    assert run(shell, made, variables={"X": "{{X}}"})["stdout"] == "{{X}}\n"


def test_variables_when_the_prompt_is_not_saved_then_braces_are_text_until_values_come(shell: House) -> None:
    body = {"content": "echo '{{X}}'", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    assert shell.wait_for_run(shell.api("POST", "run", body, expect=201)["runId"])["stdout"] == "{{X}}\n"
    refused = shell.api("POST", "run", {**body, "content": "{{X}} {{Y}}", "variables": {"X": "1"}}, expect=400)
    assert refused["fields"] == {"variables.Y": "The prompt needs a value for {{Y}}."}


# Files


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_file_when_it_changes_then_the_run_has_the_text_of_its_time_and_the_commit(
    shell: House, tmp_path: Path
) -> None:
    (tmp_path / "prompts").mkdir()
    file = tmp_path / "prompts/a.md"
    file.write_text("echo one {{N}}")
    git(tmp_path, "init", "-q")
    made = save(shell, "File", "@prompts/a.md", type="file-reference", workingDirectory=str(tmp_path))
    first = run(shell, made, variables={"N": "1"})
    assert first["promptSource"] == {"path": str(file), "commit": None}
    git(tmp_path, "add", "."), git(tmp_path, "commit", "-qm", "x")
    commit = git(tmp_path, "rev-parse", "HEAD")
    file.write_text("echo two")
    second = run(shell, made)
    git(tmp_path, "pack-refs", "--all")
    third = run(shell, made)
    assert (first["promptContent"], second["promptContent"], second["stdout"]) == ("echo one 1", "echo two", "two\n")
    assert [one["promptSource"]["commit"] for one in (second, third)] == [commit, commit]
    work = tmp_path / "prompts/tree"
    git(tmp_path, "worktree", "add", "-q", str(work))
    (work / "prompts/a.md").write_text("echo three")
    git(work, "commit", "-qam", "y")
    assert run(shell, made, workingDirectory=str(work))["promptSource"]["commit"] == git(work, "rev-parse", "HEAD")
    file.unlink()
    refused = shell.api("POST", "run", {"promptId": made["id"]}, expect=400)
    assert "does not exist" in refused["fields"]["content"]


def test_attachments_when_given_then_the_prompt_ends_with_their_paths(shell: House, tmp_path: Path) -> None:
    (tmp_path / "spec.md").write_text("text")
    made = save(shell, "With", "cat <<'E'", attachments=["spec.md"], workingDirectory=str(tmp_path))
    dry = shell.api("POST", "run", {"promptId": made["id"], "dryRun": True})
    assert dry["promptContent"] == f"cat <<'E'\n\nAttached files:\n- {tmp_path}/spec.md\n"
    assert f"- {tmp_path}/spec.md" in run(shell, made)["stdout"]
    none = shell.api("POST", "run", {"promptId": made["id"], "attachments": [], "dryRun": True})
    assert none["promptContent"] == "cat <<'E'"


@pytest.mark.parametrize(
    ("name", "why"), [("gone.md", "does not exist"), (".", "not a file"), ("/dev/zero", "closed"), ("big", "larger")]
)
def test_attachments_when_one_cannot_be_read_then_nothing_starts(
    shell: House, tmp_path: Path, name: str, why: str
) -> None:
    with (tmp_path / "big").open("wb") as big:
        big.truncate(51 << 20)
    body = {"content": "true", "agentProfileId": "sh", "workingDirectory": str(tmp_path), "attachments": [name]}
    refused = shell.api("POST", "run", body, expect=400)
    assert why in refused["fields"]["attachments"]
