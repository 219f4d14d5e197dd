"""MongoDB that asks who is there, over TLS: the roles that the README names are enough, and the password is nowhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests.helpers.mongod import Mongod
from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import API, House
from tests.helpers.wait import until

_USER, _PASSWORD = "keeper", "p@ss:w/rd?#%"
_QUOTED = "p%40ss%3Aw%2Frd%3F%23%25"

_ROLES = [{"role": role, "db": "own"} for role in ("readWrite", "dbAdmin")]


def _have_roles(mongod: Mongod, roles: list[dict[str, str]]) -> None:
    with mongod.client(username="root", password="root") as client:
        client["own"].command("updateUser", _USER, roles=roles)


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[Mongod]:
    """A server alone that wants a login and a client that speaks TLS; `<folder>/cert.pem` vouches for it."""
    certificate, key, both = (tmp_path / name for name in ("cert.pem", "key.pem", "both.pem"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    tls = ["--tlsMode", "allowTLS", "--tlsCertificateKeyFile", str(both)]  # the helper itself does without
    running = Mongod(tmp_path, options=["--auth", *tls])
    try:
        running.start()
        with running.client() as client:  # the first user may be made by whoever is on the machine
            client["admin"].command("createUser", "root", pwd="root", roles=["root"])
        with running.client(username="root", password="root") as client:
            client["own"].command("createUser", _USER, pwd=_PASSWORD, roles=_ROLES)
        yield running
    finally:
        running.stop()


def test_house_when_mongodb_wants_a_login_over_tls_then_it_works_and_keeps_the_password_to_itself(
    mongod: Mongod, tmp_path: Path
) -> None:
    options = f"authSource=own&tls=true&tlsCAFile={tmp_path / 'cert.pem'}"
    url = f"mongodb://{_USER}:{_QUOTED}@{mongod.address}/own?{options}"
    with House(tmp_path / "house", environ={"AIRUNNER_STORE": url}) as house:
        make_profile(house)
        run = house.wait_for_run(start_run(house, "env")["runId"])
        assert run["status"] == "completed"
        house.api("PATCH", "settings", {"recordRetentionDays": 30})  # changes an index
        house.restart()
        assert house.api("GET", "runs")["total"] == 1
        _have_roles(mongod, [])
        refused = until(lambda: (reply := house.request("GET", f"{API}/runs")).status == 503 and reply)
        assert "Look at user, password and roles" in refused.json["error"]
        _have_roles(mongod, _ROLES)
        until(lambda: house.request("GET", f"{API}/runs").status == 200)
        seen = [run["stdout"], house.log(), house.cli("doctor").stdout.decode(), str(house.api("GET", "settings"))]
        mongod.stop()
        seen.append(house.request("GET", "/api/modules/ai-runner/runs").body.decode())
        seen.append(house.request("GET", "/readyz").body.decode())
        mongod.start()
        seen.append(house.log())
        for path in house.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                seen.append(path.read_bytes().decode("utf-8", "replace"))
    for text in seen:
        for secret in (_PASSWORD, _QUOTED):
            assert secret not in text
    with MongoClient(f"mongodb://{_USER}:{_QUOTED}@{mongod.address}/own?authSource=own") as client:
        assert client["own"]["aiRunnerRuns"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("user", "options", "words"),
    [
        (f"{_USER}:wrong-{_QUOTED}", "authSource=own", "Look at user, password and roles"),
        (f"{_USER}:{_QUOTED}", "authSource=own&tls=true", "certificate"),
    ],
)
def test_house_when_mongodb_does_not_let_it_in_then_the_reason_is_said_without_the_password(
    mongod: Mongod, tmp_path: Path, user: str, options: str, words: str
) -> None:
    url = f"mongodb://{user}@{mongod.address}/own?{options}"
    environ = {**os.environ, "AIRUNNER_STORE": url}
    command = House(tmp_path / "house").cli_command("serve", "--port", "0", "--data", str(tmp_path / "data"))
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60)
    said = done.stderr.decode()
    assert done.returncode == 1
    assert words in said and "Traceback" not in said
    assert _PASSWORD not in said and _QUOTED not in said
