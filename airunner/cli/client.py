"""The door to a running server: finds it, calls it, and turns what goes wrong into one sentence.

A long-poll waits inside a window: only there a signal breaks in, so that no byte of output is lost to it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote, urlencode, urlsplit

from airunner.base.errors import AirunnerError, Broken, Busy
from airunner.config import Config, is_loopback

API = "/api/modules/ai-runner"
_PATIENCE = 30.0  # seconds a server may take for an answer, on top of the time it was asked to wait
_PIECE = 65536
_LOST = (OSError, http.client.HTTPException)


class Unreachable(Busy):
    """No server answers; it may be starting again."""


class Refused(AirunnerError):
    """The server answered with an error; `status` is that of its answer."""

    def __init__(self, message: str, status: int, code: str | None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, code=code, fields=fields)
        self.status = status


class Window(Protocol):
    """Where a signal may break into a wait."""

    def window(self) -> AbstractContextManager[None]:
        """Return a context in which a signal raises."""


class Closed:
    """A window that stays shut: signals do what they do by default."""

    def window(self) -> AbstractContextManager[None]:
        """Return a context that does nothing."""
        return contextlib.nullcontext()


class Api:
    """Calls of one server, over one kept connection. Used by one thread."""

    def __init__(self, config: Config, signals: Window | None = None) -> None:
        self._config = config
        self._signals = signals or Closed()
        self._connection: http.client.HTTPConnection | None = None
        self.find()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def find(self) -> bool:
        """Look (again) where the server is and which token it takes; say whether that changed. Raise Unreachable."""
        before = getattr(self, "url", None), getattr(self, "_token", None)
        self.url = self._config.url or server_of(self._config.data)
        self._certificate = None if self._config.url else _written(self._config.data, "certificate")
        self._token = self._config.token or self._local_token()
        self.close()
        return before != (self.url, self._token)

    def get(self, path: str, **query: Any) -> Any:
        """GET below the API's base; return the JSON answer."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Any:
        """POST below the API's base; return the JSON answer."""
        return self.call("POST", path, body=body)

    def patch(self, path: str, body: object) -> Any:
        """PATCH below the API's base; return the JSON answer."""
        return self.call("PATCH", path, body=body)

    def delete(self, path: str, **query: Any) -> Any:
        """DELETE below the API's base; return the JSON answer."""
        return self.call("DELETE", path, query=query)

    def call(self, method: str, path: str, *, body: object = None, query: Mapping[str, Any] | None = None) -> Any:
        """Make one call; raise Unreachable when no answer comes, Refused when it is an error."""
        wait = float((query or {}).get("wait", 0))
        with self._exchange(method, path, body, query or {}, wait) as answer, self._window(wait):
            data = answer.read()
        return _json(data, self.url)

    def pieces(self, path: str, **query: Any) -> Iterator[bytes]:
        """GET something long below the API's base, piece by piece."""
        with self._exchange("GET", path, None, query, 0) as answer:
            while piece := answer.read(_PIECE):
                yield piece

    def healthy(self) -> bool:
        """Say whether the server says that all is well; raise Unreachable."""
        try:
            with self._exchange("GET", "/healthz", None, {}, 0) as answer:
                answer.read()
        except Refused:
            return False
        return True

    def close(self) -> None:
        """Close the connection; the next call makes another."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _local_token(self) -> str | None:
        """Return the token of the local server, for that server alone: it is of no use elsewhere, and not to be seen there."""
        host = urlsplit(self.url).hostname or ""
        if not is_loopback(host) and self.url != _written_url(self._config.data):
            return None
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self._config.data / "local.token").read_text("ascii").strip() or None
        return None

    @contextlib.contextmanager
    def _exchange(
        self, method: str, path: str, body: object, query: Mapping[str, Any], wait: float
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request and hand out the response; the connection is kept only when it was read to its end."""
        target = urlsplit(self.url).path + (path if path.startswith("/") else f"{API}/{path}")
        if query:
            target += "?" + urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
        whole = False
        try:
            connection = self._open(wait)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a refusal may be there all the same
                connection.request(method, target, None if body is None else json.dumps(body), self._headers(body))
            with self._window(wait):
                answer = connection.getresponse()
                problem = _problem(answer, self.url) if answer.status >= 300 else None
            if problem:
                raise problem
            yield answer
            whole = answer.isclosed()
        except _LOST as error:
            raise Unreachable(_why_lost(error, self.url)) from error
        finally:
            if not whole:
                self.close()

    def _window(self, wait: float) -> AbstractContextManager[None]:
        return self._signals.window() if wait else contextlib.nullcontext()

    def _open(self, wait: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if self._connection is None:
            host = parts.hostname or ""
            if parts.scheme == "https":
                trust = _trust(self._certificate)
                self._connection = http.client.HTTPSConnection(host, parts.port, timeout=_PATIENCE, context=trust)
            else:
                self._connection = http.client.HTTPConnection(host, parts.port, timeout=_PATIENCE)
        self._connection.timeout = wait + _PATIENCE
        if self._connection.sock:
            self._connection.sock.settimeout(wait + _PATIENCE)
        else:
            self._connection.connect()
        return self._connection

    def _headers(self, body: object) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def server_of(data: Path) -> str:
    """Return the address that the server of a data folder wrote down; raise Unreachable when there is none."""
    url = _written_url(data)
    if url is None:
        raise Unreachable(
            f"No server is running on the data folder {data}. Start one with `airunner serve`, name its folder with "
            "--data, or set AIRUNNER_URL and AIRUNNER_TOKEN."
        )
    return url


def part(answer: Any, name: str, kind: type[Any]) -> Any:
    """Return a part of a JSON answer; raise Broken when it is not there or of another kind."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Broken(f"The server's answer has no {name!r} that can be read; is it an airunner of this version?")
    return value


def segment(text: str) -> str:
    """Return text as one segment of a path."""
    return quote(text, safe="")


def _trust(certificate: str | None) -> ssl.SSLContext:
    """Return what to trust: for the server of our own data folder the certificate it said it has, for others the CAs."""
    if certificate is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=certificate)
    except OSError as error:
        raise Unreachable(f"The server's certificate {certificate} cannot be read: {error.strerror}.") from error
    context.check_hostname = False  # it is called by its loopback address, whatever names it is for
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # this very certificate, not who signed it
    return context


def _written_url(data: Path) -> str | None:
    url = _written(data, "url")
    return url.rstrip("/") if url and urlsplit(url).hostname else None


def _written(data: Path, name: str) -> str | None:
    """Return what the server of a data folder wrote down under a name."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        value = json.loads((data / "server.json").read_bytes()).get(name)
        return value if isinstance(value, str) else None
    return None


def _json(data: bytes, url: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise Broken(f"What answers at {url} does not speak JSON; is it an airunner server?") from None


def _problem(answer: http.client.HTTPResponse, url: str) -> Refused:
    try:
        content = json.loads(answer.read(1 << 20))
        sentence, code = str(content["error"]), str(content.get("code"))
        fields = {str(name): str(why) for name, why in (content.get("fields") or {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused(
            f"{url} answered {answer.status} {answer.reason}; is it an airunner server?", answer.status, None
        )
    if answer.status == 401:
        sentence += " Set AIRUNNER_TOKEN to a valid token (`airunner token create` makes one)."
    return Refused(sentence, answer.status, code, fields)


def _why_lost(error: Exception, url: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted here ({error.verify_message}); SSL_CERT_FILE can name one that is"
    elif isinstance(error, TimeoutError):
        why = "it did not answer in time"
    elif isinstance(error, ConnectionRefusedError):
        why = "nothing listens there; `airunner serve` starts it"
    elif isinstance(error, OSError) and error.strerror:
        why = error.strerror
    else:
        why = "it hung up in the middle" if isinstance(error, http.client.HTTPException) else str(error)
    return f"The server at {url} cannot be reached: {why}."
