"""TLS: a real certificate, real handshakes, and clients that do not shake hands."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.server.limits import Limits
from airunner.server.tls import make_context
from airunner.server.wire import Request, Response
from tests.helpers.wait import until
from tests.server.served import Served, Wire, request, served

_BIG = bytes(range(256)) * 12_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = str(folder / "cert.pem"), str(folder / "key.pem")
    options = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command = ["openssl", "req", "-x509", *options, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def _secure(site: Served) -> Wire:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return Wire(context.wrap_socket(site.connect().sock, suppress_ragged_eofs=False))


def _handle(asked: Request) -> Response:
    if asked.path == "/big":
        return Response(200, {}, _BIG)
    if asked.path == "/stream":
        return Response(200, {}, (_BIG[start : start + 10_000] for start in range(0, len(_BIG), 10_000)))
    return Response(200, {}, f"{asked.secure} {len(asked.body)}".encode())


def test_tls_when_used_then_everything_works_as_without(pair: tuple[str, str]) -> None:
    with served(_handle, tls=make_context(*pair)) as site, _secure(site) as wire:
        assert wire.ask("GET /").body == b"True 0"
        assert wire.ask(request("POST /", body=b"x" * 1_000_000)).body == b"True 1000000"
        assert wire.ask("GET /big").body == _BIG
        assert wire.ask("GET /stream").body == _BIG
        wire.send(request("GET /") * 20)
        assert [wire.answer().status for _ in range(20)] == [200] * 20
        assert wire.ask(request("GET /", "Connection: close")).status == 200
        assert wire.sock.recv(1) == b""  # a clean end, not a cut one


def test_tls_when_the_upload_is_refused_then_the_client_reads_why(pair: tuple[str, str]) -> None:
    with served(_handle, tls=make_context(*pair)) as site, _secure(site) as wire:
        assert wire.ask(request("POST /", "Content-Length: 5000000") + b"x" * 100_000).status == 413


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b""])
def test_tls_when_the_client_speaks_otherwise_then_closed(pair: tuple[str, str], first: bytes) -> None:
    limits = Limits(handshake_seconds=0.2)
    with served(_handle, tls=make_context(*pair), limits=limits) as site:
        with site.connect() as wire:
            wire.send(first)
            until(lambda: site.server.connections == 0)
        with _secure(site) as other:
            assert other.ask("GET /").status == 200


def test_tls_when_clients_leave_in_the_handshake_then_forgotten(pair: tuple[str, str]) -> None:
    with served(_handle, tls=make_context(*pair)) as site:
        wires = [site.connect() for _ in range(10)]
        for wire in wires:
            wire.send(b"\x16\x03")
        until(lambda: site.server.connections == 10)
        for wire in wires:
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.sock.close()
        until(lambda: site.server.connections == 0)


def test_tls_when_stopped_during_a_handshake_then_it_ends(pair: tuple[str, str]) -> None:
    with served(_handle, tls=make_context(*pair)) as site, site.connect():
        until(lambda: site.server.connections == 1)
        site.server.stop(0.2)
        site.thread.join(3)
        assert not site.thread.is_alive()


def test_make_context_when_files_are_wrong_then_a_sentence(pair: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    for certificate, key in (("/does/not/exist", pair[1]), (pair[0], str(tmp_path / "empty")), (pair[1], pair[0])):
        with pytest.raises(Invalid, match="cannot be used"):
            make_context(certificate, key)


def test_server_when_imported_then_our_tls_is_not() -> None:
    code = "import sys, airunner.server.loop, airunner.server.front; sys.exit('airunner.server.tls' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
