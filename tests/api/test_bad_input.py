"""Bad input of every kind is a clear 4xx: never a 500, never a hang, and nothing is started."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.runs import start_run
from tests.helpers.server import API, House

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1e999",
    b'"text"',
    b"\xff\xfe",
    b'{"content": NaN}',
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"content": "\\ud800", "agentProfileId": "sh"}',
    b'{"content": 7, "agentProfileId": "sh"}',
    b'{"content": "x", "agentProfileId": ["sh"]}',
    b'{"content": "x", "agentProfileId": "nobody"}',
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "relative"}',
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "/no/such/place"}',
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "/etc/passwd"}',
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "/\\u0000"}',
    b'{"content": "x", "agentProfileId": "sh", "timeout": 0}',
    b'{"content": "x", "agentProfileId": "sh", "timeout": -1}',
    b'{"content": "x", "agentProfileId": "sh", "timeout": true}',
    b'{"content": "x", "agentProfileId": "sh", "timeout": 1e12}',
    b'{"content": "x", "agentProfileId": "sh", "timeout": 121}',
    b'{"content": "x\\u0000y", "agentProfileId": "sh"}',
    b'{"content": "", "agentProfileId": "sh"}',
    b'{"content": "x", "agentProfileId": "sh", "colour": "red"}',
    b'{"content": "x", "agentProfileId": "sh", "env": {"A B": "c"}}',
    b'{"content": "x", "agentProfileId": "sh", "env": {"PROMPT": "c"}}',
    b'{"content": "x", "agentProfileId": "sh", "type": "poem"}',
    b'{"content": "@/no/such/file.md", "agentProfileId": "sh", "type": "file-reference"}',
    b'{"content": "@/proc/self/mem", "agentProfileId": "sh", "type": "file-reference"}',
    b'{"content": "@~nosuchuser/x.md", "agentProfileId": "sh", "type": "file-reference"}',
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "/' + b"x" * 300 + b'"}',
    b'{"promptId": "nothing", "agentProfileId": "sh"}',
    b'{"content": ' + b"9" * 5000 + b"}",
    b'{"content": "x", "agentProfileId": "sh", "workingDirectory": "/\\ud800"}',
    b'{"content": "x {{A}}", "agentProfileId": "sh", "variables": {"A": "\\udc41"}}',
    b'{"content": "x", "agentProfileId": "sh", "variables": {"\\udc41": "x"}}',
    b'{"content": "x", "agentProfileId": "sh", "env": {"A": "\\ud800"}}',
    b'{"content": "x", "agentProfileId": "\\ud800"}',
    b'{"promptId": "\\ud800", "agentProfileId": "sh"}',
    b'{"content": "x", "agentProfileId": "sh", "\\ud800": 1}',
    b'{"content": "@\\ud800.md", "agentProfileId": "sh", "type": "file-reference"}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:60]))
def test_run_with_a_bad_body_is_4xx_with_a_sentence(shell: House, body: bytes) -> None:
    before = shell.api("GET", "runs")["total"]
    reply = shell.request("POST", f"{API}/run", body)
    assert 400 <= reply.status < 500
    assert len(reply.json["error"]) > 10
    assert reply.json["code"]
    assert shell.api("GET", "runs")["total"] == before


QUERIES = [
    "limit=x", "limit=0", "limit=-1", "limit=5;", "sort=colour", "sort=-", "status=dead", "triggeredBy=me", "from=yesterday",
    "from=2026-13-45", "cursor=%%%", "cursor=abc", "offset=-2", "page=3", "limit=1&limit=2", "from=2026-02-02&to=2026-01-01",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_runs_with_a_bad_query_is_400(shell: House, query: str) -> None:
    reply = shell.request("GET", f"{API}/runs?{query}")
    assert reply.status == 400
    assert reply.json["error"]


@pytest.mark.parametrize(
    "target",
    [
        "runs/nothing", "runs/%00", "runs/..", "runs/0123456789abcdefghjk", "runs/nothing/output", "runs/nothing/log",
        "profiles/nothing", "nothing", "runs/nothing/lines", "profiles/%F0%9F%98%80",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(shell: House, target: str) -> None:
    assert shell.request("GET", f"{API}/{target}").status in (400, 404)


@pytest.mark.parametrize("query", ["view=x", "from=-1", "from=1.5", "wait=x", "wait=9999", "view=clean", "colour=1"])
def test_output_with_a_bad_query_is_400(shell: House, query: str) -> None:
    run_id = start_run(shell, "true")["runId"]
    assert shell.request("GET", f"{API}/runs/{run_id}/output?view=raw&{query}").status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x"}, "invocationTemplate"),
        ({"name": "x", "invocationTemplate": "echo hello"}, "invocationTemplate"),
        ({"name": "x", "invocationTemplate": "echo '$PROMPT"}, "invocationTemplate"),
        ({"name": "x", "invocationTemplate": 'if true; then x "$PROMPT"'}, "invocationTemplate"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "slug": "Not A Slug"}, "slug"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "defaultTimeout": 60, "maxTimeout": 30}, "maxTimeout"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "env": {"1A": "x"}}, "env.1A"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "agentType": "clippy"}, "agentType"),
        ({"name": "x", "invocationTemplate": 'rm -rf / ; x "$PROMPT"'}, "acknowledgedDangers"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "cols": 5}, "cols"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "shell": "bash"}, "shell"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT" \ud800'}, "invocationTemplate"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "shell": "/\udfff"}, "shell"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "env": {"A": "\ud800"}}, "env.A"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "promptVia": "pigeon"}, "promptVia"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "runAsUser": "a\ud800"}, "runAsUser"),
        ({"name": "x", "invocationTemplate": 'x "$PROMPT"', "runAsUser": 0}, "runAsUser"),
    ],
)
def test_a_bad_profile_names_the_field(shell: House, body: dict[str, object], field: str) -> None:
    answer = shell.api("POST", "profiles", body, expect=400)
    assert field in answer["fields"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"maxConcurrentRuns": 0}, "maxConcurrentRuns"),
        ({"maxConcurrentRuns": "3"}, "maxConcurrentRuns"),
        ({"defaultTimeout": -1}, "defaultTimeout"),
        ({"defaultWorkingDirectory": "/no/such"}, "defaultWorkingDirectory"),
        ({"logDirectory": "/proc/x"}, "logDirectory"),
        ({"maxOutputBytes": 5}, "maxOutputBytes"),
        ({"colour": 1}, "colour"),
        ({"allowedRoots": []}, "allowedRoots"),
    ],
)
def test_bad_settings_name_the_field(shell: House, body: dict[str, object], field: str) -> None:
    answer = shell.api("PATCH", "settings", body, expect=400)
    assert field in answer["fields"]


def test_odd_digits_are_no_numbers(shell: House) -> None:
    run_id = start_run(shell, "true")["runId"]
    epoch = shell.api("GET", f"runs/{run_id}/output?view=clean")["version"].partition(".")[0]
    for have in (f"{epoch}.%C2%B2.1", f"{epoch}.{'9' * 5000}.1"):
        assert shell.api("GET", f"runs/{run_id}/output?view=clean&have={have}")["keep"] == 0
    for tag in ('"\xb2"', f'"{"9" * 5000}"', "x"):
        assert shell.request("PATCH", f"{API}/profiles/sh", {}, headers={"If-Match": tag}).status == 412
    assert shell.request("GET", f"{API}/files?path=/{'x' * 300}").status == 404


def test_a_directory_or_prompt_file_of_odd_bytes_is_4xx(shell: House) -> None:
    odd = os.fsencode(shell.folder) + b"/b\xff"
    os.mkdir(odd)
    (shell.folder / "way").symlink_to(os.fsdecode(odd))
    (shell.folder / "latin.md").write_bytes(b"caf\xe9")
    (shell.folder / "nul.md").write_bytes(b"a\0b")
    body = {"content": "true", "agentProfileId": "sh", "workingDirectory": f"{shell.folder}/way"}
    refused = shell.api("POST", "run", body, expect=400)["fields"]["workingDirectory"]
    assert refused == f"{shell.folder}/way leads to a directory whose name is not UTF-8 text."
    for name in ("latin.md", "nul.md"):
        asked = {**body, "content": name, "type": "file-reference", "workingDirectory": str(shell.folder)}
        assert "content" in shell.api("POST", "run", asked, expect=400)["fields"]
    assert shell.request("GET", f"{API}/files?path={shell.folder}/way").status == 200


def test_methods_types_and_tokens_are_said(shell: House) -> None:
    assert shell.request("DELETE", f"{API}/run").status == 405
    assert "POST" in shell.request("DELETE", f"{API}/run").headers["allow"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert shell.request("POST", f"{API}/run", b"a=b", headers=form).status == 415
    assert shell.request("GET", f"{API}/runs", token=None).status == 401
    assert shell.request("GET", f"{API}/nothing", token=None).status == 401
    assert shell.request("GET", f"{API}/runs", token="air_wrong").status == 401


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    [
        "content",
        "agentProfileId",
        "workingDirectory",
        "timeout",
        "type",
        "env",
        "variables",
        "promptId",
        "name",
        "slug",
        "cols",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_NAMES, _JSON, max_size=5))
def test_random_bodies_never_get_a_500(shell: House, body: dict[str, object]) -> None:
    data = json.dumps(body).encode()
    for target in ("run", "profiles", "profiles/validate", "settings"):
        method = "PATCH" if target == "settings" else "POST"
        assert shell.request(method, f"{API}/{target}", data).status < 500
