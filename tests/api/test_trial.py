"""A profile's quick test: its template with `echo` before the command, a minute at most; and what validate says of it."""

from __future__ import annotations

import pytest

from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import API, House


def test_a_trial_says_what_would_be_run_and_runs_none_of_it(shell: House) -> None:
    make_profile(shell, "tried", 'cd "$WORKING_DIR" && touch -- "$PROMPT"', env={"A": "b"})
    run = shell.api("POST", "profiles/tried/test", expect=201)
    assert (run["triggeredBy"], run["promptContent"], run["startedBy"], run["timeout"]) == (
        "test", "test", "environment", 1
    )  # fmt: skip
    body = {"content": "it's {{WHAT}}", "workingDirectory": str(shell.folder), "variables": {"WHAT": "$(id) ☃"}}
    run = shell.wait_for_run(shell.api("POST", "profiles/tried/test", body, expect=201)["runId"])
    assert (run["status"], run["stdout"]) == ("completed", "touch -- it's $(id) ☃\n")
    assert run["workingDirectory"] == str(shell.folder)
    assert not (shell.folder / "it's $(id) ☃").exists()
    assert run["runId"] in [row["runId"] for row in shell.api("GET", "runs?triggeredBy=test")["runs"]]


def test_a_trial_takes_no_longer_than_a_minute_or_the_profiles_own_time(shell: House) -> None:
    make_profile(shell, "hasty", 'x "$PROMPT"', defaultTimeout=0.5)
    assert shell.api("POST", "profiles/hasty/test", {}, expect=201)["timeout"] == 0.5


def test_a_profile_that_is_off_can_be_tried_by_an_administrator(shell: House) -> None:
    make_profile(shell, "not-yet", 'agent --auto "$PROMPT"', enabled=False)
    run = shell.wait_for_run(shell.api("POST", "profiles/not-yet/test", expect=201)["runId"])
    assert (run["status"], run["stdout"]) == ("completed", "agent --auto test\n")
    start = {"content": "x", "agentProfileId": "not-yet", "workingDirectory": str(shell.folder)}
    assert shell.api("POST", "run", start, expect=409)["code"] == "profile_disabled"


def test_a_profile_that_is_off_is_no_way_for_an_operator_to_run_the_rest_of_its_template(shell: House) -> None:
    make_profile(shell, "off-side", 'echo side; agent "$PROMPT"')
    operator = shell.api("POST", "tokens", {"name": "op", "role": "operator"}, expect=201)["token"]
    first = shell.request("POST", f"{API}/profiles/off-side/test", token=operator)
    assert first.status == 201
    shell.api("PATCH", "profiles/off-side", {"enabled": False})
    for path in ("profiles/off-side/test", f"runs/{first.json['runId']}/rerun"):
        refused = shell.request("POST", f"{API}/{path}", token=operator)
        assert (refused.status, refused.json["code"]) == (409, "profile_disabled"), path
        run = shell.wait_for_run(shell.api("POST", path, expect=201)["runId"])
        assert run["stdout"] == "side\nagent test\n"


def test_a_trial_that_is_run_again_without_its_profile_answers_like_any_run(shell: House) -> None:
    make_profile(shell, "goes", 'touch -- "$PROMPT"')
    trial = shell.api("POST", "profiles/goes/test", expect=201)["runId"]
    run = start_run(shell, "x", "goes")["runId"]
    shell.api("DELETE", "profiles/goes")
    said = [shell.api("POST", f"runs/{run_id}/rerun", expect=400) for run_id in (trial, run)]
    assert said[0] == said[1]
    assert said[0]["code"] == "profile_not_found"
    assert shell.api("POST", "profiles/goes/test", expect=404)["code"] == "profile_not_found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "profiles"),
        ("POST", "profiles/validate"),
        ("GET", "profiles/sh"),
        ("PATCH", "profiles/sh"),
        ("PUT", "profiles/sh"),
        ("DELETE", "profiles/sh/lock"),
        ("POST", "profiles/sh/validate"),
        ("POST", "profiles/sh/test"),
        ("POST", "profiles/sh/duplicate"),
        ("PATCH", "settings"),
        ("POST", "tokens"),
        ("DELETE", "tokens/x"),
        ("POST", "runs/x/kill"),
        ("POST", "runs/x/rerun"),
    ],
)
def test_a_parameter_that_a_route_does_not_have_is_400(shell: House, method: str, path: str) -> None:
    refused = shell.api(method, f"{path}?dryRun=1", {} if method != "GET" else None, expect=400)
    assert refused["error"] == "There is no parameter 'dryRun'; there are none here."


def test_a_trial_that_is_run_again_is_a_trial_again(shell: House) -> None:
    make_profile(shell, "again", 'touch -- "$PROMPT"')
    first = shell.api("POST", "profiles/again/test", {"workingDirectory": str(shell.folder)}, expect=201)["runId"]
    run = shell.wait_for_run(shell.api("POST", f"runs/{first}/rerun", expect=201)["runId"])
    assert (run["triggeredBy"], run["stdout"]) == ("test", "touch -- test\n")
    assert not (shell.folder / "test").exists()


def test_a_trial_whose_meaning_is_unclear_is_refused(shell: House) -> None:
    make_profile(shell, "input", "agent", promptVia="stdin")
    refused = shell.api("POST", "profiles/input/test", expect=400)
    assert refused["code"] == "test_unclear"
    assert refused["error"].startswith("The prompt goes to standard input here; ")
    make_profile(shell, "piped", 'sort | agent "$PROMPT"')
    assert shell.api("POST", "profiles/piped/test", expect=400)["code"] == "test_unclear"


@pytest.mark.parametrize(
    "body",
    [
        {"content": ""},
        {"content": 7},
        {"content": "\ud800"},
        {"timeout": 1},
        {"agentProfileId": "sh"},
        {"env": {"A": "b"}},
        {"variables": {"MISSING": "x"}},
        {"variables": {"A": "\udfff"}},
        {"workingDirectory": "/no/such/place"},
        {"workingDirectory": "/\ud800"},
        [],
        "x",
    ],
)
def test_a_trial_with_a_bad_body_is_400(shell: House, body: object) -> None:
    assert len(shell.api("POST", "profiles/sh/test", body, expect=400)["error"]) > 10


def test_a_trial_is_for_operators(shell: House) -> None:
    for role, expected in (("viewer", 403), ("operator", 201)):
        token = shell.api("POST", "tokens", {"name": role, "role": role}, expect=201)["token"]
        assert shell.request("POST", f"{API}/profiles/sh/test", token=token).status == expected
    assert shell.request("POST", f"{API}/profiles/nothing/test").status == 404


@pytest.mark.parametrize(
    ("template", "via", "sentence"),
    [
        ('x "$PROMPT"', None, None),
        ('x "$PROMPT"', "argument", None),
        ('x "$PROMPT_FILE"', "file", None),
        ("x", "stdin", None),
        ('x "$PROMPT" "$WORKING_DIR"', "stdin", None),
        ("x", None, "The prompt is not used;"),
        ("x", "argument", "The prompt is to go by argument (promptVia), and the template does not use it; "),
        ('x "$PROMPT_FILE"', "argument", 'The prompt is to go by argument (promptVia), and the template does not use it; write "$PROMPT".'),
        ('x "$PROMPT"', "file", 'The prompt is to go by file (promptVia), and the template does not use it; write "$PROMPT_FILE".'),
    ],
)  # fmt: skip
def test_a_template_is_judged_with_the_way_of_its_prompt(
    shell: House, template: str, via: str | None, sentence: str | None
) -> None:
    verdict = shell.api("POST", "profiles/validate", {"invocationTemplate": template, "promptVia": via})
    saved = {"name": "way", "slug": "way", "invocationTemplate": template, "promptVia": via}
    if sentence is None:
        assert (verdict["valid"], verdict["errors"]) == (True, [])
        made = shell.api("POST", "profiles", saved, expect=201)
        assert made["promptVia"] == via
        assert shell.api("POST", "profiles/way/validate", {})["valid"] is True
        shell.api("DELETE", "profiles/way")
    else:
        assert [problem["code"] for problem in verdict["errors"]] == ["missing_prompt"]
        assert verdict["errors"][0]["text"].startswith(sentence)
        assert (verdict["errors"][0]["start"], verdict["errors"][0]["end"]) == (0, len(template))
        assert sentence in shell.api("POST", "profiles", saved, expect=400)["fields"]["invocationTemplate"]


def test_a_way_that_does_not_fit_the_template_is_refused_when_either_changes(shell: House) -> None:
    make_profile(shell, "fits", 'x "$PROMPT"', promptVia="argument")
    for change in ({"promptVia": "file"}, {"invocationTemplate": "x"}, {"promptVia": "pigeon"}):
        shell.api("PATCH", "profiles/fits", change, expect=400)
    assert (
        shell.api("PATCH", "profiles/fits", {"promptVia": "stdin", "invocationTemplate": "x"})["promptVia"] == "stdin"
    )
    shell.api("PATCH", "profiles/fits", {"promptVia": None}, expect=400)
    verdict = shell.api("POST", "profiles/fits/validate", {"promptVia": None})
    assert [problem["code"] for problem in verdict["errors"]] == ["missing_prompt"]
