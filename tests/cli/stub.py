"""A stand-in for the server: one run whose output the test hands out, on a real socket, and it can be restarted."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/modules/ai-runner/"
RUN = "01k9z6bq4mfn3t8w2xyz"


class Stub:
    """Answers as airunner does, as far as the command line asks."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.token = "air_local"
        self.output = b""
        self.record: dict[str, Any] = {"runId": RUN, "status": "running", "exitCode": None, "reason": None}
        self.others: list[dict[str, Any]] = []
        self.seen: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.canned: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.refuse_with: tuple[int, str] | None = None
        self.on_kill = self.end_killed
        self.start()

    def start(self) -> None:
        """Listen on a free port and write down where, as `serve` does."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "server.json").write_text(json.dumps({"url": self.url}))
        (self.data / "local.token").write_text(self.token)
        self.up = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and hang up on whoever waits."""
        self.up = False
        self.server.shutdown()
        self.server.server_close()

    def end(self, status: str, code: int | None, reason: str | None = None) -> None:
        """Let the run end."""
        self.record |= {"status": status, "exitCode": code, "reason": reason}

    def end_killed(self) -> None:
        """What a kill does, unless the test says otherwise."""
        self.end("killed", 143)

    def asked(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the requests of this kind."""
        return [body for m, p, _, body in self.seen if (m, p) == (method, path)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def do_GET(self) -> None:
                stub.answer(self)

            do_POST = do_PATCH = do_DELETE = do_GET

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        parts = urlsplit(handler.path)
        query, path = parse_qs(parts.query), parts.path.removeprefix(API)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.seen.append((handler.command, path, query, json.loads(body) if body else None))
        if handler.headers.get("Authorization") != f"Bearer {self.token}":
            reply = 401, json.dumps({"error": "No valid token.", "code": "unauthorised"}).encode()
        elif self.refuse_with:
            reply = self.refuse_with[0], json.dumps({"error": self.refuse_with[1], "code": "x"}).encode()
        else:
            reply = self.canned.get((handler.command, path)) or self.reply(handler.command, path, query)
        if not self.up:
            handler.close_connection = True
            return
        handler.send_response(reply[0])
        handler.send_header("Content-Length", str(len(reply[1])))
        handler.end_headers()
        handler.wfile.write(reply[1])

    def reply(self, method: str, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return status and body for what airunner itself would answer."""
        status, content = 200, {}
        if (method, path) == ("POST", "run"):
            status, content = 201, self.record
        elif (method, path) == ("POST", f"runs/{RUN}/kill"):
            self.on_kill()
            content = {"success": True}
        elif path == "runs":
            content = {"runs": [self.record, *self.others], "total": 1, "totalIsMore": False, "nextCursor": None}
        elif path == f"runs/{RUN}":
            content = self.record
        elif path == f"runs/{RUN}/log":
            return 200, self.output
        elif path == f"runs/{RUN}/output":
            content = self.feed(int(query["from"][0]), float(query["wait"][0]))
        else:
            status, content = 404, {"error": f"There is no {path}.", "code": "not_found"}
        return status, json.dumps(content).encode()

    def feed(self, start: int, wait: float) -> dict[str, Any]:
        """Hold the poll until there are bytes, the run ends or the time is up."""
        deadline = time.monotonic() + wait
        while self.up and self.record["status"] == "running" and len(self.output) <= start:
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        ended = self.record["status"] != "running"
        data = self.output[start : start + 7]  # small pieces: the end is not in the first answer
        return {
            "from": start,
            "next": start + len(data),
            "data": base64.b64encode(data).decode(),
            "status": self.record["status"],
            "done": ended and start + len(data) == len(self.output),
        }
