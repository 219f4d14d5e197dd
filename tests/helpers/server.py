"""A whole airunner as its users have it: a real process, a real data folder, HTTP on a free port."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.helpers.proc import children, command_line, started
from tests.helpers.stores import IS_MONGODB, databases
from tests.helpers.wait import until

ROOT = Path(__file__).resolve().parent.parent.parent
API = "/api/modules/ai-runner"
TOKEN = "air_token-of-the-tests"
_READY = "airunner ready at "


class Reply(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class House:
    """`airunner serve` on 127.0.0.1 port 0. Use it as a context manager, or the fixture `house`."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        archive: Path | None = None,
        environ: Mapping[str, str] | None = None,
        under: Sequence[str] = (),
    ) -> None:
        """`under` is a command that becomes the server, whose command line is given to it as arguments."""
        self.folder = folder
        self.data = folder / "data"
        self.url = ""
        self.login_link = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, str(archive or ROOT / "airunner.py"), "serve", "--port", "0"]
        self._command += ["--data", str(self.data), *options]
        has_own_store = "AIRUNNER_STORE" in (environ or {})
        self._store = {"AIRUNNER_STORE": databases.lend()} if IS_MONGODB and not has_own_store else {}
        self._environ = clean_environ() | self._store | {"AIRUNNER_TOKEN": TOKEN} | dict(environ or {})
        self._under = under
        self._starts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The pid of the server."""
        assert self.process is not None
        return self.process.pid

    @property
    def nursery(self) -> int:
        """The pid of its nursery; one that was killed is missing until it has been replaced."""
        return until(self.nurseries)[0]

    def nurseries(self) -> list[int]:
        """Return the children that run the same program, oldest first: any other is a login shell before its exec."""
        programs = ("airunner.py", ".pyz")
        found = [pid for pid in children(self.pid) if any(word.endswith(programs) for word in command_line(pid))]
        return sorted(found, key=lambda pid: started(pid) or 0)

    def start(self, within: float = 15.0) -> None:
        """Start the server and wait until it says that it is ready."""
        self._starts += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._out().open("wb") as out, self._err().open("wb") as err:
            self.process = subprocess.Popen(
                [*self._under, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=self._environ,
                cwd=self.folder,
            )
        until(self._is_ready, within, every=0.005)
        lines = self._out().read_text().splitlines()
        self.url = lines[0].removeprefix(_READY).strip().rstrip("/")
        self.login_link = next((line.split()[-1] for line in lines[1:] if "#login=" in line), "")

    def kill9(self) -> None:
        """End the server as the out-of-memory killer does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End the server as systemd does; return its exit code."""
        return self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Stop it and start it again, on another port."""
        if self.process and self.process.poll() is None:
            self.stop()
        self.start()

    def start_again(self) -> None:
        """Start it where it was: at the port that browsers have in their address."""
        self._command[self._command.index("--port") + 1] = str(urlsplit(self.url).port)
        self.start()

    def close(self) -> None:
        """End the runs and the server, however the test has left them."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(OSError, AssertionError, ValueError, http.client.HTTPException):
                self._end_runs()
            self._end(signal.SIGTERM)
        if url := self._store.pop("AIRUNNER_STORE", None):
            databases.give_back(url)

    def api(
        self, method: str, path: str, body: object = None, expect: int | tuple[int, ...] = 200, **query: str
    ) -> Any:
        """Call the API (below its base, or anywhere when `path` begins with a slash); return the JSON answer."""
        target = path if path.startswith("/") else f"{API}/{path}"
        if query:
            target += "?" + "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        reply = self.request(method, target, body)
        wanted = (expect,) if isinstance(expect, int) else expect
        assert reply.status in wanted, f"{method} {target}: {reply.status} {reply.body[:2000]!r}\n{self.log()}"
        return reply.json

    def request(
        self, method: str, target: str, body: object = None, *, token: str | None = TOKEN, timeout: float = 40.0,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """Make one HTTP request on a connection of its own."""
        parts = urlsplit(self.url)
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        if data is not None:
            fields["Content-Type"] = "application/json"
        connection = self.connect(timeout)
        with contextlib.closing(connection):
            connection.request(method, parts.path + target, data, {**fields, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def connect(self, timeout: float = 40.0) -> http.client.HTTPConnection:
        """Return a new connection to the server."""
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=trusting)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)

    def wait_for_run(self, run_id: str, within: float = 15.0) -> Any:
        """Wait until a run has ended; return its record, with output."""

        def has_ended() -> bool:
            return self.api("GET", f"runs/{run_id}?output=none")["status"] not in ("queued", "running")

        until(has_ended, within, every=0.02)
        return self.api("GET", f"runs/{run_id}")

    def cli(self, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> subprocess.CompletedProcess[bytes]:
        """Run a word of the command line against this server."""
        return subprocess.run(
            self.cli_command(*arguments), input=stdin, capture_output=True, timeout=timeout, env=self.cli_environ(),
            cwd=self.folder,
        )  # fmt: skip

    def cli_command(self, *arguments: str) -> list[str]:
        """Return the command for a word, for tests that start it themselves."""
        return [*self._command[:2], *arguments]

    def cli_environ(self) -> dict[str, str]:
        """Return the environment in which a word finds this server."""
        return clean_environ() | self._store | {"AIRUNNER_DATA": str(self.data)}

    def log(self) -> str:
        """Return what the server has written to stderr since it was started last."""
        return self._err().read_text("utf-8", "replace") if self._err().exists() else ""

    def _out(self) -> Path:
        return self.folder / f"serve-{self._starts}.out"

    def _err(self) -> Path:
        return self.folder / f"serve-{self._starts}.err"

    def _is_ready(self) -> bool:
        assert self.process is not None
        ended = self.process.poll()
        assert ended is None, f"the server ended with exit code {ended}:\n{self.log()}"
        out = self._out().read_text()
        return out.startswith(_READY) and out.count("\n") >= (1 if "--no-auth" in self._command else 2)

    def _end_runs(self) -> None:
        for run in self.api("GET", "runs/active"):
            self.request("POST", f"{API}/runs/{run['runId']}/kill")
        until(lambda: not self.api("GET", "runs/active"), within=20)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
            raise AssertionError(f"the server did not end on {number.name}:\n{self.log()}") from None


def clean_environ() -> dict[str, str]:
    """Return the environment without what would steer airunner."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRUNNER_")}
