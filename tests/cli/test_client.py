"""What goes wrong between the command line and a server is one sentence."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from airunner.cli.client import Api
from airunner.config import load
from tests.cli.conftest import Call, Start
from tests.cli.stub import RUN, Stub


def one_sentence(stderr: str) -> str:
    assert stderr.startswith("airunner: ")
    assert stderr.count("\n") == 1
    return stderr


def test_call_when_no_server_was_started_then_it_says_how_to(call: Call) -> None:
    done = call("runs")
    assert (done.returncode, done.stdout) == (1, "")
    assert "airunner serve" in one_sentence(done.stderr)


def test_call_when_nothing_listens_then_the_address_is_named(stub: Stub, call: Call) -> None:
    stub.stop()
    done = call("runs")
    assert done.returncode == 1
    assert f"{stub.url} cannot be reached: nothing listens there" in one_sentence(done.stderr)


def test_call_when_the_token_is_not_taken_then_it_says_which_to_set(stub: Stub, call: Call) -> None:
    done = call("runs", AIRUNNER_TOKEN="air_wrong")
    assert done.returncode == 1
    assert "AIRUNNER_TOKEN" in one_sentence(done.stderr)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"runs": ', b"[]", b"{}", b'{"runs": 3}', b"\xff"])
def test_call_when_the_answer_is_not_ours_then_a_sentence(stub: Stub, call: Call, body: bytes) -> None:
    stub.canned["GET", "runs"] = 200, body
    done = call("runs")
    assert done.returncode == 1
    assert "is it an airunner" in one_sentence(done.stderr)


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway", b"[]", b"{}"])
def test_call_when_the_error_is_not_ours_then_its_status_is_said(stub: Stub, call: Call, body: bytes) -> None:
    stub.canned["GET", "runs"] = 502, body
    assert "502" in one_sentence(call("runs").stderr)


def test_call_when_the_url_is_named_then_it_is_used(stub: Stub, call: Call) -> None:
    (stub.data / "server.json").unlink()
    assert call("runs", AIRUNNER_URL=stub.url + "/").returncode == 0
    assert call("runs", AIRUNNER_URL="nonsense").returncode == 2


def test_api_when_the_server_is_elsewhere_then_the_local_token_stays_here(stub: Stub) -> None:
    def token_for(url: str) -> str | None:
        environ = {"AIRUNNER_DATA": str(stub.data), "AIRUNNER_URL": url}
        return Api(load("runs", {}, environ, uid=1, folder=stub.data))._headers(None).get("Authorization")

    assert token_for("http://127.0.0.1:1") == "Bearer air_local"
    assert token_for("https://agents.example") is None
    (stub.data / "server.json").write_text(json.dumps({"url": "https://agents.example"}))
    assert token_for("https://agents.example") == "Bearer air_local"


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """Send the same bytes to whoever connects, then hang up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_call_when_the_other_side_hangs_up_then_a_sentence(call: Call, data: bytes) -> None:
    with answering(data) as url:
        done = call("runs", AIRUNNER_URL=url)
    assert done.returncode == 1
    assert "cannot be reached" in one_sentence(done.stderr)


def test_call_when_the_certificate_is_not_trusted_or_there_is_none_then_a_sentence(stub: Stub, call: Call) -> None:
    done = call("runs", AIRUNNER_URL=stub.url.replace("http:", "https:"))
    assert done.returncode == 1
    assert "cannot be reached" in one_sentence(done.stderr)


def test_output_when_its_reader_has_gone_then_a_sentence(stub: Stub, start: Start) -> None:
    stub.output = b"x" * 300_000
    process = start("logs", RUN)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(10) == 1
    said = process.stderr.read()
    assert b"gone" in said
    assert b"Traceback" not in said and b"Exception ignored" not in said
    process.stdout = None
