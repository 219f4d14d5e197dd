"""The pieces that the argument tree is made of: words, verbs, boot options, and readers of values."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from airunner.config import OPTIONS

Words = argparse._SubParsersAction  # the type that add_subparsers returns; argparse has no public name for it


def add_word(
    words: Words[argparse.ArgumentParser],
    name: str,
    summary: str,
    act: Callable[..., int] | None,
    *,
    configured: bool = True,
) -> argparse.ArgumentParser:
    """Add a word, with the boot options that it knows unless it is not `configured`."""
    parser = words.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.set_defaults(act=act, configured=configured)
    if configured:
        _add_options(parser, name)
    return parser


def _add_options(parser: argparse.ArgumentParser, word: str) -> None:
    for option in OPTIONS:
        if word not in option.words or option.only_variable:
            continue
        text = f"{option.help} (variable {option.variable}"
        text += f"; default {option.default})" if option.default not in (None, "", (), False) else ")"
        # Left out when not given: a verb's parser must not undo what stood before the verb.
        unset = argparse.SUPPRESS
        if option.metavar is None:
            parser.add_argument(f"--{option.name}", action="store_const", const=True, default=unset, help=text)
        else:
            action = "append" if option.repeatable else "store"
            parser.add_argument(f"--{option.name}", action=action, default=unset, metavar=option.metavar, help=text)


def add_verb(verbs: Words[argparse.ArgumentParser], word: str, verb: str, summary: str) -> argparse.ArgumentParser:
    """Add a verb of a word; the boot options count before it and behind it."""
    parser = verbs.add_parser(verb, help=summary, description=summary[0].upper() + summary[1:] + ".")
    _add_options(parser, word)
    return parser


def pair(text: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, not {text!r}")
    return name, value


def count(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number from 0."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}")
    return int(text)


def minutes(text: str) -> float:
    """Read minutes."""
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"must be minutes over 0, fractions allowed, not {text!r}")
    return found
