"""The command line against a real server: a user's first minutes in a shell."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from airunner.server.auth import hash_token
from tests.helpers.proc import find
from tests.helpers.server import House
from tests.helpers.stores import IS_MONGODB
from tests.helpers.wait import until


@pytest.fixture
def shell(house: House) -> House:
    """A house with a profile whose prompt is a script."""
    done = house.cli("profiles", "create", "--name", "Shell", "--template", 'sh -c "$PROMPT"', "--env", "WHO=me")
    assert done.stdout == b"profile shell created.\n", done.stderr
    return house


def test_run_when_the_agent_ends_then_output_and_exit_code_come_back(shell: House) -> None:
    done = shell.cli("run", "echo $WHO; printf x; exit 3", "--profile", "shell")
    assert (done.returncode, done.stdout) == (3, b"me\r\nx")
    (shell.folder / "place").mkdir()
    done = shell.cli("run", "-", "--profile", "shell", "--dir", "place", stdin=b"pwd")
    assert (done.returncode, done.stdout.strip()) == (0, str(shell.folder / "place").encode())
    rows = shell.cli("runs").stdout.decode().splitlines()
    assert [row.split()[1] for row in rows] == ["STATUS", "completed", "failed"]


def test_logs_when_asked_for_last_then_clean_or_raw_followed_or_not(shell: House) -> None:
    shell.cli("run", r"printf 'a\033[31mb\033[0m\nc\n'", "--profile", "shell")
    for arguments, expected in (
        (("logs", "last"), b"ab\nc\n"),
        (("logs", "last", "-f"), b"ab\nc\n"),
        (("logs", "last", "--raw"), b"a\x1b[31mb\x1b[0m\r\nc\r\n"),
        (("logs", "last", "--raw", "--follow"), b"a\x1b[31mb\x1b[0m\r\nc\r\n"),
    ):
        done = shell.cli(*arguments)
        assert (done.returncode, done.stdout) == (0, expected), (arguments, done.stderr)


def test_run_when_dry_then_nothing_is_started(shell: House) -> None:
    done = shell.cli("run", "echo hello", "--profile", "shell", "--dry-run")
    assert done.returncode == 0
    assert b"echo hello" in done.stdout
    assert json.loads(shell.cli("runs", "--json").stdout) == []


def test_run_when_interrupted_then_nothing_of_it_is_left(shell: House) -> None:
    process = subprocess.Popen(
        shell.cli_command("run", "echo up; exec sleep 98.7654", "--profile", "shell"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell.cli_environ(),
        cwd=shell.folder,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\r\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143, err
    assert b"killed" in err
    assert find("98.7654") == []


def test_run_when_the_server_is_killed_and_started_again_then_it_is_seen_through(shell: House) -> None:
    gate = shell.folder / "gate"
    process = subprocess.Popen(
        shell.cli_command(
            "run", f"echo one; while [ ! -e {gate} ]; do sleep 0.05; done; echo two", "--profile", "shell"
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell.cli_environ(),
        cwd=shell.folder,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"one\r\n"
    shell.kill9()
    gate.touch()
    shell.start()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b"two\r\n"), err


def test_detached_run_when_killed_by_a_beginning_of_its_id_then_it_ends(shell: House) -> None:
    run_id = shell.cli("run", "sleep 60", "--profile", "shell", "--detach").stdout.decode().strip()
    done = shell.cli("kill", run_id[:-1])
    assert (done.returncode, done.stdout.decode()) == (0, f"run {run_id} is being ended.\n")
    assert shell.wait_for_run(run_id)["status"] == "killed"
    done = shell.cli("kill", run_id)
    assert done.returncode == 1
    assert b"ended" in done.stderr


def test_run_when_the_profile_is_unknown_then_the_servers_sentence(house: House) -> None:
    done = house.cli("run", "x", "--profile", "nobody")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"airunner: ")
    assert b"nobody" in done.stderr


@pytest.mark.parametrize("size", [5_000_000, 80_000_000])
def test_run_when_the_prompt_is_over_what_a_request_may_have_then_a_sentence_with_the_limit(
    house: House, size: int
) -> None:
    done = house.cli("run", "-", "--profile", "x", stdin=b"x" * size)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        "airunner: A request may have 4,194,304 bytes at most; put what is longer into a file and name it.\n"
    )


def test_token_when_the_server_runs_then_it_works_at_once_until_it_is_revoked(house: House) -> None:
    token = house.cli("token", "create", "--name", "ci", "--role", "viewer", "--days", "2").stdout.decode().strip()

    def status() -> int:
        return house.request("GET", "/api/session", token=token).status

    assert status() == 200
    listed = json.loads(house.cli("token", "list", "--json").stdout)
    assert [(entry["name"], entry["role"]) for entry in listed] == [("ci", "viewer")]
    assert token not in json.dumps(listed)
    assert house.cli("token", "revoke", listed[0]["id"]).returncode == 0
    assert status() == 401


@pytest.mark.sqlite
def test_token_when_no_server_runs_then_it_goes_to_the_store(tmp_path: Path) -> None:
    house = House(tmp_path)
    done = house.cli("token", "create", "--name", "early bird", "--role", "admin")
    token = done.stdout.decode().strip()
    assert done.returncode == 0, done.stderr
    assert b"early bird" in house.cli("token", "list").stdout
    for file in house.data.iterdir():
        assert token.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0
    assert any(hash_token(token).encode() in file.read_bytes() for file in house.data.iterdir())
    with house:
        assert house.request("GET", "/api/session", token=token).status == 200
    token_id = json.loads(house.cli("token", "list", "--json").stdout)[0]["id"]
    assert house.cli("token", "revoke", token_id).returncode == 0
    assert house.cli("token", "revoke", token_id).returncode == 1


def test_doctor_when_a_server_runs_then_all_is_well(house: House) -> None:
    done = house.cli("doctor")
    assert done.returncode == 0, done.stdout
    assert f"{house.url} is well." in done.stdout.decode()
    assert (b"mongodb opens." if IS_MONGODB else b"sqlite opens.") in done.stdout


def test_serve_when_the_folder_is_taken_then_a_sentence(house: House) -> None:
    done = house.cli("serve", "--port", "0", "--data", str(house.data))
    assert done.returncode == 1
    assert done.stderr.startswith(b"airunner: Another airunner server")


def test_runs_when_the_reader_leaves_then_no_traceback(shell: House) -> None:
    shell.cli("run", "seq 200000", "--profile", "shell", "--detach")
    process = subprocess.Popen(
        shell.cli_command("logs", "last", "-f"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=shell.cli_environ(), cwd=shell.folder,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    until(lambda: process.poll() is not None)
    assert process.returncode == 1
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()


def test_words_when_the_server_has_a_certificate_for_another_name_then_they_know_it(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    names = ["-subj", "/CN=agents.example", "-addext", "subjectAltName=DNS:agents.example"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with House(tmp_path / "house", "--tls-cert", str(certificate), "--tls-key", str(key)) as house:
        assert house.url.startswith("https://")
        assert house.cli("profiles").returncode == 0
        done = house.cli("token", "create", "--name", "x", "--role", "viewer")
        assert done.stdout.startswith(b"air_")


def test_words_when_the_output_cannot_be_written_then_a_sentence(shell: House) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            shell.cli_command("profiles"), stdout=full, stderr=subprocess.PIPE, env=shell.cli_environ(), timeout=30
        )
    assert done.returncode == 1
    assert done.stderr == b"airunner: No space left on device.\n"
