"""What the words `prompts` and `schedules` take."""

from __future__ import annotations

import argparse

from airunner.cli.tree import Words, add_verb, add_word, count, minutes, pair, whole
from airunner.config import Config

Arguments = argparse.Namespace
Parser = argparse.ArgumentParser
_PROMPT_HELP = "id of a prompt, a unique beginning of one, or its name"
_TEXT_HELP = "the prompt; `-` reads it from standard input, `@path` is read at each run"
_OVERLAPS = ("skip", "queue", "parallel")
_SCHEDULE_HELP = "id of a schedule, a unique beginning of one, or its name"


def _prompts(arguments: Arguments, config: Config) -> int:
    from airunner.cli import prompts

    return prompts.act(arguments, config)


def _schedules(arguments: Arguments, config: Config) -> int:
    from airunner.cli import schedules

    return schedules.act(arguments, config)


def add_prompts(words: Words[Parser]) -> None:
    """Add the word `prompts`."""
    parser = add_word(words, "prompts", "list saved prompts, or create, change, run, tag and delete them", _prompts)
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="only prompts with this tag")
    parser.add_argument("--search", metavar="TEXT", help="only prompts that have this text")
    parser.add_argument("--json", action="store_true", help="print JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    create = add_verb(verbs, "prompts", "create", "save a prompt")
    create.add_argument("text", metavar="PROMPT", help=_TEXT_HELP)
    _add_prompt_fields(create, needed=True)
    change = add_verb(verbs, "prompts", "change", "change what is given of a prompt")
    change.add_argument("prompt", metavar="P", help=_PROMPT_HELP)
    change.add_argument("--text", metavar="TEXT", help=_TEXT_HELP)
    _add_prompt_fields(change, needed=False)
    add_verb(verbs, "prompts", "show", "print a prompt").add_argument("prompt", metavar="P", help=_PROMPT_HELP)
    run = add_verb(verbs, "prompts", "run", "run a prompt, show its output and end with its exit code")
    run.add_argument("prompt", metavar="P", help=_PROMPT_HELP)
    run.add_argument("--dir", metavar="DIR", help="working directory (default: the prompt's)")
    run.add_argument("--timeout", type=minutes, metavar="MIN", help="minutes after which the run is ended")
    _add_run_options(run)
    copy = add_verb(verbs, "prompts", "duplicate", "copy a prompt")
    copy.add_argument("prompt", metavar="P", help=_PROMPT_HELP)
    for verb, summary in (("tag", "give prompts a tag"), ("untag", "take a tag from prompts")):
        several = add_verb(verbs, "prompts", verb, summary)
        several.add_argument("prompts", nargs="+", metavar="P", help=_PROMPT_HELP)
        several.add_argument("--tag", action="append", required=True, metavar="TAG", help="the tag (repeatable)")
    delete = add_verb(verbs, "prompts", "delete", "delete prompts")
    delete.add_argument("prompts", nargs="+", metavar="P", help=_PROMPT_HELP)
    delete.add_argument("--force", action="store_true", help="switch off the schedules that need one")


def add_schedules(words: Words[Parser]) -> None:
    """Add the word `schedules`."""
    parser = add_word(words, "schedules", "list schedules, or create, change and switch them", _schedules)
    parser.add_argument("--json", action="store_true", help="print JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    create = add_verb(verbs, "schedules", "create", "create a schedule")
    _add_fields(create, needed=True)
    change = add_verb(verbs, "schedules", "change", "change what is given of a schedule")
    change.add_argument("schedule", metavar="S", help=_SCHEDULE_HELP)
    _add_fields(change, needed=False)
    change.add_argument("--unset", action="append", default=[], metavar="K", help="take away the value of a {{K}}")
    show = add_verb(verbs, "schedules", "show", "print a schedule")
    show.add_argument("schedule", metavar="S", help=_SCHEDULE_HELP)
    for verb, summary in (("on", "switch schedules on"), ("off", "switch schedules off")):
        several = add_verb(verbs, "schedules", verb, summary)
        several.add_argument("schedules", nargs="+", metavar="S", help=_SCHEDULE_HELP)
    run = add_verb(verbs, "schedules", "run", "run a schedule's prompt now, show its output, end with its exit code")
    run.add_argument("schedule", metavar="S", help=_SCHEDULE_HELP)
    _add_run_options(run)
    copy = add_verb(verbs, "schedules", "duplicate", "copy a schedule; the copy is off")
    copy.add_argument("schedule", metavar="S", help=_SCHEDULE_HELP)
    delete = add_verb(verbs, "schedules", "delete", "delete schedules")
    delete.add_argument("schedules", nargs="+", metavar="S", help=_SCHEDULE_HELP)
    _add_preview(verbs)
    add_verb(verbs, "schedules", "pause", "let no schedule run until they are resumed")
    add_verb(verbs, "schedules", "resume", "let schedules run again")


def _add_prompt_fields(parser: Parser, *, needed: bool) -> None:
    """Add the options of a prompt; where none is needed, an empty value takes some of them away."""
    empty = "" if needed else "; '' takes it away"
    instead = "" if needed else ", instead of those it has; '' for none"
    parser.add_argument("--name", required=needed, help="name for people")
    parser.add_argument("--profile", required=needed, metavar="SLUG", help="agent profile to use")
    parser.add_argument("--dir", metavar="DIR", help=f"working directory (default: the settings'){empty}")
    limit = minutes if needed else _minutes_or_nothing
    parser.add_argument("--timeout", type=limit, metavar="MIN", help=f"minutes after which a run is ended{empty}")
    parser.add_argument("--tag", action="append", metavar="TAG", help=f"a tag (repeatable){instead}")
    parser.add_argument("--variables", metavar="JSON", help='declared variables: [{"name": "K", "default": "V"}]')
    parser.add_argument("--attach", action="append", metavar="PATH", help=f"a file for the agent{instead}")


def _add_run_options(parser: Parser) -> None:
    parser.add_argument("--var", action="append", type=pair, default=[], metavar="K=V", help="value for a {{K}}")
    parser.add_argument("--detach", action="store_true", help="print the run's id and leave it running")
    parser.add_argument("--dry-run", action="store_true", help="print the command and start nothing")


def _add_fields(parser: Parser, *, needed: bool) -> None:
    """Add the options of a schedule; where none is needed, an empty value takes some of them away."""
    empty = "" if needed else "; '' takes it away"
    parser.add_argument("--name", required=needed, help="name for people")
    parser.add_argument("--prompt", required=needed, metavar="P", help=_PROMPT_HELP)
    parser.add_argument("--cron", required=needed, metavar="EXPR", help="when, such as '0 2 * * mon-fri'")
    where = "where these times hold" + (" (default: the server's)" if needed else "")
    parser.add_argument("--timezone", metavar="ZONE", help=where)
    parser.add_argument("--missed", choices=("skip", "runOnce"), help="times that nobody was there for")
    parser.add_argument("--overlap", choices=_OVERLAPS, help="when the run before still goes on")
    parser.add_argument("--retries", type=whole, metavar="N", help="further attempts after a failure")
    parser.add_argument("--retry-delay", type=whole, metavar="S", help="seconds before the first, doubled for each")
    parser.add_argument("--jitter", type=whole, metavar="S", help="start up to so many seconds later")
    parser.add_argument("--start", metavar="D", help=f"first date or time{empty}")
    parser.add_argument("--end", metavar="D", help=f"last date or time{empty}")
    parser.add_argument(
        "--disable-after", type=whole, metavar="N", help="failures in a row that switch it off; 0: none"
    )
    parser.add_argument("--var", action="append", type=pair, default=[], metavar="K=V", help="value for a {{K}}")
    parser.add_argument("--dir", metavar="DIR", help=f"working directory instead of the prompt's{empty}")
    limit = minutes if needed else _minutes_or_nothing
    parser.add_argument("--timeout", type=limit, metavar="MIN", help=f"minutes instead of the prompt's{empty}")
    state = parser.add_mutually_exclusive_group()
    state.add_argument("--off", dest="enabled", action="store_false", default=None, help="it is to be off")
    if not needed:
        state.add_argument("--on", dest="enabled", action="store_true", default=None, help="it is to be on")


def _minutes_or_nothing(text: str) -> float | str:
    return minutes(text) if text else text


def _add_preview(verbs: Words[Parser]) -> None:
    preview = add_verb(verbs, "schedules", "preview", "say an expression in words, its next times and what it meets")
    preview.add_argument("expression", metavar="EXPR", help="when, such as '0 2 * * mon-fri'")
    preview.add_argument("--timezone", metavar="ZONE", help="where these times hold (default: the server's)")
    preview.add_argument("--count", type=count, default=5, metavar="N", help="so many times (default 5)")
    preview.add_argument("--dir", metavar="DIR", help="working directory, for schedules that run there as well")
    preview.add_argument("--prompt", metavar="P", help="prompt that it is to run; " + _PROMPT_HELP)
    preview.add_argument("--timeout", type=minutes, metavar="MIN", help="minutes instead of the prompt's")
    preview.add_argument("--overlap", choices=_OVERLAPS, help="when the run before still goes on")
