"""The argument tree: says what each word takes; a word's room is imported when the word is used.

Exit codes: 0 ok, 1 the run or call failed, 2 usage, 130 interrupted; `run` ends with the agent's own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from airunner import __version__
from airunner.base.errors import AirunnerError, Invalid
from airunner.cli.tree import Words, add_verb, add_word, count, minutes, pair
from airunner.cli.tree_profiles import add_profiles
from airunner.cli.tree_schedules import add_prompts, add_schedules
from airunner.config import OPTIONS, Config, load

Arguments = argparse.Namespace
_RUN_HELP = "id of a run, a unique beginning of one, or `last`"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one word of the command line and return its exit code; raise SystemExit(2) for arguments it cannot read."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given[:1] == ["nursery"] and len(given) == 2:  # not for people: a server starts itself another nursery
        from airunner.shim.nursery import serve_inherited

        serve_inherited(int(given[1]))
        return 0
    _open_missing_files()
    arguments = parser().parse_args(given)
    try:
        code = _act(arguments)
        sys.stdout.flush()
        return code
    except AirunnerError as error:
        _complain(error)
        return 2 if isinstance(error, Invalid) else 1
    except BrokenPipeError:
        _forget_output()
        print("airunner: whoever read the output has gone; nothing more is written.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"airunner: {error.strerror or error}{f': {error.filename}' if error.filename else ''}.", file=sys.stderr)
        _forget_output()
        return 1


def _open_missing_files() -> None:
    """Give 0, 1 and 2 a file when the caller closed them: else the next one opened has that number, and is written to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _forget_output() -> None:
    """What is still buffered must not be tried again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _act(arguments: Arguments) -> int:
    if not arguments.configured:
        return int(arguments.act(arguments))
    return int(arguments.act(arguments, _config(arguments)))


def _config(arguments: Arguments) -> Config:
    given = {option.name: getattr(arguments, option.field, None) for option in OPTIONS}
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        raise Invalid("The current directory no longer exists; change to another one.") from None
    return load(arguments.word, given, os.environ, uid=os.getuid(), folder=folder)


def _complain(error: AirunnerError) -> None:
    print(f"airunner: {error.message}", file=sys.stderr)
    for name, why in error.fields.items():
        if why not in error.message:
            print(f"  {name}: {why}", file=sys.stderr)


# What each word does


def _serve(arguments: Arguments, config: Config) -> int:
    from airunner.shim.nursery import start_nursery

    nursery = start_nursery()  # before any thread exists and before anything heavy is imported
    from airunner.app.serve import serve

    return serve(config, nursery)


def _run(arguments: Arguments, config: Config) -> int:
    from airunner.cli.runs import start

    return start(arguments, config)


def _runs(arguments: Arguments, config: Config) -> int:
    from airunner.cli.runs import pin, show_runs

    if arguments.verb:
        return pin(config, arguments.run, arguments.verb == "pin")
    wanted = {"status": arguments.status or None, "pinned": "true" if arguments.pinned else None}
    return show_runs(config, wanted, limit=arguments.limit, as_json=arguments.json)


def _logs(arguments: Arguments, config: Config) -> int:
    from airunner.cli.runs import show_log

    return show_log(config, arguments.run, follow=arguments.follow, raw=arguments.raw)


def _kill(arguments: Arguments, config: Config) -> int:
    from airunner.cli.runs import kill

    return kill(config, arguments.run)


def _token(arguments: Arguments, config: Config) -> int:
    from airunner.cli import tokens

    return tokens.act(arguments, config)


def _store(arguments: Arguments, config: Config) -> int:
    from airunner.cli.store import copy

    return copy(config, arguments.source, arguments.target)


def _doctor(arguments: Arguments, config: Config) -> int:
    from airunner.cli.doctor import examine

    return examine(config)


def _version(arguments: Arguments) -> int:
    print(f"airunner {__version__}")
    return 0


# What each word takes


def parser() -> argparse.ArgumentParser:
    """Return the whole tree; the manual is checked against it."""
    tree = argparse.ArgumentParser(prog="airunner", description="Run, watch and audit AI coding agents.")
    tree.add_argument("--version", action="version", version=f"airunner {__version__}")
    words = tree.add_subparsers(dest="word", metavar="WORD", required=True)
    add_word(words, "serve", "start the server and its web page", _serve)
    _add_run(words)
    _add_runs(words)
    _add_logs(words)
    add_word(words, "kill", "end a run and everything it started", _kill).add_argument(
        "run", metavar="RUN", help=_RUN_HELP
    )
    add_prompts(words)
    add_schedules(words)
    add_profiles(words)
    _add_token(words)
    _add_store(words)
    add_word(words, "doctor", "look whether this machine has what is needed", _doctor)
    add_word(words, "version", "print the version", _version, configured=False)
    helper = add_word(words, "help", "print this help, or that of a word", None, configured=False)
    helper.add_argument("about", nargs="?", metavar="WORD", choices=tuple(words.choices))
    helper.set_defaults(act=lambda arguments: _help(tree, words.choices.get(arguments.about)))
    return tree


def _help(tree: argparse.ArgumentParser, of_word: argparse.ArgumentParser | None) -> int:
    print((of_word or tree).format_help(), end="")
    return 0


def _add_run(words: Words[argparse.ArgumentParser]) -> None:
    parser = add_word(words, "run", "run a prompt, show its output and end with its exit code", _run)
    parser.add_argument("prompt", help="the prompt; `-` reads it from standard input, `@path` names a file with it")
    parser.add_argument("--profile", required=True, metavar="SLUG", help="agent profile to use")
    parser.add_argument("--dir", metavar="DIR", help="working directory (default: the current one)")
    parser.add_argument("--timeout", type=minutes, metavar="MIN", help="minutes after which the run is ended")
    parser.add_argument("--var", action="append", type=pair, default=[], metavar="K=V", help="value for a {{K}}")
    parser.add_argument("--detach", action="store_true", help="print the run's id and leave it running")
    parser.add_argument("--dry-run", action="store_true", help="print the command and start nothing")


def _add_runs(words: Words[argparse.ArgumentParser]) -> None:
    parser = add_word(words, "runs", "list runs, the newest first, or pin one", _runs)
    parser.add_argument("--status", action="append", default=[], metavar="STATUS", help="only runs of this status")
    parser.add_argument("--pinned", action="store_true", help="only pinned runs")
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="at most N runs (default 20)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, summary in (("pin", "keep a run whatever its age"), ("unpin", "let a pinned run go with its time")):
        add_verb(verbs, "runs", verb, summary).add_argument("run", metavar="RUN", help=_RUN_HELP)


def _add_logs(words: Words[argparse.ArgumentParser]) -> None:
    parser = add_word(words, "logs", "print the output of a run as clean text", _logs)
    parser.add_argument("run", metavar="RUN", help=_RUN_HELP)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run has ended")
    parser.add_argument("--raw", action="store_true", help="print every byte as the agent wrote it")


def _add_store(words: Words[argparse.ArgumentParser]) -> None:
    parser = add_word(words, "store", "copy everything from one store into another", _store)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    copy = add_verb(verbs, "store", "copy", "copy everything from one store into an empty one, and compare")
    for name, metavar in (("source", "FROM"), ("target", "TO")):
        copy.add_argument(name, metavar=metavar, help="as --store has it; `@FILE` reads it from a file")


def _add_token(words: Words[argparse.ArgumentParser]) -> None:
    parser = add_word(words, "token", "create, list or revoke tokens", _token)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = add_verb(verbs, "token", "create", "create a token and print it, once")
    create.add_argument("--name", required=True, help="what it is for")
    create.add_argument("--role", required=True, choices=("viewer", "operator", "admin"), help="what it may do")
    create.add_argument("--days", type=count, metavar="D", help="days after which it ends (default: never)")
    add_verb(verbs, "token", "list", "list tokens").add_argument("--json", action="store_true", help="print JSON")
    add_verb(verbs, "token", "revoke", "end a token").add_argument("id", metavar="ID", help="id of the token")
