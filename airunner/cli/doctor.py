"""The word `doctor`: looks whether this machine has what is needed, and says what to do where it has not."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airunner.base.clock import SystemClock
from airunner.base.errors import AirunnerError, Busy
from airunner.cli.client import Api, Unreachable, segment
from airunner.config import Config

if TYPE_CHECKING:
    from airunner.store.contract import Store

_LOOKS_FAIL = (AirunnerError, OSError, ImportError, AttributeError, ValueError)
OK, HINT, BROKEN = "ok", "note", "BROKEN"
_AWAY: dict[str, Busy] = {}  # stores that did not answer once: nobody wants to wait for each of them again
_PR_GET_CHILD_SUBREAPER = 37  # prctl(2)
Agents = tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]
"""The families of agents, and the readiness of each enabled profile by its slug."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: str
    what: str
    sentence: str


def examine(config: Config) -> int:
    """Print every finding; return 1 when something is broken."""
    findings = list(_findings(config))
    for finding in findings:
        print(f"{finding.state:<6}  {finding.what:<11}  {finding.sentence}")
    return 1 if any(finding.state == BROKEN for finding in findings) else 0


def _findings(config: Config) -> Iterator[Finding]:
    for what, look in _LOOKS.items():
        yield _fenced(what, look)
    yield _fenced("data", lambda: _data(config.data))
    yield _fenced("space", lambda: _space(config))
    yield _fenced("store", lambda: _store(config))
    yield _fenced("server", lambda: _server(config))
    try:
        agents, profiles = _by_server(config) or _by_ourselves(config)
    except _LOOKS_FAIL as error:
        yield Finding(HINT, "agents", str(error))
        return
    yield from (_agent(agent) for agent in agents if agent["type"] != "custom")
    yield from (_profile(slug, readiness) for slug, readiness in profiles.items())


def _fenced(what: str, look: Callable[[], tuple[str, str]]) -> Finding:
    """One look that fails must not hide the others."""
    try:
        state, sentence = look()
    except _LOOKS_FAIL as error:
        state, sentence = BROKEN, str(error)
    return Finding(state, what, sentence)


def _python() -> tuple[str, str]:
    return OK, ".".join(str(number) for number in sys.version_info[:3])


def _libcrypto() -> tuple[str, str]:
    import _ssl

    # The one that Python's own ssl is linked with; some Pythons hold it inside themselves and show no symbols.
    library = ctypes.CDLL(getattr(_ssl, "__file__", None))
    if not hasattr(library, "EVP_aes_256_gcm"):
        return HINT, f"{_ssl.OPENSSL_VERSION} cannot be called from Python; secrets cannot be stored at rest."
    return OK, str(_ssl.OPENSSL_VERSION)


def _pidfd() -> tuple[str, str]:
    os.close(os.pidfd_open(os.getpid()))
    return OK, "processes can be watched without being mistaken (pidfd)."


def _proc() -> tuple[str, str]:
    Path("/proc/self/stat").read_bytes()
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return BROKEN, "/proc has no children files (CONFIG_PROC_CHILDREN); runs could not be ended as a whole."
    return OK, "process trees can be read in /proc."


def _subreaper() -> tuple[str, str]:
    number = ctypes.c_int()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(number), 0, 0, 0) != 0:
        return BROKEN, f"no child sub-reapers here: {os.strerror(ctypes.get_errno())}; processes could escape a kill."
    return OK, "nothing that a run starts can escape (child sub-reaper)."


def _terminal() -> tuple[str, str]:
    for descriptor in os.openpty():
        os.close(descriptor)
    return OK, "pseudo-terminals can be opened."


def _shell() -> tuple[str, str]:
    if not os.access("/bin/bash", os.X_OK):
        return HINT, "there is no /bin/bash; profiles must name another shell, such as /bin/sh."
    return OK, "/bin/bash"


def _data(data: Path) -> tuple[str, str]:
    existing = _existing(data)
    if not os.access(existing, os.W_OK | os.X_OK):
        return BROKEN, f"{existing} cannot be written to by this user; choose another folder with --data."
    return OK, f"{data}{'' if existing == data else ' (will be made)'}"


def _space(config: Config) -> tuple[str, str]:
    from airunner.app.machine import room_here

    why = room_here(config.data, _settings(config))
    free = shutil.disk_usage(_existing(config.data)).free >> 20
    return (BROKEN, why) if why else (OK, f"{free} MB free for {config.data}")


def _settings(config: Config) -> Mapping[str, Any]:
    """Return the settings that hold here, the defaults where nobody can tell others."""
    with contextlib.suppress(AirunnerError), Api(config) as api:
        return dict(api.get("settings"))
    with contextlib.suppress(AirunnerError), _own_store(config) as store:
        return store.settings() if store else {}
    return {}


def _store(config: Config) -> tuple[str, str]:
    with _own_store(config) as store:
        if store is None:
            return OK, "none yet; the first start makes it."
        store.ping()
    return OK, f"{config.store.partition(':')[0]} opens."


@contextlib.contextmanager
def _own_store(config: Config) -> Iterator[Store | None]:
    """Open the store for a moment; None when there is none yet."""
    if config.store == "sqlite" and not (config.data / "airunner.db").exists():
        yield None
        return
    with contextlib.closing(_opened(config)) as store:
        yield store


def _opened(config: Config) -> Store:
    from airunner.store.open import open_store

    if error := _AWAY.get(config.store):
        raise error
    try:
        return open_store(config.store, data_folder=config.data, clock=SystemClock())
    except Busy as error:
        if config.store != "sqlite":
            _AWAY[config.store] = error
        raise


def _server(config: Config) -> tuple[str, str]:
    try:
        with Api(config) as api:
            if not api.healthy():
                return BROKEN, f"{api.url} answers and says that it is not well; see its log."
            return OK, f"{api.url} is well."
    except Unreachable as error:
        return HINT, error.message


def _by_server(config: Config) -> Agents | None:
    """Ask a running server, which knows its own user and variables; None when there is none that can tell."""
    try:
        with Api(config) as api:
            profiles = [profile["slug"] for profile in api.get("profiles") if profile["enabled"]]
            return api.get("agents"), {slug: api.get(f"profiles/{segment(slug)}/readiness") for slug in profiles}
    except (AirunnerError, LookupError, TypeError):
        return None


def _by_ourselves(config: Config) -> Agents:
    from airunner.app.machine import agents_here

    with _own_store(config) as store:
        return agents_here(store, os.environ)


def _agent(agent: Mapping[str, Any]) -> Finding:
    if not agent["installed"]:
        return Finding(HINT, agent["command"], f"not on PATH; {agent['installHint']}")
    lacks = _said(agent["problems"])
    return Finding(HINT if lacks else OK, agent["command"], f"{agent['path']}{lacks and f'; {lacks}'}")


def _profile(slug: str, readiness: Mapping[str, Any]) -> Finding:
    lacks = _said(readiness["problems"])
    return Finding(HINT if lacks else OK, "profile", f"{slug}: {lacks}" if lacks else f"{slug} is ready.")


def _said(problems: Iterable[Mapping[str, str]]) -> str:
    return " ".join(f"{problem['text']} {problem['fix']}" for problem in problems)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


_LOOKS: dict[str, Callable[[], tuple[str, str]]] = {
    "python": _python,
    "libcrypto": _libcrypto,
    "pidfd": _pidfd,
    "proc": _proc,
    "subreaper": _subreaper,
    "terminal": _terminal,
    "shell": _shell,
}
