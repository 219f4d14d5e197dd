"""Who may do what: tokens and roles, the login link, sessions, Host and Origin, what never leaves the house."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from airunner.api.routes import routes
from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import API, TOKEN, House


def _login(house: House, **body: str) -> tuple[int, str, dict[str, object]]:
    reply = house.request("POST", "/api/login", body, token=None)
    return reply.status, reply.headers.get("set-cookie", ""), reply.json


def test_the_login_link_works_once_and_gives_an_administrators_session(shell: House) -> None:
    code = shell.login_link.partition("#login=")[2]
    status, cookie, answer = _login(shell, code=code)
    assert status == 200
    assert answer["role"] == "admin"
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    session = {"Cookie": cookie.partition(";")[0]}
    assert shell.request("GET", f"{API}/runs", token=None, headers=session).status == 200
    assert shell.request("GET", "/api/session", token=None, headers=session).json["role"] == "admin"
    assert _login(shell, code=code)[0] == 401
    assert shell.request("POST", "/api/logout", {}, token=None, headers=session).status == 200
    assert shell.request("GET", f"{API}/runs", token=None, headers=session).status == 401


def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    with House(tmp_path / "h") as house:
        _, cookie, _ = _login(house, token=TOKEN)
        house.restart()
        session = {"Cookie": cookie.partition(";")[0]}
        assert house.request("GET", f"{API}/runs", token=None, headers=session).status == 200


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_each_role_may_do_its_part_and_no_more(shell: House, role: str) -> None:
    token = shell.api("POST", "tokens", {"name": f"a {role}", "role": role}, expect=201)["token"]
    body = {"content": "true", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    allowed = {
        "look": shell.request("GET", f"{API}/runs", token=token).status,
        "run": shell.request("POST", f"{API}/run", body, token=token).status,
        "change": shell.request("PATCH", f"{API}/settings", {}, token=token).status,
        "tokens": shell.request("GET", f"{API}/tokens", token=token).status,
    }
    expected = {
        "viewer": {"look": 200, "run": 403, "change": 403, "tokens": 403},
        "operator": {"look": 200, "run": 201, "change": 403, "tokens": 403},
        "admin": {"look": 200, "run": 201, "change": 200, "tokens": 200},
    }
    assert allowed == expected[role]


def test_a_revoked_token_is_refused_at_once_and_after_a_restart(tmp_path: Path) -> None:
    with House(tmp_path / "h") as house:
        made = house.api("POST", "tokens", {"name": "x", "role": "viewer"}, expect=201)
        assert house.request("GET", f"{API}/runs", token=made["token"]).status == 200
        assert made["token"] not in json.dumps(house.api("GET", "tokens"))
        house.restart()
        assert house.request("GET", f"{API}/runs", token=made["token"]).status == 200
        house.api("DELETE", f"tokens/{made['id']}")
        assert house.request("GET", f"{API}/runs", token=made["token"]).status == 401
        house.restart()
        assert house.request("GET", f"{API}/runs", token=made["token"]).status == 401


def test_a_session_ends_with_the_token_that_opened_it(shell: House) -> None:
    made = shell.api("POST", "tokens", {"name": "short", "role": "viewer", "expiresInDays": 1}, expect=201)
    _, cookie, answer = _login(shell, token=made["token"])
    assert answer["expiresAt"] == made["expiresAt"]
    session = cookie.partition(";")[0]
    assert shell.request("GET", f"{API}/runs", token=None, headers={"Cookie": session}).status == 200
    assert _login(shell, token=session.partition("=")[2])[0] == 401  # a session opens no other
    shell.api("DELETE", f"tokens/{made['id']}")
    assert shell.request("GET", f"{API}/runs", token=None, headers={"Cookie": session}).status == 401


def test_an_operator_cannot_choose_what_is_executed(shell: House) -> None:
    token = shell.api("POST", "tokens", {"name": "op", "role": "operator"}, expect=201)["token"]
    evil = shell.folder / "evil.sh"
    evil.write_text("#!/bin/sh\ntouch executed\n")
    evil.chmod(0o755)
    draft = {"invocationTemplate": 'x "$PROMPT"', "shell": str(evil)}
    for target in ("profiles/validate", "profiles/sh/validate"):
        assert shell.request("POST", f"{API}/{target}", draft, token=token).status == 403
    body = {"content": "true", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    refused = shell.request("POST", f"{API}/run", {**body, "env": {"PATH": str(shell.folder)}}, token=token)
    assert refused.status == 403


def test_an_operator_cannot_read_what_makes_an_administrator(shell: House) -> None:
    token = shell.api("POST", "tokens", {"name": "op", "role": "operator"}, expect=201)["token"]
    for place in (shell.data, shell.data / "runs", "/proc/self", "/sys", "/dev"):
        assert shell.request("GET", f"{API}/files?path={place}", token=token).status == 403
        body = {"content": "true", "agentProfileId": "sh", "workingDirectory": str(place)}
        assert shell.request("POST", f"{API}/run", body, token=token).status == 400
    for path in (
        shell.data / "local.token",
        shell.data / "airunner.db",
        "/proc/kmsg",
        "/proc/self/environ",
        "/dev/zero",
    ):
        for extra in ({}, {"dryRun": True}):
            body = {
                "content": str(path),
                "type": "file-reference",
                "agentProfileId": "sh",
                "workingDirectory": "/",
                **extra,
            }
            refused = shell.request("POST", f"{API}/run", body, token=token)
            assert refused.status == 400, path
            assert "air_" not in refused.body.decode()


def test_a_prompt_file_that_is_a_pipe_blocks_nobody(shell: House) -> None:
    os.mkfifo(shell.folder / "pipe")
    body = {"content": "pipe", "type": "file-reference", "agentProfileId": "sh", "workingDirectory": str(shell.folder)}
    assert shell.request("POST", f"{API}/run", body, timeout=5).status == 400


def test_logging_out_with_a_lasting_token_leaves_it_alone(shell: House) -> None:
    token = shell.api("POST", "tokens", {"name": "script", "role": "viewer"}, expect=201)["token"]
    assert shell.request("POST", "/api/logout", {}, token=token).status == 200
    assert shell.request("GET", f"{API}/runs", token=token).status == 200


def test_every_route_but_the_open_ones_needs_a_token(shell: House) -> None:
    table = routes(None)  # type: ignore[arg-type]  # handlers are not called here
    assert len(table) > 25
    for route in table:
        target = route.pattern.replace(":runId", "x").replace(":id", "x")
        status = shell.request(route.method, target, token=None).status
        assert (status == 401) is (route.role is not None or target == "/api/session"), (route.method, target, status)


def test_a_foreign_host_or_origin_is_refused(shell: House) -> None:
    assert shell.request("GET", f"{API}/runs", headers={"Host": "evil.example"}).status == 403
    assert shell.request("GET", "/", token=None, headers={"Host": "evil.example"}).status == 403
    for origin in ("https://evil.example", "null"):
        assert shell.request("PATCH", f"{API}/settings", {}, headers={"Origin": origin}).status == 403
    assert shell.request("PATCH", f"{API}/settings", {}, headers={"Origin": shell.url}).status == 200


def test_pages_carry_a_strict_policy(shell: House) -> None:
    reply = shell.request("GET", "/", token=None)
    assert reply.status == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_failed_logins_are_slowed_down(tmp_path: Path) -> None:
    with House(tmp_path / "h") as house:
        statuses = [_login(house, token=f"air_guess{number}")[0] for number in range(14)]
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert house.request("GET", f"{API}/runs").status == 200


def test_environment_values_never_come_back(shell: House) -> None:
    secret = "the-value-of-the-key"
    make_profile(shell, "secretive", env={"API_KEY": secret, "GONE": "x"})
    changed = shell.api("PATCH", "profiles/secretive", {"env": {"API_KEY": "••••••••", "GONE": None}})
    assert changed["env"] == {"API_KEY": "••••••••"}
    run = shell.wait_for_run(
        start_run(shell, 'test "$API_KEY" = the-value-of-the-key && echo same', "secretive")["runId"]
    )
    assert run["stdout"] == "same\n"
    for target in ("profiles", "profiles/secretive", "runs"):
        assert secret not in json.dumps(
            shell.api("GET", target).get("env", "") if target == "profiles/secretive" else ""
        )
    assert secret not in json.dumps(shell.api("GET", "profiles"))
    folder = next((shell.data / "runs").rglob(run["runId"]))
    for path in folder.iterdir():
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_everything_on_disk_is_private(shell: House) -> None:
    shell.wait_for_run(start_run(shell, "echo x")["runId"])
    for folder, folders, files in os.walk(shell.data):
        for name in folders:
            assert stat.S_IMODE(os.lstat(Path(folder) / name).st_mode) == 0o700, name
        for name in files:
            assert stat.S_IMODE(os.lstat(Path(folder) / name).st_mode) & 0o077 == 0, name


def test_without_auth_only_loopback_and_no_token_needed(tmp_path: Path) -> None:
    with House(tmp_path / "h", "--no-auth") as house:
        assert house.request("GET", f"{API}/runs", token=None).status == 200
        evil = {"Origin": "https://evil.example"}
        assert house.request("PATCH", f"{API}/settings", {}, token=None, headers=evil).status == 403
