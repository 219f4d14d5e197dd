"""What the word `profiles` takes."""

from __future__ import annotations

import argparse

from airunner.cli.tree import Words, add_verb, add_word, minutes, pair
from airunner.config import Config

Parser = argparse.ArgumentParser
_PROFILE_HELP = "slug or id of the profile"


def _profiles(arguments: argparse.Namespace, config: Config) -> int:
    from airunner.cli import profiles

    return profiles.act(arguments, config)


def add_profiles(words: Words[Parser]) -> None:
    """Add the word `profiles`."""
    parser = add_word(words, "profiles", "list, create, change, show, lock or delete agent profiles", _profiles)
    parser.add_argument("--json", action="store_true", help="print JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    create = add_verb(verbs, "profiles", "create", "create a profile")
    _add_fields(create, needed=True)
    pipes = "run on pipes, without a terminal"
    create.add_argument("--no-tty", dest="tty", action="store_false", default=None, help=pipes)
    _add_change(verbs)
    show = add_verb(verbs, "profiles", "show", "print a profile")
    show.add_argument("profile", metavar="SLUG", help=_PROFILE_HELP)
    delete = add_verb(verbs, "profiles", "delete", "delete a profile")
    delete.add_argument("profile", metavar="SLUG", help=_PROFILE_HELP)
    delete.add_argument("--force", action="store_true", help="switch off the schedules that need it")
    lock = add_verb(verbs, "profiles", "lock", "let new runs of a profile wait, or be skipped, as it says")
    lock.add_argument("profile", metavar="SLUG", help=_PROFILE_HELP)
    end = lock.add_mutually_exclusive_group()
    end.add_argument("--until", metavar="T", help="time of its end (default: until it is unlocked)")
    end.add_argument("--minutes", type=minutes, metavar="M", help="minutes until its end")
    lock.add_argument("--reason", help="why, for whoever waits")
    unlock = add_verb(verbs, "profiles", "unlock", "let a profile's runs start again")
    unlock.add_argument("profile", metavar="SLUG", help=_PROFILE_HELP)


def _add_change(verbs: Words[Parser]) -> None:
    change = add_verb(verbs, "profiles", "change", "change what is given of a profile")
    change.add_argument("profile", metavar="SLUG", help=_PROFILE_HELP)
    _add_fields(change, needed=False)
    change.add_argument("--unset-env", action="append", default=[], metavar="K", help="take a variable away")
    terminal, state = change.add_mutually_exclusive_group(), change.add_mutually_exclusive_group()
    terminal.add_argument("--tty", dest="tty", action="store_true", default=None, help="run in a terminal")
    terminal.add_argument("--no-tty", dest="tty", action="store_false", default=None, help="run on pipes")
    state.add_argument("--on", dest="enabled", action="store_true", default=None, help="it may be used")
    state.add_argument("--off", dest="enabled", action="store_false", default=None, help="it is not to be used")


def _add_fields(parser: Parser, *, needed: bool) -> None:
    """Add the options of a profile; where none is needed, what is left out stays."""
    made, custom = (" (default: made from the name)", " (default custom)") if needed else ("", "")
    as_it_has = " (default: as the template has it)" if needed else "; '' is as the template has it"
    own = "" if needed else "; '' is the server's own"
    instead = "" if needed else ", instead of those it has; '' for none"
    parser.add_argument("--name", required=needed, help="name for people")
    parser.add_argument("--template", required=needed, metavar="COMMAND", help="such as 'claude -p -- \"$PROMPT\"'")
    parser.add_argument("--slug", help=f"name for commands{made}")
    parser.add_argument("--agent-type", metavar="TYPE", help=f"family of the agent{custom}")
    parser.add_argument("--env", action="append", type=pair, default=[], metavar="K=V", help="variable for the agent")
    parser.add_argument("--timeout", type=minutes, metavar="MIN", help="minutes of a run that names none")
    parser.add_argument("--max-timeout", type=minutes, metavar="MIN", help="most minutes that a run may name")
    parser.add_argument("--while-locked", choices=("wait", "skip"), help="what new runs do while it is locked")
    ways = ("argument", "file", "stdin", *(() if needed else ("",)))
    parser.add_argument("--prompt-via", choices=ways, metavar="WAY", help=f"how the prompt goes in{as_it_has}")
    parser.add_argument("--run-as-user", metavar="USER", help=f"run as another user (a server that is root){own}")
    parser.add_argument("--acknowledge", action="append", metavar="CODE", help=f"danger known and wanted{instead}")
