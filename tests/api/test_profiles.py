"""Profiles and settings through the API."""

from __future__ import annotations

import threading

from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import API, House


def test_a_profile_is_made_changed_copied_and_deleted(shell: House) -> None:
    made = make_profile(shell, "life", env={"A": "1"}, maxTimeout=90, stopSignals=["INT", "SIGTERM"])
    assert (made["slug"], made["requiresTTY"], made["cols"], made["stopSignals"]) == (
        "life",
        True,
        120,
        ["INT", "TERM"],
    )
    changed = shell.api("PUT", f"profiles/{made['id']}", {"name": "Life of an agent"})
    assert changed["name"] == "Life of an agent"
    assert (changed["maxTimeout"], list(changed["env"]), changed["slug"]) == (90, ["A"], "life")
    shell.api("POST", "profiles/life/duplicate", {"slug": "other"}, expect=400)
    copy = shell.api("POST", "profiles/life/duplicate", expect=201)
    assert copy["slug"] == "life-copy"
    run = shell.wait_for_run(start_run(shell, "echo $A", "life-copy")["runId"])
    assert run["stdout"] == "1\n"
    assert shell.api("DELETE", "profiles/life") == {"success": True}
    shell.api("GET", "profiles/life", expect=404)
    shell.api("DELETE", "profiles/life", expect=404)


def test_a_new_profile_takes_the_settings_default_timeout(shell: House) -> None:
    shell.api("PATCH", "settings", {"defaultTimeout": 45})
    assert make_profile(shell, "takes-default")["defaultTimeout"] == 45
    assert make_profile(shell, "short-lived", maxTimeout=2)["defaultTimeout"] == 2
    assert make_profile(shell, "own", defaultTimeout=7)["defaultTimeout"] == 7
    shell.api("PATCH", "settings", {"defaultTimeout": 30})


def test_a_slug_is_taken_once(shell: House) -> None:
    make_profile(shell, "only-one")
    body = {"name": "b", "slug": "only-one", "invocationTemplate": 'x "$PROMPT"'}
    refused = shell.api("POST", "profiles", body, expect=409)
    assert "slug" in refused["fields"]


def test_a_stale_change_is_412(shell: House) -> None:
    make_profile(shell, "stale")
    first = shell.request("GET", f"{API}/profiles/stale")
    tag = {"If-Match": first.headers["etag"]}
    assert shell.request("PATCH", f"{API}/profiles/stale", {"name": "one"}, headers=tag).status == 200
    assert shell.request("PATCH", f"{API}/profiles/stale", {"name": "two"}, headers=tag).status == 412
    assert shell.api("GET", "profiles/stale")["name"] == "one"


def test_changes_without_a_condition_are_all_taken(shell: House) -> None:
    make_profile(shell, "busy")
    replies = []

    def change(number: int) -> None:
        replies.append(shell.request("PATCH", f"{API}/profiles/busy", {"env": {f"N{number}": "x"}}).status)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [200] * 3
    assert set(shell.api("GET", "profiles/busy")["env"]) == {"N0", "N1", "N2"}


def test_a_profile_that_is_off_starts_nothing(shell: House) -> None:
    make_profile(shell, "off", enabled=False)
    body = {"content": "true", "agentProfileId": "off", "workingDirectory": str(shell.folder)}
    assert shell.api("POST", "run", body, expect=409)["code"] == "profile_disabled"


def test_validate_judges_without_saving(shell: House) -> None:
    good = shell.api("POST", "profiles/validate", {"invocationTemplate": 'cd "$WORKING_DIR" && x $PROMPT'})
    assert (good["valid"], good["errors"], good["warnings"]) == (True, [], [])
    assert '"$PROMPT"' in good["previewCommand"] or '"${PROMPT}"' in good["previewCommand"]
    assert (good["testCommand"], good["testProblem"]) == ('cd "$WORKING_DIR" && echo x $PROMPT', "")
    bad = shell.api("POST", "profiles/validate", {"invocationTemplate": "x 'oops $PROMPT"})
    assert bad["valid"] is False
    assert {"code", "text", "start", "end"} == set(bad["errors"][0])
    grammar = shell.api("POST", "profiles/validate", {"invocationTemplate": 'if true; then x "$PROMPT"'})
    assert grammar["valid"] is False
    risky = shell.api("POST", "profiles/validate", {"invocationTemplate": 'rm -fr /; x "$PROMPT"'})
    assert risky["valid"] is True
    assert risky["dangerous"]
    codes = [row["code"] for row in risky["dangerous"]]
    body = {"name": "risky", "invocationTemplate": 'true || rm -fr /; x "$PROMPT"', "acknowledgedDangers": codes}
    shell.api("POST", "profiles", body, expect=201)


def test_settings_are_merged_and_kept(shell: House) -> None:
    before = shell.api("GET", "settings")
    assert (before["maxConcurrentRuns"], before["maxOutputBytes"]) == (3, 10485760)
    after = shell.api("PATCH", "settings", {"outputRetentionDays": 7})
    assert {**before, "outputRetentionDays": 7, "revision": after["revision"]} == after
    shell.api("PUT", "settings", {"outputRetentionDays": 30})


def test_directories_and_files_show_what_is_there(shell: House) -> None:
    repository = shell.folder / "repo"
    (repository / ".git").mkdir(parents=True)
    (repository / "b.txt").write_text("x")
    shell.wait_for_run(start_run(shell, "true", workingDirectory=str(repository))["runId"])
    known = {row["path"]: row for row in shell.api("GET", "directories")["directories"]}
    assert known[str(repository)]["isRepository"] is True
    listed = shell.api("GET", f"files?path={shell.folder}")
    assert listed["parent"] == str(shell.folder.parent)
    row = next(entry for entry in listed["entries"] if entry["name"] == "repo")
    assert (row["type"], row["isRepository"]) == ("directory", True)
    shell.api("GET", "files?path=/no/such/folder", expect=404)


def test_paths_stay_inside_the_allowed_roots(shell: House) -> None:
    inside = shell.folder / "inside"
    inside.mkdir()
    (inside / "way-out").symlink_to("/etc")
    shell.api("PATCH", "settings", {"allowedRoots": [str(inside)]})
    try:
        shell.api("GET", f"files?path={inside}")
        for path in ("/etc", f"{inside}/way-out", f"{inside}/../.."):
            shell.api("GET", f"files?path={path}", expect=403)
        (shell.folder / "way-in").symlink_to(inside)
        for path in (f"{inside}/way-out", f"{shell.folder}/way-in/.."):
            body = {"content": "true", "agentProfileId": "sh", "workingDirectory": path}
            assert "workingDirectory" in shell.api("POST", "run", body, expect=400)["fields"]
        body = {
            "content": "@way-out/passwd",
            "type": "file-reference",
            "agentProfileId": "sh",
            "workingDirectory": str(inside),
        }
        assert "content" in shell.api("POST", "run", body, expect=400)["fields"]
    finally:
        shell.api("PATCH", "settings", {"allowedRoots": ["/"]})


def test_health_is_open_and_the_api_describes_itself(shell: House) -> None:
    health = shell.request("GET", "/healthz", token=None)
    assert (health.status, health.json) == (200, {"ok": True})
    document = shell.api("GET", "/api/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert f"{API}/runs/{{runId}}" in document["paths"]
