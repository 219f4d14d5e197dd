"""Boot options in one table: option > variable > config file > default, checked once, frozen.

A new option is a new row of OPTIONS (and a field of Config); the command line, the variables, the file and the manual follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from airunner.base.errors import Invalid

Caster = Callable[[object, Path], Any]
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_SERVE = ("serve",)
_STORE = ("serve", "token", "doctor")
_CLIENT = ("run", "runs", "logs", "kill", "prompts", "schedules", "profiles", "token", "doctor")
_LOCAL = (*_SERVE, *_CLIENT, "store")


class Option(NamedTuple):
    """One row: `caster(value, folder)` takes text or a TOML value, raises ValueError saying what it must be."""

    name: str
    caster: Caster
    default: object
    help: str
    words: tuple[str, ...]
    metavar: str | None = None  # None: a flag without a value
    repeatable: bool = False
    only_variable: bool = False  # a secret or an address: never in argv, never in the file

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "AIRUNNER_" + self.field.upper()

    @property
    def field(self) -> str:
        """The name of the field of Config."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Config:
    """What a word was started with; paths are absolute, `base_path` is empty or `/x` without a slash at its end."""

    host: str
    port: int
    data: Path
    store: str
    base_path: str
    config: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    allow_host: tuple[str, ...]
    no_auth: bool
    log_format: str
    url: str | None
    token: str | None


class _Given(NamedTuple):
    option: Option
    value: object
    source: str  # as a person wrote it: `--port`, `AIRUNNER_PORT`, `port in /etc/airunner.toml`
    folder: Path  # relative paths start here


def default_data_folder(environ: Mapping[str, str], uid: int) -> Path:
    """Return /var/lib/airunner for root, else a folder of the XDG Base Directory Specification's state home."""
    if uid == 0:
        return Path("/var/lib/airunner")
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if state.is_absolute():  # the specification: relative ones are invalid and to be ignored
        return state / "airunner"
    return Path(environ.get("HOME") or "~").expanduser() / ".local/state/airunner"


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(word: str, given: Mapping[str, object], environ: Mapping[str, str], *, uid: int, folder: Path) -> Config:
    """Return the settings of `word`; raise Invalid with every problem.

    `given` holds what stood on the command line (by option name, left out when it did not). `folder` is the current one.
    A variable that is set to nothing counts as not set.
    """
    problems: dict[str, str] = {}
    options = [option for option in OPTIONS if word in option.words]
    values: dict[str, Any] = {option.field: option.default for option in OPTIONS}
    values["data"] = default_data_folder(environ, uid)
    near = [row for option in options for row in _from_near(option, given, environ, folder)]
    config_row = next((row for row in near if row.option.name == "config"), None)
    far = _from_file(config_row, problems) if config_row else []
    winners = {row.option.name: row for row in (*far, *near)}  # the nearer one comes later and replaces
    for option in options:
        if row := winners.get(option.name):
            try:
                values[option.field] = option.caster(row.value, row.folder)
            except ValueError as error:
                problems[option.name] = f"{row.source} {error}."
    if word == "serve" and not problems:
        problems.update(_contradictions(Config(**values)))
    if problems:
        raise Invalid(" ".join(problems.values()), code="invalid_configuration", fields=problems)
    return Config(**values)


def _from_near(
    option: Option, given: Mapping[str, object], environ: Mapping[str, str], folder: Path
) -> Iterator[_Given]:
    if environ.get(option.variable):
        yield _Given(option, environ[option.variable], option.variable, folder)
    if given.get(option.name) is not None:
        yield _Given(option, given[option.name], f"--{option.name}", folder)


def _from_file(row: _Given, problems: dict[str, str]) -> list[_Given]:
    try:
        path = _path(row.value, row.folder)
        content = _read_toml(path)
    except ValueError as error:
        problems["config"] = f"{row.source} {error}."
        return []
    known = {option.name: option for option in OPTIONS if option.name != "config" and not option.only_variable}
    rows = []
    for key, value in content.items():
        name = key.replace("_", "-")
        if name in known:
            rows.append(_Given(known[name], value, f"{key} in {path}", path.parent))
        else:
            problems[key] = f"{key} in {path} {_why_unknown(name, known)}."
    return rows


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"cannot be read: {path}: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise ValueError(f"is not a TOML file: {path}: {error}") from error


def _why_unknown(name: str, known: Mapping[str, Option]) -> str:
    for option in OPTIONS:
        if option.only_variable and option.name == name:
            return f"is not read from a file; set the variable {option.variable}"
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f"is not a setting; {'did you mean ' + close[0] if close else 'there are: ' + ', '.join(known)}"


def _contradictions(config: Config) -> Iterator[tuple[str, str]]:
    if config.tls_cert and not config.tls_key:
        yield "tls-key", "--tls-cert needs --tls-key, the file with the certificate's private key."
    if config.tls_key and not config.tls_cert:
        yield "tls-cert", "--tls-key needs --tls-cert, the file with the certificate."
    if config.no_auth and not is_loopback(config.host):
        yield (
            "no-auth",
            f"--no-auth is for loopback addresses only: on {config.host} anyone who reaches it could run commands.",
        )


# Casters: each says what the value must be.


def _text(value: object, folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, not {value!r}")
    return value.strip()


def _path(value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"must be a path, not {value!r}")
    return Path(os.path.normpath(folder / Path(value).expanduser()))


def _port(value: object, folder: Path) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,5}", value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 65535:
        raise ValueError(f"must be a whole number from 0 (any free port) to 65535, not {value!r}")
    return value


def _flag(value: object, folder: Path) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError(f"must be true or false, not {value!r}")
    return word in _YES


def _host(value: object, folder: Path) -> str:
    host = _text(value, folder).removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[0-9A-Za-z._:%-]+", host):
        raise ValueError(f"must be a name or an address to listen on, such as 127.0.0.1, not {value!r}")
    return host


def _hosts(value: object, folder: Path) -> tuple[str, ...]:
    items = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"must be a list of host names, not {value!r}")
    for item in items:
        if not re.fullmatch(r"[0-9A-Za-z._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", item):
            raise ValueError(f"must hold names such as agents.example.org, without a scheme or path, not {item!r}")
    return tuple(dict.fromkeys(item.lower() for item in items))


def _base_path(value: object, folder: Path) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(/[0-9A-Za-z._~-]+)*/?", value):
        raise ValueError(f"must be a path such as /airunner (letters, digits and . _ ~ -), not {value!r}")
    if {".", ".."} & set(value.split("/")):
        raise ValueError(f"must not hold . or .. as a part, as {value!r} does")
    return value.rstrip("/")


def _store(value: object, folder: Path) -> str:
    url = _text(value, folder)
    if url == "sqlite" or url.startswith(("mongodb://", "mongodb+srv://")):
        return url
    if url.startswith("sqlite:") and len(url) > len("sqlite:"):
        return f"sqlite:{_path(url.removeprefix('sqlite:'), folder)}"
    raise ValueError("must be sqlite, sqlite:PATH or a mongodb:// address")


def _log_format(value: object, folder: Path) -> str:
    if value not in ("text", "json"):
        raise ValueError(f"must be text or json, not {value!r}")
    return str(value)


def _url(value: object, folder: Path) -> str:
    url = _text(value, folder).rstrip("/")
    if not re.match(r"https?://[^/\s@?#]+(/[^\s?#]*)?\Z", url):
        raise ValueError(f"must be a server's address such as http://127.0.0.1:8787, not {value!r}")
    return url


def _token(value: object, folder: Path) -> str:
    token = _text(value, folder)
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ValueError("must be plain ASCII without blanks")  # it travels in a header field; never quote it
    return token


OPTIONS = (
    Option("host", _host, "127.0.0.1", "address to listen on", _SERVE, "ADDRESS"),
    Option("port", _port, 8787, "port to listen on; 0 picks a free one", _SERVE, "NUMBER"),
    Option("data", _path, None, "folder for everything that is kept", _LOCAL, "DIR"),
    Option(
        "store", _store, "sqlite", "where records are kept: sqlite, sqlite:PATH, or a mongodb:// address", _STORE, "URL"
    ),
    Option("base-path", _base_path, "", "path before every address, behind a reverse proxy", _SERVE, "/PATH"),
    Option("config", _path, None, "TOML file with these names as keys", _LOCAL, "FILE"),
    Option("tls-cert", _path, None, "certificate (PEM) for HTTPS; needs --tls-key", _SERVE, "FILE"),
    Option("tls-key", _path, None, "private key (PEM) of the certificate", _SERVE, "FILE"),
    Option("allow-host", _hosts, (), "further name by which clients may call the server", _SERVE, "NAME", True),
    Option("no-auth", _flag, False, "ask nobody for a token; on loopback addresses only", _SERVE),
    Option("log-format", _log_format, "text", "text, or json for JSON lines, on stderr", _SERVE, "FORM"),
    Option("url", _url, None, "address of the server to call", _CLIENT, "URL", only_variable=True),
    Option("token", _token, None, "token to accept (serve), token to show (other words)", _LOCAL, "TOKEN", False, True),
)
