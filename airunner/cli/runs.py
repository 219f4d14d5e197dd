"""The words about runs: run, runs, logs, kill; and how a run that was asked for is seen through."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airunner.base.clock import SystemClock
from airunner.base.errors import Invalid, NotFound
from airunner.base.ids import ID_LENGTH, is_id
from airunner.cli.client import Api, Refused, Unreachable, part, segment
from airunner.cli.follow import LONG, SHORT, Poller, RawOutput, clean_lines
from airunner.cli.signals import Interrupted, Signals
from airunner.cli.text import duration, local_time, note, print_json, print_table, zone_name
from airunner.config import Config

_ASKED = {"queued": "is queued", "running": "started"}  # what became of a run at once; how one ended is said at its end
_PROMPT_SHOWN = 40  # characters of it in a table
_PAGE = 200  # the most runs the server puts into one answer


def start(arguments: Namespace, config: Config) -> int:
    """Start a run and, unless it is to be left alone, show its output; return the agent's exit code."""
    body = _request(arguments)
    return see_run(arguments, config, lambda api: api.post("run", body))


def see_run(arguments: Namespace, config: Config, ask: Callable[[Api], Any]) -> int:
    """Show the run that `ask` asks for until its end; only its command (`dry_run`) or its id (`detach`) where wanted."""
    with Signals() as signals, Api(config, signals) as api:
        run = ask(api)
        if arguments.dry_run:
            print(part(run, "command", str))
            return 0
        run_id = part(run, "runId", str)
        if arguments.detach:
            print(run_id)
            return 0
        if run.get("status") in _ASKED:
            note(f"run {run_id} {_ASKED[run['status']]}.")
        return _see_through(api, signals, run_id)


def show_runs(config: Config, wanted: Mapping[str, Any], *, limit: int, as_json: bool) -> int:
    """Print the newest runs that pass the filters of `wanted`."""
    with Api(config) as api:
        runs = _newest(api, limit, wanted)
    if as_json:
        print_json(runs)
        return 0
    heads = ("RUN", "STATUS", "EXIT", f"AT ({zone_name()})", "TOOK", "PROFILE", "DIRECTORY", "PROMPT", "REASON")
    print_table(heads, [_row(run) for run in runs])
    return 0


def show_log(config: Config, name: str, *, follow: bool, raw: bool) -> int:
    """Print the output of a run: clean text, or every byte."""
    with Api(config) as api:
        run_id = find_run(api, name)
        if not follow:
            for piece in api.pieces(f"runs/{segment(run_id)}/log", raw=1 if raw else None):
                sys.stdout.buffer.write(piece)
            return 0
    with Signals() as signals, Api(config, signals) as api:
        poller = Poller(api, signals, SystemClock())
        try:
            if raw:
                for data in RawOutput(poller, run_id):
                    _write(data)
            else:
                for line in clean_lines(poller, run_id, SystemClock()):
                    _write(line.encode() + b"\n")
        except Interrupted:
            return 0
    return 0


def kill(config: Config, name: str) -> int:
    """Ask for the end of a run."""
    with Api(config) as api:
        run_id = find_run(api, name)
        api.post(f"runs/{segment(run_id)}/kill")
    print(f"run {run_id} is being ended.")
    return 0


def pin(config: Config, name: str, pinned: bool) -> int:
    """Keep a run whatever its age, or let it go with its time."""
    with Api(config) as api:
        run_id = find_run(api, name)
        api.patch(f"runs/{segment(run_id)}", {"pinned": pinned})
    print(f"run {run_id} is {'pinned' if pinned else 'no longer pinned'}.")
    return 0


def find_run(api: Api, name: str) -> str:
    """Return the id of the run that a person means: an id, a unique beginning of one, or `last`; raise NotFound."""
    if name == "last":
        newest = _newest(api, 1, {})
        if not newest:
            raise NotFound("There is no run yet.")
        return str(part(newest[0], "runId", str))
    name = name.lower()
    if is_id(name):
        return name
    if not name.isalnum() or len(name) > ID_LENGTH:
        raise NotFound(f"{name!r} is not a run: name an id, a unique beginning of one, or `last`.")
    found = [run_id for run_id in _ids_with(api, name) if run_id.startswith(name)]
    if not found:
        raise NotFound(f"There is no run whose id begins with {name!r}.")
    if len(found) > 1:
        raise NotFound(f"Several runs begin with {name!r}: {', '.join(found[:5])}{' …' if len(found) > 5 else ''}")
    return found[0]


def _request(arguments: Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {
        **read_prompt(arguments.prompt),
        "agentProfileId": arguments.profile,
        "workingDirectory": directory(arguments.dir or ""),
    }
    if arguments.timeout is not None:
        body["timeout"] = arguments.timeout
    if arguments.var:
        body["variables"] = dict(arguments.var)
    if arguments.dry_run:
        body["dryRun"] = True
    return body


def read_prompt(given: str) -> dict[str, str]:
    """Return content and type of a prompt: the text itself, `@path`, or `-` for standard input; raise Invalid."""
    prompt = sys.stdin.buffer.read() if given == "-" else given.encode("utf-8", "surrogateescape")
    try:
        content = prompt.decode()
    except UnicodeDecodeError:
        raise Invalid("The prompt is not UTF-8 text.") from None
    is_file = content.startswith("@") and given != "-"
    return {"content": content, "type": "file-reference" if is_file else "inline"}


def directory(given: str) -> str:
    """Return the path of a directory, a relative one from the current directory."""
    return str((Path.cwd() / given).resolve())


def _see_through(api: Api, signals: Signals, run_id: str) -> int:
    """Show the output until the end; hand a first Ctrl-C on as a kill."""
    poller = Poller(api, signals, SystemClock())
    output, killed, said = RawOutput(poller, run_id), False, None
    output.wait = SHORT  # a run that does not start at once is asked soon for what keeps it
    while not output.done:
        if signals.count and not killed:
            killed = _try_kill(api, run_id)
            output.wait = LONG if killed else SHORT
        try:
            _write(next(output))
            if not signals.count:
                output.wait = LONG
            if output.status == "queued":
                said = _say_why(poller, run_id, said)
        except Interrupted:
            note("ending the run; Ctrl-C again leaves without waiting for its end.")
    return _verdict(_record(poller, run_id), run_id)


def _say_why(poller: Poller, run_id: str, said: object) -> object:
    """Say what keeps a queued run from its start, unless it was said already; return what is said now."""
    why = poller.get(f"runs/{segment(run_id)}", output="none").get("reason")
    if why and why != said:
        note(f"run {run_id} waits. {why}")
    return why


def _try_kill(api: Api, run_id: str) -> bool:
    try:
        api.post(f"runs/{segment(run_id)}/kill")
    except Unreachable:
        return False
    except Refused as error:
        if error.status == 503:
            return False
        if error.status != 409:  # 409: it has ended by itself
            raise
    return True


def _record(poller: Poller, run_id: str) -> Any:
    """Read the final record; a signal now changes nothing any more."""
    while True:
        try:
            return poller.get(f"runs/{segment(run_id)}", output="none")
        except Interrupted:
            continue


def _verdict(run: Any, run_id: str) -> int:
    status, code = part(run, "status", str), run.get("exitCode")
    if status == "completed":
        return code if isinstance(code, int) else 0
    reason = run.get("reason")
    note(f"run {run_id} ended: {status}{': ' + reason if reason else ''}")
    return code if isinstance(code, int) and 0 < code < 256 else 1


def _newest(api: Api, limit: int, wanted: Mapping[str, Any]) -> list[Any]:
    runs: list[Any] = []
    cursor = None
    while len(runs) < limit:
        page = api.get("runs", limit=min(limit - len(runs), _PAGE), cursor=cursor, **wanted)
        runs += part(page, "runs", list)
        cursor = page.get("nextCursor")
        if not cursor:
            break
    return runs


def _ids_with(api: Api, text: str) -> list[str]:
    ids: list[str] = []
    cursor = None
    for _ in range(10):
        page = api.get("runs", search=text, limit=_PAGE, cursor=cursor)
        ids += [str(part(run, "runId", str)) for run in part(page, "runs", list)]
        cursor = page.get("nextCursor")
        if not cursor:
            break
    return ids


def _row(run: Any) -> tuple[object, ...]:
    prompt = str(run.get("promptName") or run.get("promptPreview") or run.get("promptContent") or "")
    return (
        run.get("runId"),
        run.get("status"),
        run.get("exitCode"),
        local_time(run.get("startedAt") or run.get("queuedAt")),
        duration(run.get("durationSeconds")),
        run.get("agentProfileName"),
        run.get("workingDirectory"),
        prompt if len(prompt) <= _PROMPT_SHOWN else prompt[: _PROMPT_SHOWN - 1] + "…",
        run.get("reason"),
    )


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
